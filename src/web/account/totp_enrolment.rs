//! `/account/totp-enrolment`: a member adds an authenticator app (product.md 1.5; FAQ 10 and 19).

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, freshly, sent_by};
use crate::actions::member::authenticators::{choose, demands};
use crate::domain::login::flow::AccountPage;
use crate::domain::member::authentication_method::Method;
use crate::domain::protocol::params::Params;
use crate::store::member::totp_devices;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;
use crate::web::totp_enrolment::{self, EnrolmentError, TotpEnrolment};

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
    match demands(&browser.web.app, None, None).methods.contains(&Method::Totp) {
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
    let SignedIn { member, .. } = freshly(browser, AccountPage::TotpEnrolment).await?;
    let app = &browser.web.app;
    let there_are = totp_devices::of_member(&mut app.store.reader().await?, &member.id).await?.len();
    // Told before the member scans a key that can't be added.
    let enrolment = match there_are >= app.settings.authentication.app.max_devices as usize {
        true => totp_enrolment::too_many(browser, &member),
        false => totp_enrolment::fresh(browser, &member),
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
    let SignedIn { member, .. } = sent_by(browser, fields, AccountPage::TotpEnrolment).await?;
    let chosen = fields.get("choose").is_some();
    let confirmed = match totp_enrolment::check(browser, &member, fields)? {
        Ok(confirmed) => confirmed,
        Err(form) => return Ok(Shown::Again(page(form, chosen))),
    };
    let app = browser.web.app.clone();
    let mut tx = app.store.write().await?;
    if !totp_enrolment::add(browser, &mut tx, &member, confirmed).await? {
        drop(tx);
        return Ok(Shown::Again(page(totp_enrolment::too_many(browser, &member), chosen)));
    }
    if chosen {
        choose(&app, &mut tx, &member.id, Method::Totp, browser.device()).await?;
    }
    tx.commit().await?;
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
