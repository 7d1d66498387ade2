//! What staff do with members.

use crate::actions::login::{check_password, one_time_passwords};
use crate::actions::member::account_events::record;
use crate::actions::{ActionError, run};
use crate::app::{App, stored_cost};
use crate::crypto::password_hash::import::ImportedHash;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::login::password_policy::CharacterClass;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::email_address::{EmailAddress, masked};
use crate::domain::member::profile::{Member, Profile, Role};
use crate::domain::member::user_id::{UserId, UserIdKey, UserIdProblem};
use crate::domain::secret::Secret;
use crate::domain::unix_time::UnixTime;
use crate::random;
use crate::store::login::logins::Login;
use crate::store::login::{browser_sessions, known_devices, logins, one_time_password_failures, password_failures};
use crate::store::member::{lost_methods, members, password_costs, password_history, recovery};
use crate::store::{StoreError, WriteTx};

/// A member to be added.
#[derive(Clone, Debug)]
pub struct NewMember {
    pub user_id: String,
    pub role: Role,
    pub name: Option<String>,
    pub email: Option<String>,
    pub email_verified: bool,
    pub phone_number: Option<String>,
    pub phone_number_verified: bool,
    pub profile: Profile,
}

#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("the user ID can't be taken: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    UserId(Vec<UserIdProblem>),
    #[error(
        "a member with this user ID exists already (IDs are compared without regard to width, and to case unless the settings say otherwise)"
    )]
    Exists,
    #[error(transparent)]
    Action(#[from] ActionError),
}

/// Adds a member with a password that they must change at the first login (`initial`) or may keep.
pub async fn add(app: &App, new: NewMember, password: &str, initial: bool) -> Result<Member, AddError> {
    let (member, key) = checked(app, new)?;
    let hash = check_password::hash_new_password(app, password).await?;
    let initial_until = initial.then(|| app.now() + app.settings.passwords.initial_lifetime);
    let mut tx = app.store.write().await.map_err(ActionError::from)?;
    insert(app, &mut tx, &member, &key, &hash, initial_until).await?;
    tx.commit().await.map_err(ActionError::from)?;
    Ok(member)
}

/// Adds a member with the password that they have in another system, as that has hashed it.
pub async fn add_with_hash(app: &App, new: NewMember, password: ImportedHash) -> Result<Member, AddError> {
    let (member, key) = checked(app, new)?;
    let mut tx = app.store.write().await.map_err(ActionError::from)?;
    insert(app, &mut tx, &member, &key, &password.hash, None).await?;
    password_costs::note(&mut tx, &stored_cost(password.cost)).await.map_err(ActionError::from)?;
    tx.commit().await.map_err(ActionError::from)?;
    Ok(member)
}

fn checked(app: &App, new: NewMember) -> Result<(Member, UserIdKey), AddError> {
    let user_id = app.user_ids.check(&new.user_id).map_err(AddError::UserId)?;
    let key = app.user_ids.lookup_key(user_id.as_str());
    let now = app.now();
    let member = Member {
        id: MemberId(random::identifier()),
        user_id: user_id.as_str().to_owned(),
        role: new.role,
        name: new.name,
        email_verified_at: (new.email_verified && new.email.is_some()).then_some(now),
        email: new.email,
        phone_number_verified_at: (new.phone_number_verified && new.phone_number.is_some()).then_some(now),
        phone_number: new.phone_number,
        profile: new.profile,
        created_at: now,
        updated_at: now,
        account_locked_at: None,
        account_locked_until: None,
        disabled_at: None,
        method: None,
        email_method_at: None,
        first_login_at: None,
        notices_off_at: None,
    };
    Ok((member, key))
}

async fn insert(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    key: &UserIdKey,
    hash: &str,
    initial_until: Option<UnixTime>,
) -> Result<(), AddError> {
    match members::insert(tx, member, key.as_str()).await {
        Err(StoreError::Exists(_)) => return Err(AddError::Exists),
        other => other.map_err(ActionError::from)?,
    }
    members::set_password(tx, &member.id, hash, initial_until, app.now()).await.map_err(ActionError::from)?;
    // Guesses at this ID from before it existed are not its owner's.
    password_failures::clear_all(tx, &app.account_key(key)).await.map_err(ActionError::from)?;
    Ok(())
}

