//! `/login/method`: a member who needs a second factor and has none chooses one. What is chosen is enrolled next.

use axum::response::Response;
use serde::Serialize;

use super::step::{self, LoginPage, Progress, Step, Turn};
use crate::actions::login::enrol_method::{Enrolled, enrol_email};
use crate::domain::login::next_step::NextStep;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::email_address::masked;
use crate::domain::protocol::params::Params;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The page with the choice.
#[derive(Clone, Debug, Serialize)]
pub struct MethodPage {
    pub step: String,
    pub progress: Option<Progress>,
    pub offered: Vec<&'static str>,
    /// The address that codes would go to, masked.
    pub email: Option<String>,
    /// Nothing was chosen.
    pub missing: bool,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let token = browser.query.get("step").map(str::to_owned);
    match step::turn(&mut browser, token.as_deref(), LoginPage::Method).await {
        Ok(Turn::Here(step)) => browser.page(&page(&step, false)),
        Ok(Turn::Elsewhere(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

fn offered(step: &Step) -> &[Method] {
    match &step.due {
        NextStep::ChooseMethod { offered } => offered,
        _ => &[],
    }
}

fn page(step: &Step, missing: bool) -> MethodPage {
    MethodPage {
        step: step.token.clone(),
        progress: step.progress(),
        offered: offered(step).iter().map(|method| method.name()).collect(),
        email: step.member.verified_email().map(masked),
        missing,
    }
}

enum Outcome {
    GoTo(String),
    Again(MethodPage),
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match choose(&mut browser, &fields).await {
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Ok(Outcome::Again(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn choose(browser: &mut BrowserRequest, fields: &Params) -> Result<Outcome, PageError> {
    let step = match step::turn(browser, fields.get("step"), LoginPage::Method).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(browser)));
    }
    let chosen = fields.get("method").and_then(Method::named).filter(|method| offered(&step).contains(method));
    match chosen {
        None => Ok(Outcome::Again(page(&step, true))),
        Some(Method::Totp) => Ok(Outcome::GoTo(LoginPage::TotpEnrolment.address(&step.token))),
        Some(Method::Passkey) => Ok(Outcome::GoTo(LoginPage::PasskeyEnrolment.address(&step.token))),
        Some(Method::Email) => Ok(Outcome::GoTo(by_email(browser, step).await?)),
    }
}

async fn by_email(browser: &mut BrowserRequest, step: Step) -> Result<String, PageError> {
    let app = browser.web.app.clone();
    match enrol_email(&app, &step.of(browser)).await? {
        Enrolled::Done(went) => Ok(step.on(browser, went)),
        Enrolled::TooMany | Enrolled::NotNow => step.anew(browser, LoginPage::Method).await,
    }
}

impl PageTemplate for MethodPage {
    const TEMPLATE: &'static str = "login/method.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |offered: &[Method], missing: bool| MethodPage {
            step: "step-1".into(),
            progress: (!missing).then_some(Progress { step: 3, of: 3 }),
            offered: offered.iter().map(|method| method.name()).collect(),
            email: Some("h•••••@example.jp".into()),
            missing,
        };
        vec![
            ("all", page(&Method::ALL, false)),
            ("missing", page(&Method::ALL, true)),
            ("passkey_alone", MethodPage { email: None, ..page(&[Method::Passkey], false) }),
        ]
    }
}
