//! Setting the authentication methods up again where none of them can be shown any more (product.md 1.8). The rule is
//! `domain/login/lost_methods.rs`; every step is taken once, in the statement that names the stage before it.

use super::Browser;
use super::end_sessions::{Which, end_sessions};
use super::take_step::{Step, StepOf, Went, hold};
use crate::actions::mail::queue_mail::{self, Letter};
use crate::actions::member::account_events::record;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::login::login_page::LoginPage;
use crate::domain::login::lost_methods::{MethodsReset, Stage, Standing};
use crate::domain::login::next_step::Proved;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::profile::{Member, Password};
use crate::mail::messages::Message;
use crate::store::login::logins::Login;
use crate::store::login::{known_devices, logins};
use crate::store::member::{lost_methods, members, passkeys, recovery_codes, totp_devices};
use crate::store::{Reads, WriteTx};

/// What the right stands on: the password as it is kept, not as it is typed.
pub fn password_digest(password: &Password) -> String {
    opaque_token::digest(&password.hash)
}

/// How far this member has come, and what that means now.
pub async fn methods_reset(app: &App, db: &mut impl Reads, member: &MemberId) -> Result<MethodsReset, ActionError> {
    let standing = lost_methods::of_member(db, member).await?;
    judge(app, db, member, standing.as_ref()).await
}

async fn judge(
    app: &App,
    db: &mut impl Reads,
    member: &MemberId,
    standing: Option<&Standing>,
) -> Result<MethodsReset, ActionError> {
    let digest = members::password(db, member).await?.as_ref().map(password_digest);
    Ok(app.settings.authentication.lost_methods.methods_reset(standing, digest.as_deref(), app.now()))
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Done,
    /// It is not the time for it (any more).
    NotNow,
}

/// The member asks; the owner is told by mail, with a link to cancel.
pub async fn ask(app: &App, actor: &Actor, member: &MemberId) -> Result<Asked, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member).await? else { return Ok(Asked::NotNow) };
        let Some(standing) = lost_methods::of_member(&mut tx, &member.id).await? else { return Ok(Asked::NotNow) };
        if !matches!(judge(&app, &mut tx, &member.id, Some(&standing)).await?, MethodsReset::MayAsk { .. }) {
            return Ok(Asked::NotNow);
        }
        let asked = standing.asked(app.settings.authentication.lost_methods, now);
        let token = opaque_token::new(Kind::CancelLink);
        let digest = opaque_token::digest(token.expose());
        if !lost_methods::advance(&mut tx, &member.id, &standing, &asked, Some(&digest)).await? {
            return Ok(Asked::NotNow);
        }
        let at = match asked.stage {
            Stage::Asked { ready_at } => ready_at,
            Stage::Reset | Stage::Approved | Stage::Cancelled => None,
        };
        let cancel_link = format!("{}/recovery/cancel-methods-reset?link={}", app.settings.issuer(), token.expose());
        let message = Message::MethodResetPlanned { at, cancel_link };
        // The link to the new password came to this address, too: there is one.
        let to = member.verified_email().unwrap_or_default();
        let letter = Letter { to, member: Some(&member.id), language: member.language(), cause: &digest, message };
        queue_mail::queue(&app, &mut tx, letter).await?;
        record(&app, &mut tx, &member, AccountEvent::MethodsResetAsked, &actor).await?;
        tx.commit().await?;
        Ok(Asked::Done)
    })
    .await
}

/// Staff approve what this member has asked for; otherwise how things stand.
pub async fn approve(
    app: &App,
    actor: &Actor,
    member: &MemberId,
) -> Result<Result<Standing, MethodsReset>, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let held = members::held(&mut tx, &member).await?;
        let standing = lost_methods::of_member(&mut tx, &member).await?;
        let reset = judge(&app, &mut tx, &member, standing.as_ref()).await?;
        let (Some(member), Some(standing), MethodsReset::WaitForStaff { .. }) = (held, standing, reset) else {
            return Ok(Err(reset));
        };
        let approved = standing.approved(app.now());
        if !lost_methods::advance(&mut tx, &member.id, &standing, &approved, None).await? {
            return Ok(Err(reset));
        }
        record(&app, &mut tx, &member, AccountEvent::MethodsResetApproved, &actor).await?;
        tx.commit().await?;
        Ok(Ok(approved))
    })
    .await
}

/// A link that cancels, and whose it is.
#[derive(Clone)]
pub struct CancelLink {
    digest: String,
    pub member: Member,
}

/// The link of this token; `None` if there is nothing (more) to cancel.
pub async fn cancel_link(app: &App, token: &str) -> Result<Option<CancelLink>, ActionError> {
    let digest = opaque_token::digest(token);
    let mut reader = app.store.reader().await?;
    let Some((id, _)) = lost_methods::by_cancel_link(&mut reader, &digest, app.now()).await? else { return Ok(None) };
    let member = members::by_id(&mut reader, &id).await?;
    Ok(member.map(|member| CancelLink { digest, member }))
}

