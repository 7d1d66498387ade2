//! `/account/email-address` and `/account/email-address-code`: another address takes the place of the old one when a code
//! that was sent to it has come back; the old one is told (product.md 1.9).

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in};
use crate::actions::login::email_codes::{self, Purpose, Sent};
use crate::actions::login::one_time_passwords::{Tried, try_email_code};
use crate::actions::member::account_events::record;
use crate::actions::member::authenticators::{choose, offered_methods};
use crate::actions::member::raise_session;
use crate::domain::actor::Actor;
use crate::domain::login::flow::AccountPage;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::email_address::{EmailAddress, is_same, masked};
use crate::domain::protocol::params::Params;
use crate::store::login::email_codes as codes;
use crate::store::member::{lost_methods, members, recovery};
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::login::one_time_password::CodeError;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The page that asks for the new address.
#[derive(Clone, Debug, Serialize)]
pub struct AccountEmailAddressPage {
    /// The one that counts until then.
    pub current: Option<String>,
    /// What was typed before.
    pub email: String,
    /// The sender that must be let through filters.
    pub sender: String,
    /// Codes to the address become the authentication method, sent back as the hidden field `choose`.
    pub choose: bool,
    pub error: Option<NewAddressError>,
}

/// Why the page is shown again. Its name is the key of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewAddressError {
    EmailMalformed,
    /// It is the one that counts already.
    EmailSame,
    CodeTooSoon,
    CodeTooMany,
}

/// The page that asks for the code that was sent there.
#[derive(Clone, Debug, Serialize)]
pub struct AccountEmailAddressCodePage {
    /// In full: the member has just typed it, and sees here whether it is right.
    pub email: String,
    pub sender: String,
    pub lifetime_minutes: u32,
    pub sent_again: bool,
    pub choose: bool,
    pub error: Option<CodeError>,
}

fn place(who: &SignedIn) -> String {
    Purpose::Address.place(who.session.id.as_str())
}

