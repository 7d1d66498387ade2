//! A member takes away something that they log in with, unless the policy needs it (`domain/member/authenticator_removal.rs`).

use crate::actions::ActionError;
use crate::actions::member::account_events::record;
use crate::actions::member::admit::{Admitted, Caller, NotDone, admit};
use crate::actions::member::authenticators::{after_removal, enrolled};
use crate::actions::run;
use crate::app::App;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authenticator_removal::Removal;
use crate::domain::member::permissions::Act;
use crate::store::WriteTx;
use crate::store::login::known_devices;
use crate::store::member::{members, passkeys, recovery_codes, totp_devices};

/// What became of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Done,
    /// The policy asks for a method, and there would be none.
    LastFactor,
    /// There is no such thing (any more).
    Gone,
}

/// Removes an authenticator app.
pub async fn app(app: &App, caller: &Caller, id: &str) -> Result<Removed, NotDone> {
    let (caller, id) = (caller.clone(), id.to_owned());
    run::to_its_end(app, |app| async move {
        let (mut tx, who) = begin(&app, &caller).await?;
        let devices = totp_devices::of_member(&mut tx, &who.member.id).await?;
        let Some(removed) = devices.into_iter().find(|device| device.id == id) else { return Ok(Removed::Gone) };
        totp_devices::remove(&mut tx, &who.member.id, &id).await?;
        Ok(settle(&app, tx, &caller, &who, AccountEvent::TotpRemoved { name: removed.name }).await?)
    })
    .await
}

/// Deletes a passkey.
pub async fn passkey(app: &App, caller: &Caller, id: &str) -> Result<Removed, NotDone> {
    let (caller, id) = (caller.clone(), id.to_owned());
    run::to_its_end(app, |app| async move {
        let (mut tx, who) = begin(&app, &caller).await?;
        let Some(removed) = passkeys::by_id(&mut tx, &who.member.id, &id).await? else { return Ok(Removed::Gone) };
        passkeys::delete(&mut tx, &who.member.id, &id).await?;
        Ok(settle(&app, tx, &caller, &who, AccountEvent::PasskeyRemoved { name: removed.name }).await?)
    })
    .await
}

/// Takes codes by e-mail away as a way to log in.
pub async fn email(app: &App, caller: &Caller) -> Result<Removed, NotDone> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let (mut tx, who) = begin(&app, &caller).await?;
        if who.member.email_method_at.is_none() {
            return Ok(Removed::Gone);
        }
        members::set_email_method(&mut tx, &who.member.id, None).await?;
        Ok(settle(&app, tx, &caller, &who, AccountEvent::EmailMethodRemoved).await?)
    })
    .await
}

/// The member is held: of two factors removed side by side, the second sees that it is the last.
async fn begin(app: &App, caller: &Caller) -> Result<(WriteTx, Admitted), NotDone> {
    let mut tx = run::begin(app).await?;
    let who = admit(app, &mut tx, caller, Act::RemoveAuthenticator).await?;
    Ok((tx, who))
}

/// It is removed: stands, if it may be. Otherwise nothing has happened. With the last method goes what stood in its place:
/// recovery codes and trusted devices, or they would count for one that is enrolled years later.
async fn settle(
    app: &App,
    mut tx: WriteTx,
    caller: &Caller,
    before: &Admitted,
    event: AccountEvent,
) -> Result<Removed, ActionError> {
    let id = &before.member.id;
    let member = members::by_id(&mut tx, id).await?.unwrap_or_else(|| before.member.clone());
    let left = enrolled(&mut tx, &member).await?;
    let method = match after_removal(app, &mut tx, &member, &before.enrolled, &left).await? {
        Removal::LastFactor => return Ok(Removed::LastFactor),
        Removal::Allowed { method } => method,
    };
    members::set_method(&mut tx, id, method).await?;
    if left.methods.is_empty() {
        recovery_codes::remove_all(&mut tx, id).await?;
        known_devices::distrust_all(&mut tx, id).await?;
    }
    record(app, &mut tx, &member, event, &caller.actor()).await?;
    tx.commit().await?;
    Ok(Removed::Done)
}
