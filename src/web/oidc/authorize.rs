//! `/authorize` (OpenID Connect Core 1.0, 3.1.2; RFC 6749, 4.1.1).
//!
//! There are two kinds of error here. Until client and redirect URI are known and match, nothing may be sent anywhere: the
//! member sees a page. From then on errors travel to the client.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::Response;

use super::refused;
use crate::actions::ActionError;
use crate::actions::protocol::continue_authorization::{Next, continue_authorization};
use crate::crypto::jwt::{self, TokenType};
use crate::domain::ids::{FlowId, MemberId};
use crate::domain::login::assurance::Assurance;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::flow::{Continue, Flow};
use crate::domain::protocol::answer::{Answer, ReplyTo, ResponseMode, Says};
use crate::domain::protocol::authorization_request::{AuthorizationRequest, Decision};
use crate::domain::protocol::client::Client;
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::domain::protocol::params::Params;
use crate::domain::protocol::redirect_uri;
use crate::domain::protocol::resource_server::Resources;
use crate::domain::secret::Secret;
use crate::random;
use crate::store::protocol::clients::{self, StoredClient};
use crate::store::protocol::resource_servers;
use crate::store::{StoreError, WriteTx};
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
    let params = &browser.query;
    let stored = known_client(browser, params).await?;
    let client = &stored.client;
    let reply_to = ReplyTo {
        client: client.id.clone(),
        redirect_uri: matched_redirect_uri(params, client)?.to_owned(),
        mode: ResponseMode::Query,
        state: params.get("state").map(str::to_owned),
        vouched_for: stored.is_vouched_for(),
    };
    let refuse = |error: OAuthError| to_client(browser, &reply_to.error(error));

    let hinted = match hinted_member(browser, params, client) {
        Ok(hinted) => hinted,
        Err(error) => return Ok(refuse(error)),
    };
    let flow = FlowId(random::identifier());
    let servers = resource_servers::all(&mut browser.web.app.store.reader().await?).await?;
    let resources = Resources::new(browser.web.app.settings.issuer(), servers);
    let request = match AuthorizationRequest::read(params, client, reply_to.clone(), flow, hinted, &resources) {
        Ok(request) => request,
        Err(error) => return Ok(refuse(error)),
    };
    match answered(browser, request, client).await {
        Ok(next) => Ok(next),
        // A status can't be told by a redirect: the standard has two codes for it (RFC 6749, 4.1.2.1).
        Err(busy @ ActionError::Store(StoreError::Busy(_))) => {
            tracing::debug!("{busy}");
            Ok(refuse(ErrorCode::TemporarilyUnavailable.because("the provider is busy")))
        }
        Err(error) => {
            tracing::error!("{error}");
            Ok(refuse(ErrorCode::ServerError.because("the provider could not do it; its log says why")))
        }
    }
}

/// The next address for a request that is right.
async fn answered(
    browser: &BrowserRequest,
    request: AuthorizationRequest,
    client: &Client,
) -> Result<String, ActionError> {
    // Nothing is written for somebody who is not logged in: no flood of requests can fill the database.
    let Some(session) = browser.session().await? else {
        return Ok(match request.decide(client, None, None, Assurance::Password, browser.web.app.now()) {
            Decision::Refuse(error) => error_to_client(browser, &request, error),
            Decision::Login | Decision::AskConsent { .. } | Decision::Issue => login_page(browser, request),
        });
    };
    let mut tx = browser.web.app.store.write().await?;
    let next = proceed(browser, &mut tx, request, client, &session).await?;
    tx.commit().await?;
    Ok(next)
}

/// The client, before anything else (RFC 6749, 4.1.2.1): an unknown one gets no redirect.
async fn known_client(browser: &BrowserRequest, params: &Params) -> Result<StoredClient, PageError> {
    let unknown = |detail: &str| PageError::detailed(ErrorKind::ClientUnknown, detail);
    if params.is_repeated("client_id") {
        return Err(unknown("client_id is sent more than once"));
    }
    let id = params.get("client_id").ok_or_else(|| unknown("client_id is missing"))?;
    let found = clients::by_id(&mut browser.web.app.store.reader().await?, id).await?;
    found.ok_or_else(|| unknown("client_id is not registered here"))
}

/// The redirect URI: sent, once, and registered letter by letter (OpenID Connect Core 1.0, 3.1.2.1).
fn matched_redirect_uri<'a>(params: &'a Params, client: &Client) -> Result<&'a str, PageError> {
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

/// Whom `id_token_hint` names. It must be ours and the client's own; it may have expired.
fn hinted_member(browser: &BrowserRequest, params: &Params, client: &Client) -> Result<Option<MemberId>, OAuthError> {
    let Some(hint) = params.get("id_token_hint") else { return Ok(None) };
    let app = &browser.web.app;
    let claims = jwt::verify(hint, TokenType::Id, &app.keys(), app.now())
        .map_err(|_| ErrorCode::InvalidRequest.because("id_token_hint is not an ID token of this provider"))?;
    let text = |name| claims.get(name).and_then(serde_json::Value::as_str);
    if text("iss") != Some(app.settings.issuer()) {
        return Err(ErrorCode::InvalidRequest.because("id_token_hint is not an ID token of this provider"));
    }
    let for_client = match claims.get("aud") {
        Some(serde_json::Value::Array(all)) => all.iter().any(|a| a.as_str() == Some(client.id.as_str())),
        _ => text("aud") == Some(client.id.as_str()),
    };
    if !for_client {
        return Err(ErrorCode::InvalidRequest.because("id_token_hint was issued to another client"));
    }
    Ok(text("sub").map(|sub| MemberId(sub.to_owned())))
}

/// From a request and a session to the next address: here, after a login and after nothing else.
pub async fn proceed(
    browser: &BrowserRequest,
    tx: &mut WriteTx,
    request: AuthorizationRequest,
    client: &Client,
    session: &BrowserSession,
) -> Result<String, ActionError> {
    match continue_authorization(&browser.web.app, tx, &request, client, Some(session)).await? {
        Next::Login => Ok(login_page(browser, request)),
        Next::AskConsent(page) => Ok(format!("{}?grant={}", paths::LOGIN_CONSENT, page.expose())),
        Next::Code(code) => Ok(code_to_client(browser, &request, code)),
        Next::Refuse(error) => Ok(error_to_client(browser, &request, error)),
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

/// The way to the client with a code (RFC 6749, 4.1.2; RFC 9207).
pub fn code_to_client(browser: &BrowserRequest, request: &AuthorizationRequest, code: Secret<String>) -> String {
    to_client(browser, &request.reply_to().code(code))
}

/// The way to the client with an error (RFC 6749, 4.1.2.1).
pub fn error_to_client(browser: &BrowserRequest, request: &AuthorizationRequest, error: OAuthError) -> String {
    to_client(browser, &request.reply_to().error(error))
}

/// The address at which the client gets this answer, or that of a page of ours which asks the member first.
fn to_client(browser: &BrowserRequest, answer: &Answer) -> String {
    if let Says::Error(error) = &answer.says {
        tracing::info!(error = error.code.name(), description = %error.description, "authorization refused");
        if !answer.goes_by_itself() {
            return refused::address(browser, &answer.to, error);
        }
    }
    answer.address(browser.web.app.settings.issuer())
}