fn with_choice(page: &AccountPage, choose: bool) -> String {
    if choose { format!("{}?choose=1", page.path()) } else { page.path() }
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<AccountEmailAddressPage>, Stop> {
    let who = signed_in(browser, AccountPage::EmailAddress).await?;
    let choose = browser.query.get("choose").is_some();
    // What the society knows need not be typed again, only shown to be read.
    let unverified = who.member.email.clone().filter(|_| who.member.verified_email().is_none());
    Ok(Shown::Page(address_page(browser, &who, unverified.unwrap_or_default(), choose, None)))
}

fn address_page(
    browser: &BrowserRequest,
    who: &SignedIn,
    email: String,
    choose: bool,
    error: Option<NewAddressError>,
) -> AccountEmailAddressPage {
    AccountEmailAddressPage {
        current: who.member.verified_email().map(str::to_owned),
        email,
        sender: browser.web.app.settings.mail.no_reply.clone(),
        choose,
        error,
    }
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = propose(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn propose(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<AccountEmailAddressPage>, Stop> {
    let who = sent_by(browser, fields, AccountPage::EmailAddress).await?;
    browser.web.limits.login(browser.address)?;
    let choose = fields.get("choose").is_some();
    let typed = fields.get("email").unwrap_or_default();
    let again = |error| Ok(Shown::Again(address_page(browser, &who, typed.to_owned(), choose, Some(error))));
    let Some(address) = EmailAddress::understand(typed) else { return again(NewAddressError::EmailMalformed) };
    // The case of letters may be corrected.
    if who.member.verified_email() == Some(address.as_str()) {
        return again(NewAddressError::EmailSame);
    }
    match send(browser, &who, address.as_str()).await? {
        Sent::Sent => Ok(Shown::GoTo(with_choice(&AccountPage::EmailAddressCode, choose))),
        Sent::TooSoon => again(NewAddressError::CodeTooSoon),
        Sent::TooMany => again(NewAddressError::CodeTooMany),
    }
}

async fn send(browser: &BrowserRequest, who: &SignedIn, address: &str) -> Result<Sent, Stop> {
    let app = &browser.web.app;
    let language = browser.locale().tag();
    let mut tx = app.store.write().await?;
    let sent = email_codes::send(app, &mut tx, Purpose::Address, &place(who), &who.member, address, language).await?;
    if sent != Sent::TooMany {
        tx.commit().await?;
    }
    Ok(sent)
}

/// Where the last code was sent.
async fn address_of(browser: &BrowserRequest, who: &SignedIn) -> Result<Option<String>, Stop> {
    let mut reader = browser.web.app.store.reader().await?;
    Ok(codes::sent(&mut reader, &place(who), &who.member.id).await?.map(|code| code.address))
}

fn code_page(
    browser: &BrowserRequest,
    email: String,
    choose: bool,
    sent_again: bool,
    error: Option<CodeError>,
) -> AccountEmailAddressCodePage {
    let settings = &browser.web.app.settings;
    AccountEmailAddressCodePage {
        email,
        sender: settings.mail.no_reply.clone(),
        lifetime_minutes: settings.authentication.email_codes.lifetime.as_seconds() / 60,
        sent_again,
        choose,
        error,
    }
}

pub async fn get_code(mut browser: BrowserRequest) -> Response {
    let outcome = show_code(&mut browser).await;
    answer(browser, outcome)
}

async fn show_code(browser: &mut BrowserRequest) -> Result<Shown<AccountEmailAddressCodePage>, Stop> {
    let who = signed_in(browser, AccountPage::EmailAddressCode).await?;
    let choose = browser.query.get("choose").is_some();
    Ok(match address_of(browser, &who).await? {
        Some(address) => Shown::Page(code_page(browser, address, choose, false, None)),
        None => Shown::GoTo(with_choice(&AccountPage::EmailAddress, choose)),
    })
}

pub async fn post_code(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = verify(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn verify(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<AccountEmailAddressCodePage>, Stop> {
    let who = sent_by(browser, fields, AccountPage::EmailAddressCode).await?;
    browser.web.limits.login(browser.address)?;
    let chosen = fields.get("choose").is_some();
    // Its code has come back: the button was pressed twice.
    let Some(address) = address_of(browser, &who).await? else { return Ok(Shown::GoTo(AccountPage::Profile.path())) };
    if fields.get("resend").is_some() {
        return Ok(match CodeError::of(send(browser, &who, &address).await?) {
            None => Shown::Done(code_page(browser, address, chosen, true, None)),
            error => Shown::Again(code_page(browser, address, chosen, false, error)),
        });
    }
    let again = |error| Ok(Shown::Again(code_page(browser, address.clone(), chosen, false, Some(error))));
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return again(CodeError::CodeMalformed);
    };
    let app = browser.web.app.clone();
    let (mut tx, address) = match try_email_code(&app, &who.member, &place(&who), &code, browser.device()).await? {
        Tried::Right(right) => right,
        Tried::Wrong => return again(CodeError::EmailCodeWrong),
        Tried::Spent => return again(CodeError::CodeSpent),
        Tried::Locked { .. } => return Err(Stop::page(ErrorKind::AccountLocked)),
    };
    // As it is before the change: the old address is told, too.
    let member = members::held(&mut tx, &who.member.id).await?.unwrap_or(who.member.clone());
    members::set_verified_email(&mut tx, &member.id, &address, app.now()).await?;
    // Who reads the old mailbox can't take the account back.
    recovery::end_links(&mut tx, &member.id, app.now()).await?;
    lost_methods::end(&mut tx, &member.id).await?;
    if !member.verified_email().is_some_and(|old| is_same(old, &address)) {
        let event = AccountEvent::EmailChanged { from: member.verified_email().map(masked), to: masked(&address) };
        record(&app, &mut tx, &member, event, &Actor::Member(browser.device())).await?;
    }
    let mut raised = None;
    let done = if chosen && offered_methods(&app).contains(&Method::Email) {
        members::set_email_method(&mut tx, &member.id, Some(app.now())).await?;
        choose(&app, &mut tx, &member.id, Method::Email, browser.device()).await?;
        raised = raise_session::by_enrolment(&mut tx, &who.session).await?;
        Banner::MethodChanged
    } else {
        Banner::EmailChanged
    };
    tx.commit().await?;
    if let Some(token) = raised {
        browser.renew_session(&token);
    }
    browser.notify(done);
    Ok(Shown::GoTo(AccountPage::Profile.path()))
}

impl PageTemplate for AccountEmailAddressPage {
    const TEMPLATE: &'static str = "account/email_address.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |email: &str, error| AccountEmailAddressPage {
            current: (!email.is_empty()).then(|| "hanako@example.jp".into()),
            email: email.into(),
            sender: "no-reply@example.jp".into(),
            choose: email.is_empty(),
            error,
        };
        vec![
            ("fresh", page("", None)),
            ("malformed", page("<hanako>", Some(NewAddressError::EmailMalformed))),
            ("same", page("hanako@example.jp", Some(NewAddressError::EmailSame))),
            ("too_soon", page("a@example.jp", Some(NewAddressError::CodeTooSoon))),
            ("too_many", page("a@example.jp", Some(NewAddressError::CodeTooMany))),
        ]
    }
}

impl PageTemplate for AccountEmailAddressCodePage {
    const TEMPLATE: &'static str = "account/email_address_code.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |error: Option<CodeError>| AccountEmailAddressCodePage {
            email: "hanako@example.jp".into(),
            sender: "no-reply@example.jp".into(),
            lifetime_minutes: 10,
            sent_again: false,
            choose: error.is_some(),
            error,
        };
        vec![
            ("fresh", page(None)),
            ("sent_again", AccountEmailAddressCodePage { sent_again: true, ..page(None) }),
            ("wrong", page(Some(CodeError::EmailCodeWrong))),
            ("spent", page(Some(CodeError::CodeSpent))),
            ("too_soon", page(Some(CodeError::CodeTooSoon))),
        ]
    }
}
