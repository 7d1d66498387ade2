//! `/login/password`: user ID and password.

use axum::response::Response;
use serde::Serialize;

use super::{purpose, sealed_flow, step};
use crate::actions::login::log_in_with_password::{Outcome as LogIn, log_in_with_password};
use crate::actions::login::take_step::Begun;
use crate::domain::ids::FlowId;
use crate::domain::login::flow::{AccountPage, Continue, Flow};
use crate::domain::login::locks::Until;
use crate::domain::login::next_step::Closed;
use crate::domain::protocol::params::Params;
use crate::random;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::passkey::{PasskeyTrouble, Question, ask_anybody, sample_question};
use crate::web::paths;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;
use crate::web::request::rate_limit::{Exceeded, Payment};
use crate::web::root::way_on;

/// The login page.
#[derive(Clone, Debug, Serialize)]
pub struct PasswordPage {
    /// The authorization request on its way, sent back as the hidden field `flow`.
    pub flow: String,
    /// What was typed before, so that it need not be typed again.
    pub user_id: String,
    /// The member is logged in and shows again who they are.
    pub confirms: bool,
    /// What was sent before this page was dropped and is to be sent again.
    pub again: bool,
    /// What a passkey is asked, by the button and in the autofill of the user ID. `None` where there are no passkeys.
    pub passkey: Option<Question>,
    pub error: Option<PasswordError>,
}

/// Why the member sees the login page again. `until` is a moment as the reader's language writes it; without one, staff
/// lift the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PasswordError {
    UserIdMissing,
    PasswordMissing,
    BothMissing,
    /// One answer for an unknown ID and a wrong password.
    WrongCredentials,
    PasswordLocked {
        until: Option<String>,
    },
    AccountLocked {
        until: Option<String>,
    },
    InitialPasswordExpired,
    Passkey {
        because: PasskeyTrouble,
    },
}

