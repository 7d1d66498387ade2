//! `/login/email-code`: the second factor by a code sent to the member's address (product.md 1.6). The first is sent when
//! the page is opened; others at the member's wish.

use axum::response::Response;
use serde::Serialize;

use super::one_time_password::{CodeError, trust_days};
use super::step::{self, Alternative, LoginPage, Step, Turn};
use crate::actions::login::email_codes::{self, Purpose};
use crate::actions::login::register_email_address::send_login_code;
use crate::actions::login::show_second_factor::{Shown, show_email_code};
use crate::domain::login::one_time_password::Code;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::email_address::masked;
use crate::domain::protocol::params::Params;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: LoginPage = LoginPage::Factor(Method::Email);

/// The page that asks for the code.
#[derive(Clone, Debug, Serialize)]
pub struct EmailCodePage {
    pub step: String,
    /// Masked.
    pub address: String,
    /// The society's sender address, so that the mail can be found.
    pub sender: String,
    pub lifetime_minutes: u32,
    /// Another one has just been sent.
    pub sent_again: bool,
    pub trust_days: Option<u32>,
    pub trust: bool,
    pub alternatives: Vec<Alternative>,
    pub error: Option<CodeError>,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let token = browser.query.get("step").map(str::to_owned);
    match show(&mut browser, token.as_deref()).await {
        Ok(Answer::Page(page)) => browser.page(&page),
        Ok(Answer::GoTo(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

enum Answer {
    Page(EmailCodePage),
    GoTo(String),
}

fn place(step: &Step) -> String {
    Purpose::Login.place(&step.login.digest)
}

async fn show(browser: &mut BrowserRequest, token: Option<&str>) -> Result<Answer, PageError> {
    let step = match step::turn(browser, token, PAGE).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Answer::GoTo(to)),
    };
    let app = browser.web.app.clone();
    let waiting = email_codes::usable(&app, &mut app.store.reader().await?, &place(&step), &step.member).await?;
    let error = match waiting {
        // Opened again, as by going back: the code that was sent still counts.
        Some(_) => None,
        None => send(browser, &step).await?,
    };
    Ok(Answer::Page(page(browser, &step, false, false, error)))
}

/// Why no code was sent, if it was not.
async fn send(browser: &BrowserRequest, step: &Step) -> Result<Option<CodeError>, PageError> {
    let language = browser.locale().tag();
    let sent = send_login_code(&browser.web.app, &step.of(browser), language).await?;
    Ok(CodeError::of(sent.ok_or_else(|| PageError::page(ErrorKind::FlowExpired))?))
}

fn page(
    browser: &BrowserRequest,
    step: &Step,
    sent_again: bool,
    trust: bool,
    error: Option<CodeError>,
) -> EmailCodePage {
    let settings = &browser.web.app.settings;
    EmailCodePage {
        step: step.token.clone(),
        address: step.member.verified_email().map(masked).unwrap_or_default(),
        sender: settings.mail.no_reply.clone(),
        lifetime_minutes: settings.authentication.email_codes.lifetime.as_seconds() / 60,
        sent_again,
        trust_days: trust_days(browser),
        trust,
        alternatives: step.alternatives(PAGE),
        error,
    }
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match attempt(&mut browser, &fields).await {
        Ok(Answer::GoTo(to)) => browser.redirect(&to),
        Ok(Answer::Page(page)) if page.error.is_none() => browser.done(&page),
        Ok(Answer::Page(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn attempt(browser: &mut BrowserRequest, fields: &Params) -> Result<Answer, PageError> {
    let step = match step::turn(browser, fields.get("step"), PAGE).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Answer::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Answer::GoTo(step.cancel(browser)));
    }
    browser.limit_attempts()?;
    let trust = fields.get("trust").is_some();
    if fields.get("resend").is_some() {
        let error = send(browser, &step).await?;
        return Ok(Answer::Page(page(browser, &step, error.is_none(), trust, error)));
    }
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return Ok(Answer::Page(page(browser, &step, false, trust, Some(CodeError::CodeMalformed))));
    };
    let app = browser.web.app.clone();
    match show_email_code(&app, &step.of(browser), &code, trust).await? {
        Shown::Right(went) => Ok(Answer::GoTo(step.on(browser, went))),
        Shown::NotNow => Ok(Answer::GoTo(step.anew(browser, PAGE).await?)),
        Shown::Spent => Ok(Answer::Page(page(browser, &step, false, trust, Some(CodeError::CodeSpent)))),
        Shown::Wrong => Ok(Answer::Page(page(browser, &step, false, trust, Some(CodeError::EmailCodeWrong)))),
        Shown::Locked => Err(PageError::page(ErrorKind::AccountLocked)),
    }
}

impl PageTemplate for EmailCodePage {
    const TEMPLATE: &'static str = "login/email_code.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |error| EmailCodePage {
            step: "step-1".into(),
            address: "h•••••@example.jp".into(),
            sender: "no-reply@example.jp".into(),
            lifetime_minutes: 10,
            sent_again: false,
            trust_days: None,
            trust: false,
            alternatives: Vec::new(),
            error,
        };
        let alternatives = vec![Alternative { name: "totp", href: "/login/totp?step=step-1".into() }];
        vec![
            ("fresh", page(None)),
            ("sent_again", EmailCodePage { sent_again: true, ..page(None) }),
            ("wrong", page(Some(CodeError::EmailCodeWrong))),
            ("malformed", page(Some(CodeError::CodeMalformed))),
            ("spent", page(Some(CodeError::CodeSpent))),
            ("too_soon", page(Some(CodeError::CodeTooSoon))),
            ("too_many", page(Some(CodeError::CodeTooMany))),
            ("trusting", EmailCodePage { trust_days: Some(30), trust: true, alternatives, ..page(None) }),
        ]
    }
}
