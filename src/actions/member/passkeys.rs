//! Passkeys: adding one and showing to have one. Each question is answered once (product.md 1.7).

use crate::actions::ActionError;
use crate::actions::member::account_events::record;
use crate::app::App;
use crate::crypto::passkey::{Assertion, Authenticating, NewCredential, PasskeyError, Registering};
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::login::device::Device;
use crate::domain::login::passkey::Passkey;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::profile::Member;
use crate::domain::unix_time::UnixTime;
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

/// An answer that comes from a passkey.
pub struct Judged {
    passkey: Passkey,
    /// Its new record; `None` if its counter went backwards.
    record: Option<String>,
}

/// Whether `answer` comes from a passkey, of `expected` if the member is known already. Nothing is written: that it counts,
/// and counts once, is for [`settle`].
pub async fn judge(
    app: &App,
    asked: &Authenticating,
    answer: &str,
    expected: Option<&MemberId>,
) -> Result<Answered<Judged>, ActionError> {
    let Some(relying_party) = &app.passkeys else { return Ok(Answered::Refused) };
    let assertion = match Assertion::read(answer) {
        Ok(assertion) => assertion,
        Err(why) => return refused(&why, expected),
    };
    let found = passkeys::by_credential_id(&mut app.store.reader().await?, &assertion.credential_id()).await?;
    let found = found.filter(|(passkey, _)| expected.is_none_or(|member| passkey.member == *member));
    let Some((passkey, handle)) = found else { return refused(&PasskeyError::Unknown, expected) };
    let record = match relying_party.finish_authentication(asked, &assertion, &passkey, &handle, app.now()) {
        Ok(record) => Some(record),
        Err(PasskeyError::Cloned) => None,
        Err(why) => return refused(&why, Some(&passkey.member)),
    };
    Ok(Answered::Right(Judged { passkey, record }))
}

/// In the transaction of a verb, which is committed whatever comes of it: the member, held.
pub async fn settle(
    app: &App,
    tx: &mut WriteTx,
    asked: &Authenticating,
    judged: Judged,
    device: Device,
) -> Result<Answered<Member>, ActionError> {
    let now = app.now();
    let Judged { passkey, record: new_record } = judged;
    let Some(member) = members::held(tx, &passkey.member).await? else { return Ok(Answered::Refused) };
    // Before anything is made of the counter: the same answer sent twice is no second authenticator.
    if !passkeys::take_challenge(tx, &asked.challenge_digest, asked.expires_at).await? {
        return Ok(Answered::Expired);
    }
    let Some(new_record) = new_record else {
        if passkeys::mark_cloned(tx, &passkey.id, now).await? {
            record(app, tx, &member, AccountEvent::PasskeyCloned { name: passkey.name }, &Actor::Member(device))
                .await?;
        }
        return refused(&PasskeyError::Cloned, Some(&passkey.member));
    };
    if !passkeys::note_use(tx, &passkey, &new_record, device, now).await? {
        return Ok(Answered::Expired);
    }
    Ok(Answered::Right(member))
}

/// A passkey that an authenticator has just made, as it was asked to.
pub struct NewPasskey {
    credential: NewCredential,
    challenge_digest: String,
    expires_at: UnixTime,
    /// What authenticators know the member by from now on.
    handle: String,
    name: String,
}

/// Judges what `answer` brings.
pub fn verify(
    app: &App,
    member: &MemberId,
    (asked, handle): (&Registering, &str),
    answer: &str,
    name: String,
) -> Result<Answered<NewPasskey>, ActionError> {
    let Some(relying_party) = &app.passkeys else { return Ok(Answered::Refused) };
    match relying_party.finish_registration(asked, answer, app.now()) {
        Ok(credential) => Ok(Answered::Right(NewPasskey {
            credential,
            challenge_digest: asked.challenge_digest.clone(),
            expires_at: asked.expires_at,
            handle: handle.to_owned(),
            name,
        })),
        Err(why) => refused(&why, Some(member)),
    }
}

/// Part of a verb, which holds the member: adds the passkey, the first one as the method of a member who has none; `false`
/// if there are as many as there may be.
pub async fn add(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    new: NewPasskey,
    actor: &Actor,
) -> Result<Answered<bool>, ActionError> {
    let now = app.now();
    if !passkeys::take_challenge(tx, &new.challenge_digest, new.expires_at).await?
        || passkeys::keep_user_handle(tx, &member.id, &new.handle, now).await? != new.handle
    {
        return Ok(Answered::Expired);
    }
    let there_are = passkeys::of_member(tx, &member.id).await?.len();
    if there_are >= app.settings.authentication.passkeys.max_passkeys as usize {
        return Ok(Answered::Right(false));
    }
    let passkey = Passkey {
        id: random::identifier(),
        member: member.id.clone(),
        credential_id: new.credential.credential_id,
        record: new.credential.record,
        name: new.name.clone(),
        created_at: now,
        last_used: None,
        cloned_at: None,
    };
    if !passkeys::insert(tx, &passkey).await? {
        return refused(&PasskeyError::Unknown, Some(&member.id));
    }
    record(app, tx, member, AccountEvent::PasskeyAdded { name: new.name }, actor).await?;
    if member.method.is_none() {
        members::set_method(tx, &member.id, Some(Method::Passkey)).await?;
    }
    Ok(Answered::Right(true))
}
