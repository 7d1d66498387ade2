//! What a member shows beside the password: their authentication method (product.md 1.1).

use serde::{Deserialize, Serialize};

/// A second factor. A passkey is also a whole login by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A one-time password by e-mail.
    Email,
    /// A one-time password from an authenticator app.
    Totp,
    /// Biometric: a passkey.
    Passkey,
}

impl Method {
    /// In the order in which they are offered.
    pub const ALL: [Method; 3] = [Method::Email, Method::Totp, Method::Passkey];

    /// Stable: in the database, in forms, and the end of a text's key.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Email => "email",
            Method::Totp => "totp",
            Method::Passkey => "passkey",
        }
    }

    pub fn named(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.name() == name)
    }
}
