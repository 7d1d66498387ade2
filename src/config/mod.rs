//! The settings: one TOML file, overridden by `SEKISHO_…` environment variables, typed and checked before anything starts.
//!
//! Each section is a file. A struct's fields are the keys, its doc comments the manual (the schema and the reference
//! page are generated from them), its `Default` the values that hold with no file at all: those are safe, and nothing
//! listens beyond loopback.

mod database;
mod help;
mod http;
mod load;
mod locks;
mod log;
mod mail;
mod passwords;
mod rate_limits;
mod registration;
mod secrets;
mod sessions;
mod society;
mod tokens;
mod user_ids;

pub use database::Database;
pub use help::Help;
pub use http::Http;
pub use load::{Problem, Problems, SettingsSource};
pub use locks::{LockRelease, Locks, PasswordLock};
pub use log::{Log, LogFormat};
pub use mail::Mail;
pub use passwords::{Argon2Cost, Passwords};
pub use rate_limits::{Quota, RateLimits};
pub use registration::{Registration, RegistrationMode};
pub use secrets::Secrets;
pub use sessions::Sessions;
pub use society::{Localized, Society};
pub use tokens::Tokens;
pub use user_ids::UserIds;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// All settings of one Sekisho.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The public address of this provider, without a trailing slash: what relying parties know it by, and the start of
    /// every link that it makes. `https`, or `http` on a loopback host for trying it out.
    pub issuer: Url,
    pub http: Http,
    pub database: Database,
    pub secrets: Secrets,
    pub society: Society,
    pub mail: Mail,
    pub user_ids: UserIds,
    pub passwords: Passwords,
    pub locks: Locks,
    pub sessions: Sessions,
    pub tokens: Tokens,
    pub registration: Registration,
    pub rate_limits: RateLimits,
    pub help: Help,
    pub log: Log,
    /// Marks the settings of `sekisho demo`, whose passwords everyone knows. `sekisho serve` refuses to start with it.
    pub demo: bool,
}

impl Default for Settings {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a constant; a test reads it")]
        let issuer = Url::parse("http://localhost:8080").expect("the default issuer is a URL");
        Settings {
            issuer,
            http: Http::default(),
            database: Database::default(),
            secrets: Secrets::default(),
            society: Society::default(),
            mail: Mail::default(),
            user_ids: UserIds::default(),
            passwords: Passwords::default(),
            locks: Locks::default(),
            sessions: Sessions::default(),
            tokens: Tokens::default(),
            registration: Registration::default(),
            rate_limits: RateLimits::default(),
            help: Help::default(),
            log: Log::default(),
            demo: false,
        }
    }
}

impl Settings {
    /// The issuer identifier exactly as it stands in tokens and metadata: no trailing slash (OpenID Discovery 1.0, 3).
    pub fn issuer(&self) -> &str {
        self.issuer.as_str().trim_end_matches('/')
    }

    /// Whether browsers reach this provider over TLS: decides `Secure` and the `__Host-` prefix of cookies.
    pub fn is_https(&self) -> bool {
        self.issuer.scheme() == "https"
    }
}
