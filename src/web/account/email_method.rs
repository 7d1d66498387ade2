//! `/account/email-method`: codes by e-mail become the authentication method when one has come back, and are taken away
//! again (product.md 1.6 and 1.9).

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in};
use super::totp_devices::Consequence;
use crate::actions::login::email_codes::{self, Purpose, Sent};
use crate::actions::login::one_time_passwords::{Tried, try_email_code};
use crate::actions::member::authenticators::{self, Removed, choose, offered_methods};
use crate::actions::member::raise_session;
use crate::domain::login::flow::AccountPage;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::email_address::{is_same, masked};
use crate::domain::protocol::params::Params;
use crate::store::member::members;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::login::one_time_password::CodeError;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The page that asks for the code.
#[derive(Clone, Debug, Serialize)]
pub struct EmailMethodPage {
    pub address: String,
    pub sender: String,
    pub lifetime_minutes: u32,
    /// Another one has just been sent.
    pub sent_again: bool,
    pub error: Option<CodeError>,
}

/// Asks whether to take them away.
#[derive(Clone, Debug, Serialize)]
pub struct EmailMethodDeletionPage {
    /// Masked.
    pub address: String,
    pub consequence: Consequence,
}

fn page(browser: &BrowserRequest, who: &SignedIn, sent_again: bool, error: Option<CodeError>) -> EmailMethodPage {
    let settings = &browser.web.app.settings;
    EmailMethodPage {
        address: who.member.verified_email().unwrap_or_default().to_owned(),
        sender: settings.mail.no_reply.clone(),
        lifetime_minutes: settings.authentication.email_codes.lifetime.as_seconds() / 60,
        sent_again,
        error,
    }
}

fn place(who: &SignedIn) -> String {
    Purpose::Method.place(who.session.id.as_str())
}

/// Where a member goes who has no address, or has this method already.
fn elsewhere(browser: &BrowserRequest, who: &SignedIn) -> Result<Option<String>, Stop> {
    if !offered_methods(&browser.web.app).contains(&Method::Email) {
        return Err(Stop::page(ErrorKind::NotFound));
    }
    Ok(match (who.member.verified_email(), who.member.email_method_at) {
        (None, _) => Some(format!("{}?choose=1", AccountPage::EmailAddress.path())),
        (Some(_), Some(_)) => Some(AccountPage::AuthenticationMethod.path()),
        (Some(_), None) => None,
    })
}