/// `GET`: the page. Without a flow it leads to the portal, or is a login to the member's own account here.
pub async fn get(mut browser: BrowserRequest) -> Response {
    match show(&mut browser).await {
        Ok(Shown::Page(page)) => browser.page(&page),
        Ok(Shown::Elsewhere(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

enum Shown {
    Page(PasswordPage),
    Elsewhere(String),
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown, PageError> {
    if browser.query.get("flow").is_none() {
        let settings = &browser.web.app.settings;
        return Ok(Shown::Elsewhere(match settings.society.portal_url {
            Some(_) => way_on(settings),
            None => to_account(browser, AccountPage::Profile, None),
        }));
    }
    let sealed = browser.query.get("flow").unwrap_or_default().to_owned();
    let flow = sealed_flow::open(browser, Some(&sealed))?;
    let client = sealed_flow::client(browser, &flow).await?;
    purpose::on_behalf_of(browser, &flow, client.as_ref());
    let confirms = flow.confirms.is_some();
    let user_id =
        flow.confirms.clone().or_else(|| flow.request().and_then(|r| r.login_hint.clone())).unwrap_or_default();
    let again = browser.query.get("again").is_some();
    Ok(Shown::Page(PasswordPage {
        flow: sealed,
        user_id,
        confirms,
        again,
        passkey: ask_anybody(browser)?,
        error: None,
    }))
}

/// The address of a login to the member's own account. `confirms` is the user ID of the one who is logged in and shows
/// again who they are.
pub fn to_account(browser: &BrowserRequest, page: AccountPage, confirms: Option<&str>) -> String {
    let flow = Flow {
        id: FlowId(random::identifier()),
        started_at: browser.web.app.now(),
        then: Continue::Account(page),
        confirms: confirms.map(str::to_owned),
        first_started_at: None,
    };
    format!("{}?flow={}", paths::LOGIN_PASSWORD, sealed_flow::seal(browser, &flow))
}

/// The same login, where a form was sent that can't be accepted before it.
pub fn and_again(to_account: String) -> String {
    format!("{to_account}&again=1")
}

/// `POST`: one attempt.
pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = attempt(&mut browser, &fields).await;
    answer(browser, &fields, outcome)
}

/// What came of a form of the login page.
pub enum Outcome {
    GoTo(String),
    Again(PasswordError),
}

/// On, or the login page again with what was typed.
pub fn answer(browser: BrowserRequest, fields: &Params, outcome: Result<Outcome, PageError>) -> Response {
    let error = match outcome {
        Ok(Outcome::GoTo(to)) => return browser.redirect(&to),
        Ok(Outcome::Again(error)) => Some(error),
        Err(error) => return browser.page_error(error),
    };
    let passkey = match ask_anybody(&browser) {
        Ok(question) => question,
        Err(error) => return browser.page_error(error.into()),
    };
    let flow = fields.get("flow").unwrap_or_default().to_owned();
    let user_id = fields.get("user_id").unwrap_or_default().to_owned();
    let confirms = sealed_flow::open(&browser, Some(&flow)).is_ok_and(|flow| flow.confirms.is_some());
    browser.form_again(&PasswordPage { flow, user_id, confirms, again: false, passkey, error })
}

async fn attempt(browser: &mut BrowserRequest, fields: &Params) -> Result<Outcome, PageError> {
    let flow = sealed_flow::open(browser, Some(fields.get("flow").unwrap_or_default()))?;
    let client = sealed_flow::client(browser, &flow).await?;
    purpose::on_behalf_of(browser, &flow, client.as_ref());
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(purpose::cancel(browser, &flow)));
    }
    let app = browser.web.app.clone();
    let user_id = fields.get("user_id").unwrap_or_default();
    let password = match (app.user_ids.understand(user_id).is_empty(), fields.get("password")) {
        (true, None) => return Ok(Outcome::Again(PasswordError::BothMissing)),
        (true, Some(_)) => return Ok(Outcome::Again(PasswordError::UserIdMissing)),
        (false, None) => return Ok(Outcome::Again(PasswordError::PasswordMissing)),
        (false, Some(password)) => password,
    };
    browser.limit_attempts()?;
    let (limits, address) = (std::sync::Arc::clone(&browser.web.limits), browser.address);
    let payment = Payment::default();
    let paid = payment.clone();
    // A device that has logged in before is not counted among the strangers: neither their guesses nor those of neighbours
    // behind the same address can shut its owner out.
    let strangers = move |account: &str| {
        paid.put(limits.login_by_stranger(address, account)?);
        Ok::<(), Exceeded>(())
    };
    let outcome = log_in_with_password(&app, &browser.for_login(), flow, user_id, password, strangers).await;
    match &outcome {
        Ok(LogIn::Begun(_)) => payment.was_right(),
        Err(_) => payment.was_not_made(),
        _ => {}
    }
    match outcome? {
        LogIn::TooOften(exceeded) => Err(exceeded.into()),
        LogIn::Wrong => Ok(Outcome::Again(PasswordError::WrongCredentials)),
        LogIn::Locked(until) => Ok(Outcome::Again(PasswordError::PasswordLocked { until: written(browser, until) })),
        LogIn::Begun(begun) => self::begun(browser, begun),
    }
}

/// The moment at which a lock ends, as the reader's language writes it.
fn written(browser: &BrowserRequest, until: Until) -> Option<String> {
    match until {
        Until::Staff => None,
        Until::Time(at) => Some(browser.date_time(at)),
    }
}

/// What the login page answers to somebody who has shown who they are.
pub fn begun(browser: &mut BrowserRequest, begun: Begun) -> Result<Outcome, PageError> {
    match begun {
        Begun::On(page, token) => Ok(Outcome::GoTo(page.address(token.expose()))),
        Begun::In(done) => Ok(Outcome::GoTo(step::logged_in(browser, *done))),
        Begun::Refused(Closed::AccountLocked { until }) => {
            Ok(Outcome::Again(PasswordError::AccountLocked { until: until.map(|at| browser.date_time(at)) }))
        }
        Begun::Refused(Closed::InitialPasswordExpired) => Ok(Outcome::Again(PasswordError::InitialPasswordExpired)),
        Begun::Refused(Closed::Disabled) => Err(PageError::page(ErrorKind::AccountDisabled)),
        Begun::ClientGone => Err(PageError::page(ErrorKind::ClientUnknown)),
    }
}

impl PageTemplate for PasswordPage {
    const TEMPLATE: &'static str = "login/password.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |user_id: &str, error| {
            let confirms = user_id == "confirming";
            let passkey = Some(sample_question());
            PasswordPage { flow: "flow-1".into(), user_id: user_id.into(), confirms, again: confirms, passkey, error }
        };
        let passkey = |because| page("hanako", Some(PasswordError::Passkey { because }));
        let until = Some(String::from("2026-11-22 10:42"));
        vec![
            ("fresh", page("", None)),
            ("without_passkeys", PasswordPage { passkey: None, ..page("", None) }),
            ("passkey_refused", passkey(PasskeyTrouble::SecurityKeyInvalid)),
            ("passkey_expired", passkey(PasskeyTrouble::PasskeyExpired)),
            ("passkey_unanswered", passkey(PasskeyTrouble::PasskeyUnanswered)),
            ("hinted", page("hanako", None)),
            ("confirming", page("confirming", None)),
            ("user_id_missing", page("", Some(PasswordError::UserIdMissing))),
            ("password_missing", page("hanako", Some(PasswordError::PasswordMissing))),
            ("both_missing", page("", Some(PasswordError::BothMissing))),
            ("wrong_credentials", page("<hanako>", Some(PasswordError::WrongCredentials))),
            ("password_locked", page("hanako", Some(PasswordError::PasswordLocked { until: None }))),
            ("password_locked_until", page("hanako", Some(PasswordError::PasswordLocked { until: until.clone() }))),
            ("account_locked", page("hanako", Some(PasswordError::AccountLocked { until: None }))),
            ("account_locked_until", page("hanako", Some(PasswordError::AccountLocked { until }))),
            ("initial_password_expired", page("hanako", Some(PasswordError::InitialPasswordExpired))),
        ]
    }
}
