//! `/login/recovery-code`: the second factor by one of the codes that the member has printed.

use axum::response::Response;
use serde::Serialize;

use super::one_time_password::CodeError;
use super::step::{self, Alternative, LoginPage, Step, Turn};
use crate::actions::login::show_second_factor::{Shown, show_recovery_code};
use crate::domain::login::recovery_code;
use crate::domain::protocol::params::Params;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The page that asks for a recovery code.
#[derive(Clone, Debug, Serialize)]
pub struct RecoveryCodePage {
    pub step: String,
    pub alternatives: Vec<Alternative>,
    pub error: Option<CodeError>,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let token = browser.query.get("step").map(str::to_owned);
    match step::turn(&mut browser, token.as_deref(), LoginPage::RecoveryCode).await {
        Ok(Turn::Here(step)) => browser.page(&page(&step, None)),
        Ok(Turn::Elsewhere(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

fn page(step: &Step, error: Option<CodeError>) -> RecoveryCodePage {
    RecoveryCodePage { step: step.token.clone(), alternatives: step.alternatives(LoginPage::RecoveryCode), error }
}

enum Outcome {
    GoTo(String),
    Again(RecoveryCodePage),
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match attempt(&mut browser, &fields).await {
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Ok(Outcome::Again(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn attempt(browser: &mut BrowserRequest, fields: &Params) -> Result<Outcome, PageError> {
    let step = match step::turn(browser, fields.get("step"), LoginPage::RecoveryCode).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(browser)));
    }
    browser.limit_attempts()?;
    let app = browser.web.app.clone();
    let typed = fields.get("recovery_code").unwrap_or_default();
    if recovery_code::understand(typed).is_none() {
        return Ok(Outcome::Again(page(&step, Some(CodeError::RecoveryCodeMalformed))));
    }
    match show_recovery_code(&app, &step.of(browser), typed).await? {
        Shown::Right(went) => Ok(Outcome::GoTo(step.on(browser, went))),
        Shown::NotNow => Ok(Outcome::GoTo(step.anew(browser, LoginPage::RecoveryCode).await?)),
        Shown::Wrong | Shown::Spent => Ok(Outcome::Again(page(&step, Some(CodeError::RecoveryCodeWrong)))),
        Shown::Locked => Err(PageError::page(ErrorKind::AccountLocked)),
    }
}

impl PageTemplate for RecoveryCodePage {
    const TEMPLATE: &'static str = "login/recovery_code.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |error| RecoveryCodePage {
            step: "step-1".into(),
            alternatives: vec![Alternative { name: "totp", href: "/login/totp?step=step-1".into() }],
            error,
        };
        vec![
            ("fresh", page(None)),
            ("wrong", page(Some(CodeError::RecoveryCodeWrong))),
            ("malformed", page(Some(CodeError::RecoveryCodeMalformed))),
        ]
    }
}
