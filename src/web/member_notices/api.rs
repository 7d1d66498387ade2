//! `POST /api/v1/member-notices`: a portal has a notice mailed to a member. It needs an access token of its own with the
//! scope `member_notices`, which staff let it have (`sekisho client update --member-notices on`). The answer is the same
//! whether or not there is such a member, and whether or not they want notices.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::actions::ActionError;
use crate::actions::mail::member_notices::{Asking, ask};
use crate::actions::protocol::present_token::present_token;
use crate::domain::member::member_notice::{MemberNotice, Wrong};
use crate::domain::protocol::client::Client;
use crate::domain::protocol::scope::MEMBER_NOTICES;
use crate::store::StoreError;
use crate::store::protocol::clients;
use crate::web::oidc::answer;
use crate::web::request::client_authentication::caller;
use crate::web::request::headers::media_type;
use crate::web::request::rate_limit::Exceeded;
use crate::web::state::WebState;

/// Draft-ietf-httpapi-idempotency-key-header.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Why nothing was mailed (RFC 9457).
#[derive(Debug)]
enum Problem {
    NoToken,
    TwoTokens,
    BadToken,
    /// Of a member, or without the scope, or staff have taken the leave back.
    NotAllowed,
    TooOften(Exceeded),
    NotJson,
    NoKey,
    /// In the words of the parser.
    Malformed(String),
    Wrong(Vec<Wrong>),
    KeyInUse,
    Inside(ActionError),
}

impl<E: Into<ActionError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Problem::Inside(error.into())
    }
}

pub async fn post(State(web): State<WebState>, request: Request) -> Response {
    match take(&web, request).await {
        Ok(id) => answer::json(StatusCode::ACCEPTED, &json!({ "id": id })),
        Err(problem) => problem.into_response(),
    }
}

async fn take(web: &WebState, request: Request) -> Result<String, Problem> {
    web.limits.token(caller(&request, web)).map_err(Problem::TooOften)?;
    let client = allowed(web, request.headers()).await?;
    web.limits.member_notice(client.id.as_str()).map_err(Problem::TooOften)?;
    let key = key(request.headers()).ok_or(Problem::NoKey)?;
    let notice = notice(web, request).await?;
    let wrong = notice.wrong(&client);
    if !wrong.is_empty() {
        return Err(Problem::Wrong(wrong));
    }
    match ask(&web.app, &client.id, &key, &notice).await? {
        Asking::Accepted(id) => Ok(id),
        Asking::NotAllowed => Err(Problem::NotAllowed),
        Asking::KeyInUse => Err(Problem::KeyInUse),
    }
}

/// The client that acts for itself with this token, if staff let it now.
async fn allowed(web: &WebState, headers: &HeaderMap) -> Result<Client, Problem> {
    let token = answer::presented_token(headers).map_err(|_| Problem::TwoTokens)?.ok_or(Problem::NoToken)?;
    let mut reader = web.app.store.reader().await?;
    let good = present_token(&web.app, &mut reader, &token).await?.ok_or(Problem::BadToken)?;
    if good.behalf.is_some() || !good.token.scope.0.contains(MEMBER_NOTICES) {
        return Err(Problem::NotAllowed);
    }
    let stored = clients::by_id(&mut reader, good.token.client_id.as_str()).await?.ok_or(Problem::BadToken)?;
    if stored.may_notify { Ok(stored.client) } else { Err(Problem::NotAllowed) }
}

fn key(headers: &HeaderMap) -> Option<String> {
    let key = headers.get(IDEMPOTENCY_KEY)?.to_str().ok()?.trim();
    ((1..=255).contains(&key.len())).then(|| key.to_owned())
}

