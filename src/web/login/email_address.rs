//! `/login/email-address` and `/login/email-address-code`: a member registers an address and shows that mail to it arrives
//! (product.md 1.2).

use axum::response::Response;
use serde::Serialize;

use super::one_time_password::CodeError;
use super::step::{self, LoginPage, Progress, Step, Turn};
use crate::actions::login::email_codes::{Purpose, Sent};
use crate::actions::login::register_email_address::{register_email_address, send_address_code};
use crate::actions::login::show_second_factor::Shown;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::email_address::EmailAddress;
use crate::domain::protocol::params::Params;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The page that asks for the address.
#[derive(Clone, Debug, Serialize)]
pub struct EmailAddressPage {
    pub step: String,
    pub progress: Option<Progress>,
    /// What was typed before, or what the society knows.
    pub email: String,
    /// The sender that must be let through filters.
    pub sender: String,
    pub error: Option<AddressError>,
}

/// Why the page is shown again. Its name is the key of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressError {
    EmailMalformed,
    CodeTooSoon,
    CodeTooMany,
}

/// The page that asks for the code that was sent there.
#[derive(Clone, Debug, Serialize)]
pub struct EmailAddressCodePage {
    pub step: String,
    pub progress: Option<Progress>,
    /// In full: the member has just typed it, and sees here whether it is right.
    pub email: String,
    pub sender: String,
    pub lifetime_minutes: u32,
    pub sent_again: bool,
    /// The page for another address.
    pub back: String,
    pub error: Option<CodeError>,
}

