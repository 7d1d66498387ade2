//! Whether a token counts now, and what stands in it (RFC 7662). A client is told about its own tokens, and a resource server
//! about access tokens for it; of all others they hear that they are not active, whatever they are.

use serde::Serialize;

use super::present_token::{GoodToken, good_access_token};
use super::resource_servers::resources;
use crate::actions::ActionError;
use crate::app::App;
use crate::domain::ids::{ClientId, MemberId};
use crate::domain::protocol::access_token::{AccessToken, Audience};
use crate::domain::protocol::scope::Scopes;
use crate::domain::protocol::subject::subject_of;
use crate::store::Reads;
use crate::store::member::members;
use crate::store::protocol::grants;

/// RFC 7662, 2.2. What is not known is left out.
#[derive(Debug, Default, Serialize)]
pub struct Introspection {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
}

pub async fn introspect_token(app: &App, asks: &ClientId, token: &str) -> Result<Introspection, ActionError> {
    let mut reader = app.store.reader().await?;
    let found = match app.refresh_tokens.read(token) {
        Some((id, generation)) => {
            let grant = grants::by_id(&mut reader, &id).await?;
            let live = grant.filter(|grant| {
                let is_live = grant.refresh.is_some_and(|r| r.generation == generation);
                is_live && grant.ended_at.is_none() && app.now() < grant.kept_until && grant.client == *asks
            });
            match live {
                Some(grant) if may_act(&mut reader, &grant.member).await? => Some(Introspection {
                    active: true,
                    sub: Some(subject_of(&grant.client, &grant.member)),
                    scope: Some(grant.scopes.to_string()),
                    iss: Some(app.settings.issuer().to_owned()),
                    exp: Some(grant.kept_until.0),
                    client_id: Some(grant.client),
                    ..Introspection::default()
                }),
                _ => None,
            }
        }
        None => {
            let Some(good) = good_access_token(app, &mut reader, token).await? else { return Ok(inactive()) };
            let GoodToken { token, behalf } = good;
            if token.client_id == *asks {
                let user_id = behalf.map(|(_, member)| member.user_id);
                let (scopes, audience) = (token.scope.0.clone(), token.aud.clone());
                Some(of_access_token(token, scopes, audience, user_id))
            } else {
                // A resource server has no business with what the token may do elsewhere, nor with the member's user ID.
                let resources = resources(app, &mut reader).await?;
                let seen = resources.as_seen_by(asks, token.aud.names(), &token.scope.0);
                seen.map(|seen| of_access_token(token, seen.scopes, Audience::of(seen.resources), None))
            }
        }
    };
    Ok(found.unwrap_or_else(inactive))
}

fn inactive() -> Introspection {
    Introspection::default()
}

fn of_access_token(token: AccessToken, scopes: Scopes, audience: Audience, user_id: Option<String>) -> Introspection {
    Introspection {
        active: true,
        token_type: Some("Bearer"),
        client_id: Some(token.client_id),
        sub: Some(token.sub),
        username: user_id,
        scope: (!scopes.is_empty()).then(|| scopes.to_string()),
        iss: Some(token.iss),
        aud: Some(audience),
        exp: Some(token.exp),
        iat: Some(token.iat),
        jti: Some(token.jti),
    }
}

async fn may_act(db: &mut impl Reads, member: &MemberId) -> Result<bool, ActionError> {
    Ok(members::by_id(db, member).await?.is_some_and(|member| member.may_act()))
}
