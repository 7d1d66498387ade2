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

/// Whether something beside the password is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    /// Of every member; who has none yet enrols one at the login.
    #[default]
    Required,
    /// Of members who have enrolled one.
    Optional,
    /// Of nobody.
    Off,
}

impl SecondFactor {
    /// The strictest first.
    pub const ALL: [SecondFactor; 3] = [SecondFactor::Required, SecondFactor::Optional, SecondFactor::Off];

    /// Stable: in the database.
    pub const fn name(self) -> &'static str {
        match self {
            SecondFactor::Required => "required",
            SecondFactor::Optional => "optional",
            SecondFactor::Off => "off",
        }
    }
}

/// What a member could show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enrolled {
    pub methods: Vec<Method>,
    /// There is at least one that was not used.
    pub recovery_codes: bool,
    /// There is a passkey of which a copy was used: it shows nothing any more, but its owner had more than a password.
    pub copied_passkey: bool,
}

impl Enrolled {
    pub fn has(&self, method: Method) -> bool {
        self.methods.contains(&method)
    }
}
