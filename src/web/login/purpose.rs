//! What a login is for, on each of its pages.

use crate::domain::login::flow::{AccountPage, Continue, Flow};
use crate::domain::protocol::client::Client;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::web::oidc::authorize;
use crate::web::paths;
use crate::web::request::browser::BrowserRequest;

/// Shows on every page of a login which application it is for.
pub fn on_behalf_of(browser: &mut BrowserRequest, flow: &Flow, client: Option<&Client>) {
    if let (Some(request), Some(client)) = (flow.request(), client) {
        browser.on_behalf_of(client, request.ui_locales.as_deref());
    }
}

/// Back to the application, which is told that the member did not want to.
pub fn cancel(browser: &BrowserRequest, flow: &Flow) -> String {
    match &flow.then {
        Continue::Authorize(request) => {
            let error = ErrorCode::AccessDenied.because("the member cancelled the login");
            authorize::error_to_client(browser, request, error)
        }
        Continue::Account(_) if flow.confirms.is_some() => AccountPage::Profile.path(),
        Continue::Account(_) => paths::HELP.to_owned(),
    }
}
