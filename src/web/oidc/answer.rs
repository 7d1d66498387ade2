//! Answers to clients: JSON that no cache keeps, and every error in its standard form.

use axum::Json;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::actions::ActionError;
use crate::actions::protocol::present_token::{PresentedToken, Scheme};
use crate::crypto::jwt::SignError;
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::domain::secret::Secret;
use crate::store::StoreError;
use crate::web::request::rate_limit::Exceeded;

/// JSON with `Cache-Control: no-store` (RFC 6749, 5.1).
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    (status, [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")], Json(body)).into_response()
}

/// Why a client's request was not answered. What the client reads is dull; `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ClientTrouble {
    #[error("{0}")]
    Refused(OAuthError),
    /// Told the scheme, however the client tried (RFC 9110, 15.5.2; RFC 6749, 5.2).
    #[error("client authentication failed: {0}")]
    NotAuthenticated(OAuthError),
    #[error("too many requests")]
    TooOften(Exceeded),
    #[error(transparent)]
    Inside(#[from] ActionError),
}

impl From<OAuthError> for ClientTrouble {
    fn from(error: OAuthError) -> Self {
        ClientTrouble::Refused(error)
    }
}

impl From<StoreError> for ClientTrouble {
    fn from(error: StoreError) -> Self {
        ClientTrouble::Inside(error.into())
    }
}

impl From<SignError> for ClientTrouble {
    fn from(error: SignError) -> Self {
        ClientTrouble::Inside(error.into())
    }
}

impl From<Exceeded> for ClientTrouble {
    fn from(exceeded: Exceeded) -> Self {
        ClientTrouble::TooOften(exceeded)
    }
}

impl IntoResponse for ClientTrouble {
    fn into_response(self) -> Response {
        match self {
            ClientTrouble::Refused(error) => error_body(StatusCode::BAD_REQUEST, &error),
            ClientTrouble::NotAuthenticated(error) => {
                let mut response = error_body(StatusCode::UNAUTHORIZED, &error);
                let challenge = HeaderValue::from_static("Basic realm=\"sekisho\", charset=\"UTF-8\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                response
            }
            ClientTrouble::TooOften(exceeded) => {
                let error = ErrorCode::TemporarilyUnavailable.because("too many requests");
                let mut response = error_body(StatusCode::TOO_MANY_REQUESTS, &error);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(exceeded.retry_seconds));
                response
            }
            ClientTrouble::Inside(ActionError::Store(StoreError::Busy(cause))) => {
                tracing::debug!("the database can't be used: {cause}");
                let error = ErrorCode::TemporarilyUnavailable.because("the provider is busy");
                let mut response = error_body(StatusCode::SERVICE_UNAVAILABLE, &error);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(cause.retry_after().as_seconds()));
                response
            }
            ClientTrouble::Inside(error) => {
                tracing::error!("{error}");
                let error = ErrorCode::ServerError.because("the provider could not do it; its log says why");
                error_body(StatusCode::INTERNAL_SERVER_ERROR, &error)
            }
        }
    }
}

pub fn error_body(status: StatusCode, error: &OAuthError) -> Response {
    json(status, &json!({ "error": error.code.name(), "error_description": error.description }))
}

/// Why a request with an access token was refused (RFC 6750, 3).
#[derive(Debug)]
pub enum BearerTrouble {
    /// No token was sent at all: no error code is told.
    Missing,
    Refused(OAuthError),
    Inside(ActionError),
}

impl<E: Into<ActionError>> From<E> for BearerTrouble {
    fn from(error: E) -> Self {
        BearerTrouble::Inside(error.into())
    }
}

impl IntoResponse for BearerTrouble {
    fn into_response(self) -> Response {
        match self {
            BearerTrouble::Missing => {
                let header = HeaderValue::from_static("Bearer realm=\"sekisho\"");
                (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, header)]).into_response()
            }
            BearerTrouble::Refused(error) => {
                let status = match error.code {
                    ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
                    ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
                    _ => StatusCode::UNAUTHORIZED,
                };
                let (code, description) = (error.code.name(), &error.description);
                let challenge =
                    format!("Bearer realm=\"sekisho\", error=\"{code}\", error_description=\"{description}\"");
                let mut response = error_body(status, &error);
                if let Ok(value) = HeaderValue::from_str(&challenge) {
                    response.headers_mut().insert(WWW_AUTHENTICATE, value);
                }
                response
            }
            BearerTrouble::Inside(error) => ClientTrouble::Inside(error).into_response(),
        }
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750, 2.1); the scheme in any case. Two such headers are refused.
pub fn presented_token(headers: &HeaderMap) -> Result<Option<PresentedToken>, OAuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter().filter(|value| !value.is_empty());
    let value = values.next();
    if values.next().is_some() {
        return Err(ErrorCode::InvalidRequest.because("there are two Authorization headers"));
    }
    let parts = value.and_then(|value| value.to_str().ok()).and_then(|text| text.split_once(' '));
    Ok(parts
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| PresentedToken { scheme: Scheme::Bearer, token: Secret::new(token.trim().to_owned()) }))
}