fn place(step: &Step) -> String {
    Purpose::Address.place(&step.login.digest)
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let token = browser.query.get("step").map(str::to_owned);
    match step::turn(&mut browser, token.as_deref(), LoginPage::EmailAddress).await {
        Ok(Turn::Here(step)) => {
            let email = step.member.email.clone().unwrap_or_default();
            let page = address_page(&browser, &step, email, None);
            browser.page(&page)
        }
        Ok(Turn::Elsewhere(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

fn address_page(browser: &BrowserRequest, step: &Step, email: String, error: Option<AddressError>) -> EmailAddressPage {
    EmailAddressPage {
        step: step.token.clone(),
        progress: step.progress(),
        email,
        sender: browser.web.app.settings.mail.no_reply.clone(),
        error,
    }
}

enum Outcome<P> {
    GoTo(String),
    Page(P),
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match register(&mut browser, &fields).await {
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Ok(Outcome::Page(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn register(browser: &mut BrowserRequest, fields: &Params) -> Result<Outcome<EmailAddressPage>, PageError> {
    let step = match step::turn(browser, fields.get("step"), LoginPage::EmailAddress).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(browser)));
    }
    browser.limit_attempts()?;
    let typed = fields.get("email").unwrap_or_default();
    let again = |error| Ok(Outcome::Page(address_page(browser, &step, typed.to_owned(), Some(error))));
    let Some(address) = EmailAddress::understand(typed) else { return again(AddressError::EmailMalformed) };
    match send(browser, &step, address.as_str()).await? {
        Sent::Sent => Ok(Outcome::GoTo(LoginPage::EmailAddressCode.address(&step.token))),
        Sent::TooSoon => again(AddressError::CodeTooSoon),
        Sent::TooMany => again(AddressError::CodeTooMany),
    }
}

async fn send(browser: &BrowserRequest, step: &Step, address: &str) -> Result<Sent, PageError> {
    let language = browser.locale().tag();
    let sent = send_address_code(&browser.web.app, &step.of(browser), address, language).await?;
    sent.ok_or_else(|| PageError::page(ErrorKind::FlowExpired))
}

pub async fn get_code(mut browser: BrowserRequest) -> Response {
    let token = browser.query.get("step").map(str::to_owned);
    match show_code(&mut browser, token.as_deref()).await {
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Ok(Outcome::Page(page)) => browser.page(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn show_code(
    browser: &mut BrowserRequest,
    token: Option<&str>,
) -> Result<Outcome<EmailAddressCodePage>, PageError> {
    let step = match step::turn(browser, token, LoginPage::EmailAddressCode).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    Ok(match address_of(browser, &step).await? {
        Some(address) => Outcome::Page(code_page(browser, &step, address, false, None)),
        None => Outcome::GoTo(LoginPage::EmailAddress.address(&step.token)),
    })
}

/// Where the last code was sent.
async fn address_of(browser: &BrowserRequest, step: &Step) -> Result<Option<String>, PageError> {
    let mut reader = browser.web.app.store.reader().await?;
    let sent = crate::store::login::email_codes::sent(&mut reader, &place(step), &step.member.id).await?;
    Ok(sent.map(|code| code.address))
}

fn code_page(
    browser: &BrowserRequest,
    step: &Step,
    email: String,
    sent_again: bool,
    error: Option<CodeError>,
) -> EmailAddressCodePage {
    let settings = &browser.web.app.settings;
    EmailAddressCodePage {
        step: step.token.clone(),
        progress: step.progress(),
        email,
        sender: settings.mail.no_reply.clone(),
        lifetime_minutes: settings.authentication.email_codes.lifetime.as_seconds() / 60,
        sent_again,
        back: LoginPage::EmailAddress.address(&step.token),
        error,
    }
}

pub async fn post_code(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match verify(&mut browser, &fields).await {
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Ok(Outcome::Page(page)) if page.error.is_none() => browser.done(&page),
        Ok(Outcome::Page(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn verify(browser: &mut BrowserRequest, fields: &Params) -> Result<Outcome<EmailAddressCodePage>, PageError> {
    let step = match step::turn(browser, fields.get("step"), LoginPage::EmailAddressCode).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(browser)));
    }
    browser.limit_attempts()?;
    let Some(address) = address_of(browser, &step).await? else {
        return Ok(Outcome::GoTo(LoginPage::EmailAddress.address(&step.token)));
    };
    if fields.get("resend").is_some() {
        let error = CodeError::of(send(browser, &step, &address).await?);
        return Ok(Outcome::Page(code_page(browser, &step, address, error.is_none(), error)));
    }
    let again = |error| Ok(Outcome::Page(code_page(browser, &step, address.clone(), false, Some(error))));
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return again(CodeError::CodeMalformed);
    };
    let app = browser.web.app.clone();
    match register_email_address(&app, &step.of(browser), &code).await? {
        Shown::Right(went) => Ok(Outcome::GoTo(step.on(browser, went))),
        Shown::NotNow => Ok(Outcome::GoTo(step.anew(browser, LoginPage::EmailAddressCode).await?)),
        Shown::Wrong => again(CodeError::EmailCodeWrong),
        Shown::Spent => again(CodeError::CodeSpent),
        Shown::Locked => Err(PageError::page(ErrorKind::AccountLocked)),
    }
}

impl PageTemplate for EmailAddressPage {
    const TEMPLATE: &'static str = "login/email_address.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |email: &str, error| EmailAddressPage {
            step: "step-1".into(),
            progress: email.is_empty().then_some(Progress { step: 2, of: 3 }),
            email: email.into(),
            sender: "no-reply@example.jp".into(),
            error,
        };
        vec![
            ("fresh", page("", None)),
            ("malformed", page("<hanako", Some(AddressError::EmailMalformed))),
            ("too_soon", page("hanako@example.jp", Some(AddressError::CodeTooSoon))),
            ("too_many", page("hanako@example.jp", Some(AddressError::CodeTooMany))),
        ]
    }
}

impl PageTemplate for EmailAddressCodePage {
    const TEMPLATE: &'static str = "login/email_address_code.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |error: Option<CodeError>| EmailAddressCodePage {
            step: "step-1".into(),
            progress: error.is_none().then_some(Progress { step: 2, of: 3 }),
            email: "hanako@example.jp".into(),
            sender: "no-reply@example.jp".into(),
            lifetime_minutes: 10,
            sent_again: false,
            back: "/login/email-address?step=step-1".into(),
            error,
        };
        vec![
            ("fresh", page(None)),
            ("sent_again", EmailAddressCodePage { sent_again: true, ..page(None) }),
            ("wrong", page(Some(CodeError::EmailCodeWrong))),
            ("spent", page(Some(CodeError::CodeSpent))),
            ("too_soon", page(Some(CodeError::CodeTooSoon))),
        ]
    }
}
