//! `/account/email-address` and `/account/email-address-code`: another address takes the place of the old one when a code
//! that was sent to it has come back; the old one is told (product.md 1.9).

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in, stop};
use crate::actions::login::email_codes::Sent;
use crate::actions::member::change_email_address::{self, Confirmed, Proposed};
use crate::domain::login::flow::AccountPage;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::email_address::EmailAddress;
use crate::domain::protocol::params::Params;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::login::one_time_password::CodeError;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const CODE_PAGE: AccountPage = AccountPage::EmailAddressCode;

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
    let email = browser.query.get("typed").map(str::to_owned).or(unverified).unwrap_or_default();
    Ok(Shown::Page(address_page(browser, &who, email, choose, None)))
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
    let here = || AccountPage::EmailAddress.typed(fields.get("email"));
    let who = sent_by(browser, fields, here()).await?;
    browser.limit_attempts()?;
    let choose = fields.get("choose").is_some();
    let typed = fields.get("email").unwrap_or_default();
    let again = |error| Ok(Shown::Again(address_page(browser, &who, typed.to_owned(), choose, Some(error))));
    let Some(address) = EmailAddress::understand(typed) else { return again(NewAddressError::EmailMalformed) };
    let language = browser.locale().tag();
    let proposed = change_email_address::propose(&browser.web.app, &browser.caller(), &address, language).await;
    match proposed.map_err(|why| stop(browser, here(), why))? {
        Proposed::Code(Sent::Sent) => Ok(Shown::GoTo(with_choice(&CODE_PAGE, choose))),
        Proposed::Code(Sent::TooSoon) => again(NewAddressError::CodeTooSoon),
        Proposed::Code(Sent::TooMany) => again(NewAddressError::CodeTooMany),
        Proposed::IsTheirs => again(NewAddressError::EmailSame),
    }
}

/// Where the last code was sent.
async fn address_of(browser: &BrowserRequest, who: &SignedIn) -> Result<Option<String>, Stop> {
    Ok(change_email_address::waiting(&mut browser.web.app.store.reader().await?, &who.session).await?)
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
    let who = signed_in(browser, CODE_PAGE).await?;
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
    let who = sent_by(browser, fields, CODE_PAGE).await?;
    browser.limit_attempts()?;
    let chosen = fields.get("choose").is_some();
    // Its code has come back: the button was pressed twice.
    let Some(address) = address_of(browser, &who).await? else { return Ok(Shown::GoTo(AccountPage::Profile.path())) };
    let (app, caller) = (browser.web.app.clone(), browser.caller());
    if fields.get("resend").is_some() {
        let sent = change_email_address::send_again(&app, &caller, browser.locale().tag()).await;
        let sent = sent.map_err(|why| stop(browser, CODE_PAGE, why))?;
        return Ok(match sent.and_then(CodeError::of) {
            None => Shown::Done(code_page(browser, address, chosen, true, None)),
            error => Shown::Again(code_page(browser, address, chosen, false, error)),
        });
    }
    let again = |error| Ok(Shown::Again(code_page(browser, address.clone(), chosen, false, Some(error))));
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return again(CodeError::CodeMalformed);
    };
    let confirmed = change_email_address::confirm(&app, &caller, &code, chosen).await;
    match confirmed.map_err(|why| stop(browser, CODE_PAGE, why))? {
        Confirmed::Changed => browser.notify(Banner::EmailChanged),
        Confirmed::Chosen { raised } => {
            if let Some(token) = raised {
                browser.renew_session(&token);
            }
            browser.notify(Banner::MethodChanged);
        }
        Confirmed::Wrong => return again(CodeError::EmailCodeWrong),
        Confirmed::Spent => return again(CodeError::CodeSpent),
        Confirmed::AccountLocked => return Err(Stop::page(ErrorKind::AccountLocked)),
    }
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
