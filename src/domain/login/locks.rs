//! When failed attempts lock, and until when (product.md 1.4; NIST SP 800-63B-4, 3.2.2, rate limiting).
//!
//! Attempts are counted for each account and each [`Device`], so strangers' failures can't shut the owner out of a
//! device that has logged in before. A user ID that doesn't exist is counted like any other: locks tell nobody which
//! IDs exist. For one account and device:
//!
//! ```text
//!   no count ──reserve──► counting, n below threshold ◄─┐
//!      ▲                    │      │   └────reserve─────┘
//!      │       right        │      │ reserve, n reaches threshold: the lock falls
//!      ├────────────────────┘      ▼
//!      │ right, staff, reset     locked ◄────────────────────┐
//!      ├─────────────────────────┤                           │
//!      │                         │ its time is over          │ growing_delay: reserve, n + 1, twice as long
//!      │                         ▼                           │
//!      └──── staff, reset ── may try again ──────────────────┘
//!                                └──── time: reserve ────► counting, n = 1
//! ```
//!
//! The attempt is counted *before* its password is hashed, so guesses sent side by side can't exceed the threshold: the
//! store replaces the count it read by the reserved one, or reads again if another attempt was faster. A right password
//! drops the count, even if the lock fell with that very attempt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::unix_time::{Span, UnixTime};

/// Failures in a row of one account, as stored: one count for each device known to it, one for all strangers together. A lifted lock, a reset password or a right one leaves no
/// count behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureCount {
    /// Attempts since the last success, those under way included.
    pub failures: u32,
    /// When the last of them began.
    pub last_at: UnixTime,
}

/// When a lock falls, and what ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockPolicy {
    /// The failure that makes the lock fall: 5 allows five attempts. 0 is taken as 1.
    pub threshold: u32,
    pub release: LockRelease,
}

/// What ends a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "by", deny_unknown_fields)]
pub enum LockRelease {
    /// Only the society's staff; of the password lock, also a password that was reset by mail.
    Staff,
    /// A fixed time.
    Time { after: Span },
    /// A time that doubles with each further failure.
    GrowingDelay { first: Span, longest: Span },
}

/// Whether another attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockState {
    Open,
    Locked(Until),
}

/// What a lock waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Staff, or a password reset.
    Staff,
    /// This moment: from then on it may be tried again.
    Time(UnixTime),
}

impl LockPolicy {
    pub fn state(&self, count: Option<FailureCount>, now: UnixTime) -> LockState {
        let Some(count) = count else { return LockState::Open };
        let Some(beyond) = count.failures.checked_sub(self.threshold.max(1)) else { return LockState::Open };
        let delay = match self.release {
            LockRelease::Staff => return LockState::Locked(Until::Staff),
            LockRelease::Time { after } => after,
            LockRelease::GrowingDelay { first, longest } => doubled(first, beyond).min(longest),
        };
        let until = count.last_at + delay;
        if now < until { LockState::Locked(Until::Time(until)) } else { LockState::Open }
    }

    /// Counts an attempt that is about to be made: what to store in place of `count` before the password is hashed.
    /// While the lock stands nothing is counted, and nothing may be tried.
    pub fn reserve(&self, count: Option<FailureCount>, now: UnixTime) -> Result<FailureCount, Until> {
        if let LockState::Locked(until) = self.state(count, now) {
            return Err(until);
        }
        let before = count.map_or(0, |count| count.failures);
        let restarts = matches!(self.release, LockRelease::Time { .. }) && before >= self.threshold.max(1);
        let failures = if restarts { 1 } else { before.saturating_add(1) };
        Ok(FailureCount { failures, last_at: now })
    }

    /// Whether the lock falls with the attempt reserved as `count`, once it has failed. Growing delays lock again with
    /// each further failure; only the first is told. (If a right password sent beside it has dropped the count since,
    /// nothing is locked and there is nothing to tell.)
    pub fn falls_at(&self, count: &FailureCount) -> bool {
        count.failures == self.threshold.max(1)
    }
}

/// How many times the threshold all known devices of an account have together: enough for a household that mistypes on each of
/// its devices, and few enough that whoever has had many devices in hand can't guess with each of them anew.
const TOGETHER: u32 = 4;

impl LockPolicy {
    /// The one ceiling of an account for all its known devices together. Strangers have a count of their own, which stops
    /// at the threshold: they alone can't reach this ceiling and shut the owner out.
    pub fn of_known_devices_together(&self) -> LockPolicy {
        LockPolicy { threshold: self.threshold.max(1).saturating_mul(TOGETHER), release: self.release }
    }
}

impl FailureCount {
    /// All of these as one.
    pub fn together(counts: &[FailureCount]) -> Option<FailureCount> {
        let last_at = counts.iter().map(|count| count.last_at).max()?;
        let failures = counts.iter().fold(0, |sum: u32, count| sum.saturating_add(count.failures));
        Some(FailureCount { failures, last_at })
    }
}

