//! How sure a login makes us: `acr` and `amr` (OpenID Connect Core 1.0, 2; RFC 8176), weakest first.

use serde::{Deserialize, Serialize};

/// What a login has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// The password alone.
    Password,
    /// The password, on a device that the member has told us to trust: enough where the operator wants a second factor,
    /// but not more than a password for a relying party that asks.
    TrustedDevice,
    /// The password and a one-time password or a recovery code.
    TwoFactors,
    /// A passkey with user verification: nothing that could be typed into a false page.
    PhishingResistant,
}

impl Assurance {
    pub const ALL: [Assurance; 4] =
        [Assurance::Password, Assurance::TrustedDevice, Assurance::TwoFactors, Assurance::PhishingResistant];

    /// Stable: in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Assurance::Password => "password",
            Assurance::TrustedDevice => "trusted_device",
            Assurance::TwoFactors => "two_factors",
            Assurance::PhishingResistant => "phishing_resistant",
        }
    }

    pub fn named(name: &str) -> Option<Assurance> {
        Assurance::ALL.into_iter().find(|level| level.name() == name)
    }

    /// The `acr` claim.
    pub const fn acr(self) -> &'static str {
        match self {
            Assurance::Password | Assurance::TrustedDevice => "urn:sekisho:acr:password",
            Assurance::TwoFactors => "urn:sekisho:acr:two-factors",
            Assurance::PhishingResistant => "urn:sekisho:acr:phishing-resistant",
        }
    }

    /// The `amr` claim.
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Assurance::Password | Assurance::TrustedDevice => &["pwd"],
            Assurance::TwoFactors => &["pwd", "otp", "mfa"],
            Assurance::PhishingResistant => &["pop", "user", "mfa"],
        }
    }

    /// The level that an `acr` value names.
    pub fn of_acr(acr: &str) -> Option<Assurance> {
        Assurance::SUPPORTED.into_iter().find(|level| level.acr() == acr)
    }

    /// What a relying party may ask for in `acr_values`, weakest first.
    pub const SUPPORTED: [Assurance; 3] = [Assurance::Password, Assurance::TwoFactors, Assurance::PhishingResistant];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_device_tells_relying_parties_no_more_than_a_password() {
        assert!(Assurance::TrustedDevice > Assurance::Password && Assurance::TrustedDevice < Assurance::TwoFactors);
        assert_eq!(Assurance::TrustedDevice.acr(), Assurance::Password.acr());
        assert_eq!(Assurance::of_acr(Assurance::Password.acr()), Some(Assurance::Password));
    }
}
