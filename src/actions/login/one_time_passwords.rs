//! One-time passwords of all kinds: each try is counted before it is judged, and too many wrong ones lock the account.

use crate::actions::ActionError;
use crate::actions::member::account_events;
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
use crate::store::login::{browser_sessions, email_codes, logins, one_time_password_failures as failures};
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

/// A try that was counted. Whoever judges it says what came of it.
pub struct Counted(FailureCount);

/// Counts a try of this member; `Err` if the account is locked.
pub async fn count(app: &App, member: &MemberId) -> Result<Result<Counted, Until>, ActionError> {
    let now = app.now();
    for _ in 0..100 {
        let mut tx = app.store.write().await?;
        let seen = failures::count(&mut tx, member).await?;
        let next = match app.account_lock.reserve(seen, now) {
            Ok(next) => next,
            Err(until) => return Ok(Err(until)),
        };
        if failures::replace(&mut tx, member, seen, next).await? {
            tx.commit().await?;
            return Ok(Ok(Counted(next)));
        }
    }
    Err(ActionError::Contended)
}

impl Counted {
    /// It was right: the row of wrong ones ends.
    pub async fn right(self, tx: &mut WriteTx, member: &MemberId) -> Result<(), ActionError> {
        Ok(failures::clear(tx, member).await?)
    }

    /// It was wrong: the lock falls if there were too many.
    pub async fn wrong<T>(self, app: &App, member: &Member, device: Device) -> Result<Tried<T>, ActionError> {
        let now = app.now();
        let LockState::Locked(until) = app.account_lock.state(Some(self.0), now) else { return Ok(Tried::Wrong) };
        let until = match until {
            Until::Staff => None,
            Until::Time(at) => Some(at),
        };
        let mut tx = app.store.write().await?;
        // A right one sent beside it may have ended the row meanwhile.
        if failures::count(&mut tx, &member.id).await? != Some(self.0) {
            return Ok(Tried::Wrong);
        }
        lock(app, &mut tx, member, until, &Actor::Member(device)).await?;
        tx.commit().await?;
        Ok(Tried::Locked { until })
    }
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
    browser_sessions::end_all(tx, &member.id, now).await?;
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

/// Tries a code of this member's `device`. Right once: in `tx` of the caller's, who goes on in it.
pub async fn try_totp(
    app: &App,
    member: &Member,
    device: &TotpDevice,
    code: &Code,
    from: Device,
) -> Result<Tried<WriteTx>, ActionError> {
    let counted = match count(app, &member.id).await? {
        Ok(counted) => counted,
        Err(until) => return Ok(locked(until)),
    };
    let now = app.now();
    let step = open_key(app, device)?.step_of(code, app.settings.authentication.app.tolerance, now);
    if let Some(step) = step {
        let mut tx = app.store.write().await?;
        if totp_devices::use_step(&mut tx, &member.id, &device.id, step, now).await? {
            counted.right(&mut tx, &member.id).await?;
            return Ok(Tried::Right(tx));
        }
    }
    counted.wrong(app, member, from).await
}

/// Tries a recovery code.
pub async fn try_recovery_code(
    app: &App,
    member: &Member,
    typed: &str,
    from: Device,
) -> Result<Tried<(WriteTx, u32)>, ActionError> {
    let counted = match count(app, &member.id).await? {
        Ok(counted) => counted,
        Err(until) => return Ok(locked(until)),
    };
    if let Some(code) = crate::domain::login::recovery_code::understand(typed) {
        let digest = recovery_code_digest(app, &member.id, &code);
        let mut tx = app.store.write().await?;
        if recovery_codes::take(&mut tx, &member.id, &digest, app.now()).await? {
            counted.right(&mut tx, &member.id).await?;
            let left = recovery_codes::left(&mut tx, &member.id).await?;
            return Ok(Tried::Right((tx, left)));
        }
    }
    counted.wrong(app, member, from).await
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

/// Tries a code that was sent by e-mail for `place`. Right once: in `tx`, with the address that it was sent to.
pub async fn try_email_code(
    app: &App,
    member: &Member,
    place: &str,
    code: &Code,
    from: Device,
) -> Result<Tried<(WriteTx, String)>, ActionError> {
    let counted = match count(app, &member.id).await? {
        Ok(counted) => counted,
        Err(until) => return Ok(locked(until)),
    };
    let now = app.now();
    let tries = app.settings.authentication.email_codes.tries;
    let mut tx = app.store.write().await?;
    let expected = email_codes::count_try(&mut tx, place, &member.id, tries, now).await?;
    // Counted whatever comes of it.
    tx.commit().await?;
    let Some(expected) = expected else {
        // A code that is spent tells nothing about the one who typed it: no reason to lock an account.
        let mut tx = app.store.write().await?;
        counted.take_back(&mut tx, &member.id).await?;
        tx.commit().await?;
        return Ok(Tried::Spent);
    };
    let digest = app.code_digest(place, code.expose());
    if crate::crypto::opaque_token::same(&digest, &expected) {
        let mut tx = app.store.write().await?;
        if let Some(address) = email_codes::take(&mut tx, place, &member.id, &digest, now).await? {
            counted.right(&mut tx, &member.id).await?;
            return Ok(Tried::Right((tx, address)));
        }
    }
    counted.wrong(app, member, from).await
}

impl Counted {
    /// The try was not made after all.
    async fn take_back(self, tx: &mut WriteTx, member: &MemberId) -> Result<(), ActionError> {
        let before = FailureCount { failures: self.0.failures.saturating_sub(1), ..self.0 };
        failures::replace(tx, member, Some(self.0), before).await?;
        Ok(())
    }
}

fn locked<T>(until: Until) -> Tried<T> {
    match until {
        Until::Staff => Tried::Locked { until: None },
        Until::Time(at) => Tried::Locked { until: Some(at) },
    }
}
