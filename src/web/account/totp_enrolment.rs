//! `/account/totp-enrolment`: a member adds an authenticator app (product.md 1.5; FAQ 10 and 19).

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_for, signed_in, stop};
use crate::actions::member::authenticators::offered_methods;
use crate::actions::member::enrol_authenticator::{self, Enrolment};
use crate::domain::login::flow::AccountPage;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::permissions::Act;
use crate::domain::protocol::params::Params;
use crate::store::member::totp_devices;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;
use crate::web::totp_enrolment::{self, EnrolmentError, TotpEnrolment};

const PAGE: AccountPage = AccountPage::TotpEnrolment;

/// The page with the key.
#[derive(Clone, Debug, Serialize)]
pub struct AccountTotpEnrolmentPage {
    pub enrolment: TotpEnrolment,
    /// The app becomes the authentication method, sent back as the hidden field `choose`.
    pub choose: bool,
    /// There are as many as there may be.
    pub full: bool,
}

fn page(enrolment: TotpEnrolment, choose: bool) -> AccountTotpEnrolmentPage {
    let full = enrolment.error == Some(EnrolmentError::TooManyDevices);
    AccountTotpEnrolmentPage { enrolment, choose, full }
}

fn offered(browser: &BrowserRequest) -> Result<(), Stop> {
    match offered_methods(&browser.web.app).contains(&Method::Totp) {
        true => Ok(()),
        false => Err(Stop::page(ErrorKind::NotFound)),
    }
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<AccountTotpEnrolmentPage>, Stop> {
    offered(browser)?;
    let SignedIn { member, session } = signed_in(browser, PAGE).await?;
    let within = session.id.as_str();
    let app = browser.web.app.clone();
    let devices = totp_devices::of_member(&mut app.store.reader().await?, &member.id).await?;
    // Told before the member scans a key that can't be added.
    let enrolment = match devices.len() >= app.settings.authentication.app.max_devices as usize {
        true => totp_enrolment::too_many(browser, &member, within),
        false => totp_enrolment::fresh(browser, &member, within, &devices),
    };
    Ok(Shown::Page(page(enrolment, browser.query.get("choose").is_some())))
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = add(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn add(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<AccountTotpEnrolmentPage>, Stop> {
    offered(browser)?;
    browser.limit_attempts()?;
    // The sealed key shows that the login was fresh when the page was opened. Whoever installs an app meanwhile, and has
    // scanned the key, must not begin again.
    let SignedIn { member, session } = sent_for(browser, fields, PAGE, Act::FinishEnrolment).await?;
    let within = session.id.as_str();
    let chosen = fields.get("choose").is_some();
    let confirmed = match totp_enrolment::check(browser, &member, within, fields)? {
        Ok(confirmed) => confirmed,
        Err(form) => return Ok(Shown::Again(page(form, chosen))),
    };
    let done = enrol_authenticator::app(&browser.web.app, &browser.caller(), confirmed, chosen).await;
    let Enrolment::Done { raised } = done.map_err(|why| stop(browser, PAGE, why))? else {
        return Ok(Shown::Again(page(totp_enrolment::too_many(browser, &member, within), chosen)));
    };
    if let Some(token) = raised {
        browser.renew_session(&token);
    }
    browser.forget_enrolment();
    Ok(Shown::GoTo(if chosen {
        browser.notify(Banner::MethodChanged);
        AccountPage::Profile.path()
    } else {
        browser.notify(Banner::TotpAdded);
        AccountPage::AuthenticationMethod.path()
    }))
}

impl PageTemplate for AccountTotpEnrolmentPage {
    const TEMPLATE: &'static str = "account/totp_enrolment.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let samples = totp_enrolment::samples();
        samples
            .into_iter()
            .map(|(state, enrolment)| (state, page(enrolment.clone(), enrolment.error.is_none())))
            .collect()
    }
}
