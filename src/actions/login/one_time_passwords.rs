//! One-time passwords of all kinds. Each try is a part of a verb that holds the member: the try is counted, judged, and if it
//! was one too many the account is locked and its owner told, all in the verb's one transaction, which is committed whatever
//! came of it.

use super::end_sessions::{Which, end_sessions};
use crate::actions::member::account_events;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::login::device::Device;
use crate::domain::login::locks::{FailureCount, LockRelease, LockState, Until};
use crate::domain::login::one_time_password::{Code, TotpKey};
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::profile::Member;
use crate::domain::unix_time::UnixTime;
use crate::random;
use crate::store::WriteTx;
use crate::store::login::{email_codes, logins, one_time_password_failures as failures};
use crate::store::member::totp_devices::{self, TotpDevice};
use crate::store::member::{members, recovery_codes};

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried<T = ()> {
    Right(T),
    Wrong,
    /// This code can be tried no more: it has expired, was used or was tried too often. For codes by e-mail.
    Spent,
    /// The account is locked; nothing was tried, or this wrong one has locked it.
    Locked {
        until: Option<UnixTime>,
    },
}

/// Counts a try of this member, who is held. `Err` if the account is locked.
async fn count(app: &App, tx: &mut WriteTx, member: &MemberId) -> Result<Result<FailureCount, Until>, ActionError> {
    let seen = failures::count(tx, member).await?;
    let next = match app.account_lock.reserve(seen, app.now()) {
        Ok(next) => next,
        Err(until) => return Ok(Err(until)),
    };
    // Whoever tries at the same moment waits for the member, and then reads what is written here.
    if failures::replace(tx, member, seen, next).await? { Ok(Ok(next)) } else { Err(ActionError::Contended) }
}

/// What was tried as `counted` was wrong: the lock falls if there were too many.
async fn wrong<T>(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    counted: FailureCount,
    actor: &Actor,
) -> Result<Tried<T>, ActionError> {
    let LockState::Locked(until) = app.account_lock.state(Some(counted), app.now()) else { return Ok(Tried::Wrong) };
    let until = match until {
        Until::Staff => None,
        Until::Time(at) => Some(at),
    };
    lock(app, tx, member, until, actor).await?;
    Ok(Tried::Locked { until })
}

/// Locks the account: what stands on it ends, and the member is told.
pub async fn lock(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    until: Option<UnixTime>,
    actor: &Actor,
) -> Result<(), ActionError> {
    let now = app.now();
    members::lock_account(tx, &member.id, until, now).await?;
    end_sessions(app, tx, &member.id, Which::All).await?;
    logins::end_others(tx, &member.id, None, now).await?;
    account_events::record(app, tx, member, AccountEvent::AccountLocked, actor).await
}

/// Takes an account lock away whose time is over. The count of wrong ones stays where delays grow.
pub async fn lift_if_over(app: &App, tx: &mut WriteTx, member: &mut Member) -> Result<(), ActionError> {
    if member.account_locked_at.is_some() && !member.is_account_locked(app.now()) {
        members::unlock_account(tx, &member.id).await?;
        if !matches!(app.account_lock.release, LockRelease::GrowingDelay { .. }) {
            failures::clear(tx, &member.id).await?;
        }
        member.account_locked_at = None;
        member.account_locked_until = None;
    }
    Ok(())
}

/// The key of a device.
pub fn open_key(app: &App, device: &TotpDevice) -> Result<TotpKey, ActionError> {
    let opened = app.at_rest.open(&device.sealed_key, &totp_devices::place(&device.id));
    Ok(TotpKey::new(opened.map_err(|_| ActionError::Unsealable("totp_devices.sealed_key"))?))
}

/// Tries a code of one of this member's `devices`, once.
pub async fn try_totp(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    devices: &[TotpDevice],
    code: &Code,
    actor: &Actor,
) -> Result<Tried, ActionError> {
    let counted = match count(app, tx, &member.id).await? {
        Ok(counted) => counted,
        Err(until) => return Ok(locked(until)),
    };
    let now = app.now();
    for device in devices {
        let step = open_key(app, device)?.step_of(code, app.settings.authentication.app.tolerance, now);
        if let Some(step) = step
            && totp_devices::use_step(tx, &member.id, &device.id, step, now).await?
        {
            failures::clear(tx, &member.id).await?;
            return Ok(Tried::Right(()));
        }
    }
    wrong(app, tx, member, counted, actor).await
}

