//! How often one caller may ask, counted on this node.
//!
//! Of attempts with a secret it is failures that are limited: each attempt is paid for before it is made, so that guesses
//! sent side by side can't exceed the limit, and the very payment is given back once it has turned out right. A right
//! login gives back its own payment and no other: who mixes right logins of their own among guesses can guess no more often.
//! Beyond what a person does, right logins to one account are not given back either: hashing costs as much for them.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::address;
use crate::clock::Clock;
use crate::config::{Quota, RateLimits};
use crate::domain::ids::ClientId;
use crate::domain::unix_time::UnixTime;

/// The budgets of `[rate_limits]`.
pub struct Limits {
    clock: Clock,
    login_by_address: Arc<Budget<IpAddr>>,
    login_by_account: Arc<Budget<String>>,
    right_by_account: Arc<Budget<String>>,
    attempts_by_browser: Budget<(IpAddr, String)>,
    recovery_by_address: Budget<IpAddr>,
    token_by_address: Budget<IpAddr>,
    failures_by_client: Budget<(Option<ClientId>, IpAddr)>,
    notices_by_client: Budget<String>,
    pages_by_address: Budget<IpAddr>,
    help_by_address: Budget<IpAddr>,
    help_searches_by_address: Budget<IpAddr>,
    help_votes_by_address: Budget<IpAddr>,
}

/// Too often: how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    pub retry_seconds: u32,
}

/// An attempt that is paid for. It counts as failed unless it is said to have been right.
#[must_use]
pub struct PaidAttempt {
    by_address: Arc<Budget<IpAddr>>,
    by_account: Arc<Budget<String>>,
    right_by_account: Arc<Budget<String>>,
    address: IpAddr,
    account: String,
    at: UnixTime,
}

impl PaidAttempt {
    pub fn was_right(self) {
        if self.right_by_account.spend(self.account.clone(), self.at).is_ok() {
            self.was_not_made();
        }
    }

    pub fn was_not_made(self) {
        self.by_address.give_back(&self.address);
        self.by_account.give_back(&self.account);
    }
}

/// Where the payment for a stranger's attempt lies while a verb makes it, which may outlive the request.
#[derive(Clone, Default)]
pub struct Payment(Arc<Mutex<Option<PaidAttempt>>>);

impl Payment {
    pub fn put(&self, paid: PaidAttempt) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(paid);
    }

    pub fn was_right(&self) {
        if let Some(paid) = self.taken() {
            paid.was_right();
        }
    }

    pub fn was_not_made(&self) {
        if let Some(paid) = self.taken() {
            paid.was_not_made();
        }
    }

    fn taken(&self) -> Option<PaidAttempt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What callers have left. A budget refills steadily, up to its burst.
struct Budget<K> {
    quota: Quota,
    callers: Mutex<Callers<K>>,
}

struct Callers<K> {
    left: HashMap<K, Left>,
    /// At how many callers those that have everything back are dropped.
    sweep_at: usize,
}

#[derive(Clone, Copy)]
struct Left {
    /// In sixtieths of a request: a budget of so many a minute gets so many of them a second.
    sixtieths: u64,
    at: UnixTime,
}

const ONE: u64 = 60;
/// More than a person logs in.
const RIGHT_LOGINS: Quota = Quota { per_minute: 30, burst: 60 };
const FIRST_SWEEP: usize = 10_000;

impl<K: Hash + Eq> Budget<K> {
    fn new(quota: Quota) -> Budget<K> {
        Budget { quota, callers: Mutex::new(Callers { left: HashMap::new(), sweep_at: FIRST_SWEEP }) }
    }

    fn whole(&self) -> u64 {
        u64::from(self.quota.burst.max(1)) * ONE
    }

    fn refilled(&self, left: Left, now: UnixTime) -> Left {
        // A clock that was set back takes nothing away, and counts from there.
        let seconds = u64::try_from(now.0.saturating_sub(left.at.0)).unwrap_or(0);
        let more = seconds.saturating_mul(u64::from(self.quota.per_minute.max(1)));
        Left { sixtieths: left.sixtieths.saturating_add(more).min(self.whole()), at: now }
    }

