//! `/login/email-address` and `/login/email-address-code`: a member registers an address and shows that mail to it arrives
//! (product.md 1.2).

use axum::response::Response;
use serde::Serialize;

use super::one_time_password::CodeError;
use super::step::{self, LoginPage, Progress, Step, Turn};
use crate::actions::account_events::record;
use crate::actions::email_codes::{self, Purpose, Sent};
use crate::actions::one_time_passwords::{Tried, try_email_code};
use crate::domain::login::next_step::Proved;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::email_address::{EmailAddress, masked};
use crate::domain::protocol::params::Params;
use crate::store::members;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

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

pub async fn get(mut visit: Visit) -> Response {
    let token = visit.query.get("step").map(str::to_owned);
    match step::turn(&mut visit, token.as_deref(), LoginPage::EmailAddress).await {
        Ok(Turn::Here(step)) => {
            let email = step.member.email.clone().unwrap_or_default();
            let page = address_page(&visit, &step, email, None);
            visit.page(&page)
        }
        Ok(Turn::Elsewhere(to)) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

fn address_page(visit: &Visit, step: &Step, email: String, error: Option<AddressError>) -> EmailAddressPage {
    EmailAddressPage {
        step: step.token.clone(),
        progress: step.progress(),
        email,
        sender: visit.site.app.settings.mail.no_reply.clone(),
        error,
    }
}

enum Outcome<P> {
    GoTo(String),
    Page(P),
}

pub async fn post(OwnForm { mut visit, fields }: OwnForm) -> Response {
    match register(&mut visit, &fields).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Page(page)) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn register(visit: &mut Visit, fields: &Params) -> Result<Outcome<EmailAddressPage>, Trouble> {
    let step = match step::turn(visit, fields.get("step"), LoginPage::EmailAddress).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(visit)));
    }
    visit.site.limits.login(visit.address)?;
    let typed = fields.get("email").unwrap_or_default();
    let again = |error| Ok(Outcome::Page(address_page(visit, &step, typed.to_owned(), Some(error))));
    let Some(address) = EmailAddress::understand(typed) else { return again(AddressError::EmailMalformed) };
    match send(visit, &step, address.as_str()).await? {
        Sent::Sent => Ok(Outcome::GoTo(LoginPage::EmailAddressCode.address(&step.token))),
        Sent::TooSoon => again(AddressError::CodeTooSoon),
        Sent::TooMany => again(AddressError::CodeTooMany),
    }
}

async fn send(visit: &Visit, step: &Step, address: &str) -> Result<Sent, Trouble> {
    let app = &visit.site.app;
    let language = visit.locale().tag();
    let mut tx = app.store.write().await?;
    let sent = email_codes::send(app, &mut tx, Purpose::Address, &place(step), &step.member, address, language).await?;
    if sent != Sent::TooMany {
        tx.commit().await?;
    }
    Ok(sent)
}

pub async fn get_code(mut visit: Visit) -> Response {
    let token = visit.query.get("step").map(str::to_owned);
    match show_code(&mut visit, token.as_deref()).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Page(page)) => visit.page(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn show_code(visit: &mut Visit, token: Option<&str>) -> Result<Outcome<EmailAddressCodePage>, Trouble> {
    let step = match step::turn(visit, token, LoginPage::EmailAddressCode).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    Ok(match address_of(visit, &step).await? {
        Some(address) => Outcome::Page(code_page(visit, &step, address, false, None)),
        None => Outcome::GoTo(LoginPage::EmailAddress.address(&step.token)),
    })
}

/// Where the last code was sent.
async fn address_of(visit: &Visit, step: &Step) -> Result<Option<String>, Trouble> {
    let mut reader = visit.site.app.store.reader().await?;
    let sent = crate::store::email_codes::sent(&mut reader, &place(step), &step.member.id).await?;
    Ok(sent.map(|code| code.address))
}

fn code_page(
    visit: &Visit,
    step: &Step,
    email: String,
    sent_again: bool,
    error: Option<CodeError>,
) -> EmailAddressCodePage {
    let settings = &visit.site.app.settings;
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

pub async fn post_code(OwnForm { mut visit, fields }: OwnForm) -> Response {
    match verify(&mut visit, &fields).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Page(page)) if page.error.is_none() => visit.done(&page),
        Ok(Outcome::Page(page)) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn verify(visit: &mut Visit, fields: &Params) -> Result<Outcome<EmailAddressCodePage>, Trouble> {
    let step = match step::turn(visit, fields.get("step"), LoginPage::EmailAddressCode).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(visit)));
    }
    visit.site.limits.login(visit.address)?;
    let Some(address) = address_of(visit, &step).await? else {
        return Ok(Outcome::GoTo(LoginPage::EmailAddress.address(&step.token)));
    };
    if fields.get("resend").is_some() {
        let error = CodeError::of(send(visit, &step, &address).await?);
        return Ok(Outcome::Page(code_page(visit, &step, address, error.is_none(), error)));
    }
    let again = |error| Ok(Outcome::Page(code_page(visit, &step, address.clone(), false, Some(error))));
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return again(CodeError::CodeMalformed);
    };
    let app = visit.site.app.clone();
    match try_email_code(&app, &step.member, &place(&step), &code, visit.device()).await? {
        Tried::Right((mut tx, address)) => {
            members::set_verified_email(&mut tx, &step.member.id, &address, app.now()).await?;
            let event =
                AccountEvent::EmailChanged { from: step.member.verified_email().map(masked), to: masked(&address) };
            record(&app, &mut tx, &step.member, event, Some(visit.device())).await?;
            let proved = Proved { address: true, ..step.login.proved };
            let to = step.go_on(visit, &mut tx, proved).await?;
            tx.commit().await?;
            Ok(Outcome::GoTo(to))
        }
        Tried::Wrong => again(CodeError::EmailCodeWrong),
        Tried::Spent => again(CodeError::CodeSpent),
        Tried::Locked { .. } => Err(Trouble::page(ErrorKind::AccountLocked)),
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
