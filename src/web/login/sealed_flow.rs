//! A login before the password is right: it lies in no database, but travels sealed through the browser that began it, and
//! expires.

use crate::domain::login::flow::Flow;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::redirect_uri;
use crate::store::clients;
use crate::web::error_page::{ErrorKind, WayOn};
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

/// Bound to this browser: nobody else's will open it.
fn place(visit: &Visit) -> String {
    format!("login flow of {}", visit.browser_digest())
}

pub fn seal(visit: &Visit, flow: &Flow) -> String {
    let json = serde_json::to_vec(flow).unwrap_or_default();
    visit.site.app.in_flow.seal(&json, &place(visit))
}

/// The flow that a page or form of this browser carries.
pub fn open(visit: &Visit, sealed: Option<&str>) -> Result<Flow, Trouble> {
    let other = || Trouble::page(ErrorKind::FlowOtherBrowser);
    let sealed = sealed.ok_or_else(|| Trouble::page(ErrorKind::FlowExpired))?;
    let json = visit.site.app.in_flow.open(sealed, &place(visit)).map_err(|_| other())?;
    // Sealed by an earlier version, perhaps: begin again.
    let flow: Flow = serde_json::from_slice(&json).map_err(|_| Trouble::page(ErrorKind::FlowExpired))?;
    let app = &visit.site.app;
    if app.now() >= flow.started_at + app.settings.sessions.login_time_limit {
        return Err(expired(visit, flow));
    }
    Ok(flow)
}

/// It took too long: the member may begin the same login again.
pub fn expired(visit: &Visit, flow: Flow) -> Trouble {
    let app = &visit.site.app;
    match flow.anew(app.now(), app.settings.sessions.absolute) {
        Some(anew) => {
            let href = format!("/login/password?flow={}", seal(visit, &anew));
            Trouble::leading_to(ErrorKind::FlowExpired, WayOn::log_in_again(href))
        }
        None => Trouble::page(ErrorKind::FlowExpired),
    }
}

/// The client that the flow is for, if it is still registered with the same redirect URI.
pub async fn client(visit: &Visit, flow: &Flow) -> Result<Option<Client>, Trouble> {
    let Some(request) = flow.request() else { return Ok(None) };
    let found = clients::by_id(&mut visit.site.app.store.reader().await?, request.client.as_str()).await?;
    let client = found.ok_or_else(|| Trouble::page(ErrorKind::ClientUnknown))?.client;
    if redirect_uri::is_registered(&request.redirect_uri, &client.redirect_uris, client.application_type) {
        Ok(Some(client))
    } else {
        Err(Trouble::page(ErrorKind::RedirectUriMismatch))
    }
}
