//! Whether an access token that somebody presents counts now: for userinfo and for every other address of ours that takes
//! one.

use serde_json::Value;

use crate::actions::ActionError;
use crate::app::App;
use crate::crypto::jwt::{self, TokenType};
use crate::domain::member::profile::Member;
use crate::domain::protocol::access_token::AccessToken;
use crate::domain::protocol::grant::Grant;
use crate::domain::secret::Secret;
use crate::store::Reads;
use crate::store::member::members;
use crate::store::protocol::grants;

/// A token, and how it was sent.
#[derive(Clone, Debug)]
pub struct PresentedToken {
    pub scheme: Scheme,
    pub token: Secret<String>,
}

/// What the sender claims to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Nothing but that they hold it (RFC 6750).
    Bearer,
}

/// An access token of ours that counts now.
#[derive(Debug)]
pub struct GoodToken {
    pub token: AccessToken,
    /// On whose behalf; nobody's for a client that acts for itself.
    pub behalf: Option<(Grant, Member)>,
}

/// The token, if it opens this provider's own addresses.
pub async fn present_token(
    app: &App,
    db: &mut impl Reads,
    presented: &PresentedToken,
) -> Result<Option<GoodToken>, ActionError> {
    match presented.scheme {
        Scheme::Bearer => {
            let good = good_access_token(app, db, presented.token.expose()).await?;
            Ok(good.filter(|good| good.token.aud.has(app.settings.issuer())))
        }
    }
}

/// Signed by us, in time, not revoked; its grant has not ended and its member may act. Whom it is for is not asked.
pub(super) async fn good_access_token(
    app: &App,
    db: &mut impl Reads,
    token: &str,
) -> Result<Option<GoodToken>, ActionError> {
    let now = app.now();
    let Ok(claims) = jwt::verify(token, TokenType::Access, &app.keys(), now) else { return Ok(None) };
    let Ok(token) = serde_json::from_value::<AccessToken>(Value::Object(claims)) else { return Ok(None) };
    if token.iss != app.settings.issuer() || token.exp <= now.0 {
        return Ok(None);
    }
    if grants::is_access_token_revoked(db, &token.jti).await? {
        return Ok(None);
    }
    let Some(id) = &token.grant else { return Ok(Some(GoodToken { token, behalf: None })) };
    let Some(grant) = grants::by_id(db, id).await?.filter(|g| g.ended_at.is_none()) else { return Ok(None) };
    let Some(member) = members::by_id(db, &grant.member).await?.filter(Member::may_act) else { return Ok(None) };
    Ok(Some(GoodToken { token, behalf: Some((grant, member)) }))
}
