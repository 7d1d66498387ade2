//! `/register` and `/register/{client_id}`: relying parties that register and look after themselves (OpenID Connect Dynamic
//! Client Registration 1.0; RFC 7591; RFC 7592). Off unless the settings say otherwise.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::answer::{self, BearerTrouble, ClientTrouble};
use crate::actions::protocol::change_client::{Changed, OwnRegistration, Registration, change_own_registration};
use crate::actions::protocol::register_client::{SelfRegistered, register_itself};
use crate::actions::protocol::remove_client::{Removed, remove_own_registration};
use crate::app::App;
use crate::config::RegistrationMode;
use crate::domain::protocol::client::MetadataProblem;
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::domain::secret::Secret;
use crate::store::protocol::clients::{self, StoredClient};
use crate::web::paths;
use crate::web::request::client_authentication::caller;
use crate::web::request::headers::media_type;
use crate::web::request::named::{Named, or_nothing};
use crate::web::state::WebState;

/// `POST /register` (RFC 7591, 3.1).
pub async fn post(State(web): State<WebState>, request: Request) -> Response {
    match add(&web, request).await {
        Ok((registration, token)) => described(&web.app, StatusCode::CREATED, &registration, &token),
        Err(refusal) => refusal.into_response(),
    }
}

/// `GET /register/{client_id}` (RFC 7592, 2.1).
pub async fn get(State(web): State<WebState>, named: Option<Named>, headers: HeaderMap) -> Response {
    match read(&web, or_nothing(named.as_ref()).to_owned(), &headers).await {
        Ok((registration, token)) => described(&web.app, StatusCode::OK, &registration, &token),
        Err(refusal) => refusal.into_response(),
    }
}

/// `PUT /register/{client_id}` (RFC 7592, 2.2).
pub async fn put(State(web): State<WebState>, named: Option<Named>, request: Request) -> Response {
    match replace(&web, or_nothing(named.as_ref()).to_owned(), request).await {
        Ok((registration, token)) => described(&web.app, StatusCode::OK, &registration, &token),
        Err(refusal) => refusal.into_response(),
    }
}

/// `DELETE /register/{client_id}` (RFC 7592, 2.3).
pub async fn delete(State(web): State<WebState>, named: Option<Named>, headers: HeaderMap) -> Response {
    match remove(&web, or_nothing(named.as_ref()).to_owned(), &headers).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

enum Refusal {
    /// Registration is off: there is no such endpoint.
    Off,
    /// No token: only the scheme is told (RFC 6750, 3.1).
    NoToken,
    /// A token that does not let this be done.
    Token,
    /// It was changed since the client read it (RFC 9110, 13.1.1).
    Overtaken,
    Client(ClientTrouble),
}

impl<E: Into<ClientTrouble>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal::Client(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Refusal::Off => StatusCode::NOT_FOUND.into_response(),
            Refusal::NoToken => BearerTrouble::Missing.into_response(),
            Refusal::Token => {
                let error = ErrorCode::InvalidToken.because("the access token does not allow this");
                BearerTrouble::Refused(error).into_response()
            }
            Refusal::Overtaken => {
                let error = ErrorCode::InvalidRequest.because("the client was changed meanwhile: read it again");
                answer::error_body(StatusCode::PRECONDITION_FAILED, &error)
            }
            Refusal::Client(error) => error.into_response(),
        }
    }
}