async fn send(browser: &BrowserRequest, who: &SignedIn) -> Result<Option<CodeError>, Stop> {
    let app = &browser.web.app;
    let address = who.member.verified_email().unwrap_or_default();
    let language = browser.locale().tag();
    let mut tx = app.store.write().await?;
    let sent = email_codes::send(app, &mut tx, Purpose::Method, &place(who), &who.member, address, language).await?;
    // A code whose mail is withheld is not written down either: the one before still counts.
    if sent != Sent::TooMany {
        tx.commit().await?;
    }
    Ok(CodeError::of(sent))
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<EmailMethodPage>, Stop> {
    let who = signed_in(browser, AccountPage::EmailMethod).await?;
    if let Some(to) = elsewhere(browser, &who)? {
        return Ok(Shown::GoTo(to));
    }
    let app = browser.web.app.clone();
    let waiting = email_codes::usable(&app, &mut app.store.reader().await?, &place(&who), &who.member).await?;
    let error = match waiting {
        // Opened again, as by going back: the code that was sent still counts.
        Some(_) => None,
        None => send(browser, &who).await?,
    };
    Ok(Shown::Page(page(browser, &who, false, error)))
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = enrol(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn enrol(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<EmailMethodPage>, Stop> {
    let who = sent_by(browser, fields, AccountPage::EmailMethod).await?;
    if let Some(to) = elsewhere(browser, &who)? {
        return Ok(Shown::GoTo(to));
    }
    browser.web.limits.login(browser.address)?;
    if fields.get("resend").is_some() {
        return Ok(match send(browser, &who).await? {
            None => Shown::Done(page(browser, &who, true, None)),
            error => Shown::Again(page(browser, &who, false, error)),
        });
    }
    let again = |error| Ok(Shown::Again(page(browser, &who, false, Some(error))));
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return again(CodeError::CodeMalformed);
    };
    let app = browser.web.app.clone();
    let member = &who.member;
    match try_email_code(&app, member, &place(&who), &code, browser.device()).await? {
        // The address may have been changed since the code was sent.
        Tried::Right((mut tx, address)) if member.verified_email().is_some_and(|now| is_same(now, &address)) => {
            members::set_email_method(&mut tx, &member.id, Some(app.now())).await?;
            choose(&app, &mut tx, &member.id, Method::Email, browser.device()).await?;
            let raised = raise_session::by_enrolment(&mut tx, &who.session).await?;
            tx.commit().await?;
            if let Some(token) = raised {
                browser.renew_session(&token);
            }
            browser.notify(Banner::MethodChanged);
            Ok(Shown::GoTo(AccountPage::Profile.path()))
        }
        Tried::Right(_) | Tried::Spent => again(CodeError::CodeSpent),
        Tried::Wrong => again(CodeError::EmailCodeWrong),
        Tried::Locked { .. } => Err(Stop::page(ErrorKind::AccountLocked)),
    }
}

pub async fn get_deletion(mut browser: BrowserRequest) -> Response {
    let outcome = show_deletion(&mut browser).await;
    answer(browser, outcome)
}

async fn show_deletion(browser: &mut BrowserRequest) -> Result<Shown<EmailMethodDeletionPage>, Stop> {
    let who = signed_in(browser, AccountPage::EmailMethodDeletion).await?;
    if who.member.email_method_at.is_none() {
        return Ok(Shown::GoTo(AccountPage::AuthenticationMethod.path()));
    }
    let before = authenticators::enrolled(&mut browser.web.app.store.reader().await?, &who.member).await?;
    let mut left = before.clone();
    left.methods.retain(|method| *method != Method::Email);
    let consequence = Consequence::of(browser, &who.member, &before, &left).await?;
    Ok(Shown::Page(deletion(&who, consequence)))
}

fn deletion(who: &SignedIn, consequence: Consequence) -> EmailMethodDeletionPage {
    let address = who.member.email.as_deref().map(masked).unwrap_or_default();
    EmailMethodDeletionPage { address, consequence }
}

pub async fn post_deletion(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = delete(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn delete(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<EmailMethodDeletionPage>, Stop> {
    let who = sent_by(browser, fields, AccountPage::EmailMethodDeletion).await?;
    match authenticators::remove_email(&browser.web.app, &who.member.id, browser.device()).await? {
        Removed::Done => browser.notify(Banner::EmailMethodRemoved),
        Removed::Gone => {}
        Removed::LastFactor => return Ok(Shown::Again(deletion(&who, Consequence::LastFactor))),
    }
    Ok(Shown::GoTo(AccountPage::AuthenticationMethod.path()))
}

impl PageTemplate for EmailMethodPage {
    const TEMPLATE: &'static str = "account/email_method.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |error| EmailMethodPage {
            address: "hanako@example.jp".into(),
            sender: "no-reply@example.jp".into(),
            lifetime_minutes: 10,
            sent_again: false,
            error,
        };
        vec![
            ("fresh", page(None)),
            ("sent_again", EmailMethodPage { sent_again: true, ..page(None) }),
            ("wrong", page(Some(CodeError::EmailCodeWrong))),
            ("malformed", page(Some(CodeError::CodeMalformed))),
            ("spent", page(Some(CodeError::CodeSpent))),
            ("too_soon", page(Some(CodeError::CodeTooSoon))),
            ("too_many", page(Some(CodeError::CodeTooMany))),
        ]
    }
}

impl PageTemplate for EmailMethodDeletionPage {
    const TEMPLATE: &'static str = "account/email_method_deletion.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |consequence| EmailMethodDeletionPage { address: "h•••••@example.jp".into(), consequence };
        vec![
            ("same", page(Consequence::Same)),
            ("other_method", page(Consequence::OtherMethod { method: "totp" })),
            ("password_alone", page(Consequence::PasswordAlone)),
            ("last_factor", page(Consequence::LastFactor)),
        ]
    }
}
