//! What a session must have shown before each act on a member's account (product.md 1.9). One table, asked three times: by
//! every page of the account, by the login that leads there, and by the act itself, in the transaction that does it.
//!
//! The policy is that of the strictest client: a login through a laxer one must not open what the others rely on.

use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::flow::AccountPage;
use crate::domain::login::next_step::{Demands, Proof};
use crate::domain::member::authentication_method::Enrolled;
use crate::domain::unix_time::{Span, UnixTime};

/// Something that a member does with their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    LookAtAccount,
    ChooseLanguage,
    ChooseNotices,
    EndSessions,
    /// No device is trusted any more.
    WithdrawTrust,
    WithdrawApplication,
    DownloadData,
    ChangePassword,
    ChangeEmailAddress,
    ChooseMethod,
    AddAuthenticator,
    /// The form of an enrolment that was begun shortly after a login. It may take a while: an app is installed first.
    FinishEnrolment,
    RenameAuthenticator,
    RemoveAuthenticator,
    MakeRecoveryCodes,
}

/// What the session must have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    pub proof: Proof,
    /// A short while ago.
    pub fresh: bool,
}

impl Act {
    pub const ALL: [Act; 15] = [
        Act::LookAtAccount,
        Act::ChooseLanguage,
        Act::ChooseNotices,
        Act::EndSessions,
        Act::WithdrawTrust,
        Act::WithdrawApplication,
        Act::DownloadData,
        Act::ChangePassword,
        Act::ChangeEmailAddress,
        Act::ChooseMethod,
        Act::AddAuthenticator,
        Act::FinishEnrolment,
        Act::RenameAuthenticator,
        Act::RemoveAuthenticator,
        Act::MakeRecoveryCodes,
    ];

    /// The table.
    pub const fn needs(self) -> Needs {
        match self {
            Act::LookAtAccount | Act::ChooseLanguage | Act::ChooseNotices => {
                Needs { proof: Proof::Usual, fresh: false }
            }
            Act::EndSessions | Act::WithdrawTrust | Act::WithdrawApplication | Act::DownloadData => {
                Needs { proof: Proof::Shown, fresh: true }
            }
            Act::ChangePassword
            | Act::ChangeEmailAddress
            | Act::ChooseMethod
            | Act::AddAuthenticator
            | Act::RenameAuthenticator
            | Act::RemoveAuthenticator
            | Act::MakeRecoveryCodes => Needs { proof: Proof::AnyEnrolled, fresh: true },
            // What is sealed in the form shows that the login was fresh when the page was opened.
            Act::FinishEnrolment => Needs { proof: Proof::AnyEnrolled, fresh: false },
        }
    }

    /// Opening this page.
    pub fn opening(page: &AccountPage) -> Act {
        match page {
            AccountPage::Profile
            | AccountPage::AuthenticationMethod
            | AccountPage::Passkeys
            | AccountPage::Sessions
            | AccountPage::Applications
            | AccountPage::Activity => Act::LookAtAccount,
            AccountPage::Typed(page, _) => Act::opening(page),
            _ => Act::behind(page),
        }
    }

    /// What the forms of this page do.
    pub fn behind(page: &AccountPage) -> Act {
        match page {
            AccountPage::Profile | AccountPage::Passkeys | AccountPage::Activity => Act::LookAtAccount,
            AccountPage::Password => Act::ChangePassword,
            AccountPage::EmailAddress | AccountPage::EmailAddressCode => Act::ChangeEmailAddress,
            AccountPage::AuthenticationMethod => Act::ChooseMethod,
            AccountPage::EmailMethod | AccountPage::TotpEnrolment | AccountPage::PasskeyEnrolment => {
                Act::AddAuthenticator
            }
            AccountPage::TotpDevice(_) | AccountPage::Passkey(_) => Act::RenameAuthenticator,
            AccountPage::EmailMethodDeletion | AccountPage::TotpDeviceDeletion(_) | AccountPage::PasskeyDeletion(_) => {
                Act::RemoveAuthenticator
            }
            AccountPage::RecoveryCodes => Act::MakeRecoveryCodes,
            AccountPage::Sessions => Act::EndSessions,
            AccountPage::Applications => Act::WithdrawApplication,
            AccountPage::Data => Act::DownloadData,
            AccountPage::Typed(page, _) => Act::behind(page),
        }
    }