async fn notice(web: &WebState, request: Request) -> Result<MemberNotice, Problem> {
    if media_type(request.headers()) != "application/json" {
        return Err(Problem::NotJson);
    }
    let most = web.app.settings.http.max_body_bytes;
    let too_large = || Problem::Malformed(format!("the body can't be read, or has more than {most} bytes"));
    let body = Bytes::from_request(request, web).await.map_err(|_| too_large())?;
    serde_json::from_slice(&body).map_err(|mistake| Problem::Malformed(mistake.to_string()))
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Problem::NoToken | Problem::BadToken => StatusCode::UNAUTHORIZED,
            Problem::NotAllowed => StatusCode::FORBIDDEN,
            Problem::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Problem::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Problem::TwoTokens | Problem::NoKey | Problem::Malformed(_) => StatusCode::BAD_REQUEST,
            Problem::Wrong(_) | Problem::KeyInUse => StatusCode::UNPROCESSABLE_ENTITY,
            Problem::Inside(ActionError::Store(StoreError::Busy(_))) => StatusCode::SERVICE_UNAVAILABLE,
            Problem::Inside(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn detail(&self) -> String {
        match self {
            Problem::NoToken => "Send an access token of this client with the scope member_notices: Authorization: Bearer …",
            Problem::TwoTokens => "There are two Authorization headers. Send one.",
            Problem::BadToken => "The access token is invalid, expired or revoked. Ask for a new one at the token endpoint.",
            Problem::NotAllowed => {
                "The access token must be this client's own (grant_type=client_credentials), with the scope member_notices. \
                 The provider's staff let a client have that scope, and may take it back."
            }
            Problem::TooOften(Exceeded { retry_seconds }) => {
                return format!("Too many requests. Try again in {retry_seconds} s.");
            }
            Problem::NotJson => "The body must be JSON, with Content-Type: application/json.",
            Problem::NoKey => {
                "The header Idempotency-Key is missing, or is not 1 to 255 ASCII characters. It names this notice: sent again \
                 with the same key, for want of an answer, it is mailed once."
            }
            Problem::Malformed(mistake) => {
                return format!("The body is no notice: {mistake}. It has sub, and texts with subject and text by language.");
            }
            Problem::Wrong(_) => "The notice was not mailed: errors names what is wrong with it, and where.",
            Problem::KeyInUse => {
                "This Idempotency-Key stands for another notice. Give each notice a key of its own, and send it again unchanged."
            }
            Problem::Inside(ActionError::Store(StoreError::Busy(_))) => "The provider is busy. Try again in a moment.",
            Problem::Inside(_) => "The provider could not do it; its log says why.",
        }
        .to_owned()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match &self {
            Problem::Inside(busy @ ActionError::Store(StoreError::Busy(_))) => {
                tracing::debug!("a member notice: {busy}")
            }
            Problem::Inside(error) => tracing::error!("a member notice: {error}"),
            refused => tracing::info!("a member notice was refused: {}", refused.detail()),
        }
        let status = self.status();
        let title = status.canonical_reason().unwrap_or_default();
        let mut body =
            json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": self.detail() });
        if let (Problem::Wrong(wrong), Value::Object(body)) = (&self, &mut body) {
            body.insert("errors".into(), json!(wrong));
        }
        let mut response = (status, [(CONTENT_TYPE, "application/problem+json")], Json(body)).into_response();
        let headers = response.headers_mut();
        match self {
            // RFC 6750, 3.
            Problem::NoToken => {
                drop(headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sekisho\"")))
            }
            Problem::BadToken => {
                let challenge = HeaderValue::from_static("Bearer realm=\"sekisho\", error=\"invalid_token\"");
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            Problem::NotAllowed => {
                let challenge = "Bearer realm=\"sekisho\", error=\"insufficient_scope\", scope=\"member_notices\"";
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            Problem::TooOften(Exceeded { retry_seconds }) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(retry_seconds));
            }
            Problem::Inside(ActionError::Store(StoreError::Busy(cause))) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(cause.retry_after().as_seconds()));
            }
            _ => {}
        }
        response
    }
}
