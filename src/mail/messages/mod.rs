//! What mails say, a file for each kind of mail. The words stand in `mail.ftl` of each language; the text part says all that the
//! HTML part says.

mod account;
mod codes;
mod notice;
mod parts;
mod recovery;

use serde::{Deserialize, Serialize};

use crate::domain::login::device::Device;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::unix_time::{Span, UnixTime};
use crate::i18n::{Catalogue, Locale, Value};

/// A mail to a member, before it has words.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum Message {
    /// Shows that an address is read by the member.
    AddressCode { code: String, valid: Span },
    /// A one-time password for a login.
    LoginCode { code: String, valid: Span },
    /// For a forgotten password.
    PasswordReset { link: String, valid: Span },
    /// For a forgotten user ID: those of all members who have registered the address.
    UserIds { user_ids: Vec<String> },
    /// Something has happened to the account. `device` is where the member did it; `None` if it was somebody else.
    Account { event: AccountEvent, at: UnixTime, device: Option<Device> },
    /// Somebody asks to set the methods up again: they may from `at` on, or once staff have approved it (`None`), unless
    /// the member says that it was not them.
    MethodResetPlanned { at: Option<UnixTime>, cancel_link: String },
    /// What a portal has to tell, in its words; they were found right (`domain/member/member_notice.rs`).
    Notice { from: String, subject: String, text: String, off_link: String },
}

/// Whom a mail comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    NoReply,
    /// For portals' notices.
    Info,
    Webmaster,
}

/// Who writes, in the language of the mail.
#[derive(Clone, Debug)]
pub struct Society {
    pub name: String,
    pub service: String,
    pub inquiry_url: Option<String>,
}

/// A mail in words.
#[derive(Clone, Debug)]
pub struct Composed {
    pub sender: Sender,
    /// Shown with the sender's address.
    pub sender_name: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Turns such mails off.
    pub off_link: Option<String>,
}

/// Words are missing, or the template and its values do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error("a text of a mail is missing: {0}")]
    Words(String),
    #[error("templates/mail/message.html: {0}")]
    Template(#[from] tera::Error),
}

impl Message {
    /// Stable: for staff, who see what kind of mail was sent.
    pub fn kind(&self) -> &'static str {
        match self {
            Message::AddressCode { .. } => "address-code",
            Message::LoginCode { .. } => "login-code",
            Message::PasswordReset { .. } => "password-reset-link",
            Message::UserIds { .. } => "user-ids",
            Message::Account { event, .. } => event.name(),
            Message::MethodResetPlanned { .. } => "method-reset-planned",
            Message::Notice { .. } => "member-notice",
        }
    }

    pub fn sender(&self) -> Sender {
        match self {
            Message::Account { event: AccountEvent::FirstLogin, .. } => Sender::Webmaster,
            Message::Notice { .. } => Sender::Info,
            _ => Sender::NoReply,
        }
    }

    /// For how long what it says is of use. `None`: for ever.
    pub fn valid(&self) -> Option<Span> {
        match self {
            Message::AddressCode { valid, .. }
            | Message::LoginCode { valid, .. }
            | Message::PasswordReset { valid, .. } => Some(*valid),
            Message::UserIds { .. }
            | Message::Account { .. }
            | Message::MethodResetPlanned { .. }
            | Message::Notice { .. } => None,
        }
    }
}

/// Whence a mail takes its words.
struct Texts<'a> {
    catalogue: &'a Catalogue,
    society: &'a Society,
    locale: Locale,
}

impl Texts<'_> {
    fn text(&self, key: &str, args: &[(&str, Value<'_>)]) -> Result<String, ComposeError> {
        let mut all = vec![
            ("service", Value::from(self.society.service.as_str())),
            ("society", Value::from(self.society.name.as_str())),
        ];
        all.extend(args.iter().cloned());
        self.catalogue.find(&self.locale, key, &all).map_err(|problem| ComposeError::Words(format!("{key}: {problem}")))
    }

    fn date_time(&self, at: UnixTime) -> String {
        self.catalogue.date_time(&self.locale, at)
    }
}

/// For how long something is good.
fn minutes(span: Span) -> Value<'static> {
    Value::from(span.as_seconds().div_ceil(60))
}

