//! `/authorize` (OpenID Connect Core 1.0, 3.1.2; RFC 6749, 4.1.1).
//!
//! There are two kinds of error here. Until client and redirect URI are known and match, nothing may be sent anywhere: the
//! member sees a page. From then on errors travel to the client.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::Response;

use super::refused;
use crate::actions::ActionError;
use crate::actions::protocol::continue_authorization::{Gone, Next, continue_authorization};
use crate::actions::protocol::id_token_hint;
use crate::domain::ids::FlowId;
use crate::domain::login::flow::{Continue, Flow};
use crate::domain::protocol::answer::{Answer, ReplyTo, ResponseMode, Says};
use crate::domain::protocol::authorization_request::{AuthorizationRequest, Hinted};
use crate::domain::protocol::client::Client;
use crate::domain::protocol::logout::Hint;
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::domain::protocol::redirect_uri;
use crate::domain::protocol::request_source::RequestParameters;
use crate::domain::protocol::resource_server::Resources;
use crate::random;
use crate::store::StoreError;
use crate::store::protocol::clients::{self, StoredClient};
use crate::store::protocol::resource_servers;
use crate::web::error_page::ErrorKind;
use crate::web::login::sealed_flow;
use crate::web::page_error::PageError;
use crate::web::paths;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::{ask_again_by_get, is_form};
use crate::web::state::WebState;

pub async fn get(browser: BrowserRequest) -> Response {
    match authorize(&browser).await {
        Ok(next) => browser.redirect(&next),
        Err(error) => browser.page_error(error),
    }
}

/// By POST (OpenID Connect Core 1.0, 3.1.2.1).
pub async fn post(State(web): State<WebState>, browser: BrowserRequest, request: Request) -> Response {
    let is_form = is_form(&request);
    match Bytes::from_request(request, &web).await {
        Ok(body) if is_form => ask_again_by_get(paths::AUTHORIZE, &body),
        _ => browser.page_error(PageError::page(ErrorKind::RequestInvalid)),
    }
}

/// The order of checks: each step needs what the one before has shown. Answers the address to go on to.
async fn authorize(browser: &BrowserRequest) -> Result<String, PageError> {
    let app = &browser.web.app;
    let params = RequestParameters::of_query(&browser.query);
    let stored = known_client(browser, &params).await?;
    let client = &stored.client;
    let reply_to = ReplyTo {
        client: client.id.clone(),
        redirect_uri: matched_redirect_uri(&params, client)?.to_owned(),
        mode: ResponseMode::Query,
        state: params.get("state").map(str::to_owned),
        vouched_for: stored.is_vouched_for(),
    };
    let refuse = |error: OAuthError| to_client(browser, &reply_to.error(error));

    let hinted =
        params.get("id_token_hint").map_or(Hinted::Nobody, |hint| whom(id_token_hint::read(app, hint), client));
    let flow = FlowId(random::identifier());
    let servers = resource_servers::all(&mut app.store.reader().await?).await?;
    let resources = Resources::new(app.settings.issuer(), servers);
    let request = match AuthorizationRequest::read(&params, client, reply_to.clone(), flow, hinted, &resources) {
        Ok(request) => request,
        Err(error) => return Ok(refuse(error)),
    };
    match proceed(browser, &request).await {
        Ok(next) => Ok(next.unwrap_or_else(|| login_page(browser, request))),
        // A status can't be told by a redirect: the standard has two codes for it (RFC 6749, 4.1.2.1).
        Err(PageError::Inside(busy @ ActionError::Store(StoreError::Busy(_)))) => {
            tracing::debug!("{busy}");
            Ok(refuse(ErrorCode::TemporarilyUnavailable.because("the provider is busy")))
        }
        Err(PageError::Inside(error)) => {
            tracing::error!("{error}");
            Ok(refuse(ErrorCode::ServerError.because("the provider could not do it; its log says why")))
        }
        Err(error) => Err(error),
    }
}

