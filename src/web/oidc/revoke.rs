//! `/revoke` (RFC 7009). The answer is the same whether there was anything to revoke.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::answer::ClientTrouble;
use crate::app::App;
use crate::crypto::jwt::{self, TokenType};
use crate::domain::protocol::access_token::AccessToken;
use crate::domain::unix_time::UnixTime;
use crate::store::protocol::grants;
use crate::web::request::client_authentication::AuthenticatedClient;

pub async fn post(State(app): State<App>, caller: AuthenticatedClient) -> Response {
    match revoke(&app, &caller).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => error.into_response(),
    }
}

/// A refresh token ends its whole grant (RFC 7009, 2.1); an access token only itself. Another client's stays.
async fn revoke(app: &App, caller: &AuthenticatedClient) -> Result<(), ClientTrouble> {
    let token = caller.params.required("token")?;
    let now = app.now();
    if let Some((id, _)) = app.refresh_tokens.read(token) {
        let mut tx = app.store.write().await?;
        if let Some(grant) = grants::by_id(&mut tx, &id).await?
            && grant.request.client == caller.client.id
        {
            grants::end(&mut tx, &id, now).await?;
            tx.commit().await?;
        }
        return Ok(());
    }
    let Ok(claims) = jwt::verify(token, TokenType::Access, &app.keys(), now) else { return Ok(()) };
    let Ok(access) = serde_json::from_value::<AccessToken>(Value::Object(claims)) else { return Ok(()) };
    if access.client_id == caller.client.id && access.exp > now.0 {
        let mut tx = app.store.write().await?;
        grants::revoke_access_token(&mut tx, &access.jti, UnixTime(access.exp)).await?;
        tx.commit().await?;
    }
    Ok(())
}
