//! `[locks]`: when failed attempts shut an account, and until when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Findings;
use crate::domain::login::locks::LockPolicy;
pub use crate::domain::login::locks::LockRelease;
use crate::domain::unix_time::Span;

/// When failed attempts shut an account, and until when.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Locks {
    pub password: PasswordLock,
    pub account: AccountLock,
}

/// The account lock: falls after repeated wrong one-time passwords.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountLock {
    /// Wrong one-time passwords in a row that lock.
    #[schemars(range(min = 1, max = 100), extend("x-unit" = "attempts"))]
    pub threshold: u32,
    /// What ends the lock.
    pub release: LockRelease,
}

impl Default for AccountLock {
    fn default() -> Self {
        AccountLock { threshold: 10, release: LockRelease::Staff }
    }
}

impl From<&AccountLock> for LockPolicy {
    fn from(settings: &AccountLock) -> Self {
        LockPolicy { threshold: settings.threshold, release: settings.release }
    }
}

/// The password lock: falls after repeated wrong passwords.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordLock {
    /// Wrong passwords in a row that lock; NIST SP 800-63B allows at most 100. A device on which the member has logged in
    /// before has its own count.
    #[schemars(range(min = 1, max = 100), extend("x-unit" = "attempts"))]
    pub threshold: u32,
    /// What ends the lock.
    pub release: LockRelease,
    /// How long a device stays known after its last login; strangers' failures can't lock the member out of it.
    #[schemars(extend("x-at-least" = "1s"))]
    pub known_device_lifetime: Span,
    /// For how many user IDs that don't exist failures are counted (they lock just like real ones); beyond that the
    /// oldest counts are dropped, so that guessing IDs can't fill the database.
    #[schemars(range(min = 1), extend("x-unit" = "user IDs"))]
    pub unknown_ids_kept: u32,
}

impl Default for PasswordLock {
    fn default() -> Self {
        PasswordLock {
            threshold: 5,
            release: LockRelease::Staff,
            known_device_lifetime: Span::days(365),
            unknown_ids_kept: 100_000,
        }
    }
}

impl Locks {
    pub(super) fn check(&self, findings: &mut Findings) {
        for (key, release) in
            [("locks.password.release", self.password.release), ("locks.account.release", self.account.release)]
        {
            match release {
                LockRelease::Staff => {}
                LockRelease::Time { after } => findings.require(
                    after > Span::ZERO,
                    &[key],
                    format!("{key} ends the lock at once (after = \"0s\")"),
                    "write how long it lasts, such as after = \"15m\"",
                ),
                LockRelease::GrowingDelay { first, longest } => {
                    findings.require(
                        first > Span::ZERO,
                        &[key],
                        format!("{key} starts with no delay (first = \"0s\")"),
                        "write the first delay, such as first = \"30s\"",
                    );
                    findings.require(
                        first <= longest,
                        &[key],
                        format!("{key} starts at {first}, which is longer than the longest, {longest}"),
                        "shorten first or lengthen longest",
                    );
                }
            }
        }
    }
}

impl From<&PasswordLock> for LockPolicy {
    fn from(settings: &PasswordLock) -> Self {
        LockPolicy { threshold: settings.threshold, release: settings.release }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_ends_by_time_lasts_and_a_delay_grows() {
        let problems = |release| {
            let mut findings = Findings::default();
            Locks { password: PasswordLock { release, ..PasswordLock::default() }, ..Locks::default() }
                .check(&mut findings);
            findings.len()
        };
        assert_eq!(problems(LockRelease::Staff), 0);
        assert_eq!(problems(LockRelease::Time { after: Span::minutes(15) }), 0);
        assert_eq!(problems(LockRelease::Time { after: Span::ZERO }), 1);
        assert_eq!(problems(LockRelease::GrowingDelay { first: Span::hours(1), longest: Span::hours(1) }), 0);
        assert_eq!(problems(LockRelease::GrowingDelay { first: Span::hours(2), longest: Span::hours(1) }), 1);
        assert_eq!(problems(LockRelease::GrowingDelay { first: Span::ZERO, longest: Span::hours(1) }), 1);
    }
}
