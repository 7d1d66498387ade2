//! The endpoints of OpenID Connect and OAuth 2.0.

pub mod end_session;
