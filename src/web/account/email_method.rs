//! `/account/email-method`: codes by e-mail become the authentication method when one has come back, and are taken away
//! again (product.md 1.6 and 1.9).

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in, stop};
use super::totp_devices::Consequence;
use crate::actions::member::authenticators::{self, offered_methods};
use crate::actions::member::enrol_authenticator::{self, EmailEnrolment, email_code};
use crate::actions::member::remove_authenticator::{self, Removed};
use crate::domain::login::flow::AccountPage;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::email_address::masked;
use crate::domain::protocol::params::Params;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::login::one_time_password::CodeError;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: AccountPage = AccountPage::EmailMethod;

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

async fn send(browser: &BrowserRequest) -> Result<Option<CodeError>, Stop> {
    let language = browser.locale().tag();
    let sent = enrol_authenticator::send_email_code(&browser.web.app, &browser.caller(), language).await;
    // Where there is nothing to enrol any more, the page says so when it is sent.
    Ok(sent.map_err(|why| stop(browser, PAGE, why))?.and_then(CodeError::of))
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<EmailMethodPage>, Stop> {
    let who = signed_in(browser, PAGE).await?;
    if let Some(to) = elsewhere(browser, &who)? {
        return Ok(Shown::GoTo(to));
    }
    let app = browser.web.app.clone();
    let waiting = email_code(&app, &mut app.store.reader().await?, &who.session, &who.member).await?;
    let error = match waiting {
        // Opened again, as by going back: the code that was sent still counts.
        Some(_) => None,
        None => send(browser).await?,
    };
    Ok(Shown::Page(page(browser, &who, false, error)))
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = enrol(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn enrol(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<EmailMethodPage>, Stop> {
    let who = sent_by(browser, fields, PAGE).await?;
    if let Some(to) = elsewhere(browser, &who)? {
        return Ok(Shown::GoTo(to));
    }
    browser.limit_attempts()?;
    if fields.get("resend").is_some() {
        return Ok(match send(browser).await? {
            None => Shown::Done(page(browser, &who, true, None)),
            error => Shown::Again(page(browser, &who, false, error)),
        });
    }
    let again = |error| Ok(Shown::Again(page(browser, &who, false, Some(error))));
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return again(CodeError::CodeMalformed);
    };
    let done = enrol_authenticator::email(&browser.web.app, &browser.caller(), &code).await;
    match done.map_err(|why| stop(browser, PAGE, why))? {
        EmailEnrolment::Done { raised } => {
            if let Some(token) = raised {
                browser.renew_session(&token);
            }
            browser.notify(Banner::MethodChanged);
            Ok(Shown::GoTo(AccountPage::Profile.path()))
        }
        EmailEnrolment::Spent => again(CodeError::CodeSpent),
        EmailEnrolment::Wrong => again(CodeError::EmailCodeWrong),
        EmailEnrolment::AccountLocked => Err(Stop::page(ErrorKind::AccountLocked)),
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
    let removed = remove_authenticator::email(&browser.web.app, &browser.caller()).await;
    match removed.map_err(|why| stop(browser, AccountPage::EmailMethodDeletion, why))? {
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
