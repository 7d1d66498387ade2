//! Something has happened to the account.

use super::parts::Parts;
use super::{ComposeError, Texts};
use crate::domain::login::device::Device;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::unix_time::UnixTime;

pub(super) fn account(
    texts: &Texts<'_>,
    event: &AccountEvent,
    at: UnixTime,
    device: Option<Device>,
) -> Result<Parts, ComposeError> {
    let key = format!("mail-event-{}", event.name());
    let mut facts: Vec<(String, String)> = detail(texts, event)?.into_iter().collect();
    facts.push((texts.text("mail-when", &[])?, texts.date_time(at)));
    // Who made the password lock fall is not known.
    if *event != AccountEvent::PasswordLocked {
        let device = match device {
            Some(device) => {
                let system = texts.text(&format!("system-{}", device.system.name()), &[])?;
                let browser = texts.text(&format!("browser-{}", device.browser.name()), &[])?;
                texts.text("device-in-words", &[("system", system.into()), ("browser", browser.into())])?
            }
            None => texts.text("mail-by-staff", &[])?,
        };
        facts.push((texts.text("mail-device", &[])?, device));
    }
    let next = if *event == AccountEvent::FirstLogin { "mail-event-first-login.next" } else { "mail-not-you" };
    Ok(Parts {
        subject: texts.text(&key, &[])?,
        before: vec![texts.text(&format!("{key}.what"), &[])?],
        facts,
        after: vec![texts.text(next, &[])?],
        ..Parts::default()
    })
}

/// What an event was about, as a line of its own.
fn detail(texts: &Texts<'_>, event: &AccountEvent) -> Result<Option<(String, String)>, ComposeError> {
    Ok(match event {
        AccountEvent::TotpAdded { name }
        | AccountEvent::TotpRemoved { name }
        | AccountEvent::PasskeyAdded { name }
        | AccountEvent::PasskeyRemoved { name }
        | AccountEvent::PasskeyCloned { name } => Some((texts.text("mail-name", &[])?, name.clone())),
        AccountEvent::EmailChanged { to, .. } => Some((texts.text("mail-new-address", &[])?, to.clone())),
        AccountEvent::MethodChosen { method } => {
            let method = texts.text(&format!("method-{}", method.name()), &[])?;
            Some((texts.text("authentication-method", &[])?, method))
        }
        AccountEvent::RecoveryCodeUsed { left } => Some((texts.text("mail-codes-left", &[])?, left.to_string())),
        _ => None,
    })
}
