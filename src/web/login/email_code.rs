//! `/login/email-code`: the second factor by a code sent to the member's address (product.md 1.6). The first is sent when
//! the page is opened; others at the member's wish.

use axum::response::Response;
use serde::Serialize;

use super::one_time_password::{CodeError, trust_days};
use super::step::{self, Alternative, LoginPage, Step, Turn};
use crate::actions::email_codes::{self, Purpose, Sent};
use crate::actions::one_time_passwords::{Tried, try_email_code};
use crate::domain::login::next_step::Second;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::email_address::{is_same, masked};
use crate::domain::protocol::params::Params;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

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

pub async fn get(mut visit: Visit) -> Response {
    let token = visit.query.get("step").map(str::to_owned);
    match show(&mut visit, token.as_deref()).await {
        Ok(Shown::Page(page)) => visit.page(&page),
        Ok(Shown::GoTo(to)) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

enum Shown {
    Page(EmailCodePage),
    GoTo(String),
}

fn place(step: &Step) -> String {
    Purpose::Login.place(&step.login.digest)
}

async fn show(visit: &mut Visit, token: Option<&str>) -> Result<Shown, Trouble> {
    let step = match step::turn(visit, token, PAGE).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Shown::GoTo(to)),
    };
    let app = visit.site.app.clone();
    let waiting = email_codes::usable(&app, &mut app.store.reader().await?, &place(&step), &step.member).await?;
    let error = match waiting {
        // Opened again, as by going back: the code that was sent still counts.
        Some(_) => None,
        None => send(visit, &step).await?,
    };
    Ok(Shown::Page(page(visit, &step, false, false, error)))
}

async fn send(visit: &Visit, step: &Step) -> Result<Option<CodeError>, Trouble> {
    let app = &visit.site.app;
    let address = step.member.verified_email().ok_or_else(|| Trouble::page(ErrorKind::FlowExpired))?;
    let language = visit.locale().tag();
    let mut tx = app.store.write().await?;
    let sent = email_codes::send(app, &mut tx, Purpose::Login, &place(step), &step.member, address, language).await?;
    // A code whose mail is withheld is not written down either: the one before still counts.
    if sent != Sent::TooMany {
        tx.commit().await?;
    }
    Ok(CodeError::of(sent))
}

fn page(visit: &Visit, step: &Step, sent_again: bool, trust: bool, error: Option<CodeError>) -> EmailCodePage {
    let settings = &visit.site.app.settings;
    EmailCodePage {
        step: step.token.clone(),
        address: step.member.verified_email().map(masked).unwrap_or_default(),
        sender: settings.mail.no_reply.clone(),
        lifetime_minutes: settings.authentication.email_codes.lifetime.as_seconds() / 60,
        sent_again,
        trust_days: trust_days(visit),
        trust,
        alternatives: step.alternatives(PAGE),
        error,
    }
}

pub async fn post(OwnForm { mut visit, fields }: OwnForm) -> Response {
    match attempt(&mut visit, &fields).await {
        Ok(Shown::GoTo(to)) => visit.redirect(&to),
        Ok(Shown::Page(page)) if page.error.is_none() => visit.done(&page),
        Ok(Shown::Page(page)) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn attempt(visit: &mut Visit, fields: &Params) -> Result<Shown, Trouble> {
    let step = match step::turn(visit, fields.get("step"), PAGE).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Shown::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Shown::GoTo(step.cancel(visit)));
    }
    visit.site.limits.login(visit.address)?;
    let trust = fields.get("trust").is_some();
    if fields.get("resend").is_some() {
        let error = send(visit, &step).await?;
        return Ok(Shown::Page(page(visit, &step, error.is_none(), trust, error)));
    }
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return Ok(Shown::Page(page(visit, &step, false, trust, Some(CodeError::CodeMalformed))));
    };
    let app = visit.site.app.clone();
    match try_email_code(&app, &step.member, &place(&step), &code, visit.device()).await? {
        // The address may have been changed since the code was sent.
        Tried::Right((mut tx, address)) if step.member.verified_email().is_some_and(|now| is_same(now, &address)) => {
            let proved = step.login.proved.with(Second::Method(Method::Email), trust);
            let to = step.go_on(visit, &mut tx, proved).await?;
            tx.commit().await?;
            Ok(Shown::GoTo(to))
        }
        Tried::Right(_) | Tried::Spent => Ok(Shown::Page(page(visit, &step, false, trust, Some(CodeError::CodeSpent)))),
        Tried::Wrong => Ok(Shown::Page(page(visit, &step, false, trust, Some(CodeError::EmailCodeWrong)))),
        Tried::Locked { .. } => Err(Trouble::page(ErrorKind::AccountLocked)),
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
