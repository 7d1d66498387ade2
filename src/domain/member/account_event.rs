//! What happens to a member's account: each of these stands in the member's activity list, and the member is told of some
//! by mail (product.md 1.8 to 1.10).

use serde::{Deserialize, Serialize};

use super::authentication_method::Method;
use crate::domain::login::device::Device;

/// Something that happened to an account. Names are those that the member gave; nothing in here is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum AccountEvent {
    /// `with` is what came beside or instead of the password; `None` is the password alone.
    LoggedIn {
        with: Option<Method>,
    },
    /// The first login is complete.
    FirstLogin,
    PasswordLocked,
    /// By wrong one-time passwords or by staff.
    AccountLocked,
    /// By staff.
    LocksLifted,
    PasswordChanged,
    /// By the link in a mail.
    PasswordReset,
    /// By staff.
    PasswordIssued,
    /// Both are masked, as in `h•••••@example.jp`.
    EmailChanged {
        from: Option<String>,
        to: String,
    },
    /// The method that is asked for at the next login.
    MethodChosen {
        method: Method,
    },
    /// E-mail codes are no longer a way to log in.
    EmailMethodRemoved,
    TotpAdded {
        name: String,
    },
    TotpRemoved {
        name: String,
    },
    PasskeyAdded {
        name: String,
    },
    PasskeyRemoved {
        name: String,
    },
    /// A passkey's counter went backwards: somebody may have copied it.
    PasskeyCloned {
        name: String,
    },
    RecoveryCodesMade,
    RecoveryCodeUsed {
        left: u32,
    },
    /// The member asks to set the methods up again, and waits.
    MethodsResetAsked,
    /// By staff.
    MethodsResetApproved,
    /// By the link in the mail that told of it.
    MethodsResetCancelled,
    /// All methods were taken away after a reset by mail or by staff, to be set up again.
    MethodsReset,
    DeviceTrusted,
    TrustWithdrawn,
    /// One session, on this device.
    SessionEnded {
        on: Device,
    },
    /// All sessions but the one that asked for it.
    OtherSessionsEnded,
    ApplicationWithdrawn {
        name: String,
    },
    /// All that is held about the member.
    DataDownloaded,
    /// By staff.
    AccountDisabled,
    /// By staff.
    AccountEnabled,
    /// By staff.
    NameCorrected {
        to: String,
    },
    /// Something that only a newer version knows, which has written it down.
    SomethingElse,
}

impl AccountEvent {
    /// Stable: the end of a text's key.
    pub const fn name(&self) -> &'static str {
        match self {
            AccountEvent::LoggedIn { .. } => "logged-in",
            AccountEvent::FirstLogin => "first-login",
            AccountEvent::PasswordLocked => "password-locked",
            AccountEvent::AccountLocked => "account-locked",
            AccountEvent::LocksLifted => "locks-lifted",
            AccountEvent::PasswordChanged => "password-changed",
            AccountEvent::PasswordReset => "password-reset",
            AccountEvent::PasswordIssued => "password-issued",
            AccountEvent::EmailChanged { .. } => "email-changed",
            AccountEvent::MethodChosen { .. } => "method-chosen",
            AccountEvent::EmailMethodRemoved => "email-method-removed",
            AccountEvent::TotpAdded { .. } => "totp-added",
            AccountEvent::TotpRemoved { .. } => "totp-removed",
            AccountEvent::PasskeyAdded { .. } => "passkey-added",
            AccountEvent::PasskeyRemoved { .. } => "passkey-removed",
            AccountEvent::PasskeyCloned { .. } => "passkey-cloned",
            AccountEvent::RecoveryCodesMade => "recovery-codes-made",
            AccountEvent::RecoveryCodeUsed { .. } => "recovery-code-used",
            AccountEvent::MethodsResetAsked => "methods-reset-asked",
            AccountEvent::MethodsResetApproved => "methods-reset-approved",
            AccountEvent::MethodsResetCancelled => "methods-reset-cancelled",
            AccountEvent::MethodsReset => "methods-reset",
            AccountEvent::DeviceTrusted => "device-trusted",
            AccountEvent::TrustWithdrawn => "trust-withdrawn",
            AccountEvent::SessionEnded { .. } => "session-ended",
            AccountEvent::OtherSessionsEnded => "other-sessions-ended",
            AccountEvent::ApplicationWithdrawn { .. } => "application-withdrawn",
            AccountEvent::DataDownloaded => "data-downloaded",
            AccountEvent::AccountDisabled => "account-disabled",
            AccountEvent::AccountEnabled => "account-enabled",
            AccountEvent::NameCorrected { .. } => "name-corrected",
            AccountEvent::SomethingElse => "something-else",
        }
    }

    /// Whether the member is told by mail: of whatever weakens or changes the account. Of what was asked for a letter of
    /// its own tells, with a link to cancel it.
    pub const fn is_told(&self) -> bool {
        !matches!(
            self,
            AccountEvent::LoggedIn { .. }
                | AccountEvent::TrustWithdrawn
                | AccountEvent::SessionEnded { .. }
                | AccountEvent::OtherSessionsEnded
                | AccountEvent::ApplicationWithdrawn { .. }
                | AccountEvent::DataDownloaded
                | AccountEvent::NameCorrected { .. }
                | AccountEvent::MethodsResetAsked
                | AccountEvent::SomethingElse
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_event_is_the_one_that_is_stored() {
        for event in [AccountEvent::PasswordReset, AccountEvent::TotpAdded { name: "iPhone".into() }] {
            assert_eq!(serde_json::to_value(&event).unwrap()["kind"], event.name());
        }
    }
}
