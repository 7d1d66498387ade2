//! The only place that speaks HTTP.

/// What members see and change of their own account.
pub mod account;
/// A page for what cannot go on.
pub mod error_page;
/// The FAQ and the guide, as JSON for portals and as pages.
pub mod help;
/// The steps of a login.
pub mod login;
/// The endpoints of OpenID Connect and OAuth 2.0.
pub mod oidc;
/// Templates, filled in the reader's language.
pub mod page;
