//! `/recovery/forgotten-password` and `/recovery/forgotten-user-id`: one answer, whether or not what was typed is known.

use axum::response::Response;
use serde::Serialize;

use crate::actions::member::ask_for_recovery::{Asked, ask_for_recovery};
use crate::domain::member::email_address::EmailAddress;
use crate::domain::protocol::params::Params;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;
use crate::web::request::rate_limit::Exceeded;

/// The page that asks, and the one that answers.
#[derive(Clone, Debug, Serialize)]
pub struct ForgottenPage {
    /// The user ID is what is forgotten, not the password.
    pub user_id_wanted: bool,
    /// What was typed before.
    pub user_id: String,
    pub email: String,
    pub user_id_missing: bool,
    pub email_malformed: bool,
    /// It was sent, if there is somebody to send it to.
    pub sent: bool,
    pub sender: String,
    /// For how long a link is good.
    pub minutes: u32,
}

fn page(browser: &BrowserRequest, user_id_wanted: bool) -> ForgottenPage {
    let settings = &browser.web.app.settings;
    ForgottenPage {
        user_id_wanted,
        user_id: String::new(),
        email: String::new(),
        user_id_missing: false,
        email_malformed: false,
        sent: false,
        sender: settings.mail.no_reply.clone(),
        minutes: settings.passwords.reset_link_lifetime.as_seconds().div_ceil(60),
    }
}

pub async fn get_password(browser: BrowserRequest) -> Response {
    let page = page(&browser, false);
    browser.page(&page)
}

pub async fn get_user_id(browser: BrowserRequest) -> Response {
    let page = page(&browser, true);
    browser.page(&page)
}

pub async fn post_password(form: OwnForm) -> Response {
    answer(form, false).await
}

pub async fn post_user_id(form: OwnForm) -> Response {
    answer(form, true).await
}

async fn answer(OwnForm { browser, fields }: OwnForm, user_id_wanted: bool) -> Response {
    match ask(&browser, &fields, user_id_wanted).await {
        Ok(page) if page.sent => browser.done(&page),
        Ok(page) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn ask(browser: &BrowserRequest, fields: &Params, user_id_wanted: bool) -> Result<ForgottenPage, PageError> {
    let app = &browser.web.app;
    // By where it comes from alone: what is typed is for whoever asks to choose, an owner's own ID as well as a new one each
    // time. How many mails one member or address gets is looked at where they are queued.
    browser.web.limits.recovery(browser.address)?;
    let mut page = page(browser, user_id_wanted);
    page.user_id = fields.get("user_id").unwrap_or_default().to_owned();
    page.email = fields.get("email").unwrap_or_default().to_owned();
    let address = EmailAddress::understand(&page.email);
    page.email_malformed = address.is_none();
    page.user_id_missing = !user_id_wanted && app.user_ids.understand(&page.user_id).is_empty();
    if let (Some(address), false) = (address, page.user_id_missing) {
        let key = app.user_ids.lookup_key(&page.user_id);
        let key = (!user_id_wanted).then(|| key.as_str());
        match ask_for_recovery(app, key, address.as_str(), browser.locale().tag()).await? {
            Asked::WrittenDown => page.sent = true,
            Asked::TooMany => return Err(Exceeded { retry_seconds: 60 }.into()),
        }
    }
    Ok(page)
}

impl PageTemplate for ForgottenPage {
    const TEMPLATE: &'static str = "recovery/forgotten.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |user_id_wanted, sent| ForgottenPage {
            user_id_wanted,
            user_id: "<hanako>".into(),
            email: "hanako@example.jp".into(),
            user_id_missing: false,
            email_malformed: false,
            sent,
            sender: "no-reply@example.jp".into(),
            minutes: 30,
        };
        let wrong = ForgottenPage { user_id_missing: true, email_malformed: true, ..page(false, false) };
        vec![
            ("password", page(false, false)),
            ("password_sent", page(false, true)),
            ("password_wrong", wrong),
            ("user_id", page(true, false)),
            ("user_id_sent", page(true, true)),
            ("user_id_wrong", ForgottenPage { email_malformed: true, ..page(true, false) }),
        ]
    }
}