    fn spend(&self, key: K, now: UnixTime) -> Result<(), Exceeded> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.left.len() >= callers.sweep_at {
            self.sweep(&mut callers, now);
        }
        let left = callers.left.entry(key).or_insert(Left { sixtieths: self.whole(), at: now });
        *left = self.refilled(*left, now);
        match left.sixtieths.checked_sub(ONE) {
            Some(rest) => {
                left.sixtieths = rest;
                Ok(())
            }
            None => {
                let missing = ONE - left.sixtieths;
                let wait = missing.div_ceil(u64::from(self.quota.per_minute.max(1)));
                Err(Exceeded { retry_seconds: u32::try_from(wait).unwrap_or(u32::MAX) })
            }
        }
    }

    fn give_back(&self, key: &K) {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        // Who is not there any more has everything back.
        if let Some(left) = callers.left.get_mut(key) {
            left.sixtieths = (left.sixtieths + ONE).min(self.whole());
        }
    }

    fn forget_idle(&self, now: UnixTime) {
        self.sweep(&mut self.callers.lock().unwrap_or_else(PoisonError::into_inner), now);
    }

    fn sweep(&self, callers: &mut Callers<K>, now: UnixTime) {
        callers.left.retain(|_, left| self.refilled(*left, now).sixtieths < self.whole());
        callers.left.shrink_to(FIRST_SWEEP);
        callers.sweep_at = FIRST_SWEEP.max(callers.left.len() * 2);
    }
}

impl Limits {
    pub fn new(settings: &RateLimits, clock: Clock) -> Limits {
        Limits {
            clock,
            login_by_address: Arc::new(Budget::new(settings.login_by_address)),
            login_by_account: Arc::new(Budget::new(settings.login_by_account)),
            right_by_account: Arc::new(Budget::new(RIGHT_LOGINS)),
            attempts_by_browser: Budget::new(settings.attempts_by_browser),
            recovery_by_address: Budget::new(settings.recovery_by_address),
            token_by_address: Budget::new(settings.token_by_address),
            failures_by_client: Budget::new(settings.failures_by_client),
            notices_by_client: Budget::new(settings.notices_by_client),
            pages_by_address: Budget::new(settings.pages_by_address),
            help_by_address: Budget::new(settings.help_by_address),
            help_searches_by_address: Budget::new(settings.help_searches_by_address),
            help_votes_by_address: Budget::new(settings.help_votes_by_address),
        }
    }

    /// One attempt with a password on a device that is not known to be the member's. `account` is the same for every way
    /// to write the ID.
    pub fn login_by_stranger(&self, from: IpAddr, account: &str) -> Result<PaidAttempt, Exceeded> {
        let now = self.clock.now();
        let (address, account) = (address::caller(from), account.to_owned());
        self.login_by_address.spend(address, now)?;
        if let Err(exceeded) = self.login_by_account.spend(account.clone(), now) {
            self.login_by_address.give_back(&address);
            return Err(exceeded);
        }
        Ok(PaidAttempt {
            by_address: Arc::clone(&self.login_by_address),
            by_account: Arc::clone(&self.login_by_account),
            right_by_account: Arc::clone(&self.right_by_account),
            address,
            account,
            at: now,
        })
    }

    /// One attempt with a secret of somebody about whom nothing is known yet, right or not.
    pub fn login(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.login_by_address.spend(address::caller(from), self.clock.now())
    }

    /// One attempt on a device that has logged in before, or in a browser in which the password was right: neighbours behind
    /// the same address can't use it up.
    pub fn attempt_in_browser(&self, from: IpAddr, browser: String) -> Result<(), Exceeded> {
        self.attempts_by_browser.spend((address::caller(from), browser), self.clock.now())
    }

    /// One request for a forgotten password or user ID.
    pub fn recovery(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.recovery_by_address.spend(address::caller(from), self.clock.now())
    }

    /// One request to an endpoint that clients call.
    pub fn token(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.token_by_address.spend(address::caller(from), self.clock.now())
    }

    /// One failed authentication of a client; `None` for all that don't exist, or whoever makes up a new one each time would
    /// have a new budget each time.
    pub fn client_failure(&self, client: Option<&ClientId>, from: IpAddr) -> Result<(), Exceeded> {
        self.failures_by_client.spend((client.cloned(), address::caller(from)), self.clock.now())
    }

    /// One notice to a member, from a client that may send them.
    pub fn member_notice(&self, client: &str) -> Result<(), Exceeded> {
        self.notices_by_client.spend(client.to_owned(), self.clock.now())
    }

    /// One page.
    pub fn page(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.pages_by_address.spend(address::caller(from), self.clock.now())
    }

    /// One answer of the help's API.
    pub fn help(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.help_by_address.spend(address::caller(from), self.clock.now())
    }

    /// One search in the help.
    pub fn help_search(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.help_searches_by_address.spend(address::caller(from), self.clock.now())
    }

    /// One vote on an answer of the help.
    pub fn help_vote(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.help_votes_by_address.spend(address::caller(from), self.clock.now())
    }