/// Tries a recovery code; how many are left.
pub async fn try_recovery_code(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    typed: &str,
    actor: &Actor,
) -> Result<Tried<u32>, ActionError> {
    let counted = match count(app, tx, &member.id).await? {
        Ok(counted) => counted,
        Err(until) => return Ok(locked(until)),
    };
    if let Some(code) = crate::domain::login::recovery_code::understand(typed) {
        let digest = recovery_code_digest(app, &member.id, &code);
        if recovery_codes::take(tx, &member.id, &digest, app.now()).await? {
            failures::clear(tx, &member.id).await?;
            return Ok(Tried::Right(recovery_codes::left(tx, &member.id).await?));
        }
    }
    wrong(app, tx, member, counted, actor).await
}

pub fn recovery_code_digest(app: &App, member: &MemberId, code: &str) -> String {
    app.code_digest(&format!("recovery code of {member}"), code)
}

/// A new code to be mailed.
pub fn new_email_code() -> Code {
    Code::of_number(random::below(1_000_000))
}

/// Writes a code down instead of the one that was sent for `place` before; `false` if that was too short a time ago.
pub async fn replace_email_code(
    app: &App,
    tx: &mut WriteTx,
    place: &str,
    member: &MemberId,
    address: &str,
    code: &Code,
) -> Result<bool, ActionError> {
    let now = app.now();
    let settings = &app.settings.authentication.email_codes;
    let digest = app.code_digest(place, code.expose());
    let waited_since = now - settings.resend_after;
    let expires_at = now + settings.lifetime;
    Ok(email_codes::replace(tx, place, member, address, &digest, waited_since, now, expires_at).await?)
}

/// Tries a code that was sent by e-mail for `place`, once; the address that it was sent to.
pub async fn judge_email_code(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    place: &str,
    code: &Code,
    actor: &Actor,
) -> Result<Tried<String>, ActionError> {
    let before = failures::count(tx, &member.id).await?;
    let counted = match count(app, tx, &member.id).await? {
        Ok(counted) => counted,
        Err(until) => return Ok(locked(until)),
    };
    let now = app.now();
    let tries = app.settings.authentication.email_codes.tries;
    let Some(expected) = email_codes::count_try(tx, place, &member.id, tries, now).await? else {
        // A code that is spent tells nothing about the one who typed it: no reason to lock an account.
        match before {
            Some(before) => drop(failures::replace(tx, &member.id, Some(counted), before).await?),
            None => failures::clear(tx, &member.id).await?,
        }
        return Ok(Tried::Spent);
    };
    let digest = app.code_digest(place, code.expose());
    if crate::crypto::opaque_token::same(&digest, &expected)
        && let Some(address) = email_codes::take(tx, place, &member.id, &digest, now).await?
    {
        failures::clear(tx, &member.id).await?;
        return Ok(Tried::Right(address));
    }
    wrong(app, tx, member, counted, actor).await
}

/// The same for a caller who goes on in the transaction if the code was right.
pub async fn try_email_code(
    app: &App,
    member: &Member,
    place: &str,
    code: &Code,
    from: Device,
) -> Result<Tried<(WriteTx, String)>, ActionError> {
    let mut tx = run::begin(app).await?;
    let Some(member) = members::held(&mut tx, &member.id).await? else { return Ok(Tried::Spent) };
    let tried = judge_email_code(app, &mut tx, &member, place, code, &Actor::Member(from)).await?;
    Ok(match tried {
        Tried::Right(address) => Tried::Right((tx, address)),
        Tried::Wrong => {
            tx.commit().await?;
            Tried::Wrong
        }
        Tried::Spent => {
            tx.commit().await?;
            Tried::Spent
        }
        Tried::Locked { until } => {
            tx.commit().await?;
            Tried::Locked { until }
        }
    })
}

fn locked<T>(until: Until) -> Tried<T> {
    match until {
        Until::Staff => Tried::Locked { until: None },
        Until::Time(at) => Tried::Locked { until: Some(at) },
    }
}
