//! `/`, and where somebody goes on who opens a page of a login without one in progress: a bookmark, an address typed by hand.

use axum::response::Response;

use crate::config::Settings;
use crate::domain::login::flow::AccountPage;
use crate::web::request::browser::BrowserRequest;

/// To the portal that members come for, where the settings name it; else to their own pages here.
pub fn way_on(settings: &Settings) -> String {
    settings.society.portal_url.as_ref().map_or_else(|| AccountPage::Profile.path(), ToString::to_string)
}

pub async fn get(browser: BrowserRequest) -> Response {
    let to = way_on(&browser.web.app.settings);
    browser.redirect(&to)
}
