//! Rules of OAuth 2.0 and OpenID Connect, each under the section of the standard that it obeys.

pub mod client;
