//! `[rate_limits]`: how often one caller may ask.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often one caller may ask; beyond that the answer is 429 with `Retry-After`. Counted on each node.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// Wrong passwords from one address (IPv6: one /64), on devices that have not logged in before. Right ones do not count:
    /// a whole office may log in from behind one address.
    pub login_by_address: Quota,
    /// Wrong passwords for one user ID, whether or not it exists, on devices that have not logged in before.
    pub login_by_account: Quota,
    /// Attempts with a password, a code or a passkey in one browser. What neighbours do behind the same address does not
    /// count.
    pub attempts_by_browser: Quota,
    /// Requests for a forgotten password or user ID, from one address. Whoever is asked about is not counted here: how many
    /// mails they get is for `mail.anonymous_per_hour`.
    pub recovery_by_address: Quota,
    /// Requests to token, introspection, revocation and registration endpoints from one address.
    pub token_by_address: Quota,
    /// Requests that fail client authentication, for one client from one address; those for clients that don't exist together.
    pub failures_by_client: Quota,
    /// Notices to members, from one client.
    pub notices_by_client: Quota,
    /// Requests to pages and the authorization endpoint from one address.
    pub pages_by_address: Quota,
    /// Answers of the help's API for one address. A portal's server that asks for its members is one address.
    pub help_by_address: Quota,
    /// Searches in the help from one address. A portal's server that searches for its members is one address.
    pub help_searches_by_address: Quota,
    /// Votes on answers of the help from one address.
    pub help_votes_by_address: Quota,
}

/// A budget that refills steadily.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How many a minute in the long run.
    #[schemars(range(min = 1), extend("x-unit" = "requests a minute"))]
    pub per_minute: u32,
    /// How many at once after a pause.
    #[schemars(range(min = 1), extend("x-unit" = "requests"))]
    pub burst: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        RateLimits {
            login_by_address: Quota { per_minute: 60, burst: 60 },
            login_by_account: Quota { per_minute: 10, burst: 20 },
            attempts_by_browser: Quota { per_minute: 60, burst: 60 },
            recovery_by_address: Quota { per_minute: 10, burst: 30 },
            token_by_address: Quota { per_minute: 6_000, burst: 1_000 },
            failures_by_client: Quota { per_minute: 10, burst: 20 },
            notices_by_client: Quota { per_minute: 6_000, burst: 1_000 },
            // A login is some four requests: 300 of them a minute from behind one address are no attack.
            pages_by_address: Quota { per_minute: 6_000, burst: 2_000 },
            help_by_address: Quota { per_minute: 6_000, burst: 2_000 },
            help_searches_by_address: Quota { per_minute: 600, burst: 200 },
            help_votes_by_address: Quota { per_minute: 30, burst: 30 },
        }
    }
}
