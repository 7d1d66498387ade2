//! `/login/passkey`: a passkey instead of a password, from the login page, or beside it, as the second factor. With user
//! verification it shows both factors at once. A password lock does not concern it.

use axum::response::Response;
use serde::Serialize;

use super::password::{self, PasswordError};
use super::step::{self, Alternative, LoginPage, Step, Turn};
use super::{purpose, sealed_flow};
use crate::actions::login::log_in_with_passkey::log_in_with_passkey;
use crate::actions::login::show_second_factor::{Shown, show_passkey};
use crate::domain::member::authentication_method::Method;
use crate::domain::protocol::params::Params;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::passkey::{PasskeyTrouble, Question, answered, ask_member, judged, sample_question};
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: LoginPage = LoginPage::Factor(Method::Passkey);

/// The page that asks for a passkey after the password.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyPage {
    pub step: String,
    pub question: Question,
    pub alternatives: Vec<Alternative>,
    pub error: Option<PasskeyTrouble>,
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
    Again(PasskeyPage),
}

async fn show(browser: &mut BrowserRequest, token: Option<&str>) -> Result<Outcome, PageError> {
    match step::turn(browser, token, PAGE).await? {
        Turn::Here(step) => Ok(Outcome::Again(page(browser, &step, None).await?)),
        Turn::Elsewhere(to) => Ok(Outcome::GoTo(to)),
    }
}

async fn page(browser: &BrowserRequest, step: &Step, error: Option<PasskeyTrouble>) -> Result<PasskeyPage, PageError> {
    let question = ask_member(browser, &step.member).await?;
    Ok(PasskeyPage { step: step.token.clone(), question, alternatives: step.alternatives(PAGE), error })
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    if fields.get("step").is_none() {
        let outcome = instead_of_password(&mut browser, &fields).await;
        return password::answer(browser, &fields, outcome);
    }
    match after_password(&mut browser, &fields).await {
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Ok(Outcome::Again(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn after_password(browser: &mut BrowserRequest, fields: &Params) -> Result<Outcome, PageError> {
    let step = match step::turn(browser, fields.get("step"), PAGE).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(browser)));
    }
    browser.limit_attempts()?;
    let (asked, answer) = match answered(browser, Some(&step.member.id), fields) {
        Ok(answered) => answered,
        Err(error) => return Ok(Outcome::Again(page(browser, &step, Some(error)).await?)),
    };
    let app = browser.web.app.clone();
    match judged(show_passkey(&app, &step.of(browser), &step.member.id, asked, answer).await?) {
        Ok(Shown::Right(went)) => Ok(Outcome::GoTo(step.on(browser, went))),
        Ok(_) => Ok(Outcome::GoTo(step.anew(browser, PAGE).await?)),
        Err(error) => Ok(Outcome::Again(page(browser, &step, Some(error)).await?)),
    }
}

async fn instead_of_password(browser: &mut BrowserRequest, fields: &Params) -> Result<password::Outcome, PageError> {
    let flow = sealed_flow::open(browser, fields.get("flow"))?;
    let client = sealed_flow::client(browser, &flow).await?;
    purpose::on_behalf_of(browser, &flow, client.as_ref());
    browser.limit_attempts()?;
    let again = |because| Ok(password::Outcome::Again(PasswordError::Passkey { because }));
    let (asked, answer) = match answered(browser, None, fields) {
        Ok(answered) => answered,
        Err(because) => return again(because),
    };
    let app = browser.web.app.clone();
    match judged(log_in_with_passkey(&app, &browser.for_login(), flow, asked, answer).await?) {
        Ok(begun) => password::begun(browser, begun),
        Err(because) => again(because),
    }
}

impl PageTemplate for PasskeyPage {
    const TEMPLATE: &'static str = "login/passkey.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |error| PasskeyPage {
            step: "step-1".into(),
            question: sample_question(),
            alternatives: vec![Alternative { name: "totp", href: "/login/totp?step=step-1".into() }],
            error,
        };
        vec![
            ("fresh", page(None)),
            ("only_method", PasskeyPage { alternatives: Vec::new(), ..page(None) }),
            ("refused", page(Some(PasskeyTrouble::SecurityKeyInvalid))),
            ("expired", page(Some(PasskeyTrouble::PasskeyExpired))),
            ("unanswered", page(Some(PasskeyTrouble::PasskeyUnanswered))),
        ]
    }
}
