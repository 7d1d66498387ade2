//! `/account/activity`: what has happened to the account lately, in plain words.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, signed_in};
use crate::domain::login::flow::AccountPage;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::i18n::Value;
use crate::store::member::account_events::{self, Happened};
use crate::web::login::one_time_password::in_words;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;

/// How many are shown.
const MOST: u32 = 50;

/// The latest events.
#[derive(Clone, Debug, Serialize)]
pub struct ActivityPage {
    pub events: Vec<EventLine>,
    pub most: u32,
}

/// An event in words.
#[derive(Clone, Debug, Serialize)]
pub struct EventLine {
    pub what: String,
    pub at: String,
    /// Where the member did it; `None` if it was somebody else.
    pub device: Option<String>,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<ActivityPage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, AccountPage::Activity).await?;
    let happened = account_events::latest(&mut browser.web.app.store.reader().await?, &member.id, MOST).await?;
    let line = |Happened { event, device, at }: Happened| {
        let on = match &event {
            AccountEvent::SessionEnded { on } => in_words(browser, *on),
            _ => String::new(),
        };
        let (key, arguments) = words(&event, &on);
        EventLine {
            what: browser.web.catalogue.text(browser.locale(), &key, &arguments),
            at: browser.date_time(at),
            device: device.map(|device| in_words(browser, device)),
        }
    };
    Ok(Shown::Page(ActivityPage { events: happened.into_iter().map(line).collect(), most: MOST }))
}

/// The key of an event's sentence, and its arguments. `on` is the device that the event was about.
fn words<'a>(event: &'a AccountEvent, on: &'a str) -> (String, Vec<(&'static str, Value<'a>)>) {
    let arguments = match event {
        AccountEvent::LoggedIn { with } => vec![("method", with.map_or("none", Method::name).into())],
        AccountEvent::MethodChosen { method } => vec![("method", method.name().into())],
        AccountEvent::EmailChanged { from, to } => {
            vec![("from", from.as_deref().unwrap_or("none").into()), ("to", to.as_str().into())]
        }
        AccountEvent::TotpAdded { name }
        | AccountEvent::TotpRemoved { name }
        | AccountEvent::PasskeyAdded { name }
        | AccountEvent::PasskeyRemoved { name }
        | AccountEvent::PasskeyCloned { name }
        | AccountEvent::ApplicationWithdrawn { name } => vec![("name", name.as_str().into())],
        AccountEvent::RecoveryCodeUsed { left } => vec![("left", (*left).into())],
        AccountEvent::NameCorrected { to } => vec![("to", to.as_str().into())],
        AccountEvent::SessionEnded { .. } => vec![("device", on.into())],
        _ => Vec::new(),
    };
    (format!("event-{}", event.name()), arguments)
}

impl PageTemplate for ActivityPage {
    const TEMPLATE: &'static str = "account/activity.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = |what: &str, device: Option<&str>| EventLine {
            what: what.into(),
            at: "2026-11-22 10:42".into(),
            device: device.map(String::from),
        };
        let events = vec![line("Logged in <1>", Some("Safari, iPhone")), line("Unlocked", None)];
        vec![("some", ActivityPage { events, most: MOST }), ("none", ActivityPage { events: Vec::new(), most: MOST })]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::login::device::Device;
    use crate::i18n::Catalogue;

    #[test]
    fn every_event_has_its_sentence_in_every_language() {
        let name = || String::from("iPhone");
        let mut events: Vec<AccountEvent> = [None, Some(Method::Email), Some(Method::Totp), Some(Method::Passkey)]
            .map(|with| AccountEvent::LoggedIn { with })
            .into();
        events.extend(Method::ALL.map(|method| AccountEvent::MethodChosen { method }));
        events.extend([
            AccountEvent::FirstLogin,
            AccountEvent::PasswordLocked,
            AccountEvent::AccountLocked,
            AccountEvent::LocksLifted,
            AccountEvent::PasswordChanged,
            AccountEvent::PasswordReset,
            AccountEvent::PasswordIssued,
            AccountEvent::EmailChanged { from: None, to: "h•••••@example.jp".into() },
            AccountEvent::EmailChanged {
                from: Some("t•••••@example.jp".into()), to: "h•••••@example.jp".into()
            },
            AccountEvent::EmailMethodRemoved,
            AccountEvent::TotpAdded { name: name() },
            AccountEvent::TotpRemoved { name: name() },
            AccountEvent::PasskeyAdded { name: name() },
            AccountEvent::PasskeyRemoved { name: name() },
            AccountEvent::PasskeyCloned { name: name() },
            AccountEvent::RecoveryCodesMade,
            AccountEvent::RecoveryCodeUsed { left: 9 },
            AccountEvent::MethodsResetAsked,
            AccountEvent::MethodsResetApproved,
            AccountEvent::MethodsResetCancelled,
            AccountEvent::MethodsReset,
            AccountEvent::DeviceTrusted,
            AccountEvent::TrustWithdrawn,
            AccountEvent::SessionEnded { on: Device::default() },
            AccountEvent::OtherSessionsEnded,
            AccountEvent::ApplicationWithdrawn { name: name() },
            AccountEvent::DataDownloaded,
            AccountEvent::AccountDisabled,
            AccountEvent::AccountEnabled,
            AccountEvent::NameCorrected { to: name() },
            AccountEvent::SomethingElse,
        ]);
        let catalogue = Catalogue::load().unwrap();
        for locale in catalogue.locales() {
            let mut sentences: Vec<String> = Vec::new();
            for event in &events {
                let (key, arguments) = words(event, "iPhone");
                let sentence = catalogue.find(&locale, &key, &arguments);
                sentences.push(sentence.unwrap_or_else(|problem| panic!("{locale}, {event:?}: {problem}")));
            }
            let all = sentences.len();
            sentences.sort();
            sentences.dedup();
            assert_eq!(sentences.len(), all, "{locale}: two events have one sentence");
        }
    }
}
