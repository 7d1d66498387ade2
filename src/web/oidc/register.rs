//! `/register` and `/register/{client_id}`: relying parties that register and look after themselves (OpenID Connect Dynamic
//! Client Registration 1.0; RFC 7591; RFC 7592). Off unless the settings say otherwise.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::answer::{self, ClientTrouble};
use crate::actions::protocol::clients::{By, RegisterError, Registered, is_secret_of, register};
use crate::app::App;
use crate::config::RegistrationMode;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::protocol::client::{Client, MetadataProblem, Terms};
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::domain::secret::Secret;
use crate::domain::unix_time::UnixTime;
use crate::store::protocol::clients::{self, StoredClient};
use crate::web::paths;
use crate::web::request::client_authentication::caller;
use crate::web::request::headers::media_type;
use crate::web::request::named::{Named, or_nothing};
use crate::web::state::WebState;

/// `POST /register` (RFC 7591, 3.1).
pub async fn post(State(web): State<WebState>, request: Request) -> Response {
    match add(&web, request).await {
        Ok(body) => answer::json(StatusCode::CREATED, &body),
        Err(refusal) => refusal.into_response(),
    }
}

/// `GET /register/{client_id}` (RFC 7592, 2.1).
pub async fn get(State(web): State<WebState>, named: Option<Named>, headers: HeaderMap) -> Response {
    match own(&web, or_nothing(named.as_ref()), &headers).await {
        Ok((stored, token)) => {
            answer::json(StatusCode::OK, &described(&web.app, &stored.client, stored.created_at, None, &token))
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// `PUT /register/{client_id}` (RFC 7592, 2.2).
pub async fn put(State(web): State<WebState>, named: Option<Named>, request: Request) -> Response {
    match replace(&web, or_nothing(named.as_ref()), request).await {
        Ok(body) => answer::json(StatusCode::OK, &body),
        Err(refusal) => refusal.into_response(),
    }
}

/// `DELETE /register/{client_id}` (RFC 7592, 2.3).
pub async fn delete(State(web): State<WebState>, named: Option<Named>, headers: HeaderMap) -> Response {
    match remove(&web, or_nothing(named.as_ref()), &headers).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

enum Refusal {
    /// Registration is off: there is no such endpoint.
    Off,
    /// No token, or not one that lets this be done (RFC 6750, 3).
    Token,
    Client(ClientTrouble),
}

impl<E: Into<ClientTrouble>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal::Client(error.into())
    }
}

impl From<RegisterError> for ClientTrouble {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Metadata(problems) => ClientTrouble::Refused(metadata_error(&problems)),
            RegisterError::Exists => {
                ClientTrouble::Refused(ErrorCode::InvalidClientMetadata.because("the client ID is taken"))
            }
            RegisterError::Action(error) => ClientTrouble::Inside(error),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Refusal::Off => StatusCode::NOT_FOUND.into_response(),
            Refusal::Token => {
                let value = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                let body =
                    json!({ "error": "invalid_token", "error_description": "the access token does not allow this" });
                let mut response = answer::json(StatusCode::UNAUTHORIZED, &body);
                response.headers_mut().insert(WWW_AUTHENTICATE, value);
                response
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

async fn add(web: &WebState, request: Request) -> Result<Map<String, Value>, Refusal> {
    let app = &web.app;
    web.limits.token(caller(&request, web))?;
    let token = answer::bearer(request.headers()).map(opaque_token::digest);
    let mode = app.settings.registration.mode;
    if mode == RegistrationMode::Off {
        return Err(Refusal::Off);
    }
    if mode == RegistrationMode::InitialAccessToken && token.is_none() {
        return Err(Refusal::Token);
    }
    let metadata = metadata(request, web).await?;
    let mut tx = app.store.write().await?;
    if mode == RegistrationMode::InitialAccessToken {
        let digest = token.unwrap_or_default();
        if !clients::take_initial_access_token(&mut tx, &digest, app.now()).await? {
            return Err(Refusal::Token);
        }
    }
    if clients::count_self_registered(&mut tx).await? >= i64::from(app.settings.registration.max_clients) {
        return Err(ErrorCode::InvalidClientMetadata.because("no more clients may register themselves here").into());
    }
    let terms = Terms { pkce: app.settings.registration.pkce, first_party: false, second_factor: None };
    let registered = register(app, &mut tx, None, &metadata, terms, By::Itself).await.map_err(ClientTrouble::from)?;
    tx.commit().await?;
    let Registered { client, secret, registration_token } = registered;
    let token = registration_token.as_ref().map_or("", |t| t.expose());
    Ok(described(app, &client, app.now(), secret.as_ref(), token))
}

/// The client whose registration access token this is, and the token.
async fn own(web: &WebState, id: &str, headers: &HeaderMap) -> Result<(StoredClient, String), Refusal> {
    if web.app.settings.registration.mode == RegistrationMode::Off {
        return Err(Refusal::Off);
    }
    let token = answer::bearer(headers).ok_or(Refusal::Token)?;
    let digest = opaque_token::digest(token);
    let found = clients::by_id(&mut web.app.store.reader().await?, id).await?;
    found
        .filter(|c| c.registration_token_digest.as_deref().is_some_and(|d| opaque_token::same(d, &digest)))
        .map(|client| (client, token.to_owned()))
        .ok_or(Refusal::Token)
}

async fn replace(web: &WebState, id: &str, request: Request) -> Result<Map<String, Value>, Refusal> {
    let app = &web.app;
    let (stored, token) = own(web, id, request.headers()).await?;
    let metadata = metadata(request, web).await?;
    let invalid = |why: &'static str| ErrorCode::InvalidClientMetadata.because(why);
    if metadata.get("client_id").and_then(Value::as_str) != Some(id) {
        return Err(invalid("client_id must be the one of this client").into());
    }
    for name in
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
    {
        if metadata.contains_key(name) {
            return Err(ErrorCode::InvalidClientMetadata.because(format!("{name} can't be sent")).into());
        }
    }
    if let Some(secret) = metadata.get("client_secret") {
        let same = secret.as_str().is_some_and(|s| is_secret_of(&stored, s, app.now()));
        if !same {
            return Err(invalid("client_secret is not the one of this client").into());
        }
    }
    let terms = Terms {
        pkce: app.settings.registration.pkce,
        first_party: stored.client.first_party,
        second_factor: stored.client.second_factor,
    };
    let client = Client::checked(stored.client.id.clone(), &metadata, terms)
        .map_err(|problems| ClientTrouble::Refused(metadata_error(&problems)))?;
    let new_secret =
        (!client.is_public() && stored.secret_digest.is_none()).then(|| opaque_token::new(Kind::ClientSecret));
    let digest = match (&new_secret, client.is_public()) {
        (Some(secret), _) => Some(opaque_token::digest(secret.expose())),
        (None, true) => None,
        (None, false) => stored.secret_digest,
    };
    let mut tx = app.store.write().await?;
    clients::update(&mut tx, &client, digest.as_deref(), app.now()).await?;
    tx.commit().await?;
    Ok(described(app, &client, stored.created_at, new_secret.as_ref(), &token))
}

async fn remove(web: &WebState, id: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let (stored, _) = own(web, id, headers).await?;
    let mut tx = web.app.store.write().await?;
    clients::remove(&mut tx, &stored.client.id).await?;
    tx.commit().await?;
    tracing::info!(client = %stored.client.id, "client removed itself");
    Ok(())
}

/// RFC 7591, 3.2.1; RFC 7592, 3. A secret is shown when it is made and never again: only its digest is kept. The token is
/// the one that the client has just presented, or its first.
fn described(
    app: &App,
    client: &Client,
    issued_at: UnixTime,
    secret: Option<&Secret<String>>,
    token: &str,
) -> Map<String, Value> {
    let mut body = client.to_metadata();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("client_id_issued_at", json!(issued_at));
    if let Some(secret) = secret {
        put("client_secret", json!(secret.expose()));
        put("client_secret_expires_at", json!(0));
    }
    put("registration_access_token", json!(token));
    put("registration_client_uri", json!(format!("{}{}/{}", app.settings.issuer(), paths::REGISTER, client.id)));
    body
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
