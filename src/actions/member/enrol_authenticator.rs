//! A member enrols something to show beside the password, having shown that it works: in the account, and, by the parts below,
//! in a login.

use crate::actions::ActionError;
use crate::actions::login::email_codes::{self, Purpose, Sent};
use crate::actions::login::one_time_passwords::{Tried, try_email_code};
use crate::actions::member::account_events::record;
use crate::actions::member::admit::{Admitted, Caller, NotDone, admit, look};
use crate::actions::member::authenticators::offered_methods;
use crate::actions::member::choose_method::choose;
use crate::actions::member::passkeys::{self, Answered, NewPasskey};
use crate::actions::member::raise_session;
use crate::actions::run;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::email_address::is_same;
use crate::domain::member::permissions::Act;
use crate::domain::member::profile::Member;
use crate::domain::secret::Secret;
use crate::store::login::email_codes::EmailCode;
use crate::store::member::members;
use crate::store::member::totp_devices::{self, TotpDevice};
use crate::store::{Reads, WriteTx};

/// An app whose code was right, with the step of that code.
#[derive(Clone, Debug)]
pub struct ConfirmedApp {
    pub device: TotpDevice,
    pub step: i64,
}

/// What became of an enrolment.
#[derive(Debug)]
pub enum Enrolment {
    /// `raised` is the session's new token, if it counts for more now.
    Done { raised: Option<Secret<String>> },
    /// There are as many as there may be.
    TooMany,
    /// The passkey is not what was asked for. Nobody learns why but the log.
    Refused,
    /// The question to the authenticator is too old, or was answered before.
    Expired,
}

/// Adds an app. `chosen` makes it the authentication method.
pub async fn app(app: &App, caller: &Caller, confirmed: ConfirmedApp, chosen: bool) -> Result<Enrolment, NotDone> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, session, .. } = admit(&app, &mut tx, &caller, Act::FinishEnrolment).await?;
        if !add_app(&app, &mut tx, &member, confirmed, &caller.actor()).await? {
            return Ok(Enrolment::TooMany);
        }
        finish(&app, tx, &caller, &session, chosen.then_some(Method::Totp)).await
    })
    .await
}

/// Adds a passkey. `chosen` makes passkeys the authentication method.
pub async fn passkey(app: &App, caller: &Caller, new: NewPasskey, chosen: bool) -> Result<Enrolment, NotDone> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, session, .. } = admit(&app, &mut tx, &caller, Act::FinishEnrolment).await?;
        match passkeys::add(&app, &mut tx, &member, new, &caller.actor()).await? {
            Answered::Right(true) => {}
            Answered::Right(false) => return Ok(Enrolment::TooMany),
            Answered::Refused => return Ok(Enrolment::Refused),
            Answered::Expired => return Ok(Enrolment::Expired),
        }
        finish(&app, tx, &caller, &session, chosen.then_some(Method::Passkey)).await
    })
    .await
}

/// Sends a code to the member's address; `None` if they have none, or codes are enrolled already.
pub async fn send_email_code(app: &App, caller: &Caller, language: &str) -> Result<Option<Sent>, NotDone> {
    let (caller, language) = (caller.clone(), language.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, session, .. } = admit(&app, &mut tx, &caller, Act::AddAuthenticator).await?;
        let address = member.verified_email().filter(|_| member.email_method_at.is_none());
        let Some(address) = address else { return Ok(None) };
        let place = email_place(&session);
        let sent = email_codes::send(&app, &mut tx, Purpose::Method, &place, &member, address, &language).await?;
        tx.commit().await?;
        Ok(Some(sent))
    })
    .await
}

/// The code that was sent last in this session, if it can still be used.
pub async fn email_code(
    app: &App,
    db: &mut impl Reads,
    session: &BrowserSession,
    member: &Member,
) -> Result<Option<EmailCode>, ActionError> {
    email_codes::usable(app, db, &email_place(session), member).await
}

/// What became of a code by e-mail.
#[derive(Debug)]
pub enum EmailEnrolment {
    Done {
        raised: Option<Secret<String>>,
    },
    Wrong,
    /// It can be tried no more, or the address has changed since it was sent.
    Spent,
    AccountLocked,
}

/// The code has come back: codes by e-mail are the authentication method.
pub async fn email(app: &App, caller: &Caller, code: &Code) -> Result<EmailEnrolment, NotDone> {
    let (caller, code) = (caller.clone(), code.clone());
    run::to_its_end(app, |app| async move {
        let who = look(&app, &mut app.store.reader().await?, &caller, Act::AddAuthenticator).await?;
        let place = email_place(&who.session);
        let (mut tx, address) = match try_email_code(&app, &who.member, &place, &code, caller.device).await? {
            Tried::Right(right) => right,
            Tried::Wrong => return Ok(EmailEnrolment::Wrong),
            Tried::Spent => return Ok(EmailEnrolment::Spent),
            Tried::Locked { .. } => return Ok(EmailEnrolment::AccountLocked),
        };
        let Admitted { member, session, .. } = admit(&app, &mut tx, &caller, Act::AddAuthenticator).await?;
        let is_theirs = member.verified_email().is_some_and(|now| is_same(now, &address));
        if !is_theirs || !enrol_email(&app, &mut tx, &member.id, &caller.actor()).await? {
            return Ok(EmailEnrolment::Spent);
        }
        let raised = raise_session::by_enrolment(&mut tx, &session).await?;
        tx.commit().await?;
        Ok(EmailEnrolment::Done { raised })
    })
    .await
}

fn email_place(session: &BrowserSession) -> String {
    Purpose::Method.place(session.id.as_str())
}

async fn finish(
    app: &App,
    mut tx: WriteTx,
    caller: &Caller,
    session: &BrowserSession,
    chosen: Option<Method>,
) -> Result<Enrolment, NotDone> {
    if let Some(method) = chosen {
        choose(app, &mut tx, &session.member, method, &caller.actor()).await?;
    }
    let raised = raise_session::by_enrolment(&mut tx, session).await?;
    tx.commit().await?;
    Ok(Enrolment::Done { raised })
}

/// Part of a verb, which holds the member: adds the app, the first one as the method of a member who has none; `false` if
/// there are as many as there may be. The same form sent twice adds it once.
pub async fn add_app(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    confirmed: ConfirmedApp,
    actor: &Actor,
) -> Result<bool, ActionError> {
    let max = app.settings.authentication.app.max_devices;
    if !totp_devices::insert(tx, &member.id, &confirmed.device, confirmed.step, max).await? {
        let devices = totp_devices::of_member(tx, &member.id).await?;
        return Ok(devices.iter().any(|device| device.id == confirmed.device.id));
    }
    record(app, tx, member, AccountEvent::TotpAdded { name: confirmed.device.name }, actor).await?;
    if member.method.is_none() {
        members::set_method(tx, &member.id, Some(Method::Totp)).await?;
    }
    Ok(true)
}

/// Part of a verb: codes to the member's address are enrolled, and are the method; `false` where they are not offered, or
/// there is no such address.
pub async fn enrol_email(app: &App, tx: &mut WriteTx, member: &MemberId, actor: &Actor) -> Result<bool, ActionError> {
    if !offered_methods(app).contains(&Method::Email) {
        return Ok(false);
    }
    members::set_email_method(tx, member, Some(app.now())).await?;
    choose(app, tx, member, Method::Email, actor).await
}
