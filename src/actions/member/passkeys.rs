//! Passkeys: adding one, showing to have one, deleting one. Each question is answered once (product.md 1.7).

use crate::actions::ActionError;
use crate::actions::member::account_events::record;
use crate::actions::member::authenticators::{Removed, Removing};
use crate::app::App;
use crate::crypto::passkey::{Assertion, Authenticating, PasskeyError, Registering};
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::login::device::Device;
use crate::domain::login::passkey::Passkey;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::profile::Member;
use crate::random;
use crate::store::WriteTx;
use crate::store::member::{members, passkeys};

/// What became of an answer.
pub enum Answered<T> {
    Right(T),
    /// Not what was asked for. Nobody learns which of the reasons it was but the log.
    Refused,
    /// The question is too old, or was answered before.
    Expired,
}

/// The verdict on an answer that was not right.
fn refused<T>(why: &PasskeyError, member: Option<&MemberId>) -> Result<Answered<T>, ActionError> {
    if matches!(why, PasskeyError::Expired) {
        return Ok(Answered::Expired);
    }
    if let PasskeyError::Damaged(_) = why {
        tracing::error!(member = ?member, "{why}");
    } else {
        tracing::info!(member = ?member, "passkey: {why}");
    }
    Ok(Answered::Refused)
}

/// Whether `answer` comes from a passkey, of `expected` if the member is known already. Right once: in a transaction of the
/// caller's, who goes on in it.
pub async fn authenticate(
    app: &App,
    asked: &Authenticating,
    answer: &str,
    expected: Option<&MemberId>,
    device: Device,
) -> Result<Answered<(WriteTx, Member)>, ActionError> {
    let Some(relying_party) = &app.passkeys else { return Ok(Answered::Refused) };
    let now = app.now();
    let assertion = match Assertion::read(answer) {
        Ok(assertion) => assertion,
        Err(why) => return refused(&why, expected),
    };
    let found = passkeys::by_credential_id(&mut app.store.reader().await?, &assertion.credential_id()).await?;
    let found = found.filter(|(passkey, _)| expected.is_none_or(|member| passkey.member == *member));
    let Some((passkey, handle)) = found else { return refused(&PasskeyError::Unknown, expected) };
    let verified = relying_party.finish_authentication(asked, &assertion, &passkey, &handle, now);
    let cloned = matches!(verified, Err(PasskeyError::Cloned));
    if let (Err(why), false) = (&verified, cloned) {
        return refused(why, Some(&passkey.member));
    }
    let mut tx = app.store.write().await?;
    // Before anything is made of the counter: the same answer sent twice is no second authenticator.
    if !passkeys::take_challenge(&mut tx, &asked.challenge_digest, asked.expires_at).await? {
        return Ok(Answered::Expired);
    }
    let Some(member) = members::by_id(&mut tx, &passkey.member).await? else { return Ok(Answered::Refused) };
    let Ok(new_record) = verified else {
        if passkeys::mark_cloned(&mut tx, &passkey.id, now).await? {
            record(app, &mut tx, &member, AccountEvent::PasskeyCloned { name: passkey.name }, &Actor::Member(device))
                .await?;
        }
        tx.commit().await?;
        return refused(&PasskeyError::Cloned, Some(&passkey.member));
    };
    if !passkeys::note_use(&mut tx, &passkey, &new_record, device, now).await? {
        return Ok(Answered::Expired);
    }
    Ok(Answered::Right((tx, member)))
}

/// What becomes of a new passkey.
pub enum Added {
    Done(WriteTx),
    /// There are as many as there may be.
    TooMany,
}

/// Adds the passkey that `answer` brings; authenticators know the member by `handle` from now on. The caller goes on in
/// the transaction. The first one becomes the method of a member who has none.
pub async fn add(
    app: &App,
    member: &Member,
    (asked, handle): (&Registering, &str),
    answer: &str,
    name: String,
    device: Device,
) -> Result<Answered<Added>, ActionError> {
    let Some(relying_party) = &app.passkeys else { return Ok(Answered::Refused) };
    let now = app.now();
    let new = match relying_party.finish_registration(asked, answer, now) {
        Ok(new) => new,
        Err(why) => return refused(&why, Some(&member.id)),
    };
    let mut tx = app.store.write().await?;
    if !passkeys::take_challenge(&mut tx, &asked.challenge_digest, asked.expires_at).await?
        || passkeys::keep_user_handle(&mut tx, &member.id, handle, now).await? != handle
    {
        return Ok(Answered::Expired);
    }
    let there_are = passkeys::of_member(&mut tx, &member.id).await?.len();
    if there_are >= app.settings.authentication.passkeys.max_passkeys as usize {
        return Ok(Answered::Right(Added::TooMany));
    }
    let passkey = Passkey {
        id: random::identifier(),
        member: member.id.clone(),
        credential_id: new.credential_id,
        record: new.record,
        name: name.clone(),
        created_at: now,
        last_used: None,
        cloned_at: None,
    };
    if !passkeys::insert(&mut tx, &passkey).await? {
        return refused(&PasskeyError::Unknown, Some(&member.id));
    }
    record(app, &mut tx, member, AccountEvent::PasskeyAdded { name }, &Actor::Member(device)).await?;
    if member.method.is_none() {
        members::set_method(&mut tx, &member.id, Some(Method::Passkey)).await?;
    }
    Ok(Answered::Right(Added::Done(tx)))
}

/// Deletes a passkey of the member's, unless the policy needs it.
pub async fn delete(app: &App, member: &MemberId, id: &str, device: Device) -> Result<Removed, ActionError> {
    let Some(mut removing) = Removing::begin(app, member).await? else { return Ok(Removed::Gone) };
    let Some(passkey) = passkeys::by_id(removing.tx(), member, id).await? else { return Ok(Removed::Gone) };
    passkeys::delete(removing.tx(), member, id).await?;
    removing.settle(app, AccountEvent::PasskeyRemoved { name: passkey.name }, device).await
}
