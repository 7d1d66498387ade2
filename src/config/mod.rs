//! The settings: one TOML file, overridden by `SEKISHO_…` environment variables, typed and checked before anything starts.
//!
//! Each section is a file. A struct's fields are the keys, its doc comments the manual (the schema and the reference
//! page are generated from them), its `Default` the values that hold with no file at all: those are safe, and nothing
//! listens beyond loopback.

mod authentication;
mod database;
mod help;
mod http;
mod load;
mod locks;
mod log;
mod mail;
mod passwords;
mod problems;
mod rate_limits;
mod reference;
mod registration;
mod retention;
mod secrets;
mod sessions;
mod shape;
mod show;
mod society;
mod tokens;
mod user_ids;

pub use authentication::{Authentication, EmailAddress, LostMethods, Method, SecondFactor};
pub use database::Database;
pub use help::Help;
pub use http::Http;
pub use load::{DEFAULT_FILE, SettingsSource};
pub use locks::{AccountLock, LockRelease, Locks, PasswordLock};
pub use log::{Log, LogFormat};
pub use mail::{Mail, MailTransport, Smtp, SmtpSecurity};
pub use passwords::{Argon2Cost, Passwords};
pub use problems::{Origin, Problem, Problems};
pub use rate_limits::{Quota, RateLimits};
pub use registration::{Registration, RegistrationMode};
pub use retention::Retention;
pub use secrets::Secrets;
pub use sessions::Sessions;
pub use show::{in_force, in_force_as_json};
pub use society::{Colours, Localized, Society};
pub use tokens::Tokens;
pub use user_ids::UserIds;

use problems::Findings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use url::{Host, Url};

/// All settings of one Sekisho.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The public address of this provider, without a trailing slash: what relying parties know it by, and the start of
    /// every link that it makes. `https`, or `http` on a loopback host for trying it out.
    #[serde(serialize_with = "without_trailing_slash")]
    pub issuer: Url,
    pub http: Http,
    pub database: Database,
    pub secrets: Secrets,
    pub society: Society,
    pub mail: Mail,
    pub user_ids: UserIds,
    pub passwords: Passwords,
    pub authentication: Authentication,
    pub locks: Locks,
    pub sessions: Sessions,
    pub tokens: Tokens,
    pub registration: Registration,
    pub rate_limits: RateLimits,
    pub retention: Retention,
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
            authentication: Authentication::default(),
            locks: Locks::default(),
            sessions: Sessions::default(),
            tokens: Tokens::default(),
            registration: Registration::default(),
            rate_limits: RateLimits::default(),
            retention: Retention::default(),
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

    /// What can be meant, but hardly is: said by `serve`, `config check` and `doctor`, and no reason to refuse the settings.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.is_https() {
            return warnings;
        }
        if let Some(warning) = self.mail_reaches_nobody() {
            warnings.push(warning);
        }
        if self.mail.transport == MailTransport::Smtp && self.mail.no_reply.ends_with("@localhost") {
            warnings.push(format!(
                "mail.no_reply is {}, which mail servers elsewhere refuse; write an address of the society's",
                self.mail.no_reply
            ));
        }
        if self.http.listen.ip().is_loopback() && self.http.trusted_proxies.is_empty() {
            warnings.push(
                "http.trusted_proxies is empty: behind a reverse proxy every visitor counts as one address, the proxy's; \
                 name it, such as [\"127.0.0.1/32\"]"
                    .to_owned(),
            );
        }
        warnings
    }

    /// Said where members are served but mail goes to a folder.
    pub fn mail_reaches_nobody(&self) -> Option<String> {
        (self.is_https() && self.mail.transport == MailTransport::Folder).then(|| {
            format!(
                "issuer is https, but mails are written into {} and reach nobody: no code, no link, no notice. Set \
                 mail.transport = \"smtp\" and [mail.smtp]",
                self.mail.folder.display()
            )
        })
    }

    /// The JSON Schema of the settings file (draft 2020-12): `config/schema.json`.
    pub fn schema() -> serde_json::Value {
        shape::schema()
    }

    /// Every setting with type, default, unit and meaning, as Markdown: `docs/reference/settings.md`.
    pub fn reference() -> String {
        reference::page()
    }

    /// The rules that the types and the schema's bounds don't hold by themselves.
    fn check(&self, findings: &mut Findings) {
        self.check_issuer(findings);
        self.http.check(findings);
        self.database.check(findings);
        self.secrets.check(findings);
        self.society.check(findings);
        self.mail.check(findings);
        self.user_ids.check(findings);
        self.passwords.check(findings);
        self.authentication.check(findings);
        self.locks.check(findings);
        self.sessions.check(findings);
        self.tokens.check(findings);
        self.help.check(findings);
        self.log.check(findings);
        findings.require(
            self.authentication.methods != [Method::Passkey]
                || self.authentication.second_factor != SecondFactor::Required
                || matches!(self.issuer.host(), Some(Host::Domain(_))),
            &["authentication.methods", "issuer"],
            "passkeys are the only method of a required second factor, and there are none at an IP address",
            "give the issuer a host name, or name another method in authentication.methods",
        );
    }

    /// OpenID Connect Core 1.0, 1.2 ("Issuer Identifier") and 16.17: `https`, no query, no fragment. Stricter: no path
    /// either, since cookies with the `__Host-` prefix belong to the whole host.
    fn check_issuer(&self, findings: &mut Findings) {
        let issuer = &self.issuer;
        let is_loopback = is_loopback(issuer);
        findings.require(
            self.is_https() || (issuer.scheme() == "http" && is_loopback),
            &["issuer"],
            "issuer must start with https:// (http:// only on localhost, 127.0.0.1 or [::1])",
            "write the https address that browsers use; a reverse proxy may hold the certificate",
        );
        let is_bare = issuer.username().is_empty()
            && issuer.password().is_none()
            && issuer.query().is_none()
            && issuer.fragment().is_none()
            && matches!(issuer.path(), "/" | "");
        findings.require(
            is_bare,
            &["issuer"],
            "issuer has more than scheme, host and port",
            "leave out user name, path, query and fragment; give Sekisho a host of its own",
        );
        findings.require(
            self.is_https() || self.http.listen.ip().is_loopback(),
            &["http.listen", "issuer"],
            "http.listen is reachable from other machines while issuer is not https, so passwords would travel in clear",
            "set an https issuer, or listen on 127.0.0.1 or [::1]",
        );
    }
}

