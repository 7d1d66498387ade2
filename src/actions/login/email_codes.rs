//! Sends one-time passwords by e-mail.

use crate::actions::ActionError;
use crate::actions::login::one_time_passwords;
use crate::actions::mail::queue_mail::{self, Letter};
use crate::app::App;
use crate::crypto::opaque_token;
use crate::domain::member::profile::Member;
use crate::mail::messages::Message;
use crate::store::login::email_codes;
use crate::store::{Reads, WriteTx};

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The second factor of a login.
    Login,
    /// To show that an address is the member's.
    Address,
    /// To enrol codes by e-mail as a method.
    Method,
}

impl Purpose {
    /// Names where a code counts: in this login or session, and for nothing else.
    pub fn place(self, within: &str) -> String {
        opaque_token::digest(&format!("{self:?} {within}"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Sent,
    /// The last one was sent a moment ago and still counts.
    TooSoon,
    /// The member has been sent too many lately.
    TooMany,
}

/// Sends a new code to `address`, in the caller's transaction. `language` is the reader's. Where nothing is sent nothing is
/// written: the code that was sent before still counts.
pub async fn send(
    app: &App,
    tx: &mut WriteTx,
    purpose: Purpose,
    place: &str,
    member: &Member,
    address: &str,
    language: &str,
) -> Result<Sent, ActionError> {
    let valid = app.settings.authentication.email_codes.lifetime;
    let code = one_time_passwords::new_email_code();
    let digits = code.expose().to_owned();
    let message = match purpose {
        Purpose::Login => Message::LoginCode { code: digits, valid },
        Purpose::Address | Purpose::Method => Message::AddressCode { code: digits, valid },
    };
    let cause = format!("{purpose:?} code at {place} of {}", app.now().0);
    let letter = Letter { to: address, member: Some(&member.id), language: Some(language), cause: &cause, message };
    if !queue_mail::has_room(app, tx, &letter).await? {
        return Ok(Sent::TooMany);
    }
    if !one_time_passwords::replace_email_code(app, tx, place, &member.id, address, &code).await? {
        return Ok(Sent::TooSoon);
    }
    queue_mail::queue(app, tx, letter).await?;
    Ok(Sent::Sent)
}

/// The code that was sent last for `place`, if it can still be used.
pub async fn usable(
    app: &App,
    db: &mut impl Reads,
    place: &str,
    member: &Member,
) -> Result<Option<email_codes::EmailCode>, ActionError> {
    let tries = app.settings.authentication.email_codes.tries;
    let sent = email_codes::sent(db, place, &member.id).await?;
    Ok(sent.filter(|code| app.now() < code.expires_at && code.tries < tries))
}
