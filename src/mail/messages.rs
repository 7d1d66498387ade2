//! What mails say. The words stand in `mail.ftl` of each language; the text part says all that the HTML part says.

use serde::{Deserialize, Serialize};
use tera::{Context, Tera};

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

/// The parts of a mail, in order.
#[derive(Default, Serialize)]
struct Parts {
    language: &'static str,
    subject: String,
    /// What has happened, or what this is.
    before: Vec<String>,
    code: Option<String>,
    link: Option<String>,
    list: Vec<String>,
    /// Somebody else's words: lines of words, between which there are spaces.
    lines: Vec<Vec<Word>>,
    facts: Vec<(String, String)>,
    /// What to do.
    after: Vec<String>,
    inquiry: Option<String>,
    footer: Vec<String>,
    off_link: Option<String>,
}

/// A word, with the space that follows it.
#[derive(Serialize)]
struct Word {
    text: String,
    is_link: bool,
}

/// What was found right has links as words of their own, to the portal's own https addresses alone.
fn words(line: &str) -> Vec<Word> {
    line.split_inclusive(char::is_whitespace)
        .flat_map(|part| {
            let word = part.trim_end();
            [(word, word.starts_with("https://")), (part.get(word.len()..).unwrap_or_default(), false)]
        })
        .filter(|(text, _)| !text.is_empty())
        .map(|(text, is_link)| Word { text: text.to_owned(), is_link })
        .collect()
}

