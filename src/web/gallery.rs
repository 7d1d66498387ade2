//! Every page in every state it can be in: what tests render, look at and measure. No handler uses it.

use super::account::activity::ActivityPage;
use super::account::applications::ApplicationsPage;
use super::account::authentication_method::AuthenticationMethodPage;
use super::account::data::DataPage;
use super::account::email_address::{AccountEmailAddressCodePage, AccountEmailAddressPage};
use super::account::email_method::{EmailMethodDeletionPage, EmailMethodPage};
use super::account::passkey_enrolment::AccountPasskeyEnrolmentPage;
use super::account::passkeys::{PasskeyDeletionPage, PasskeyNamePage, PasskeysPage};
use super::account::password::AccountPasswordPage;
use super::account::profile::ProfilePage;
use super::account::recovery_codes::RecoveryCodesPage;
use super::account::sessions::SessionsPage;
use super::account::totp_devices::{TotpDeviceDeletionPage, TotpDevicePage};
use super::account::totp_enrolment::AccountTotpEnrolmentPage;
use super::error_page::ErrorPage;
use super::help::pages::{FaqPage, GuidePage, HelpPage, QuestionPage, SearchPage};
use super::leave_page::LeavePage;
use super::login::consent::ConsentPage;
use super::login::email_address::{EmailAddressCodePage, EmailAddressPage};
use super::login::email_code::EmailCodePage;
use super::login::initial_password::InitialPasswordPage;
use super::login::lost_methods::LostMethodsPage;
use super::login::method::MethodPage;
use super::login::passkey::PasskeyPage;
use super::login::passkey_enrolment::LoginPasskeyEnrolmentPage;
use super::login::password::PasswordPage;
use super::login::recovery_code::RecoveryCodePage;
use super::login::totp::TotpPage;
use super::login::totp_enrolment::LoginTotpEnrolmentPage;
use super::mail_folder::MailFolderPage;
use super::member_notices::off::MemberNoticesOffPage;
use super::oidc::end_session::{LoggedOutPage, LogoutConfirmPage};
use super::oidc::refused::RefusedPage;
use super::page::{ApplicationLine, Chrome, PageTemplate, Pages, RenderError};
use super::recovery::cancel_methods_reset::CancelMethodsResetPage;
use super::recovery::forgotten::ForgottenPage;
use super::recovery::reset_password::ResetPasswordPage;
use crate::i18n::Locale;

/// A page in one of its states.
pub struct Sample {
    pub template: &'static str,
    pub state: &'static str,
    render: Box<Render>,
}

type Render = dyn Fn(&Pages, &Chrome) -> Result<String, RenderError> + Send + Sync;

impl Sample {
    pub fn render(&self, pages: &Pages, chrome: &Chrome) -> Result<String, RenderError> {
        (self.render)(pages, chrome)
    }
}

/// Every page that extends the layout; the tests of `page.rs` notice one that is missing.
pub fn samples() -> Vec<Sample> {
    [
        of::<PasswordPage>(),
        of::<PasskeyPage>(),
        of::<LoginPasskeyEnrolmentPage>(),
        of::<InitialPasswordPage>(),
        of::<LostMethodsPage>(),
        of::<MethodPage>(),
        of::<EmailCodePage>(),
        of::<MailFolderPage>(),
        of::<MemberNoticesOffPage>(),
        of::<CancelMethodsResetPage>(),
        of::<ForgottenPage>(),
        of::<ResetPasswordPage>(),
        of::<EmailAddressPage>(),
        of::<EmailAddressCodePage>(),
        of::<TotpPage>(),
        of::<LoginTotpEnrolmentPage>(),
        of::<RecoveryCodePage>(),
        of::<ConsentPage>(),
        of::<LeavePage>(),
        of::<ErrorPage>(),
        of::<ProfilePage>(),
        of::<AccountPasswordPage>(),
        of::<AccountEmailAddressPage>(),
        of::<AccountEmailAddressCodePage>(),
        of::<AuthenticationMethodPage>(),
        of::<EmailMethodPage>(),
        of::<EmailMethodDeletionPage>(),
        of::<AccountTotpEnrolmentPage>(),
        of::<TotpDevicePage>(),
        of::<TotpDeviceDeletionPage>(),
        of::<RecoveryCodesPage>(),
        of::<SessionsPage>(),
        of::<ApplicationsPage>(),
        of::<ActivityPage>(),
        of::<DataPage>(),
        of::<AccountPasskeyEnrolmentPage>(),
        of::<PasskeysPage>(),
        of::<PasskeyNamePage>(),
        of::<PasskeyDeletionPage>(),
        of::<HelpPage>(),
        of::<FaqPage>(),
        of::<QuestionPage>(),
        of::<GuidePage>(),
        of::<SearchPage>(),
        of::<RefusedPage>(),
        of::<LogoutConfirmPage>(),
        of::<LoggedOutPage>(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of<P: PageTemplate + Send + Sync + 'static>() -> Vec<Sample> {
    P::samples()
        .into_iter()
        .map(|(state, page)| Sample {
            template: P::TEMPLATE,
            state,
            render: Box::new(move |pages, chrome| pages.render(chrome, &page)),
        })
        .collect()
}

/// With everything around a page that there can be, and with nothing.
pub fn chromes(locale: Locale) -> [Chrome; 2] {
    let bare = Chrome {
        locale,
        csrf: "csrf-1".into(),
        service_name: "Portal & more".into(),
        society_name: "Society <of> Health".into(),
        inquiry_url: None,
        owner: "owner-1".into(),
        notice: None,
        application: None,
        here: String::new(),
    };
    let full = Chrome {
        notice: Some("password-changed"),
        inquiry_url: Some("https://society.example.jp/inquiry?a=1&b=2".into()),
        application: Some(ApplicationLine {
            name: "Ledger <b>".into(),
            logo_uri: Some("https://ledger.example.jp/logo.png".into()),
            policy_uri: Some("https://ledger.example.jp/policy".into()),
            tos_uri: Some("https://ledger.example.jp/terms".into()),
        }),
        here: "/login/password?flow=flow-1&ui_locales=en".into(),
        ..bare.clone()
    };
    [full, bare]
}