/// Cancels what was asked for; `false` if somebody was faster.
pub async fn cancel(app: &App, actor: &Actor, link: &CancelLink) -> Result<bool, ActionError> {
    let (actor, link) = (actor.clone(), link.clone());
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &link.member.id).await? else { return Ok(false) };
        let Some((_, standing)) = lost_methods::by_cancel_link(&mut tx, &link.digest, now).await? else {
            return Ok(false);
        };
        if !lost_methods::advance(&mut tx, &member.id, &standing, &standing.cancelled(now), None).await? {
            return Ok(false);
        }
        record(&app, &mut tx, &member, AccountEvent::MethodsResetCancelled, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}

/// Whether the member has the right to set the methods up again.
pub async fn may_set_up_again(app: &App, db: &mut impl Reads, member: &MemberId) -> Result<bool, ActionError> {
    Ok(matches!(methods_reset(app, db, member).await?, MethodsReset::MaySetUpAgain { .. }))
}

/// Begins to use the right in a login, which goes on as that of a member who has nothing enrolled. What is enrolled stays until
/// something new stands in its place, or until the login ends where the password alone is enough. `None` if there is no
/// such right (any more).
pub async fn set_up_again(app: &App, of: &StepOf) -> Result<Option<Went>, ActionError> {
    let of = of.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(step) = hold(&app, &mut tx, &of, LoginPage::LostMethods).await? else { return Ok(None) };
        if !may_set_up_again(&app, &mut tx, &step.member.id).await? {
            return Ok(None);
        }
        // Nothing was shown by it.
        let proved = Proved { sets_up_again: true, ..step.login.proved };
        let Some(went) = step.go_on(&app, &mut tx, &of.browser, proved).await? else { return Ok(None) };
        tx.commit().await?;
        Ok(Some(went))
    })
    .await
}

/// Uses the right up, in the transaction of the verb that puts something in place of what goes: whatever the member could
/// show beside the password, and what stood on it. `false` if there is no such right (any more).
pub async fn take_everything_away(
    app: &App,
    tx: &mut WriteTx,
    step: &Step,
    browser: &Browser,
) -> Result<bool, ActionError> {
    let member = &step.member;
    // Whoever sets another password meanwhile waits, or has ended the right.
    let Some(password) = &step.password else { return Ok(false) };
    if !members::still_has_password(tx, &member.id, password).await? {
        return Ok(false);
    }
    let Some(standing) = lost_methods::of_member(tx, &member.id).await? else { return Ok(false) };
    if !matches!(judge(app, tx, &member.id, Some(&standing)).await?, MethodsReset::MaySetUpAgain { .. }) {
        return Ok(false);
    }
    take_away(tx, &member.id).await?;
    if !lost_methods::take(tx, &member.id, &standing).await? {
        return Ok(false);
    }
    end_what_stood_on_them(app, tx, member, Some(&step.login), &browser.member()).await?;
    Ok(true)
}

/// Staff take away whatever the member could show beside the password, to be set up again.
pub async fn reset_by_staff(app: &App, actor: &Actor, member: &Member) -> Result<(), ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member.id).await? else { return Ok(()) };
        take_away(&mut tx, &member.id).await?;
        lost_methods::end(&mut tx, &member.id).await?;
        end_what_stood_on_them(&app, &mut tx, &member, None, &actor).await?;
        Ok(tx.commit().await?)
    })
    .await
}

async fn take_away(tx: &mut WriteTx, member: &MemberId) -> Result<(), ActionError> {
    totp_devices::remove_all(tx, member).await?;
    passkeys::delete_all(tx, member).await?;
    recovery_codes::remove_all(tx, member).await?;
    members::set_email_method(tx, member, None).await?;
    members::set_method(tx, member, None).await?;
    Ok(())
}

async fn end_what_stood_on_them(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    kept: Option<&Login>,
    actor: &Actor,
) -> Result<(), ActionError> {
    let now = app.now();
    logins::end_others(tx, &member.id, kept, now).await?;
    end_sessions(app, tx, &member.id, Which::All).await?;
    known_devices::distrust_all(tx, &member.id).await?;
    record(app, tx, member, AccountEvent::MethodsReset, actor).await
}

/// What a member has enrolled, to be named before it goes.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    pub email: bool,
    pub apps: Vec<String>,
    pub passkeys: Vec<String>,
    pub recovery_codes: u32,
    pub trusted_devices: i64,
}

pub async fn holdings(app: &App, db: &mut impl Reads, member: &Member) -> Result<Holdings, ActionError> {
    Ok(Holdings {
        email: member.email_method_at.is_some(),
        apps: totp_devices::of_member(db, &member.id).await?.into_iter().map(|device| device.name).collect(),
        passkeys: passkeys::of_member(db, &member.id).await?.into_iter().map(|passkey| passkey.name).collect(),
        recovery_codes: recovery_codes::left(db, &member.id).await?,
        trusted_devices: known_devices::trusted(db, &member.id, app.now()).await?,
    })
}
