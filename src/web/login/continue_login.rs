//! `/login/continue`: where every login ends that an application asked for. The request is judged anew, as at `/authorize`,
//! by the session that the browser has now, and answered by a page that leaves (docs/decisions/form-action.md). Asked for
//! again, as by a phone that loads its tab anew, it answers again.

use axum::response::Response;

use super::{password, sealed_flow};
use crate::actions::protocol::continue_authorization::{Next, continue_authorization};
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
    password::on_behalf_of(browser, &flow, client.as_ref());
    let login_page =
        |browser: &BrowserRequest| format!("{}?flow={}", paths::LOGIN_PASSWORD, sealed_flow::seal(browser, &flow));
    // Logged out meanwhile; nothing is written for somebody who is not logged in.
    let Some(session) = browser.session().await? else { return Ok(login_page(browser)) };
    let (request, client) = match (&flow.then, client) {
        (Continue::Authorize(request), Some(client)) => (request, client),
        (Continue::Authorize(_), None) => return Ok(paths::ACCOUNT_PROFILE.to_owned()),
        (Continue::Account(page), _) => return Ok(page.path()),
    };
    let app = browser.web.app.clone();
    let mut tx = app.store.write().await?;
    let next = continue_authorization(&app, &mut tx, request, &client, Some(&session)).await?;
    tx.commit().await?;
    Ok(match next {
        Next::Login => login_page(browser),
        Next::AskConsent(page) => format!("{}?grant={}", paths::LOGIN_CONSENT, page.expose()),
        Next::Code(code) => authorize::code_to_client(browser, request, code),
        Next::Refuse(error) => {
            authorize::error_to_client(browser, request, error)
        }
    })
}
