//! `/introspect` (RFC 7662): whether a token counts now. A client is told about its own tokens only; for all others the
//! answer is "not active", whatever they are.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::answer::{self, ClientTrouble};
use super::userinfo::good_access_token;
use crate::app::App;
use crate::domain::member::profile::Member;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::store::member::members;
use crate::store::protocol::grants;
use crate::web::request::client_authentication::AuthenticatedClient;

pub async fn post(State(app): State<App>, caller: AuthenticatedClient) -> Response {
    match introspect(&app, &caller).await {
        Ok(body) => answer::json(StatusCode::OK, &body),
        Err(error) => error.into_response(),
    }
}

async fn introspect(app: &App, caller: &AuthenticatedClient) -> Result<Value, ClientTrouble> {
    if caller.client.is_public() {
        // RFC 7662, 2.1: nobody may fish for tokens here.
        let error = ErrorCode::InvalidClient.because("a public client can't introspect tokens");
        return Err(ClientTrouble::NotAuthenticated { error, by_header: false });
    }
    let token = caller.params.required("token")?;
    let inactive = json!({ "active": false });
    let mut reader = app.store.reader().await?;
    if let Some((id, generation)) = app.refresh_tokens.read(token) {
        let Some(grant) = grants::by_id(&mut reader, &id).await? else { return Ok(inactive) };
        let live = grant.refresh.is_some_and(|r| r.generation == generation);
        let member = members::by_id(&mut reader, &grant.member).await?.filter(Member::may_act);
        let good = live && grant.ended_at.is_none() && app.now() < grant.kept_until && member.is_some();
        if !good || grant.request.client != caller.client.id {
            return Ok(inactive);
        }
        return Ok(json!({
            "active": true,
            "client_id": grant.request.client,
            "sub": grant.member,
            "scope": grant.request.scopes.to_string(),
            "iss": app.settings.issuer(),
            "exp": grant.kept_until,
        }));
    }
    let Some(good) = good_access_token(app, &mut reader, token).await? else { return Ok(inactive) };
    if good.token.client_id != caller.client.id {
        return Ok(inactive);
    }
    let token = good.token;
    Ok(json!({
        "active": true,
        "token_type": "Bearer",
        "client_id": token.client_id,
        "sub": token.sub,
        "username": good.behalf.map(|(_, member)| member.user_id),
        "scope": token.scope.0.to_string(),
        "iss": token.iss,
        "aud": token.aud,
        "exp": token.exp,
        "iat": token.iat,
        "jti": token.jti,
    }))
}