/// Puts a message into the words of `locale`. `to` is the member whom it is for: a family may share one address.
pub fn compose(
    catalogue: &Catalogue,
    society: &Society,
    locale: Locale,
    to: Option<&str>,
    message: &Message,
) -> Result<Composed, ComposeError> {
    let texts = Texts { catalogue, society, locale };
    let mut parts = match message {
        Message::AddressCode { code, valid } => codes::address_code(&texts, code, *valid)?,
        Message::LoginCode { code, valid } => codes::login_code(&texts, code, *valid)?,
        Message::PasswordReset { link, valid } => recovery::password_reset(&texts, link, *valid)?,
        Message::UserIds { user_ids } => recovery::user_ids(&texts, user_ids)?,
        Message::Account { event, at, device } => account::account(&texts, event, *at, *device)?,
        Message::MethodResetPlanned { at, cancel_link } => recovery::method_reset_planned(&texts, *at, cancel_link)?,
        Message::Notice { from, subject, text, off_link } => notice::notice(&texts, from, subject, text, off_link)?,
    };
    // An address that the member has yet to show to be theirs may be a stranger's: it learns no name.
    if let Some(name) = to.filter(|_| !matches!(message, Message::AddressCode { .. })) {
        parts.before.insert(0, texts.text("mail-to", &[("name", name.into())])?);
    }
    parts.inquiry = society.inquiry_url.clone();
    if let Some(inquiry) = &parts.inquiry {
        parts.footer.push(texts.text("mail-inquiry", &[("url", inquiry.as_str().into())])?);
    }
    parts.footer.push(texts.text("mail-automatic", &[])?);
    if parts.off_link.is_some() {
        parts.footer.push(texts.text("mail-notice.off", &[])?);
    }
    Ok(Composed {
        sender: message.sender(),
        sender_name: society.service.clone(),
        text: parts.as_text(),
        html: parts.as_html(texts.locale.tag())?,
        off_link: parts.off_link,
        subject: parts.subject,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::member::authentication_method::Method;

    fn every_message() -> Vec<Message> {
        let name = || String::from("iPhone <1> & more");
        let events = [
            AccountEvent::FirstLogin,
            AccountEvent::PasswordLocked,
            AccountEvent::AccountLocked,
            AccountEvent::LocksLifted,
            AccountEvent::PasswordChanged,
            AccountEvent::PasswordReset,
            AccountEvent::PasswordIssued,
            AccountEvent::EmailChanged { from: None, to: "h•••••@example.jp".into() },
            AccountEvent::MethodChosen { method: Method::Totp },
            AccountEvent::EmailMethodRemoved,
            AccountEvent::TotpAdded { name: name() },
            AccountEvent::TotpRemoved { name: name() },
            AccountEvent::PasskeyAdded { name: name() },
            AccountEvent::PasskeyRemoved { name: name() },
            AccountEvent::PasskeyCloned { name: name() },
            AccountEvent::RecoveryCodesMade,
            AccountEvent::RecoveryCodeUsed { left: 9 },
            AccountEvent::MethodsResetApproved,
            AccountEvent::MethodsResetCancelled,
            AccountEvent::MethodsReset,
            AccountEvent::DeviceTrusted,
            AccountEvent::AccountDisabled,
            AccountEvent::AccountEnabled,
        ];
        assert!(events.iter().all(AccountEvent::is_told));
        let at = UnixTime(1_790_000_000);
        let device = |event: &AccountEvent| (*event != AccountEvent::LocksLifted).then(Device::default);
        let told = events.into_iter().map(|event| Message::Account { device: device(&event), event, at });
        let valid = Span::minutes(10);
        told.chain([
            Message::AddressCode { code: "123456".into(), valid },
            Message::LoginCode { code: "123456".into(), valid },
            Message::PasswordReset { link: "https://id.example.jp/recovery?a=1&b=2".into(), valid },
            Message::UserIds { user_ids: vec!["hanako".into(), "taro<b>".into()] },
            Message::MethodResetPlanned { at: Some(at), cancel_link: "https://id.example.jp/cancel".into() },
            Message::MethodResetPlanned { at: None, cancel_link: "https://id.example.jp/cancel".into() },
            Message::Notice {
                from: "A <b> & c".into(),
                subject: "One <1> & more".into(),
                text: "1 < 2 <b>\n\n  https://portal.example.jp/?a=1&b=2 now\n.".into(),
                off_link: "https://id.example.jp/member-notices/off?link=a".into(),
            },
        ])
        .collect()
    }

    #[test]
    fn every_message_has_its_words_in_every_language_and_says_all_of_it_in_both_parts() {
        let catalogue = Catalogue::load().unwrap();
        let society =
            Society { name: "S".into(), service: "P".into(), inquiry_url: Some("https://s.example.jp/?a=1".into()) };
        for locale in catalogue.locales() {
            for message in every_message() {
                let mail = compose(&catalogue, &society, locale, Some("Hanako <1>"), &message)
                    .unwrap_or_else(|error| panic!("{locale}, {}: {error}", message.kind()));
                assert!(!mail.subject.is_empty() && !mail.subject.contains('\n'));
                assert!(!mail.html.contains("<1>") && !mail.html.contains("<b>"));
                // An address that is not known to be the member's own learns no name.
                let is_named = !matches!(message, Message::AddressCode { .. });
                assert_eq!(mail.text.contains("Hanako <1>"), is_named, "{}", message.kind());
                let shown = scraper::Html::parse_document(&mail.html).root_element().text().collect::<String>();
                // Spaces and the colons of the text part's facts make no difference.
                let squeezed = |text: &str| text.replace(": ", "").split_whitespace().collect::<String>();
                for line in mail.text.lines().filter(|line| *line != "--") {
                    assert!(squeezed(&shown).contains(&squeezed(line)), "{line}\n{shown}");
                }
            }
        }
    }
}
