//! `[locks]`: when failed attempts shut an account, and until when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::unix_time::Span;

/// When failed attempts shut an account, and until when.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Locks {
    pub password: PasswordLock,
}

/// The password lock (パスワードのロック): falls after repeated wrong passwords.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordLock {
    /// Wrong passwords in a row that lock. A device on which the member has logged in before has its own count.
    pub threshold: u32,
    /// What ends the lock.
    pub release: LockRelease,
    /// How long a device stays known after its last login; strangers' failures can't lock the member out of it.
    pub known_device_lifetime: Span,
    /// For how many user IDs that don't exist failures are counted (they lock just like real ones); beyond that the
    /// oldest counts are dropped, so that guessing IDs can't fill the database.
    pub unknown_ids_kept: u32,
}

/// What ends a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "by", deny_unknown_fields)]
pub enum LockRelease {
    /// Only the society's staff (or a password reset): `release = { by = "staff" }`.
    Staff,
    /// A fixed time: `release = { by = "time", after = "15m" }`.
    Time { after: Span },
    /// A time that doubles with each further failure: `release = { by = "growing_delay", first = "30s", longest = "1h" }`.
    GrowingDelay { first: Span, longest: Span },
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
