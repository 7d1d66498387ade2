//! A login in progress: what it is for. Until the password is right it travels sealed through the browser and nothing is
//! written; from then on it lies in the database.

use serde::{Deserialize, Serialize};

use crate::domain::ids::FlowId;
use crate::domain::protocol::authorization_request::AuthorizationRequest;
use crate::domain::unix_time::UnixTime;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    pub id: FlowId,
    pub started_at: UnixTime,
    pub then: Continue,
    /// The user ID of a member who is logged in and shows again who they are, before a change to the account.
    #[serde(default)]
    pub confirms: Option<String>,
}

/// What follows the login: a typed value, so that no address can be slipped in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continue {
    Authorize(Box<AuthorizationRequest>),
    Account(AccountPage),
}

/// A page of the member's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountPage {
    Profile,
    Password,
    EmailAddress,
    AuthenticationMethod,
    TotpEnrolment,
    /// By the device's ID.
    TotpDevice(String),
    Passkeys,
    PasskeyEnrolment,
    /// By the passkey's ID.
    Passkey(String),
    RecoveryCodes,
    Sessions,
    Applications,
    Data,
}

impl AccountPage {
    /// Its path here. IDs are base64url.
    pub fn path(&self) -> String {
        let path = match self {
            AccountPage::Profile => "profile",
            AccountPage::Password => "password",
            AccountPage::EmailAddress => "email-address",
            AccountPage::AuthenticationMethod => "authentication-method",
            AccountPage::TotpEnrolment => "totp-enrolment",
            AccountPage::TotpDevice(id) => return format!("/account/totp-devices/{id}/delete"),
            AccountPage::Passkeys => "passkeys",
            AccountPage::PasskeyEnrolment => "passkey-enrolment",
            AccountPage::Passkey(id) => return format!("/account/passkeys/{id}"),
            AccountPage::RecoveryCodes => "recovery-codes",
            AccountPage::Sessions => "sessions",
            AccountPage::Applications => "applications",
            AccountPage::Data => "data",
        };
        format!("/account/{path}")
    }
}

impl Flow {
    pub fn request(&self) -> Option<&AuthorizationRequest> {
        match &self.then {
            Continue::Authorize(request) => Some(request),
            Continue::Account(_) => None,
        }
    }
}