/// Puts a message into the words of `locale`. `to` is the member whom it is for: a family may share one address.
pub fn compose(
    catalogue: &Catalogue,
    society: &Society,
    locale: Locale,
    to: Option<&str>,
    message: &Message,
) -> Result<Composed, ComposeError> {
    let text = |key: &str, args: &[(&str, Value<'_>)]| {
        let mut all =
            vec![("service", Value::from(society.service.as_str())), ("society", Value::from(society.name.as_str()))];
        all.extend(args.iter().cloned());
        catalogue.find(&locale, key, &all).map_err(|problem| ComposeError::Words(format!("{key}: {problem}")))
    };
    let minutes = |span: Span| Value::from(span.as_seconds().div_ceil(60));
    let mut parts = Parts { language: locale.tag(), ..Parts::default() };
    match message {
        Message::AddressCode { code, valid } => {
            parts.subject = text("mail-address-code", &[])?;
            parts.before = vec![text("mail-address-code.what", &[])?];
            parts.code = Some(code.clone());
            parts.after = vec![
                text("mail-code-valid", &[("minutes", minutes(*valid))])?,
                text("mail-address-code.not-you", &[])?,
            ];
        }
        Message::LoginCode { code, valid } => {
            parts.subject = text("mail-login-code", &[])?;
            parts.before = vec![text("mail-login-code.what", &[])?];
            parts.code = Some(code.clone());
            parts.after = vec![
                text("mail-code-valid", &[("minutes", minutes(*valid))])?,
                text("mail-code-secret", &[])?,
                text("mail-login-code.not-you", &[])?,
            ];
        }
        Message::PasswordReset { link, valid } => {
            parts.subject = text("mail-password-reset-link", &[])?;
            parts.before = vec![text("mail-password-reset-link.what", &[])?];
            parts.link = Some(link.clone());
            parts.after = vec![
                text("mail-password-reset-link.valid", &[("minutes", minutes(*valid))])?,
                text("mail-password-reset-link.not-you", &[])?,
            ];
        }
        Message::UserIds { user_ids } => {
            parts.subject = text("mail-user-ids", &[])?;
            parts.before = vec![text("mail-user-ids.what", &[])?];
            parts.list = user_ids.clone();
            parts.after = vec![text("mail-user-ids.not-you", &[])?];
        }
        Message::Account { event, at, device } => {
            let detail = detail(event, &text)?;
            let key = format!("mail-event-{}", event.name());
            parts.subject = text(&key, &[])?;
            parts.before = vec![text(&format!("{key}.what"), &[])?];
            parts.facts.extend(detail);
            parts.facts.push((text("mail-when", &[])?, catalogue.date_time(&locale, *at)));
            // Who made the password lock fall is not known.
            if *event != AccountEvent::PasswordLocked {
                let device = match device {
                    Some(device) => {
                        let system = text(&format!("system-{}", device.system.name()), &[])?;
                        let browser = text(&format!("browser-{}", device.browser.name()), &[])?;
                        text("device-in-words", &[("system", system.into()), ("browser", browser.into())])?
                    }
                    None => text("mail-by-staff", &[])?,
                };
                parts.facts.push((text("mail-device", &[])?, device));
            }
            let not_you =
                if *event == AccountEvent::FirstLogin { "mail-event-first-login.next" } else { "mail-not-you" };
            parts.after = vec![text(not_you, &[])?];
        }
        Message::MethodResetPlanned { at, cancel_link } => {
            parts.subject = text("mail-method-reset-planned", &[])?;
            parts.before = vec![
                text("mail-method-reset-planned.what", &[])?,
                match at {
                    Some(at) => {
                        text("mail-method-reset-planned.wait", &[("at", catalogue.date_time(&locale, *at).into())])?
                    }
                    None => text("mail-method-reset-planned.staff", &[])?,
                },
                text("mail-method-reset-planned.not-you", &[])?,
            ];
            parts.link = Some(cancel_link.clone());
            parts.after = vec![text("mail-method-reset-planned.then", &[])?];
        }
        Message::Notice { from, subject, text: words_of_portal, off_link } => {
            parts.subject = subject.clone();
            parts.before = vec![text("mail-notice.from", &[("portal", from.as_str().into())])?];
            parts.lines = words_of_portal.trim().lines().map(words).collect();
            parts.after = vec![text("mail-notice.secret", &[])?];
            parts.off_link = Some(off_link.clone());
        }
    }
    // An address that the member has yet to show to be theirs may be a stranger's: it learns no name.
    if let Some(name) = to.filter(|_| !matches!(message, Message::AddressCode { .. })) {
        parts.before.insert(0, text("mail-to", &[("name", name.into())])?);
    }
    parts.inquiry = society.inquiry_url.clone();
    if let Some(inquiry) = &parts.inquiry {
        parts.footer.push(text("mail-inquiry", &[("url", inquiry.as_str().into())])?);
    }
    parts.footer.push(text("mail-automatic", &[])?);
    if parts.off_link.is_some() {
        parts.footer.push(text("mail-notice.off", &[])?);
    }
    Ok(Composed {
        sender: message.sender(),
        sender_name: society.service.clone(),
        text: parts.as_text(),
        html: parts.as_html()?,
        off_link: parts.off_link,
        subject: parts.subject,
    })
}

/// What an event was about, as a line of its own.
fn detail(
    event: &AccountEvent,
    text: &impl Fn(&str, &[(&str, Value<'_>)]) -> Result<String, ComposeError>,
) -> Result<Option<(String, String)>, ComposeError> {
    Ok(match event {
        AccountEvent::TotpAdded { name }
        | AccountEvent::TotpRemoved { name }
        | AccountEvent::PasskeyAdded { name }
        | AccountEvent::PasskeyRemoved { name }
        | AccountEvent::PasskeyCloned { name } => Some((text("mail-name", &[])?, name.clone())),
        AccountEvent::EmailChanged { to, .. } => Some((text("mail-new-address", &[])?, to.clone())),
        AccountEvent::MethodChosen { method } => {
            Some((text("authentication-method", &[])?, text(&format!("method-{}", method.name()), &[])?))
        }
        AccountEvent::RecoveryCodeUsed { left } => Some((text("mail-codes-left", &[])?, left.to_string())),
        _ => None,
    })
}

impl Parts {
    fn as_text(&self) -> String {
        let mut blocks: Vec<String> = Vec::new();
        blocks.extend(self.before.clone());
        blocks.extend(self.code.as_ref().map(|code| format!("    {code}")));
        blocks.extend(self.link.clone());
        if !self.list.is_empty() {
            blocks.push(self.list.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n"));
        }
        if !self.lines.is_empty() {
            let line = |line: &Vec<Word>| line.iter().map(|word| word.text.as_str()).collect::<String>();
            blocks.push(self.lines.iter().map(line).collect::<Vec<_>>().join("\n"));
        }
        if !self.facts.is_empty() {
            blocks
                .push(self.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n"));
        }
        blocks.extend(self.after.clone());
        let footer = self.footer.iter().chain(&self.off_link).map(String::as_str).collect::<Vec<_>>();
        blocks.push(format!("--\n{}", footer.join("\n")));
        blocks.join("\n\n") + "\n"
    }

    fn as_html(&self) -> Result<String, ComposeError> {
        let mut tera = Tera::new();
        tera.add_raw_template("message.html", include_str!("../../templates/mail/message.html"))?;
        Ok(tera.render("message.html", &Context::from_serialize(self)?)?)
    }
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