    /// Drops the counts of callers that have their whole budget back, so that memory stays bounded.
    pub fn forget_idle(&self) {
        let now = self.clock.now();
        self.login_by_address.forget_idle(now);
        self.login_by_account.forget_idle(now);
        self.right_by_account.forget_idle(now);
        self.attempts_by_browser.forget_idle(now);
        self.token_by_address.forget_idle(now);
        self.failures_by_client.forget_idle(now);
        self.notices_by_client.forget_idle(now);
        self.pages_by_address.forget_idle(now);
        self.help_by_address.forget_idle(now);
        self.help_searches_by_address.forget_idle(now);
        self.help_votes_by_address.forget_idle(now);
        self.recovery_by_address.forget_idle(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::unix_time::Span;

    const FEW: Quota = Quota { per_minute: 6, burst: 2 };

    fn limits(settings: RateLimits) -> (Limits, Clock) {
        let clock = Clock::manual(UnixTime(1_000_000));
        (Limits::new(&settings, clock.clone()), clock)
    }

    #[test]
    fn a_spent_budget_says_when_to_come_back_and_is_the_callers_own() {
        let (limits, clock) = limits(RateLimits { login_by_address: FEW, ..RateLimits::default() });
        let (a, b): (IpAddr, IpAddr) = ("203.0.113.1".parse().unwrap(), "203.0.113.2".parse().unwrap());
        assert!(limits.login(a).is_ok() && limits.login(a).is_ok());
        assert_eq!(limits.login(a).unwrap_err().retry_seconds, 10);
        assert!(limits.login(b).is_ok());
        clock.advance(Span::seconds(9));
        assert_eq!(limits.login(a).unwrap_err().retry_seconds, 1);
        clock.advance(Span::seconds(1));
        assert!(limits.login(a).is_ok() && limits.login(a).is_err());
        clock.advance(Span::days(1));
        limits.forget_idle();
        assert!(limits.login_by_address.callers.lock().unwrap().left.is_empty());
        assert!(limits.login(a).is_ok() && limits.login(a).is_ok() && limits.login(a).is_err());
    }

    #[test]
    fn one_account_has_one_budget() {
        let quota = Quota { per_minute: 6, burst: 1 };
        let (limits, _) = limits(RateLimits { login_by_account: quota, ..RateLimits::default() });
        let tries = |account, last: u8| limits.login_by_stranger(IpAddr::from([203, 0, 113, last]), account).map(drop);
        assert!(tries("x", 1).is_ok() && tries("y", 1).is_ok());
        assert!(tries("x", 2).is_err());
    }

    #[test]
    fn what_is_right_gives_back_its_own_payment_and_no_other() {
        let plenty = Quota { per_minute: 1_000, burst: 1_000 };
        let (limits, _) =
            limits(RateLimits { login_by_address: FEW, login_by_account: plenty, ..RateLimits::default() });
        let from: IpAddr = "203.0.113.1".parse().unwrap();
        for _ in 0..30 {
            limits.login_by_stranger(from, "own").unwrap().was_right();
            limits.login_by_stranger(from, "any").unwrap().was_not_made();
        }
        drop(limits.login_by_stranger(from, "victim").unwrap());
        for _ in 0..30 {
            limits.login_by_stranger(from, "own").unwrap().was_right();
        }
        drop(limits.login_by_stranger(from, "victim").unwrap());
        assert!(limits.login_by_stranger(from, "victim").is_err() && limits.login_by_stranger(from, "own").is_err());
        // What one limit refuses is not paid for at the other.
        let (limits, _) = self::limits(RateLimits { login_by_account: FEW, ..RateLimits::default() });
        for _ in 0..100 {
            let _ = limits.login_by_stranger(from, "victim").map(drop);
        }
        assert!(limits.login_by_stranger(from, "other").is_ok());
    }

    #[test]
    fn right_logins_without_end_are_paid_for() {
        let (limits, _) = limits(RateLimits { login_by_address: FEW, ..RateLimits::default() });
        let from: IpAddr = "203.0.113.1".parse().unwrap();
        let right =
            (0..1_000).take_while(|_| limits.login_by_stranger(from, "own").map(PaidAttempt::was_right).is_ok());
        assert_eq!(right.count(), 62);
        assert!(limits.login_by_stranger("203.0.113.2".parse().unwrap(), "other").is_ok());
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let budget = Budget::new(FEW);
        let now = UnixTime(1_000_000);
        assert!(budget.spend('a', now).is_ok() && budget.spend('a', now).is_ok() && budget.spend('a', now).is_err());
        let earlier = now - Span::hours(1);
        assert_eq!(budget.spend('a', earlier).unwrap_err().retry_seconds, 10);
        assert!(budget.spend('a', earlier + Span::seconds(10)).is_ok());
    }
}