/// A random password to give out: easily read from paper and typed on a phone (no letters that look alike, some 59 random
/// bits), and within the policy.
pub fn generate_password(app: &App, user_id: &str) -> Secret<String> {
    let policy = &app.password_policy;
    let id = UserId::stored(user_id.to_owned());
    let fits = |candidate: &Secret<String>| policy.broken(candidate, &id, &app.common_passwords).is_empty();
    let with_capitals = policy.required_classes.contains(&CharacterClass::Upper);
    let candidate = || random_password(policy.min_length.max(14).min(policy.max_length), with_capitals);
    // A policy that refuses all of these is a strange one; an initial password is changed at the first login anyway.
    (0..100).map(|_| candidate()).find(fits).unwrap_or_else(candidate)
}

fn random_password(length: u32, with_capitals: bool) -> Secret<String> {
    const SMALL: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    const BOTH: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let alphabet = if with_capitals { BOTH } else { SMALL };
    // Bytes beyond a multiple of the alphabet would favour its first letters.
    let even = u8::try_from(256 / alphabet.len() * alphabet.len()).unwrap_or(u8::MAX);
    let mut letters = std::iter::repeat_with(random::bytes::<1>)
        .flatten()
        .filter(|byte| *byte < even)
        .filter_map(|byte| alphabet.get(usize::from(byte) % alphabet.len()).copied().map(char::from));
    let mut password = String::with_capacity(length as usize);
    for place in 1..=length {
        password.extend(if place % 5 == 0 { Some('-') } else { letters.next() });
    }
    Secret::new(password)
}

/// The member whom staff mean by a user ID.
pub async fn find(app: &App, user_id: &str) -> Result<Option<Member>, ActionError> {
    let key = app.user_ids.lookup_key(user_id);
    Ok(members::by_user_id_key(&mut app.store.reader().await?, key.as_str()).await?)
}

/// Which locks were lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unlocked {
    pub password_lock: bool,
    pub account_lock: bool,
}

/// Lifts both locks of a member.
pub async fn unlock(app: &App, actor: &Actor, member: &Member) -> Result<Unlocked, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let account = app.account_key(&app.user_ids.lookup_key(&member.user_id));
        let mut tx = run::begin(&app).await?;
        let stood = is_password_locked(&app, &mut tx, &account).await?;
        password_failures::clear_all(&mut tx, &account).await?;
        members::unlock_account(&mut tx, &member.id).await?;
        one_time_password_failures::clear(&mut tx, &member.id).await?;
        let lifted = Unlocked { password_lock: stood, account_lock: member.account_locked_at.is_some() };
        if lifted.password_lock || lifted.account_lock {
            record(&app, &mut tx, &member, AccountEvent::LocksLifted, &actor).await?;
        }
        tx.commit().await?;
        Ok(lifted)
    })
    .await
}

/// Locks the account until it is unlocked: all sessions and tokens end. `false` if it is locked so already.
pub async fn lock(app: &App, actor: &Actor, member: &Member) -> Result<bool, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member.id).await? else { return Ok(false) };
        if member.account_locked_at.is_some() && member.account_locked_until.is_none() {
            return Ok(false);
        }
        one_time_passwords::lock(&app, &mut tx, &member, None, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}

/// Shuts the account of a member who has left: all sessions and tokens end. `false` if it is shut already.
pub async fn disable(app: &App, actor: &Actor, member: &Member) -> Result<bool, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        if !members::set_disabled(&mut tx, &member.id, Some(now)).await? {
            return Ok(false);
        }
        logins::end_others(&mut tx, &member.id, None, now).await?;
        browser_sessions::end_all(&mut tx, &member.id, now).await?;
        recovery::end_links(&mut tx, &member.id, now).await?;
        lost_methods::end(&mut tx, &member.id).await?;
        record(&app, &mut tx, &member, AccountEvent::AccountDisabled, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}

/// Opens an account again that was shut; `false` if it is open.
pub async fn enable(app: &App, actor: &Actor, member: &Member) -> Result<bool, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        if !members::set_disabled(&mut tx, &member.id, None).await? {
            return Ok(false);
        }
        record(&app, &mut tx, &member, AccountEvent::AccountEnabled, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}

