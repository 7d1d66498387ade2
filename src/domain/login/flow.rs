//! A login in progress: what it is for. Until the password is right it travels sealed through the browser and nothing is
//! written; from then on it lies in the database.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{FlowId, Identifier};
use crate::domain::protocol::authorization_request::AuthorizationRequest;
use crate::domain::unix_time::{Span, UnixTime};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    pub id: FlowId,
    pub started_at: UnixTime,
    pub then: Continue,
    /// The user ID of a member who is logged in and shows again who they are, before a change to the account.
    #[serde(default)]
    pub confirms: Option<String>,
    /// When it began first, if it took too long and was begun anew.
    #[serde(default)]
    pub first_started_at: Option<UnixTime>,
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
    EmailAddressCode,
    AuthenticationMethod,
    EmailMethod,
    EmailMethodDeletion,
    TotpEnrolment,
    /// By the device's ID.
    TotpDevice(Identifier),
    TotpDeviceDeletion(Identifier),
    Passkeys,
    PasskeyEnrolment,
    /// By the passkey's ID.
    Passkey(Identifier),
    PasskeyDeletion(Identifier),
    RecoveryCodes,
    Sessions,
    Applications,
    Activity,
    Data,
    /// One of these, with what was typed there before a login came in between.
    Typed(Box<AccountPage>, String),
}

/// Longer than anything that is typed into one of these pages and kept.
const LONGEST_TYPED: usize = 300;

impl AccountPage {
    /// With what was typed there, so that it need not be typed again. Never a secret: it stands in an address.
    pub fn typed(self, text: Option<&str>) -> AccountPage {
        match text.filter(|text| !text.is_empty() && text.len() <= LONGEST_TYPED) {
            Some(text) => AccountPage::Typed(Box::new(self), text.to_owned()),
            None => self,
        }
    }

    /// Its path here, and what was typed as `typed`.
    pub fn path(&self) -> String {
        let path = match self {
            AccountPage::Profile => "profile",
            AccountPage::Password => "password",
            AccountPage::EmailAddress => "email-address",
            AccountPage::EmailAddressCode => "email-address-code",
            AccountPage::AuthenticationMethod => "authentication-method",
            AccountPage::EmailMethod => "email-method",
            AccountPage::EmailMethodDeletion => "email-method/delete",
            AccountPage::TotpEnrolment => "totp-enrolment",
            AccountPage::TotpDevice(id) => return format!("/account/totp-devices/{id}"),
            AccountPage::TotpDeviceDeletion(id) => return format!("/account/totp-devices/{id}/delete"),
            AccountPage::Passkeys => "passkeys",
            AccountPage::PasskeyEnrolment => "passkey-enrolment",
            AccountPage::Passkey(id) => return format!("/account/passkeys/{id}"),
            AccountPage::PasskeyDeletion(id) => return format!("/account/passkeys/{id}/delete"),
            AccountPage::RecoveryCodes => "recovery-codes",
            AccountPage::Sessions => "sessions",
            AccountPage::Applications => "applications",
            AccountPage::Activity => "activity",
            AccountPage::Data => "data",
            AccountPage::Typed(page, text) => {
                let typed: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
                return format!("{}?typed={typed}", page.path());
            }
        };
        format!("/account/{path}")
    }
}

impl Flow {
    /// The same login, begun anew because it took too long. `None` where it began so long ago that what it was checked
    /// against then may not hold any more: it is asked for afresh.
    pub fn anew(self, now: UnixTime, within: Span) -> Option<Flow> {
        let first = self.first_started_at.unwrap_or(self.started_at);
        (now < first + within).then_some(Flow { started_at: now, first_started_at: Some(first), ..self })
    }

    pub fn request(&self) -> Option<&AuthorizationRequest> {
        match &self.then {
            Continue::Authorize(request) => Some(request),
            Continue::Account(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_travels_with_its_page_and_can_lead_nowhere_else() {
        let page = AccountPage::EmailAddress.typed(Some("花子&x=//evil.example/#a\r\nb"));
        assert_eq!(
            page.path(),
            "/account/email-address?typed=%E8%8A%B1%E5%AD%90%26x%3D%2F%2Fevil.example%2F%23a%0D%0Ab"
        );
        for nothing in [None, Some(""), Some("a".repeat(301).as_str())] {
            assert_eq!(AccountPage::EmailAddress.typed(nothing), AccountPage::EmailAddress);
        }
    }

    #[test]
    fn a_login_is_begun_anew_for_some_hours_after_its_first_start() {
        let within = Span::hours(12);
        let mut flow = Flow {
            id: FlowId("one".into()),
            started_at: UnixTime(1_000),
            then: Continue::Account(AccountPage::Profile),
            confirms: Some("hanako".into()),
            first_started_at: None,
        };
        for hour in 1..12 {
            let now = UnixTime(1_000) + Span::hours(hour);
            flow = flow.anew(now, within).unwrap();
            assert_eq!((flow.started_at, flow.first_started_at), (now, Some(UnixTime(1_000))));
        }
        assert_eq!(flow.confirms.as_deref(), Some("hanako"));
        assert_eq!(flow.anew(UnixTime(1_000) + within, within), None);
    }
}