/// Whether the host is this very machine (RFC 6761, 6.3).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn without_trailing_slash<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.as_str().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_with(issuer: &str, listen: &str) -> usize {
        let mut settings = Settings { issuer: Url::parse(issuer).unwrap(), ..Settings::default() };
        settings.http.listen = listen.parse().unwrap();
        settings.checked().map_or_else(|problems| problems.0.len(), |_| 0)
    }

    #[test]
    fn the_defaults_pass_every_check() {
        let settings = Settings::default().checked().unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(settings.issuer(), "http://localhost:8080");
    }

    #[test]
    fn the_issuer_is_https_or_on_this_machine() {
        for issuer in ["https://login.example.jp", "http://localhost:8080", "http://127.0.0.2", "http://[::1]:80/"] {
            assert_eq!(problems_with(issuer, "127.0.0.1:8080"), 0, "{issuer}");
        }
        for issuer in ["http://login.example.jp", "http://localhost.example.jp", "http://10.0.0.1", "ftp://localhost"] {
            assert_eq!(problems_with(issuer, "127.0.0.1:8080"), 1, "{issuer}");
        }
    }

    #[test]
    fn the_issuer_is_scheme_host_and_port_alone() {
        for extra in ["/idp", "/?a=b", "/?", "/#a", "/#"] {
            assert_eq!(problems_with(&format!("https://login.example.jp{extra}"), "127.0.0.1:80"), 1, "{extra}");
        }
        assert_eq!(problems_with("https://user@login.example.jp", "127.0.0.1:80"), 1);
        assert_eq!(problems_with("https://:word@login.example.jp", "127.0.0.1:80"), 1);
    }

    #[test]
    fn nothing_listens_beyond_this_machine_without_https() {
        assert_eq!(problems_with("http://localhost:8080", "0.0.0.0:8080"), 1);
        assert_eq!(problems_with("http://localhost:8080", "[::]:8080"), 1);
        assert_eq!(problems_with("http://localhost:8080", "[::1]:8080"), 0);
        assert_eq!(problems_with("https://login.example.jp", "0.0.0.0:8080"), 0);
    }

    #[test]
    fn a_real_service_whose_mail_reaches_nobody_is_warned_and_a_trial_is_not() {
        let warnings = |issuer: &str, transport| {
            let mut settings = Settings { issuer: Url::parse(issuer).unwrap(), ..Settings::default() };
            settings.http.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
            settings.mail.no_reply = "no-reply@example.jp".into();
            settings.mail.transport = transport;
            settings.warnings()
        };
        let said = warnings("https://login.example.jp", MailTransport::Folder);
        assert!(said.len() == 1 && said[0].contains("data/mail") && said[0].contains("smtp"), "{said:?}");
        assert_eq!(warnings("https://login.example.jp", MailTransport::Smtp), [""; 0]);
        assert_eq!(warnings("http://localhost:8080", MailTransport::Folder), [""; 0]);
    }

    #[test]
    fn a_required_second_factor_needs_a_method_that_members_can_have() {
        let problems = |issuer: &str, methods: &[Method], second_factor| {
            let mut settings = Settings { issuer: Url::parse(issuer).unwrap(), ..Settings::default() };
            settings.authentication.methods = methods.to_vec();
            settings.authentication.second_factor = second_factor;
            settings.checked().map_or_else(|problems| problems.to_string(), |_| String::new())
        };
        for second_factor in SecondFactor::ALL {
            let none = problems("http://localhost:8080", &[], second_factor);
            assert!(none.contains("authentication.methods is empty"), "{none}");
        }
        assert_ne!(problems("http://127.0.0.1:8080", &[Method::Passkey], SecondFactor::Required), "");
        for (issuer, methods, second_factor) in [
            ("http://localhost:8080", &[Method::Passkey][..], SecondFactor::Required),
            ("http://127.0.0.1:8080", &[Method::Passkey], SecondFactor::Optional),
            ("http://127.0.0.1:8080", &[Method::Passkey, Method::Totp], SecondFactor::Required),
        ] {
            assert_eq!(problems(issuer, methods, second_factor), "", "{issuer}");
        }
    }

    #[test]
    fn bounds_hold_for_settings_made_in_the_program_too() {
        let mut settings = Settings::default();
        settings.tokens.code_lifetime = crate::domain::unix_time::Span::minutes(2);
        settings.rate_limits.login_by_account.burst = 0;
        let problems = settings.checked().unwrap_err().to_string();
        assert!(problems.contains("tokens.code_lifetime must be a length of time from 1s to 60s"), "{problems}");
        assert!(problems.contains("rate_limits.login_by_account.burst must be"), "{problems}");
    }
}
