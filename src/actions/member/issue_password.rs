//! Staff give a member a new password.

use crate::actions::login::check_password;
use crate::actions::login::end_sessions::{Which, end_sessions};
use crate::actions::member::account_events::record;
use crate::actions::member::replace_password::replace_password;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::login::password_policy::CharacterClass;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::user_id::UserId;
use crate::domain::secret::Secret;
use crate::random;
use crate::store::member::members;

/// All sessions, steps and tokens end, and the password lock is lifted. `initial`: the member must change it at the next
/// login. `false` if there is no such member (any more).
pub async fn issue_password(
    app: &App,
    actor: &Actor,
    member: &MemberId,
    password: &str,
    initial: bool,
) -> Result<bool, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    let hash = check_password::hash_new_password(app, password).await?;
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member).await? else { return Ok(false) };
        let initial_until = initial.then(|| now + app.settings.passwords.initial_lifetime);
        replace_password(&app, &mut tx, &member, &hash, initial_until, None).await?;
        end_sessions(&app, &mut tx, &member.id, Which::All).await?;
        record(&app, &mut tx, &member, AccountEvent::PasswordIssued, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
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
