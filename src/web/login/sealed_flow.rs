//! A login before the password is right: it lies in no database, but travels sealed through the browser that began it, and
//! expires.

use crate::domain::login::flow::Flow;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::redirect_uri;
use crate::store::protocol::clients;
use crate::web::error_page::{ErrorKind, WayOn};
use crate::web::page_error::PageError;
use crate::web::paths;
use crate::web::request::browser::BrowserRequest;

/// Bound to this browser: nobody else's will open it.
fn place(browser: &BrowserRequest) -> String {
    format!("login flow of {}", browser.browser_digest())
}

pub fn seal(browser: &BrowserRequest, flow: &Flow) -> String {
    let json = serde_json::to_vec(flow).unwrap_or_default();
    browser.web.app.in_flow.seal(&json, &place(browser))
}

/// The flow that a page or form of this browser carries.
pub fn open(browser: &BrowserRequest, sealed: Option<&str>) -> Result<Flow, PageError> {
    let other = || PageError::page(ErrorKind::FlowOtherBrowser);
    let sealed = sealed.ok_or_else(|| PageError::page(ErrorKind::FlowExpired))?;
    let json = browser.web.app.in_flow.open(sealed, &place(browser)).map_err(|_| other())?;
    // Sealed by an earlier version, perhaps: begin again.
    let flow: Flow = serde_json::from_slice(&json).map_err(|_| PageError::page(ErrorKind::FlowExpired))?;
    let app = &browser.web.app;
    if app.now() >= flow.started_at + app.settings.sessions.login_time_limit {
        return Err(expired(browser, flow));
    }
    Ok(flow)
}

/// It took too long: the member may begin the same login again.
pub fn expired(browser: &BrowserRequest, flow: Flow) -> PageError {
    let app = &browser.web.app;
    match flow.anew(app.now(), app.settings.sessions.absolute) {
        Some(anew) => {
            let href = format!("{}?flow={}", paths::LOGIN_PASSWORD, seal(browser, &anew));
            PageError::leading_to(ErrorKind::FlowExpired, WayOn::log_in_again(href))
        }
        None => PageError::page(ErrorKind::FlowExpired),
    }
}

/// The client that the flow is for, if it is still registered with the same redirect URI.
pub async fn client(browser: &BrowserRequest, flow: &Flow) -> Result<Option<Client>, PageError> {
    let Some(request) = flow.request() else { return Ok(None) };
    let found = clients::by_id(&mut browser.web.app.store.reader().await?, request.client.as_str()).await?;
    let client = found.ok_or_else(|| PageError::page(ErrorKind::ClientUnknown))?.client;
    if redirect_uri::is_registered(&request.redirect_uri, &client.redirect_uris, client.application_type) {
        Ok(Some(client))
    } else {
        Err(PageError::page(ErrorKind::RedirectUriMismatch))
    }
}
