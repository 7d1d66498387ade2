//! `/member-notices/off`: the page behind the link in every notice. The link turns the notices of one member off and does
//! nothing else, so whoever has the mail may use it, without a login; opening it changes nothing, since mail scanners open
//! links, too. Mail programs with a button of their own send `List-Unsubscribe=One-Click` here (RFC 8058, 3.1).

use axum::response::Response;
use serde::Serialize;

use crate::actions::mail::member_notices::{member_of_off_link, turn};
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;

/// The button, or that it is done.
#[derive(Clone, Debug, Serialize)]
pub struct MemberNoticesOffPage {
    pub link: String,
    pub done: bool,
}

pub async fn get(browser: BrowserRequest) -> Response {
    let link = browser.query.get("link").unwrap_or_default().to_owned();
    match member_of_off_link(&browser.web.app, &link) {
        // No links to other languages: they would carry the token about.
        Some(_) => browser.done(&MemberNoticesOffPage { link, done: false }),
        None => browser.page_error(PageError::page(ErrorKind::NotFound)),
    }
}

/// The link is the leave: neither cookies nor the body count.
pub async fn post(browser: BrowserRequest) -> Response {
    let link = browser.query.get("link").unwrap_or_default().to_owned();
    let Some(member) = member_of_off_link(&browser.web.app, &link) else {
        return browser.page_error(PageError::page(ErrorKind::NotFound));
    };
    match turn(&browser.web.app, &member, false).await {
        Ok(()) => browser.done(&MemberNoticesOffPage { link, done: true }),
        Err(error) => browser.page_error(error.into()),
    }
}

impl PageTemplate for MemberNoticesOffPage {
    const TEMPLATE: &'static str = "member_notices/off.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |done| MemberNoticesOffPage { link: "link-1".into(), done };
        vec![("button", page(false)), ("done", page(true))]
    }
}
