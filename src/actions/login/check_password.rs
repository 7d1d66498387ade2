//! One attempt with a user ID and a password: counted before it is judged, alike for IDs that exist and IDs that don't.

use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token;
use crate::crypto::password_hash::{HashError, Verified};
use crate::domain::ids::MemberId;
use crate::domain::login::locks::{FailureCount, LockState, Until};
use crate::domain::login::password_policy::normalise_password;
use crate::domain::member::profile::{Member, Password};
use crate::domain::unix_time::UnixTime;
use crate::store::WriteTx;
use crate::store::login::{known_devices, password_failures};
use crate::store::member::{members, password_history};

/// What became of an attempt.
pub enum Attempt<E> {
    /// The caller's limit for strangers is reached; nothing was tried.
    TooOften(E),
    Right(Box<Proven>),
    /// The ID is unknown or the password is not its own: nobody learns which.
    Wrong,
    /// The password lock stands for this device; nothing was tried.
    Locked(Until),
}

/// A member who has just given the right password.
pub struct Proven {
    pub member: Member,
    pub password: Password,
    /// The hash to store instead, where the stored one is not as the settings ask for: of another cost, pepper or kind.
    pub upgraded_hash: Option<String>,
    account: String,
    device: String,
}

/// Part of a verb that runs to its end, so that the count of a right password is taken back. The attempt is one transaction,
/// the same for IDs that exist and IDs that don't: the count, the lock that falls with it, and that it is to be told
/// ([`super::tell_of_password_locks`]). A member's own counter applies where a device is known to have logged them in before; all others share one, and have
/// to pass `limit_strangers`, which is given the account's name.
pub async fn check_password<E>(
    app: &App,
    typed_user_id: &str,
    typed_password: &str,
    device_token: Option<&str>,
    limit_strangers: impl FnOnce(&str) -> Result<(), E>,
) -> Result<Attempt<E>, ActionError> {
    let now = app.now();
    let key = app.user_ids.lookup_key(typed_user_id);
    let account = app.account_key(&key);
    let (found, device) = {
        let mut reader = app.store.reader().await?;
        let found = members::with_password(&mut reader, key.as_str()).await?;
        // Asked for unknown members too, so that it takes as long.
        let nobody = MemberId(String::new());
        let member = found.as_ref().map_or(&nobody, |(member, _)| &member.id);
        let digest = opaque_token::digest(device_token.unwrap_or_default());
        let since = now - app.settings.locks.password.known_device_lifetime;
        let known = known_devices::is_known(&mut reader, &digest, member, since).await?;
        (found, if known { digest } else { password_failures::STRANGERS.to_owned() })
    };
    let member = found.as_ref().map(|(member, _)| &member.id);
    // A place first: where none is free, the attempt is not made and does not count.
    let place = match device == password_failures::STRANGERS {
        true => match limit_strangers(&account) {
            Ok(()) => app.passwords.place_for_stranger()?,
            Err(exceeded) => return Ok(Attempt::TooOften(exceeded)),
        },
        false => app.passwords.place()?,
    };
    if let Err(until) = reserve(app, &account, &device, member, now).await? {
        return Ok(Attempt::Locked(until));
    }
    let password = normalise_password(typed_password);
    let stored = found.as_ref().map(|(_, password)| password.hash.as_str());
    let verified = match place.verify_evenly(password.clone(), stored).await {
        // An answer of its own would tell that the ID exists.
        Err(HashError::Corrupt(why)) => {
            tracing::error!(member = ?member, why, "a stored password hash can't be used; set a new password");
            Verified::Wrong
        }
        other => other?,
    };
    match (found, verified) {
        (Some((member, password_row)), Verified::Right { needs_upgrade }) => {
            // Where there is no time for it now, the next login upgrades.
            let upgraded_hash = if needs_upgrade { app.passwords.hash(password).await.ok() } else { None };
            Ok(Attempt::Right(Box::new(Proven { member, password: password_row, upgraded_hash, account, device })))
        }
        _ => Ok(Attempt::Wrong),
    }
}

impl Proven {
    /// Ends the row of failures that this login ends, and stores the new hash. The member as they are now, held;
    /// `None` if the password that was given is no longer theirs.
    pub async fn settle(&self, tx: &mut WriteTx) -> Result<Option<Member>, ActionError> {
        let Some(member) = members::held(tx, &self.member.id).await? else { return Ok(None) };
        if !members::still_has_password(tx, &self.member.id, &self.password).await? {
            return Ok(None);
        }
        password_failures::clear(tx, &self.account, &self.device).await?;
        if let Some(hash) = &self.upgraded_hash {
            members::upgrade_hash(tx, &self.member.id, &self.password.hash, hash).await?;
        }
        Ok(Some(member))
    }
}

/// Counts the attempt before it is made, so that guesses sent side by side can't exceed the threshold. If the lock falls with
/// it, that stands in the same row, and the member is told at another time (`tell_of_password_locks`).
async fn reserve(
    app: &App,
    account: &str,
    device: &str,
    member: Option<&MemberId>,
    now: UnixTime,
) -> Result<Result<(), Until>, ActionError> {
    // Each round that is lost is one that another attempt has won: it ends with the lock at the latest.
    for _ in 0..100 {
        let mut tx = run::begin(app).await?;
        let together = match member.filter(|_| device != password_failures::STRANGERS) {
            Some(member) => {
                // The known devices count together: none of them may count beside another.
                members::held(&mut tx, member).await?;
                let since = now - app.settings.locks.password.known_device_lifetime;
                let counts = password_failures::of_known_devices(&mut tx, account, member, since).await?;
                FailureCount::together(&counts)
            }
            None => None,
        };
        let ceiling = app.password_lock.of_known_devices_together();
        if let LockState::Locked(until) = ceiling.state(together, now) {
            return Ok(Err(until));
        }
        let seen = password_failures::count(&mut tx, account, device).await?;
        let next = match app.password_lock.reserve(seen, now) {
            Ok(next) => next,
            Err(until) => return Ok(Err(until)),
        };
        let ceiling_falls = together.is_some_and(|count| {
            ceiling.falls_at(&FailureCount { failures: count.failures.saturating_add(1), last_at: now })
        });
        let falls = app.password_lock.falls_at(&next) || ceiling_falls;
        if password_failures::replace(&mut tx, account, device, member, seen, next, falls).await? {
            tx.commit().await?;
            return Ok(Ok(()));
        }
    }
    Err(ActionError::Contended)
}

/// The password as typed, for storing: normalised, and ready to be hashed.
pub async fn hash_new_password(app: &App, typed: &str) -> Result<String, ActionError> {
    Ok(app.passwords.hash(normalise_password(typed)).await?)
}

/// Whether `typed` is the password behind `hash`; not if the hash can't be used.
pub async fn is_password(app: &App, typed: &str, hash: &str) -> Result<bool, ActionError> {
    match app.passwords.verify(normalise_password(typed), Some(hash)).await {
        Err(HashError::Corrupt(_)) => Ok(false),
        other => Ok(other? != Verified::Wrong),
    }
}

/// Whether `typed` is the member's `present` password, or one of the former ones that the settings say are refused.
pub async fn was_used_before(
    app: &App,
    member: &MemberId,
    present: &Password,
    typed: &str,
) -> Result<bool, ActionError> {
    let former =
        password_history::of_member(&mut app.store.reader().await?, member, app.password_policy.history).await?;
    for hash in std::iter::once(&present.hash).chain(&former) {
        if is_password(app, typed, hash).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