    /// Whether this session is enough for it. `demands` are those of the account for this act.
    pub fn is_allowed(
        self,
        session: &BrowserSession,
        demands: &Demands,
        enrolled: &Enrolled,
        fresh_for: Span,
        now: UnixTime,
    ) -> bool {
        session.assurance >= demands.least(enrolled)
            && (!self.needs().fresh || now.since(session.authenticated_at) < fresh_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{BrowserSessionId, FlowId, MemberId};
    use crate::domain::login::assurance::Assurance::{self, Password, PhishingResistant, TrustedDevice, TwoFactors};
    use crate::domain::login::device::Device;
    use crate::domain::member::authentication_method::Method;
    use crate::domain::member::authentication_method::SecondFactor::{self, Off, Optional, Required};

    const FRESH_FOR: Span = Span::minutes(10);

    fn session(assurance: Assurance) -> BrowserSession {
        BrowserSession {
            id: BrowserSessionId("s".into()),
            member: MemberId("m".into()),
            flow: FlowId("f".into()),
            authenticated_at: UnixTime(1_000),
            assurance,
            device: Device::default(),
            last_used_at: UnixTime(1_000),
            expires_at: UnixTime(100_000),
        }
    }

    fn demands(act: Act, second_factor: SecondFactor, methods: &[Method]) -> Demands {
        Demands {
            second_factor,
            proof: act.needs().proof,
            methods: methods.into(),
            email_address: false,
            password_max_age: None,
            recovery_codes: true,
            acr: Default::default(),
        }
    }

    fn enrolled(methods: &[Method]) -> Enrolled {
        Enrolled { methods: methods.into(), recovery_codes: false, copied_passkey: false }
    }

    /// The least that is enough right after the login.
    fn least(act: Act, second_factor: SecondFactor, has: &[Method]) -> Assurance {
        let demands = demands(act, second_factor, &Method::ALL);
        let enough =
            |level: &Assurance| act.is_allowed(&session(*level), &demands, &enrolled(has), FRESH_FOR, UnixTime(1_000));
        Assurance::ALL.into_iter().find(enough).unwrap()
    }

    #[test]
    fn every_act_needs_what_the_policy_asks_for_and_changes_need_whatever_factor_there_is() {
        const HAS: &[Method] = &[Method::Totp];
        for act in Act::ALL {
            let expected = match act.needs().proof {
                Proof::Usual => [Password, TrustedDevice, Password, TrustedDevice, TrustedDevice],
                Proof::Shown => [Password, TwoFactors, Password, TwoFactors, TwoFactors],
                Proof::AnyEnrolled => [TwoFactors, TwoFactors, Password, TwoFactors, TwoFactors],
            };
            let found = [
                least(act, Off, HAS),
                least(act, Optional, HAS),
                least(act, Optional, &[]),
                least(act, Required, HAS),
                least(act, Required, &[]),
            ];
            assert_eq!(found, expected, "{act:?}");
        }
    }

    #[test]
    fn a_factor_that_the_operator_no_longer_offers_is_not_asked_for() {
        let act = Act::ChangePassword;
        let demands = demands(act, Optional, &[Method::Passkey]);
        assert!(act.is_allowed(&session(Password), &demands, &enrolled(&[Method::Totp]), FRESH_FOR, UnixTime(1_000)));
    }

    #[test]
    fn what_changes_the_account_needs_a_login_of_the_last_minutes() {
        for act in Act::ALL {
            let demands = demands(act, Required, &Method::ALL);
            let at = |now| act.is_allowed(&session(PhishingResistant), &demands, &enrolled(&[]), FRESH_FOR, now);
            assert!(at(UnixTime(1_599)), "{act:?}");
            let lasting = [Act::LookAtAccount, Act::ChooseLanguage, Act::ChooseNotices, Act::FinishEnrolment];
            assert_eq!(at(UnixTime(1_600)), lasting.contains(&act), "{act:?}");
        }
    }

    #[test]
    fn a_page_is_opened_with_no_more_than_its_form_needs() {
        use AccountPage::*;
        let id = || crate::domain::ids::Identifier::of("x").unwrap();
        for page in [
            Profile,
            Password,
            EmailAddress,
            EmailAddressCode,
            AuthenticationMethod,
            EmailMethod,
            EmailMethodDeletion,
            TotpEnrolment,
            TotpDevice(id()),
            TotpDeviceDeletion(id()),
            Passkeys,
            PasskeyEnrolment,
            Passkey(id()),
            PasskeyDeletion(id()),
            RecoveryCodes,
            Sessions,
            Applications,
            Activity,
            Data,
        ] {
            let (open, send) = (Act::opening(&page), Act::behind(&page));
            assert!(open == send || open == Act::LookAtAccount, "{page:?}");
        }
    }
}