/// From a request to the next address, by the session that the browser has now: here and after a login. `None` where a login
/// comes first.
pub async fn proceed(browser: &BrowserRequest, request: &AuthorizationRequest) -> Result<Option<String>, PageError> {
    match continue_authorization(&browser.web.app, request, &browser.caller()).await? {
        Next::Login => Ok(None),
        Next::AskConsent(page) => Ok(Some(format!("{}?grant={}", paths::LOGIN_CONSENT, page.expose()))),
        Next::Answer(answer) => Ok(Some(to_client(browser, &answer))),
        Next::Gone(gone) => Err(PageError::page(gone_page(gone))),
    }
}

/// What a member reads where a client was taken away meanwhile.
pub fn gone_page(gone: Gone) -> ErrorKind {
    match gone {
        Gone::Client => ErrorKind::ClientUnknown,
        Gone::RedirectUri => ErrorKind::RedirectUriMismatch,
    }
}

/// The client, before anything else (RFC 6749, 4.1.2.1): an unknown one gets no redirect.
async fn known_client(browser: &BrowserRequest, params: &RequestParameters) -> Result<StoredClient, PageError> {
    let unknown = |detail: &str| PageError::detailed(ErrorKind::ClientUnknown, detail);
    if params.is_repeated("client_id") {
        return Err(unknown("client_id is sent more than once"));
    }
    let id = params.get("client_id").ok_or_else(|| unknown("client_id is missing"))?;
    let found = clients::by_id(&mut browser.web.app.store.reader().await?, id).await?;
    found.ok_or_else(|| unknown("client_id is not registered here"))
}

/// The redirect URI: sent, once, and registered letter by letter (OpenID Connect Core 1.0, 3.1.2.1).
fn matched_redirect_uri<'a>(params: &'a RequestParameters, client: &Client) -> Result<&'a str, PageError> {
    let Some(uri) = params.get("redirect_uri") else {
        return Err(PageError::detailed(ErrorKind::RedirectUriMissing, "redirect_uri is missing"));
    };
    if params.is_repeated("redirect_uri") || params.is_repeated("state") {
        return Err(PageError::detailed(ErrorKind::RequestInvalid, "redirect_uri or state is sent more than once"));
    }
    if !redirect_uri::is_registered(uri, &client.redirect_uris, client.application_type) {
        let detail = format!("the redirect_uri sent is not registered for client {}", client.id);
        return Err(PageError::detailed(ErrorKind::RedirectUriMismatch, detail));
    }
    Ok(uri)
}

/// Whom the hint names: an ID token that was made for somebody else says nothing to this client.
fn whom(hint: Hint, client: &Client) -> Hinted {
    match hint {
        Hint::Proved(subject) if subject.client == client.id => Hinted::Member(subject.member),
        Hint::Proved(_) | Hint::Unusable { .. } => Hinted::Unusable,
        Hint::None => Hinted::Nobody,
    }
}

fn login_page(browser: &BrowserRequest, request: AuthorizationRequest) -> String {
    let flow = Flow {
        id: request.flow.clone(),
        started_at: browser.web.app.now(),
        then: Continue::Authorize(Box::new(request)),
        confirms: None,
        first_started_at: None,
    };
    format!("{}?flow={}", paths::LOGIN_PASSWORD, sealed_flow::seal(browser, &flow))
}

/// The way to the client with an error (RFC 6749, 4.1.2.1).
pub fn error_to_client(browser: &BrowserRequest, request: &AuthorizationRequest, error: OAuthError) -> String {
    to_client(browser, &request.reply_to().error(error))
}

/// The one place where an answer becomes an address: the client's own, with the answer, or that of a page of ours which asks
/// the member first.
pub fn to_client(browser: &BrowserRequest, answer: &Answer) -> String {
    if let Says::Error(error) = &answer.says {
        tracing::info!(error = error.code.name(), description = %error.description, "authorization refused");
        if !answer.goes_by_itself() {
            return refused::address(browser, &answer.to, error);
        }
    }
    answer.address(browser.web.app.settings.issuer())
}
