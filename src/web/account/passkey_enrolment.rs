//! `/account/passkey-enrolment`: a member adds a passkey.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_for, signed_in, stop};
use crate::actions::member::enrol_authenticator::{self, Enrolment};
use crate::domain::login::flow::AccountPage;
use crate::domain::member::permissions::Act;
use crate::domain::protocol::params::Params;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::passkey::{self, PasskeyEnrolment, PasskeyTrouble};
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: AccountPage = AccountPage::PasskeyEnrolment;

/// The page that asks the browser for a passkey.
#[derive(Clone, Debug, Serialize)]
pub struct AccountPasskeyEnrolmentPage {
    pub enrolment: PasskeyEnrolment,
    /// The passkey becomes the authentication method, sent back as the hidden field `choose`.
    pub choose: bool,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<AccountPasskeyEnrolmentPage>, Stop> {
    if browser.web.app.passkeys.is_none() {
        return Err(Stop::page(ErrorKind::NotFound));
    }
    let SignedIn { member, session } = signed_in(browser, PAGE).await?;
    let enrolment = passkey::enrolment(browser, &member, session.id.as_str(), None, None).await?;
    Ok(Shown::Page(AccountPasskeyEnrolmentPage { enrolment, choose: browser.query.get("choose").is_some() }))
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = add(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn add(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<AccountPasskeyEnrolmentPage>, Stop> {
    browser.limit_attempts()?;
    // The question shows that the login was fresh. The authenticator has made the passkey by now: a login in between would
    // leave it there, known to nobody here.
    let SignedIn { member, session } = sent_for(browser, fields, PAGE, Act::FinishEnrolment).await?;
    let choose = fields.get("choose").is_some();
    let within = session.id.as_str();
    let added = match passkey::brought(browser, &member, within, fields)? {
        Ok(new) => {
            let done = enrol_authenticator::passkey(&browser.web.app, &browser.caller(), new, choose).await;
            match done.map_err(|why| stop(browser, PAGE, why))? {
                Enrolment::Done { raised } => Ok(raised),
                Enrolment::TooMany => Err(PasskeyTrouble::TooManyPasskeys),
                Enrolment::Refused => Err(PasskeyTrouble::SecurityKeyInvalid),
                Enrolment::Expired => Err(PasskeyTrouble::PasskeyExpired),
            }
        }
        Err(trouble) => Err(trouble),
    };
    match added {
        Ok(Some(token)) => browser.renew_session(&token),
        Ok(None) => {}
        Err(trouble) => {
            let name = fields.get("device_name");
            let enrolment = passkey::enrolment(browser, &member, within, name, Some(trouble)).await?;
            return Ok(Shown::Again(AccountPasskeyEnrolmentPage { enrolment, choose }));
        }
    }
    if choose {
        browser.notify(Banner::MethodChanged);
        return Ok(Shown::GoTo(AccountPage::Profile.path()));
    }
    browser.notify(Banner::PasskeyAdded);
    Ok(Shown::GoTo(AccountPage::Passkeys.path()))
}

impl PageTemplate for AccountPasskeyEnrolmentPage {
    const TEMPLATE: &'static str = "account/passkey_enrolment.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page =
            |enrolment: PasskeyEnrolment| AccountPasskeyEnrolmentPage { choose: enrolment.error.is_some(), enrolment };
        passkey::samples().into_iter().map(|(state, enrolment)| (state, page(enrolment))).collect()
    }
}
