//! The only place that speaks HTTP. Every URL stands in [`routes`]; what a handler gets is made in [`request`].

/// What members see and change of their own account.
pub mod account;
/// Style sheet and pictures.
mod assets;
/// What was done, said once.
pub mod banner;
/// The society's own logo and colours.
pub mod brand;
/// Names and attributes of every cookie.
pub mod cookies;
/// A page for what cannot go on.
pub mod error_page;
/// Every page in every state, for tests.
pub mod gallery;
/// Whether the process lives and can work.
mod health;
/// The FAQ and the guide, as JSON for portals and as pages.
pub mod help;
/// The way out after a form.
pub mod leave_page;
/// The steps of a login.
pub mod login;
/// The mails of a trial.
pub mod mail_folder;
/// Portals' notices to members.
pub mod member_notices;
/// The endpoints of OpenID Connect and OAuth 2.0.
pub mod oidc;
/// Templates, filled in the reader's language.
pub mod page;
/// What went wrong inside a handler.
pub mod page_error;
/// Questions to a browser's WebAuthn, and enrolling a passkey, at a login and from the profile.
pub mod passkey;
pub mod paths;
/// Answers that are the same for everybody.
pub mod prepared;
/// For members who can't log in.
pub mod recovery;
/// What handlers get: the browser, checked forms, limits.
pub mod request;
/// Where somebody goes on who has no login in progress.
pub mod root;
/// Every URL, on one screen.
pub mod routes;
/// Headers that every answer carries.
mod security_headers;
/// Accepting connections, and stopping.
pub mod serve;
/// The state behind all handlers.
pub mod state;
/// Enrolling an authenticator app, at a login and from the profile.
pub mod totp_enrolment;