/// Gives a member the name that the society knows; `false` if it is their name already.
pub async fn correct_name(app: &App, actor: &Actor, member: &Member, name: &str) -> Result<bool, ActionError> {
    let (actor, member, name) = (actor.clone(), member.clone(), name.to_owned());
    run::to_its_end(app, |app| async move {
        if member.name.as_ref() == Some(&name) {
            return Ok(false);
        }
        let mut tx = run::begin(&app).await?;
        members::set_name(&mut tx, &member.id, &name, app.now()).await?;
        record(&app, &mut tx, &member, AccountEvent::NameCorrected { to: name.clone() }, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}

/// Gives a member an address that staff vouch for. Whoever reads the old one hears of it, and can do nothing with the links
/// that were mailed there.
pub async fn set_email(app: &App, actor: &Actor, member: &Member, address: &EmailAddress) -> Result<(), ActionError> {
    let (actor, member, address) = (actor.clone(), member.clone(), address.clone());
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member.id).await? else { return Ok(()) };
        members::set_verified_email(&mut tx, &member.id, address.as_str(), now).await?;
        recovery::end_links(&mut tx, &member.id, now).await?;
        lost_methods::end(&mut tx, &member.id).await?;
        logins::end_others(&mut tx, &member.id, None, now).await?;
        let event =
            AccountEvent::EmailChanged { from: member.verified_email().map(masked), to: masked(address.as_str()) };
        record(&app, &mut tx, &member, event, &actor).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Whether the password lock stands for devices that are not known.
async fn is_password_locked(app: &App, db: &mut impl crate::store::Reads, account: &str) -> Result<bool, ActionError> {
    let count = password_failures::count(db, account, password_failures::STRANGERS).await?;
    Ok(matches!(app.password_lock.state(count, app.now()), crate::domain::login::locks::LockState::Locked(_)))
}

/// Gives a member a new password: all sessions, steps and tokens end, and the password lock is lifted.
pub async fn set_password(
    app: &App,
    actor: &Actor,
    member: &Member,
    password: &str,
    initial: bool,
) -> Result<(), ActionError> {
    let hash = check_password::hash_new_password(app, password).await?;
    let now = app.now();
    let mut tx = app.store.write().await?;
    let initial_until = initial.then(|| now + app.settings.passwords.initial_lifetime);
    replace_password(app, &mut tx, member, &hash, initial_until, None).await?;
    browser_sessions::end_all(&mut tx, &member.id, now).await?;
    record(app, &mut tx, member, AccountEvent::PasswordIssued, actor).await?;
    tx.commit().await?;
    Ok(())
}

/// Stores a new hash; what stood on the old password ends, but for sessions and the login in which it is chosen.
pub async fn replace_password(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    hash: &str,
    initial_until: Option<UnixTime>,
    chosen_in: Option<&Login>,
) -> Result<(), ActionError> {
    let now = app.now();
    password_history::keep(tx, &member.id, app.settings.passwords.history, now).await?;
    members::set_password(tx, &member.id, hash, initial_until, now).await?;
    logins::end_others(tx, &member.id, chosen_in, now).await?;
    known_devices::distrust_all(tx, &member.id).await?;
    let account = app.account_key(&app.user_ids.lookup_key(&member.user_id));
    password_failures::clear_all(tx, &account).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_passwords_are_as_long_as_asked_and_hold_no_letters_that_look_alike() {
        for (length, with_capitals) in [(4, false), (8, true), (14, false), (64, true)] {
            let (one, other) = (random_password(length, with_capitals), random_password(length, with_capitals));
            assert_ne!(one, other);
            assert_eq!(one.expose().len(), length as usize);
            assert!(!one.expose().contains(['l', 'i', 'o', '0', '1', 'I', 'O']), "{}", one.expose());
            assert_eq!(one.expose().matches('-').count(), length as usize / 5, "{}", one.expose());
        }
        let many = random_password(5_000, true);
        assert!(many.expose().contains(char::is_uppercase) && many.expose().contains(char::is_numeric));
        assert!(!random_password(5_000, false).expose().contains(char::is_uppercase));
    }
}
