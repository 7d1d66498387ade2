//! `/authorize/refused`: what a client asked for is refused, and nobody has looked at where that client leads. The member is
//! not sent there unasked (RFC 9700, 4.11.2): this page names the host and has a button.
//!
//! The answer travels sealed in the address of the page, so that nothing is written for whoever sends a browser here, and
//! the page says nothing that we have not said ourselves.

use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::domain::protocol::answer::ReplyTo;
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::domain::protocol::redirect_uri;
use crate::store::protocol::clients;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::paths;
use crate::web::request::browser::BrowserRequest;

/// The page that asks. It does not show the client's name: it chose that itself.
#[derive(Clone, Debug, Serialize)]
pub struct RefusedPage {
    /// Where the button leads: a host, or the scheme of an application on the member's own device.
    pub destination: String,
    /// That address, with the error.
    pub href: String,
    pub code: &'static str,
    /// One sentence for the developers of the application.
    pub detail: String,
}

#[derive(Serialize, Deserialize)]
struct HeldBack {
    to: ReplyTo,
    error: OAuthError,
}

const PLACE: &str = "an error that is held back";

/// The address of the page for this error.
pub fn address(browser: &BrowserRequest, to: &ReplyTo, error: &OAuthError) -> String {
    let json = serde_json::to_vec(&HeldBack { to: to.clone(), error: error.clone() }).unwrap_or_default();
    format!("{}?answer={}", paths::AUTHORIZE_REFUSED, browser.web.app.in_flow.seal(&json, PLACE))
}

pub async fn get(browser: BrowserRequest) -> Response {
    match show(&browser).await {
        Ok(page) => browser.page(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn show(browser: &BrowserRequest) -> Result<RefusedPage, PageError> {
    let app = &browser.web.app;
    let sealed = browser.query.get("answer").unwrap_or_default();
    let invalid = || PageError::page(ErrorKind::RequestInvalid);
    let json = app.in_flow.open(sealed, PLACE).map_err(|_| invalid())?;
    let HeldBack { to, error } = serde_json::from_slice(&json).map_err(|_| invalid())?;
    // Addresses are kept and passed on: staff may have taken the client away since.
    let stored = clients::by_id(&mut app.store.reader().await?, to.client.as_str()).await?;
    let client = stored.ok_or_else(|| PageError::page(ErrorKind::ClientUnknown))?.client;
    if !redirect_uri::is_registered(&to.redirect_uri, &client.redirect_uris, client.application_type) {
        return Err(PageError::page(ErrorKind::RedirectUriMismatch));
    }
    Ok(RefusedPage {
        destination: redirect_uri::destination(&to.redirect_uri),
        code: error.code.name(),
        detail: error.description.clone().into_owned(),
        href: to.error(error).address(app.settings.issuer()),
    })
}

impl PageTemplate for RefusedPage {
    const TEMPLATE: &'static str = "authorize/refused.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |destination: &str, href: &str| RefusedPage {
            destination: destination.into(),
            href: href.into(),
            code: ErrorCode::InvalidScope.name(),
            detail: "scope must name at least one of: openid <profile>".into(),
        };
        vec![
            ("to_a_host", page("rp.example.jp", "https://rp.example.jp/callback?error=invalid_scope&state=s")),
            ("to_an_application", page("jp.example.app", "jp.example.app:/callback?error=invalid_scope")),
        ]
    }
}
