//! The pages between the first factor and the end of a login, and whose turn it is.

use super::next_step::NextStep;
use crate::domain::member::authentication_method::Method;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginPage {
    /// The second factor, by this method.
    Factor(Method),
    RecoveryCode,
    /// What a member may do who can show no second factor any more.
    LostMethods,
    InitialPassword,
    EmailAddress,
    EmailAddressCode,
    Method,
    TotpEnrolment,
    PasskeyEnrolment,
}

impl LoginPage {
    const fn name(self) -> &'static str {
        match self {
            LoginPage::Factor(Method::Email) => "email-code",
            LoginPage::Factor(Method::Totp) => "totp",
            LoginPage::Factor(Method::Passkey) => "passkey",
            LoginPage::RecoveryCode => "recovery-code",
            LoginPage::LostMethods => "lost-methods",
            LoginPage::InitialPassword => "initial-password",
            LoginPage::EmailAddress => "email-address",
            LoginPage::EmailAddressCode => "email-address-code",
            LoginPage::Method => "method",
            LoginPage::TotpEnrolment => "totp-enrolment",
            LoginPage::PasskeyEnrolment => "passkey-enrolment",
        }
    }

    /// Its address in the login that `token` stands for.
    pub fn address(self, token: &str) -> String {
        format!("/login/{}?step={token}", self.name())
    }

    /// Whether it is this page's turn.
    pub fn serves(self, due: &NextStep) -> bool {
        match due {
            NextStep::SecondFactor { usual, others, recovery_code } => match self {
                LoginPage::Factor(method) => method == *usual || others.contains(&method),
                LoginPage::RecoveryCode => *recovery_code,
                LoginPage::LostMethods => true,
                _ => false,
            },
            NextStep::LostMethods { recovery_code } => match self {
                LoginPage::LostMethods => true,
                LoginPage::RecoveryCode => *recovery_code,
                _ => false,
            },
            NextStep::ChangeInitialPassword | NextStep::ChangeOldPassword => self == LoginPage::InitialPassword,
            NextStep::RegisterEmailAddress => matches!(self, LoginPage::EmailAddress | LoginPage::EmailAddressCode),
            NextStep::ChooseMethod { offered } => match self {
                LoginPage::Method => true,
                LoginPage::TotpEnrolment => offered.contains(&Method::Totp),
                LoginPage::PasskeyEnrolment => offered.contains(&Method::Passkey),
                _ => false,
            },
            NextStep::Complete | NextStep::Refuse(_) => false,
        }
    }

    /// The page that a member comes to first. `None` where there is nothing to show.
    pub fn of(due: &NextStep) -> Option<LoginPage> {
        match due {
            NextStep::SecondFactor { usual, .. } => Some(LoginPage::Factor(*usual)),
            NextStep::LostMethods { .. } => Some(LoginPage::LostMethods),
            NextStep::ChangeInitialPassword | NextStep::ChangeOldPassword => Some(LoginPage::InitialPassword),
            NextStep::RegisterEmailAddress => Some(LoginPage::EmailAddress),
            NextStep::ChooseMethod { .. } => Some(LoginPage::Method),
            NextStep::Complete | NextStep::Refuse(_) => None,
        }
    }
}
