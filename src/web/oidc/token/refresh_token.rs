//! `grant_type=refresh_token` (RFC 6749, 6; OpenID Connect Core 1.0, 12; RFC 9700, 4.14.2).

use super::{ClientTrouble, invalid_grant};
use crate::actions::protocol::issue_tokens::{self, TokenResponse};
use crate::app::App;
use crate::domain::protocol::grant::Grant;
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::domain::protocol::refresh_rotation::{RefreshState, Rotation};
use crate::domain::protocol::scope::Scopes;
use crate::store::WriteTx;
use crate::store::member::members;
use crate::store::protocol::grants;
use crate::web::request::client_authentication::AuthenticatedClient;

pub async fn rotate(app: &App, caller: &AuthenticatedClient) -> Result<TokenResponse, ClientTrouble> {
    let Some((id, presented)) = app.refresh_tokens.read(caller.params.required("refresh_token")?) else {
        return Err(invalid_grant("not a refresh token of ours"));
    };
    // A second round is needed where another request has just moved the token on: then this one is the one before.
    for _ in 0..3 {
        let now = app.now();
        let mut tx = app.store.write().await?;
        let Some(grant) = grants::by_id(&mut tx, &id).await? else {
            return Err(invalid_grant("the grant is gone"));
        };
        // The client is compared first: a stranger may not end a login with a token that it found.
        if grant.request.client != caller.client.id {
            return Err(invalid_grant("the refresh token was issued to another client"));
        }
        let Some(state) = grant.refresh.filter(|_| grant.ended_at.is_none() && now < grant.kept_until) else {
            return Err(invalid_grant("the grant has ended"));
        };
        let generation = match state.judge(presented, app.settings.tokens.refresh_grace, now) {
            Rotation::Rotate { to } => to,
            Rotation::Repeat { live } => live,
            Rotation::Reused => return reused(app, tx, &grant).await,
        };
        let Some(member) = members::by_id(&mut tx, &grant.member).await?.filter(|m| m.may_act()) else {
            return Err(invalid_grant("the member is locked or gone"));
        };
        let scopes = narrowed(caller, &grant)?;
        if generation != state.generation {
            let to = RefreshState { generation, issued_at: now };
            let absolute = grant.created_at + app.settings.tokens.refresh_absolute;
            let kept_until = absolute.min(now + app.settings.tokens.refresh_idle);
            if !grants::rotate_refresh(&mut tx, &id, state.generation, to, kept_until).await? {
                continue;
            }
        }
        // Signed after the commit, as for a code; an answer that is lost can be had again.
        tx.commit().await?;
        let token = app.refresh_tokens.issue(&id, generation);
        return Ok(issue_tokens::for_grant(app, &caller.client, &grant, &member, &scopes, Some(token))?);
    }
    Err(invalid_grant("the refresh token was moved on by other requests"))
}

/// An old token: it or its successor was stolen. The whole chain ends, and that is committed although the request is
/// refused.
async fn reused(app: &App, mut tx: WriteTx, grant: &Grant) -> Result<TokenResponse, ClientTrouble> {
    grants::end(&mut tx, &grant.id, app.now()).await?;
    tx.commit().await?;
    tracing::warn!(grant = %grant.id, client = %grant.request.client, "an old refresh token came back; the grant ends");
    Err(invalid_grant("the refresh token was used before"))
}

/// Fewer scopes may be asked for, never more (RFC 6749, 6).
fn narrowed(caller: &AuthenticatedClient, grant: &Grant) -> Result<Scopes, OAuthError> {
    let Some(text) = caller.params.get("scope") else { return Ok(grant.request.scopes.clone()) };
    let asked = Scopes::parse(text)?;
    if asked.is_within(&grant.request.scopes) && !asked.is_empty() {
        Ok(asked)
    } else {
        Err(ErrorCode::InvalidScope.because("scope is wider than what was granted"))
    }
}
