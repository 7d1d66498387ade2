//! Whether a token counts now, and what stands in it (RFC 7662). A client is told about its own tokens only; of all others it
//! hears that they are not active, whatever they are.

use serde::Serialize;

use super::present_token::good_access_token;
use crate::actions::ActionError;
use crate::app::App;
use crate::domain::ids::{ClientId, MemberId};
use crate::domain::protocol::access_token::Audience;
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
            let good = good_access_token(app, &mut reader, token).await?;
            good.filter(|good| good.token.client_id == *asks).map(|good| Introspection {
                active: true,
                token_type: Some("Bearer"),
                username: good.behalf.map(|(_, member)| member.user_id),
                scope: Some(good.token.scope.0).filter(|scopes| !scopes.is_empty()).map(|scopes| scopes.to_string()),
                client_id: Some(good.token.client_id),
                sub: Some(good.token.sub),
                iss: Some(good.token.iss),
                aud: Some(good.token.aud),
                exp: Some(good.token.exp),
                iat: Some(good.token.iat),
                jti: Some(good.token.jti),
            })
        }
    };
    Ok(found.unwrap_or_default())
}

async fn may_act(db: &mut impl Reads, member: &MemberId) -> Result<bool, ActionError> {
    Ok(members::by_id(db, member).await?.is_some_and(|member| member.may_act()))
}
