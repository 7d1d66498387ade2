//! `[locks]`: when failed attempts shut an account, and until when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::login::locks::LockPolicy;
pub use crate::domain::login::locks::LockRelease;
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

impl From<&PasswordLock> for LockPolicy {
    fn from(settings: &PasswordLock) -> Self {
        LockPolicy { threshold: settings.threshold, release: settings.release }
    }
}
