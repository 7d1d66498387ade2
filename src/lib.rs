//! Sekisho (関所): a standalone OpenID Connect identity provider for member portals.
//!
//! Who may use whom, from left to right, nothing pointing back (held by `tests/imports.rs`):
//! `main → cli → web | jobs → actions → app → config | store | crypto | mail → domain`; `clock`, `random`, `i18n`,
//! `telemetry` and `text_file` are leaves that anything left of `domain` may use.

/// The verbs that have several entrances: complete a login, continue an authorization, issue tokens.
pub mod actions;
/// The parts that a request may need, put together once at start.
pub mod app;
/// `serve`, `demo`, `migrate`, `client`, `member`, `key`, `config`, `doctor`: one file each.
pub mod cli;
/// What time it is; moved by hand in tests.
pub mod clock;
/// The settings, a file per section.
pub mod config;
/// Password hashing, passkeys, JOSE, signing keys, sealing, opaque tokens.
pub mod crypto;
/// Rules and states. Pure: no input or output, no clock, no framework.
pub mod domain;
/// The translations under `templates/locales/`, and which of them a reader wants.
pub mod i18n;
/// What runs beside the requests: sending mail, cleaning up, rotating keys.
pub mod jobs;
/// What mails say, and how they leave.
pub mod mail;
/// Random bytes from the operating system.
pub mod random;
/// The only place that speaks SQL, one file per noun.
pub mod store;
/// Logs without secrets or personal data.
pub mod telemetry;
/// Text files that people prepare by hand, on Windows too.
pub mod text_file;
/// The only place that speaks HTTP: every URL stands in `web/routes.rs`.
pub mod web;
