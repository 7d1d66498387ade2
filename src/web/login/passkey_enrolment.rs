//! `/login/passkey-enrolment`: in a login that needs a second factor, a passkey is enrolled.

use axum::response::Response;
use serde::Serialize;

use super::step::{self, LoginPage, Progress, Step, Turn};
use crate::actions::login::enrol_method::{Enrolled, enrol_passkey};
use crate::actions::member::passkeys::NewPasskey;
use crate::domain::protocol::params::Params;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::passkey::{self, PasskeyEnrolment, PasskeyTrouble};
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The page that asks the browser for a passkey.
#[derive(Clone, Debug, Serialize)]
pub struct LoginPasskeyEnrolmentPage {
    pub step: String,
    pub progress: Option<Progress>,
    /// The page with the choice of methods.
    pub back: String,
    pub enrolment: PasskeyEnrolment,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let token = browser.query.get("step").map(str::to_owned);
    match show(&mut browser, token.as_deref()).await {
        Ok(Outcome::Again(page)) => browser.page(&page),
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

enum Outcome {
    GoTo(String),
    Again(LoginPasskeyEnrolmentPage),
}

async fn show(browser: &mut BrowserRequest, token: Option<&str>) -> Result<Outcome, PageError> {
    match step::turn(browser, token, LoginPage::PasskeyEnrolment).await? {
        Turn::Here(step) => {
            let form = passkey::enrolment(browser, &step.member, &step.login.digest, None, None).await?;
            Ok(Outcome::Again(page(&step, form)))
        }
        Turn::Elsewhere(to) => Ok(Outcome::GoTo(to)),
    }
}

fn page(step: &Step, enrolment: PasskeyEnrolment) -> LoginPasskeyEnrolmentPage {
    LoginPasskeyEnrolmentPage {
        step: step.token.clone(),
        progress: step.progress(),
        back: LoginPage::Method.address(&step.token),
        enrolment,
    }
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match enrol(&mut browser, &fields).await {
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Ok(Outcome::Again(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn enrol(browser: &mut BrowserRequest, fields: &Params) -> Result<Outcome, PageError> {
    let step = match step::turn(browser, fields.get("step"), LoginPage::PasskeyEnrolment).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    browser.limit_attempts()?;
    let error = match passkey::brought(browser, &step.member, &step.login.digest, fields)? {
        Ok(new) => match add(browser, &step, new).await? {
            Ok(to) => return Ok(Outcome::GoTo(to)),
            Err(error) => error,
        },
        Err(error) => error,
    };
    let typed = fields.get("device_name");
    let form = passkey::enrolment(browser, &step.member, &step.login.digest, typed, Some(error)).await?;
    Ok(Outcome::Again(page(&step, form)))
}

async fn add(
    browser: &mut BrowserRequest,
    step: &Step,
    new: NewPasskey,
) -> Result<Result<String, PasskeyTrouble>, PageError> {
    let app = browser.web.app.clone();
    Ok(match passkey::judged(enrol_passkey(&app, &step.of(browser), new).await?) {
        Ok(Enrolled::Done(went)) => Ok(step.on(browser, went)),
        Ok(Enrolled::TooMany) => Err(PasskeyTrouble::TooManyPasskeys),
        Ok(Enrolled::NotNow) => Ok(step.anew(browser, LoginPage::PasskeyEnrolment).await?),
        Err(error) => Err(error),
    })
}

impl PageTemplate for LoginPasskeyEnrolmentPage {
    const TEMPLATE: &'static str = "login/passkey_enrolment.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |enrolment: PasskeyEnrolment| LoginPasskeyEnrolmentPage {
            step: "step-1".into(),
            progress: enrolment.error.is_none().then_some(Progress { step: 3, of: 3 }),
            back: "/login/method?step=step-1".into(),
            enrolment,
        };
        passkey::samples().into_iter().map(|(state, enrolment)| (state, page(enrolment))).collect()
    }
}
