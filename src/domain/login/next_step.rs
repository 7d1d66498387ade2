//! What stands between a right password and a login that is complete.

use crate::domain::member::profile::{Member, Password};
use crate::domain::unix_time::UnixTime;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// The password came from the society: the member chooses their own first.
    ChangeInitialPassword,
    Complete,
    Refuse(Closed),
}

/// Why somebody with the right password may not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// By staff, or by repeated wrong one-time passwords.
    AccountLocked,
    /// The member has left.
    Disabled,
    InitialPasswordExpired,
}

pub fn after_password(member: &Member, password: &Password, now: UnixTime) -> NextStep {
    if member.disabled_at.is_some() {
        return NextStep::Refuse(Closed::Disabled);
    }
    if member.account_locked_at.is_some() {
        return NextStep::Refuse(Closed::AccountLocked);
    }
    match password.initial_until {
        Some(until) if now >= until => NextStep::Refuse(Closed::InitialPasswordExpired),
        Some(_) => NextStep::ChangeInitialPassword,
        None => NextStep::Complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::member::profile::sample;

    #[test]
    fn an_initial_password_is_changed_in_time_or_has_expired() {
        let member = sample("taro");
        let password = |initial_until| Password { hash: String::new(), set_at: UnixTime(0), initial_until };
        let at = |p: &Password, now| after_password(&member, p, UnixTime(now));
        assert_eq!(at(&password(None), 5), NextStep::Complete);
        assert_eq!(at(&password(Some(UnixTime(10))), 9), NextStep::ChangeInitialPassword);
        assert_eq!(at(&password(Some(UnixTime(10))), 10), NextStep::Refuse(Closed::InitialPasswordExpired));
    }

    #[test]
    fn a_locked_or_disabled_member_stays_out() {
        let password = Password { hash: String::new(), set_at: UnixTime(0), initial_until: None };
        let mut member = sample("taro");
        member.account_locked_at = Some(UnixTime(1));
        assert_eq!(after_password(&member, &password, UnixTime(2)), NextStep::Refuse(Closed::AccountLocked));
        member.disabled_at = Some(UnixTime(1));
        assert_eq!(after_password(&member, &password, UnixTime(2)), NextStep::Refuse(Closed::Disabled));
    }
}
