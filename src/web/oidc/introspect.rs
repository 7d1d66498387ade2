//! `/introspect` (RFC 7662).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::answer::{self, ClientTrouble};
use crate::actions::protocol::introspect_token::{Introspection, introspect_token};
use crate::app::App;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::web::request::client_authentication::AuthenticatedClient;

pub async fn post(State(app): State<App>, caller: AuthenticatedClient) -> Response {
    match introspect(&app, &caller).await {
        Ok(body) => answer::json(StatusCode::OK, &body),
        Err(error) => error.into_response(),
    }
}

async fn introspect(app: &App, caller: &AuthenticatedClient) -> Result<Introspection, ClientTrouble> {
    if caller.client.is_public() {
        // RFC 7662, 2.1: nobody may fish for tokens here.
        let error = ErrorCode::InvalidClient.because("a public client can't introspect tokens");
        return Err(ClientTrouble::NotAuthenticated(error));
    }
    Ok(introspect_token(app, &caller.client.id, caller.params.required("token")?).await?)
}