/// `first`, doubled so many times; the longest span there is where that is too long to tell.
fn doubled(first: Span, times: u32) -> Span {
    Span::seconds(2_u32.checked_pow(times).and_then(|by| first.as_seconds().checked_mul(by)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixTime = UnixTime(1_790_000_000);
    const STAFF: LockPolicy = LockPolicy { threshold: 5, release: LockRelease::Staff };
    const QUARTER: LockPolicy = LockPolicy { threshold: 5, release: LockRelease::Time { after: Span::minutes(15) } };
    const GROWING: LockPolicy = LockPolicy {
        threshold: 5,
        release: LockRelease::GrowingDelay { first: Span::seconds(30), longest: Span::hours(1) },
    };

    /// What is stored after so many wrong passwords at `START`.
    fn after(policy: &LockPolicy, failures: u32) -> Option<FailureCount> {
        (0..failures).fold(None, |count, _| Some(policy.reserve(count, START).unwrap()))
    }

    #[test]
    fn the_fifth_wrong_password_locks_and_the_fourth_does_not() {
        for policy in [STAFF, QUARTER, GROWING] {
            for failures in 0..5 {
                assert_eq!(policy.state(after(&policy, failures), START), LockState::Open);
            }
            let locked = after(&policy, 5);
            let LockState::Locked(until) = policy.state(locked, START) else { panic!("not locked") };
            assert_eq!(policy.reserve(locked, START), Err(until));
        }
    }

    #[test]
    fn the_lock_falls_once() {
        for failures in 1..12 {
            assert_eq!(STAFF.falls_at(&FailureCount { failures, last_at: START }), failures == 5);
        }
    }

    #[test]
    fn a_lock_for_staff_never_ends_by_itself() {
        for days in [0, 1, 365, 36_500] {
            assert_eq!(STAFF.state(after(&STAFF, 5), START + Span::days(days)), LockState::Locked(Until::Staff));
        }
    }

    #[test]
    fn a_timed_lock_ends_after_its_time_and_then_five_more_may_be_tried() {
        let mut count = after(&QUARTER, 5);
        let end = START + Span::minutes(15);
        assert_eq!(QUARTER.state(count, end - Span::seconds(1)), LockState::Locked(Until::Time(end)));
        for failures in 1..=5 {
            let reserved = QUARTER.reserve(count, end).unwrap();
            assert_eq!(reserved, FailureCount { failures, last_at: end });
            count = Some(reserved);
        }
        assert_eq!(QUARTER.reserve(count, end), Err(Until::Time(end + Span::minutes(15))));
    }

    #[test]
    fn refused_attempts_do_not_lengthen_a_timed_lock() {
        let count = after(&QUARTER, 5);
        let end = Until::Time(START + Span::minutes(15));
        for minutes in 0..15 {
            assert_eq!(QUARTER.reserve(count, START + Span::minutes(minutes)), Err(end));
        }
    }

    #[test]
    fn a_growing_delay_doubles_with_each_failure_up_to_the_longest() {
        let mut count = after(&GROWING, 5);
        let mut now = START;
        for seconds in [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600] {
            let end = now + Span::seconds(seconds);
            assert_eq!(GROWING.state(count, end - Span::seconds(1)), LockState::Locked(Until::Time(end)));
            count = Some(GROWING.reserve(count, end).unwrap());
            now = end;
        }
        assert_eq!(count.unwrap().failures, 15);
    }

    #[test]
    fn extreme_counts_times_and_settings_do_not_overflow() {
        let longest = Span::seconds(u32::MAX);
        let release = LockRelease::GrowingDelay { first: longest, longest };
        let policy = LockPolicy { threshold: 0, release };
        let count = Some(FailureCount { failures: u32::MAX, last_at: START });
        assert_eq!(policy.state(count, START), LockState::Locked(Until::Time(START + longest)));
        assert_eq!(policy.reserve(count, START + longest).unwrap().failures, u32::MAX);
        let last_at = UnixTime(i64::MAX);
        let count = Some(FailureCount { failures: 7, last_at });
        assert_eq!(policy.state(count, START), LockState::Locked(Until::Time(last_at)));
        for failures in [31, 32, 33, 36, 37, 64, 1_000] {
            let count = Some(FailureCount { failures, last_at: START });
            assert_eq!(GROWING.state(count, START), LockState::Locked(Until::Time(START + Span::hours(1))));
        }
    }

    #[test]
    fn a_threshold_of_zero_still_allows_one_attempt() {
        let policy = LockPolicy { threshold: 0, ..STAFF };
        let first = policy.reserve(None, START).unwrap();
        assert!(policy.falls_at(&first));
        assert_eq!(policy.reserve(Some(first), START), Err(Until::Staff));
    }

    #[test]
    fn known_devices_have_one_ceiling_together_that_no_single_one_reaches() {
        let ceiling = STAFF.of_known_devices_together();
        let of = |failures: &[u32]| {
            let counts: Vec<_> =
                failures.iter().map(|failures| FailureCount { failures: *failures, last_at: START }).collect();
            ceiling.state(FailureCount::together(&counts), START)
        };
        assert_eq!(of(&[]), LockState::Open);
        assert_eq!(of(&[5]), LockState::Open, "its own lock stands, and no other device's");
        assert_eq!(of(&[4, 4, 4, 4, 3]), LockState::Open);
        assert_eq!(of(&[4, 4, 4, 4, 4]), LockState::Locked(Until::Staff));
        assert_eq!(of(&[u32::MAX, 1]), LockState::Locked(Until::Staff));
    }

    #[test]
    fn guesses_sent_side_by_side_can_not_exceed_the_threshold() {
        // Every guess is reserved before the answer to any of them is known.
        let mut count = None;
        let tried = (0..100).filter(|_| STAFF.reserve(count, START).map(|reserved| count = Some(reserved)).is_ok());
        assert_eq!(tried.count(), 5);
    }
}
