//! A request by a client: its form, and the client itself once it has proved who it is (RFC 6749, 2.3 and 3.2.1).

use std::net::{IpAddr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};

use super::form::is_form;
use crate::actions::protocol::authenticate_client::{Authentication, authenticate_client};
use crate::domain::protocol::client::Client;
use crate::domain::protocol::client_authentication::presented;
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::domain::protocol::params::Params;
use crate::web::oidc::ClientTrouble;
use crate::web::request::address;
use crate::web::state::WebState;

/// A client that is who it says, and what it sent. Public clients say so only.
pub struct AuthenticatedClient {
    pub client: Client,
    /// Staff let it send notices to members.
    pub may_notify: bool,
    pub params: Params,
}

impl FromRequest<WebState> for AuthenticatedClient {
    type Rejection = Response;

    async fn from_request(request: Request, web: &WebState) -> Result<AuthenticatedClient, Response> {
        authenticate(request, web).await.map_err(IntoResponse::into_response)
    }
}

async fn authenticate(request: Request, web: &WebState) -> Result<AuthenticatedClient, ClientTrouble> {
    let from = caller(&request, web);
    web.limits.token(from)?;
    let headers: Vec<HeaderValue> = request.headers().get_all(AUTHORIZATION).iter().cloned().collect();
    let params = form(request, web).await?;
    params.each_once()?;
    let headers: Vec<Option<&str>> = headers.iter().map(|value| value.to_str().ok()).collect();
    let presented = presented(&headers, &params).map_err(|error| match error.code {
        ErrorCode::InvalidClient => ClientTrouble::NotAuthenticated(error),
        _ => ClientTrouble::Refused(error),
    })?;
    // Put aside, so that a request whose body is slow to come takes no room for what follows.
    match Box::pin(authenticate_client(&web.app, &presented)).await? {
        Authentication::Proved(stored) => {
            Ok(AuthenticatedClient { client: stored.client, may_notify: stored.may_notify, params })
        }
        Authentication::Failed { known, why } => {
            // As a text value, so that the log quotes what a stranger wrote.
            let shown: String = presented.client.as_str().chars().take(64).collect();
            tracing::info!(client = shown.as_str(), why, "client authentication failed");
            web.limits.client_failure(known.as_ref(), from)?;
            let error = ErrorCode::InvalidClient.because("the client is unknown, or its authentication failed");
            Err(ClientTrouble::NotAuthenticated(error))
        }
    }
}

/// The address that counts for limits.
pub fn caller(request: &Request, web: &WebState) -> IpAddr {
    let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let connection = connection.map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(socket)| socket.ip());
    address::of_request(connection, request.headers(), &web.app.settings.http.trusted_proxies)
}

async fn form(request: Request, web: &WebState) -> Result<Params, OAuthError> {
    if !is_form(&request) {
        return Err(ErrorCode::InvalidRequest.because("the body must be application/x-www-form-urlencoded"));
    }
    let body = Bytes::from_request(request, web)
        .await
        .map_err(|_| ErrorCode::InvalidRequest.because("the body can't be read or is too large"))?;
    let text = std::str::from_utf8(&body).map_err(|_| ErrorCode::InvalidRequest.because("the body is not UTF-8"))?;
    Ok(Params::parse(text))
}