/// RFC 7591, 3.2.2: the two codes, and every problem with its field.
fn metadata_error(problems: &[MetadataProblem]) -> OAuthError {
    let redirect = problems.iter().any(|p| p.field == "redirect_uris");
    let code = if redirect { ErrorCode::InvalidRedirectUri } else { ErrorCode::InvalidClientMetadata };
    code.because(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

async fn add(web: &WebState, request: Request) -> Result<(Registration, Secret<String>), Refusal> {
    web.limits.token(caller(&request, web))?;
    let mode = web.app.settings.registration.mode;
    if mode == RegistrationMode::Off {
        return Err(Refusal::Off);
    }
    let token = answer::presented_token(request.headers())?.map(|presented| presented.token);
    if mode == RegistrationMode::InitialAccessToken && token.is_none() {
        return Err(Refusal::NoToken);
    }
    let metadata = metadata(request, web).await?;
    match register_itself(&web.app, metadata, token).await? {
        SelfRegistered::Done { registration, token } => Ok((*registration, token)),
        SelfRegistered::NotAllowed => Err(Refusal::Token),
        SelfRegistered::NoRoom => {
            Err(ErrorCode::InvalidClientMetadata.because("no more clients may register themselves here").into())
        }
        SelfRegistered::Refused(problems) => Err(metadata_error(&problems).into()),
    }
}

/// What the client shows; the body is not looked at yet.
fn own(web: &WebState, id: String, headers: &HeaderMap) -> Result<OwnRegistration, Refusal> {
    if web.app.settings.registration.mode == RegistrationMode::Off {
        return Err(Refusal::Off);
    }
    let presented = answer::presented_token(headers)?.ok_or(Refusal::NoToken)?;
    Ok(OwnRegistration { id, token: presented.token, seen: seen(headers) })
}

async fn read(web: &WebState, id: String, headers: &HeaderMap) -> Result<(Registration, Secret<String>), Refusal> {
    let own = own(web, id, headers)?;
    let found = clients::by_id(&mut web.app.store.reader().await?, &own.id).await?;
    let StoredClient { client, created_at, revision, .. } =
        found.filter(|stored| own.opens(stored)).ok_or(Refusal::Token)?;
    Ok((Registration { client, created_at, revision, secret: None }, own.token))
}

/// The whole body comes before anything is read from the database: however slowly it comes, nothing grows old meanwhile.
async fn replace(web: &WebState, id: String, request: Request) -> Result<(Registration, Secret<String>), Refusal> {
    let own = own(web, id, request.headers())?;
    let metadata = metadata(request, web).await?;
    let token = own.token.clone();
    match change_own_registration(&web.app, own, metadata).await? {
        Changed::Done(registration) => Ok((*registration, token)),
        Changed::NotAllowed => Err(Refusal::Token),
        Changed::Overtaken => Err(Refusal::Overtaken),
        Changed::Refused(problems) => Err(metadata_error(&problems).into()),
    }
}

async fn remove(web: &WebState, id: String, headers: &HeaderMap) -> Result<(), Refusal> {
    match remove_own_registration(&web.app, own(web, id, headers)?).await? {
        Removed::Done => Ok(()),
        Removed::NotAllowed => Err(Refusal::Token),
        Removed::Overtaken => Err(Refusal::Overtaken),
    }
}

/// The revisions that `If-Match` names; those in another form are none of ours.
fn seen(headers: &HeaderMap) -> Option<Vec<i64>> {
    let values: Vec<&str> = headers.get_all(IF_MATCH).iter().map(|v| v.to_str().unwrap_or_default()).collect();
    let tags = values.iter().flat_map(|value| value.split(',')).map(str::trim);
    if values.is_empty() || tags.clone().any(|tag| tag == "*") {
        return None;
    }
    Some(tags.filter_map(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()).collect())
}

/// RFC 7591, 3.2.1; RFC 7592, 3. A secret is shown when it is made and never again: only its digest is kept. The token is
/// the one that the client has just presented, or its first.
fn described(app: &App, status: StatusCode, registration: &Registration, token: &Secret<String>) -> Response {
    let mut body = registration.client.to_metadata();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("client_id_issued_at", json!(registration.created_at));
    if let Some(secret) = &registration.secret {
        put("client_secret", json!(secret.expose()));
        put("client_secret_expires_at", json!(0));
    }
    let uri = format!("{}{}/{}", app.settings.issuer(), paths::REGISTER, registration.client.id);
    put("registration_access_token", json!(token.expose()));
    put("registration_client_uri", json!(uri));
    let mut response = answer::json(status, &body);
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", registration.revision)) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

async fn metadata(request: Request, web: &WebState) -> Result<Map<String, Value>, Refusal> {
    let invalid = || ErrorCode::InvalidClientMetadata.because("the body must be a JSON object (application/json)");
    if media_type(request.headers()) != "application/json" {
        return Err(invalid().into());
    }
    let body = Bytes::from_request(request, web).await.map_err(|_| invalid())?;
    match serde_json::from_slice(&body) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(invalid().into()),
    }
}
