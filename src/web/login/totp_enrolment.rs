//! `/login/totp-enrolment`: in a login that needs a second factor, an authenticator app is enrolled.

use axum::response::Response;
use serde::Serialize;

use super::step::{self, LoginPage, Progress, Step, Turn};
use crate::actions::login::enrol_method::{Enrolled, enrol_totp};
use crate::domain::protocol::params::Params;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;
use crate::web::totp_enrolment::{self, TotpEnrolment};

/// The page with the key.
#[derive(Clone, Debug, Serialize)]
pub struct LoginTotpEnrolmentPage {
    pub step: String,
    pub progress: Option<Progress>,
    /// The page with the choice of methods.
    pub back: String,
    pub enrolment: TotpEnrolment,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let token = browser.query.get("step").map(str::to_owned);
    match step::turn(&mut browser, token.as_deref(), LoginPage::TotpEnrolment).await {
        Ok(Turn::Here(step)) => {
            let page = page(&step, totp_enrolment::fresh(&mut browser, &step.member, &step.login.digest, &[]));
            browser.page(&page)
        }
        Ok(Turn::Elsewhere(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

fn page(step: &Step, enrolment: TotpEnrolment) -> LoginTotpEnrolmentPage {
    LoginTotpEnrolmentPage {
        step: step.token.clone(),
        progress: step.progress(),
        back: LoginPage::Method.address(&step.token),
        enrolment,
    }
}

enum Outcome {
    GoTo(String),
    Again(LoginTotpEnrolmentPage),
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match enrol(&mut browser, &fields).await {
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Ok(Outcome::Again(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn enrol(browser: &mut BrowserRequest, fields: &Params) -> Result<Outcome, PageError> {
    let step = match step::turn(browser, fields.get("step"), LoginPage::TotpEnrolment).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    browser.limit_attempts()?;
    let confirmed = match totp_enrolment::check(browser, &step.member, &step.login.digest, fields)? {
        Ok(confirmed) => confirmed,
        Err(form) => return Ok(Outcome::Again(page(&step, form))),
    };
    let app = browser.web.app.clone();
    match enrol_totp(&app, &step.of(browser), confirmed).await? {
        Enrolled::Done(went) => {
            browser.forget_enrolment();
            Ok(Outcome::GoTo(step.on(browser, went)))
        }
        Enrolled::NotNow => Ok(Outcome::GoTo(step.anew(browser, LoginPage::TotpEnrolment).await?)),
        Enrolled::TooMany => {
            let form = totp_enrolment::too_many(browser, &step.member, &step.login.digest);
            Ok(Outcome::Again(page(&step, form)))
        }
    }
}

impl PageTemplate for LoginTotpEnrolmentPage {
    const TEMPLATE: &'static str = "login/totp_enrolment.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |enrolment: TotpEnrolment| LoginTotpEnrolmentPage {
            step: "step-1".into(),
            progress: enrolment.error.is_none().then_some(Progress { step: 3, of: 3 }),
            back: "/login/method?step=step-1".into(),
            enrolment,
        };
        totp_enrolment::samples().into_iter().map(|(state, enrolment)| (state, page(enrolment))).collect()
    }
}
