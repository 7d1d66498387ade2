//! `/login/totp`: the second factor by a code of an authenticator app. With several devices the member says which.

use axum::response::Response;
use serde::Serialize;

use super::one_time_password::{CodeError, trust_days};
use super::step::{self, Alternative, LoginPage, Step, Turn};
use crate::actions::login::one_time_passwords::{Tried, try_totp};
use crate::domain::login::next_step::Second;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::authentication_method::Method;
use crate::domain::protocol::params::Params;
use crate::store::member::totp_devices::{self, TotpDevice};
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: LoginPage = LoginPage::Factor(Method::Totp);

/// The page that asks for a code.
#[derive(Clone, Debug, Serialize)]
pub struct TotpPage {
    pub step: String,
    /// The last used first.
    pub devices: Vec<DeviceChoice>,
    /// Days for which this device may be trusted.
    pub trust_days: Option<u32>,
    pub trust: bool,
    pub alternatives: Vec<Alternative>,
    pub error: Option<CodeError>,
}

/// A device that the code may come from.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceChoice {
    pub id: String,
    pub name: String,
    /// As the reader's language writes it.
    pub last_used: String,
    pub chosen: bool,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let token = browser.query.get("step").map(str::to_owned);
    match show(&mut browser, token.as_deref()).await {
        Ok(Shown::Page(page)) => browser.page(&page),
        Ok(Shown::GoTo(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

enum Shown {
    Page(TotpPage),
    GoTo(String),
}

async fn show(browser: &mut BrowserRequest, token: Option<&str>) -> Result<Shown, PageError> {
    let step = match step::turn(browser, token, PAGE).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Shown::GoTo(to)),
    };
    let devices = devices(browser, &step).await?;
    Ok(Shown::Page(page(browser, &step, &devices, None, false, None)))
}

async fn devices(browser: &BrowserRequest, step: &Step) -> Result<Vec<TotpDevice>, PageError> {
    Ok(totp_devices::of_member(&mut browser.web.app.store.reader().await?, &step.member.id).await?)
}

fn page(
    browser: &BrowserRequest,
    step: &Step,
    devices: &[TotpDevice],
    chosen: Option<&str>,
    trust: bool,
    error: Option<CodeError>,
) -> TotpPage {
    let chosen = chosen.or(devices.first().map(|device| device.id.as_str()));
    TotpPage {
        step: step.token.clone(),
        devices: devices
            .iter()
            .map(|device| DeviceChoice {
                id: device.id.clone(),
                name: device.name.clone(),
                last_used: browser.date_time(device.last_used_at),
                chosen: Some(device.id.as_str()) == chosen,
            })
            .collect(),
        trust_days: trust_days(browser),
        trust,
        alternatives: step.alternatives(PAGE),
        error,
    }
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match attempt(&mut browser, &fields).await {
        Ok(Shown::GoTo(to)) => browser.redirect(&to),
        Ok(Shown::Page(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn attempt(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown, PageError> {
    let step = match step::turn(browser, fields.get("step"), PAGE).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Shown::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Shown::GoTo(step.cancel(browser)));
    }
    browser.limit_attempts()?;
    let app = browser.web.app.clone();
    let devices = devices(browser, &step).await?;
    let trust = fields.get("trust").is_some();
    let device = match fields.get("device") {
        Some(id) => devices.iter().find(|device| device.id == id),
        None => devices.first(),
    };
    // Another member's device, or one that was removed meanwhile.
    let device = device.ok_or_else(|| PageError::page(ErrorKind::FormExpired))?;
    let again = |error| Ok(Shown::Page(page(browser, &step, &devices, Some(&device.id), trust, Some(error))));
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return again(CodeError::CodeMalformed);
    };
    match try_totp(&app, &step.member, device, &code, browser.device()).await? {
        Tried::Right(mut tx) => {
            let proved = step.login.proved.with(Second::Method(Method::Totp), trust);
            let to = step.go_on(browser, &mut tx, proved).await?;
            tx.commit().await?;
            Ok(Shown::GoTo(to))
        }
        Tried::Wrong | Tried::Spent => again(CodeError::CodeWrong),
        Tried::Locked { .. } => Err(PageError::page(ErrorKind::AccountLocked)),
    }
}

impl PageTemplate for TotpPage {
    const TEMPLATE: &'static str = "login/totp.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let device = |id: &str, chosen| DeviceChoice {
            id: id.into(),
            name: format!("<{id}>"),
            last_used: "2026-11-22 10:42".into(),
            chosen,
        };
        let page = |devices: &[DeviceChoice], error| TotpPage {
            step: "step-1".into(),
            devices: devices.into(),
            trust_days: None,
            trust: false,
            alternatives: Vec::new(),
            error,
        };
        let one = [device("phone", true)];
        let two = [device("phone", true), device("tablet", false)];
        let alternatives = vec![
            Alternative { name: "passkey", href: "/login/passkey?step=step-1".into() },
            Alternative { name: "recovery-code", href: "/login/recovery-code?step=step-1".into() },
        ];
        vec![
            ("one_device", page(&one, None)),
            ("two_devices", page(&two, None)),
            ("wrong", page(&two, Some(CodeError::CodeWrong))),
            ("malformed", page(&one, Some(CodeError::CodeMalformed))),
            ("trusting", TotpPage { trust_days: Some(30), trust: true, alternatives, ..page(&two, None) }),
        ]
    }
}
