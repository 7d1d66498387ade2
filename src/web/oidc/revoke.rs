//! `/revoke` (RFC 7009). The answer is the same whether there was anything to revoke.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::answer::ClientTrouble;
use crate::actions::protocol::revoke_token::revoke_token;
use crate::app::App;
use crate::domain::secret::Secret;
use crate::web::request::client_authentication::AuthenticatedClient;

pub async fn post(State(app): State<App>, caller: AuthenticatedClient) -> Response {
    match revoke(&app, &caller).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => error.into_response(),
    }
}

async fn revoke(app: &App, caller: &AuthenticatedClient) -> Result<(), ClientTrouble> {
    let token = caller.params.required("token")?;
    Ok(revoke_token(app, &caller.client.id, Secret::new(token.to_owned())).await?)
}
