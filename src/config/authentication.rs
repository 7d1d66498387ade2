//! `[authentication]`: what members show beside the password.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Findings;
pub use crate::domain::login::lost_methods::LostMethods;
use crate::domain::login::one_time_password::Tolerance;
pub use crate::domain::member::authentication_method::{Method, SecondFactor};
use crate::domain::unix_time::Span;

/// What members show beside the password.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Authentication {
    /// Whether a second factor is asked for; a client can be registered with a rule of its own. A member's own account asks
    /// for what the strictest rule asks for.
    pub second_factor: SecondFactor,
    /// The methods that members may choose, in the order in which they are offered.
    #[schemars(length(min = 1))]
    pub methods: Vec<Method>,
    /// Whether every member registers an e-mail address at the first login. Without one there is no forgotten password by
    /// mail and no notice when something changes.
    pub email_address: EmailAddress,
    /// How recent a login must be for changes to the account.
    #[schemars(extend("x-at-least" = "1m"))]
    pub fresh_for: Span,
    /// How long a device stays trusted after the member has ticked 「trust this device」: there the second factor is not
    /// asked for. Left out: members can't trust devices.
    pub trust_device_for: Option<Span>,
    /// Whether members may make recovery codes: ten one-time codes to print, each in place of the second factor.
    pub recovery_codes: bool,
    /// What a member who can show no second factor any more needs, beside a password that was just reset by mail, to set
    /// the authentication methods up again.
    pub lost_methods: LostMethods,
    pub app: App,
    pub email_codes: EmailCodes,
    pub passkeys: Passkeys,
}

/// Whether members must have an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmailAddress {
    Required,
    Optional,
}

/// One-time passwords from an authenticator app (RFC 6238).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    /// How many devices a member may have.
    #[schemars(range(min = 1, max = 20), extend("x-unit" = "devices"))]
    pub max_devices: u32,
    /// How far the clock of a device may be off.
    pub tolerance: Tolerance,
}

/// One-time passwords by e-mail.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EmailCodes {
    /// How long a code is good.
    #[schemars(extend("x-at-least" = "1m"))]
    pub lifetime: Span,
    /// Wrong ones after which a code is good no more.
    #[schemars(range(min = 1, max = 10), extend("x-unit" = "tries"))]
    pub tries: u32,
    /// How long a member waits before another code is sent.
    #[schemars(extend("x-at-least" = "1s"))]
    pub resend_after: Span,
}

/// Passkeys (WebAuthn).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Passkeys {
    /// How many passkeys a member may have.
    #[schemars(range(min = 1, max = 50), extend("x-unit" = "passkeys"))]
    pub max_passkeys: u32,
}

impl Default for Authentication {
    fn default() -> Self {
        Authentication {
            second_factor: SecondFactor::Required,
            methods: Method::ALL.into(),
            email_address: EmailAddress::Required,
            fresh_for: Span::minutes(10),
            trust_device_for: None,
            recovery_codes: false,
            lost_methods: LostMethods::Mail,
            app: App::default(),
            email_codes: EmailCodes::default(),
            passkeys: Passkeys::default(),
        }
    }
}

impl Default for App {
    fn default() -> Self {
        App { max_devices: 5, tolerance: Tolerance { steps_back: 1, steps_ahead: 0 } }
    }
}

impl Default for EmailCodes {
    fn default() -> Self {
        EmailCodes { lifetime: Span::minutes(10), tries: 5, resend_after: Span::minutes(1) }
    }
}

impl Default for Passkeys {
    fn default() -> Self {
        Passkeys { max_passkeys: 10 }
    }
}

impl Authentication {
    pub(super) fn check(&self, findings: &mut Findings) {
        let twice =
            self.methods.iter().enumerate().any(|(at, method)| self.methods.iter().skip(at + 1).any(|m| m == method));
        findings.require(
            !self.methods.is_empty(),
            &["authentication.methods"],
            "authentication.methods is empty, so members could not show anything beside the password",
            "name at least one of email, totp and passkey; where nobody is to be asked, write second_factor = \"off\"",
        );
        findings.require(
            !twice,
            &["authentication.methods"],
            "authentication.methods names a method twice",
            "name each of email, totp and passkey at most once",
        );
        findings.require(
            self.trust_device_for != Some(Span::ZERO),
            &["authentication.trust_device_for"],
            "authentication.trust_device_for ends the trust at once",
            "write how long a device stays trusted, such as \"30d\", or leave the setting out",
        );
        findings.require(
            self.lost_methods != LostMethods::Wait { lasts: Span::ZERO },
            &["authentication.lost_methods"],
            "authentication.lost_methods lets nobody wait (lasts = \"0s\"), so no owner could cancel in time",
            "write how long they wait, such as lasts = \"1d\", or { by = \"mail\" } if the reset by mail is to be enough",
        );
        findings.require(
            self.email_codes.resend_after <= self.email_codes.lifetime,
            &["authentication.email_codes.resend_after", "authentication.email_codes.lifetime"],
            "authentication.email_codes.resend_after is longer than a code lives, so members whose mail is lost would have to wait with no code",
            "shorten resend_after or lengthen lifetime",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_named_once_and_waits_are_bearable() {
        let problems = |change: fn(&mut Authentication)| {
            let mut settings = Authentication::default();
            change(&mut settings);
            let mut findings = Findings::default();
            settings.check(&mut findings);
            findings.len()
        };
        assert_eq!(problems(|_| {}), 0);
        assert_eq!(problems(|s| s.methods = vec![Method::Totp, Method::Totp]), 1);
        assert_eq!(problems(|s| s.methods = Vec::new()), 1);
        assert_eq!(problems(|s| s.trust_device_for = Some(Span::ZERO)), 1);
        assert_eq!(problems(|s| s.lost_methods = LostMethods::Wait { lasts: Span::ZERO }), 1);
        assert_eq!(problems(|s| s.lost_methods = LostMethods::Wait { lasts: Span::days(1) }), 0);
        assert_eq!(problems(|s| s.email_codes.resend_after = Span::hours(1)), 1);
    }
}
