//! `/login/totp`: the second factor by a code of an authenticator app. With several devices the member says which.

use axum::response::Response;
use serde::Serialize;

use super::one_time_password::{CodeError, trust_days};
use super::step::{self, Alternative, LoginPage, Step, Turn};
use crate::actions::login::show_second_factor::{Shown, show_totp};
use crate::crypto::opaque_token;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::authentication_method::Method;
use crate::domain::protocol::params::Params;
use crate::store::login::known_devices;
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
    /// The last used first; none in a browser that is not known to be the member's. Their names are not told to somebody
    /// who has shown a password alone: there, a code of any device will do.
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
        Ok(Answer::Page(page)) => browser.page(&page),
        Ok(Answer::GoTo(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

enum Answer {
    Page(TotpPage),
    GoTo(String),
}

async fn show(browser: &mut BrowserRequest, token: Option<&str>) -> Result<Answer, PageError> {
    let step = match step::turn(browser, token, PAGE).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Answer::GoTo(to)),
    };
    let devices = named_devices(browser, &step).await?;
    Ok(Answer::Page(page(browser, &step, &devices, None, false, None)))
}

/// The devices to choose from, in a browser in which the member has logged in before.
async fn named_devices(browser: &BrowserRequest, step: &Step) -> Result<Vec<TotpDevice>, PageError> {
    let app = &browser.web.app;
    let mut reader = app.store.reader().await?;
    let member = &step.member.id;
    let Some(token) = browser.for_login().device_token else { return Ok(Vec::new()) };
    let since = app.now() - app.settings.locks.password.known_device_lifetime;
    if !known_devices::is_known(&mut reader, &opaque_token::digest(&token), member, since).await? {
        return Ok(Vec::new());
    }
    Ok(totp_devices::of_member(&mut reader, member).await?)
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
        Ok(Answer::GoTo(to)) => browser.redirect(&to),
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
    let app = browser.web.app.clone();
    let devices = named_devices(browser, &step).await?;
    let trust = fields.get("trust").is_some();
    let device = match fields.get("device") {
        // Another member's device, or one that was removed meanwhile.
        Some(id) if !devices.iter().any(|device| device.id == id) => {
            return Err(PageError::page(ErrorKind::FormExpired));
        }
        Some(id) => Some(id),
        None => devices.first().map(|device| device.id.as_str()),
    };
    let again = |error| Ok(Answer::Page(page(browser, &step, &devices, device, trust, Some(error))));
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return again(CodeError::CodeMalformed);
    };
    match show_totp(&app, &step.of(browser), device, &code, trust).await? {
        Shown::Right(went) => Ok(Answer::GoTo(step.on(browser, went))),
        Shown::NotNow => Ok(Answer::GoTo(step.anew(browser, PAGE).await?)),
        Shown::Wrong | Shown::Spent => again(CodeError::CodeWrong),
        Shown::Locked => Err(PageError::page(ErrorKind::AccountLocked)),
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
            ("unknown_browser", page(&[], None)),
            ("one_device", page(&one, None)),
            ("two_devices", page(&two, None)),
            ("wrong", page(&two, Some(CodeError::CodeWrong))),
            ("malformed", page(&one, Some(CodeError::CodeMalformed))),
            ("trusting", TotpPage { trust_days: Some(30), trust: true, alternatives, ..page(&two, None) }),
        ]
    }
}
