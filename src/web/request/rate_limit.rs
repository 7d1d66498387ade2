//! How often one caller may ask (`governor`), counted on this node.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};

use super::address;
use crate::config::{Quota, RateLimits};
use crate::domain::ids::ClientId;

/// The budgets of `[rate_limits]`.
pub struct Limits {
    login_by_address: Budget<IpAddr>,
    login_by_account: Budget<String>,
    recovery_by_address: Budget<IpAddr>,
    token_by_address: Budget<IpAddr>,
    failures_by_client: Budget<(Option<ClientId>, IpAddr)>,
    notices_by_client: Budget<String>,
    pages_by_address: Budget<IpAddr>,
    help_searches_by_address: Budget<IpAddr>,
    help_votes_by_address: Budget<IpAddr>,
}

/// Too often: how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    pub retry_seconds: u32,
}

struct Budget<K: Hash + Eq + Clone>(DefaultKeyedRateLimiter<K>);

impl<K: Hash + Eq + Clone> Budget<K> {
    fn new(quota: Quota) -> Budget<K> {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = governor::Quota::per_minute(at_least_one(quota.per_minute)).allow_burst(at_least_one(quota.burst));
        Budget(RateLimiter::keyed(quota))
    }

    fn spend(&self, key: K) -> Result<(), Exceeded> {
        self.0.check_key(&key).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            // Rounded up: a caller that comes back in time must be let in.
            Exceeded { retry_seconds: u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX) }
        })
    }

    fn forget_idle(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

impl Limits {
    pub fn new(settings: &RateLimits) -> Limits {
        Limits {
            login_by_address: Budget::new(settings.login_by_address),
            login_by_account: Budget::new(settings.login_by_account),
            recovery_by_address: Budget::new(settings.recovery_by_address),
            token_by_address: Budget::new(settings.token_by_address),
            failures_by_client: Budget::new(settings.failures_by_client),
            notices_by_client: Budget::new(settings.notices_by_client),
            pages_by_address: Budget::new(settings.pages_by_address),
            help_searches_by_address: Budget::new(settings.help_searches_by_address),
            help_votes_by_address: Budget::new(settings.help_votes_by_address),
        }
    }

    /// One attempt with a member's secret.
    pub fn login(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.login_by_address.spend(address::caller(from))
    }

    /// One attempt by a stranger on one account. `account` is the same for every way to write the ID.
    pub fn login_to_account(&self, account: &str) -> Result<(), Exceeded> {
        self.login_by_account.spend(account.to_owned())
    }

    /// One request for a forgotten password or user ID.
    pub fn recovery(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.recovery_by_address.spend(address::caller(from))
    }

    /// One request to an endpoint that clients call.
    pub fn token(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.token_by_address.spend(address::caller(from))
    }

    /// One failed authentication of a client; `None` for all that don't exist, or whoever makes up a new one each time would
    /// have a new budget each time.
    pub fn client_failure(&self, client: Option<&ClientId>, from: IpAddr) -> Result<(), Exceeded> {
        self.failures_by_client.spend((client.cloned(), address::caller(from)))
    }

    /// One notice to a member, from a client that may send them.
    pub fn member_notice(&self, client: &str) -> Result<(), Exceeded> {
        self.notices_by_client.spend(client.to_owned())
    }

    /// One page.
    pub fn page(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.pages_by_address.spend(address::caller(from))
    }

    /// One search in the help.
    pub fn help_search(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.help_searches_by_address.spend(address::caller(from))
    }

    /// One vote on an answer of the help.
    pub fn help_vote(&self, from: IpAddr) -> Result<(), Exceeded> {
        self.help_votes_by_address.spend(address::caller(from))
    }

    /// Drops the counts of callers that have their whole budget back, so that memory stays bounded.
    pub fn forget_idle(&self) {
        self.login_by_address.forget_idle();
        self.login_by_account.forget_idle();
        self.recovery_by_address.forget_idle();
        self.token_by_address.forget_idle();
        self.failures_by_client.forget_idle();
        self.notices_by_client.forget_idle();
        self.pages_by_address.forget_idle();
        self.help_searches_by_address.forget_idle();
        self.help_votes_by_address.forget_idle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_budget_says_when_to_come_back_and_is_the_callers_own() {
        let quota = Quota { per_minute: 6, burst: 2 };
        let limits = Limits::new(&RateLimits { login_by_address: quota, ..RateLimits::default() });
        let (a, b): (IpAddr, IpAddr) = ("203.0.113.1".parse().unwrap(), "203.0.113.2".parse().unwrap());
        assert!(limits.login(a).is_ok() && limits.login(a).is_ok());
        let retry = limits.login(a).unwrap_err().retry_seconds;
        assert!((1..=11).contains(&retry), "{retry}");
        assert!(limits.login(b).is_ok());
    }

    #[test]
    fn one_account_has_one_budget() {
        let quota = Quota { per_minute: 6, burst: 1 };
        let limits = Limits::new(&RateLimits { login_by_account: quota, ..RateLimits::default() });
        assert!(limits.login_to_account("x").is_ok() && limits.login_to_account("y").is_ok());
        assert!(limits.login_to_account("x").is_err());
    }
}
