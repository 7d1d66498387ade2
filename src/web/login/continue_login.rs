//! `/login/continue`: where every login ends that an application asked for. The request is judged anew, as at `/authorize`,
//! by the session that the browser has now, and answered by a page that leaves (docs/decisions/form-action.md). Asked for
//! again, as by a phone that loads its tab anew, it answers again.

use axum::response::Response;

use super::{purpose, sealed_flow};
use crate::domain::login::flow::{Continue, Flow};
use crate::web::oidc::authorize;
use crate::web::page_error::PageError;
use crate::web::paths;
use crate::web::request::browser::BrowserRequest;

/// The address at which a login goes on that is complete. The time for it begins now, however long the login took.
pub fn address(browser: &BrowserRequest, flow: Flow) -> String {
    let first_started_at = Some(flow.first_started_at.unwrap_or(flow.started_at));
    let flow = Flow { started_at: browser.web.app.now(), first_started_at, ..flow };
    format!("{}?flow={}", paths::LOGIN_CONTINUE, sealed_flow::seal(browser, &flow))
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    match next(&mut browser).await {
        Ok(to) if to.starts_with('/') => browser.redirect(&to),
        Ok(to) => browser.leave_to(&to),
        Err(error) => browser.page_error(error),
    }
}

async fn next(browser: &mut BrowserRequest) -> Result<String, PageError> {
    let sealed = browser.query.get("flow").unwrap_or_default().to_owned();
    let flow = sealed_flow::open(browser, Some(&sealed))?;
    let client = sealed_flow::client(browser, &flow).await?;
    purpose::on_behalf_of(browser, &flow, client.as_ref());
    let next = match &flow.then {
        Continue::Authorize(request) => authorize::proceed(browser, request).await?,
        Continue::Account(page) => Some(page.path()),
    };
    // Logged out meanwhile.
    Ok(next.unwrap_or_else(|| format!("{}?flow={}", paths::LOGIN_PASSWORD, sealed_flow::seal(browser, &flow))))
}
