//! The endpoints of OpenID Connect and OAuth 2.0, a file each.

pub mod answer;
pub mod authorize;
pub mod discovery;
pub mod end_session;
pub mod introspect;
pub mod jwks;
pub mod refused;
pub mod register;
pub mod revoke;
pub mod token;
pub mod userinfo;

pub use answer::ClientTrouble;
