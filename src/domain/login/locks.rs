//! placeholder until the rules are merged
use crate::domain::unix_time::UnixTime;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureCount { pub failures: u32, pub last_at: UnixTime }
