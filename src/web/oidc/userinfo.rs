//! `/userinfo` (OpenID Connect Core 1.0, 5.3), and what makes an access token good.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use super::answer::{self, BearerTrouble};
use crate::actions::ActionError;
use crate::app::App;
use crate::crypto::jwt::{self, TokenType};
use crate::domain::member::profile::Member;
use crate::domain::protocol::access_token::AccessToken;
use crate::domain::protocol::claims;
use crate::domain::protocol::grant::Grant;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::domain::protocol::params::Params;
use crate::domain::protocol::scope::OPENID;
use crate::store::Reads;
use crate::store::member::members;
use crate::store::protocol::grants;
use crate::web::request::form::is_form;
use crate::web::state::WebState;

pub async fn get(State(app): State<App>, request: Request) -> Response {
    let token = answer::bearer(request.headers()).map(str::to_owned);
    respond(&app, token).await
}

/// The token in the header, or in the form (RFC 6750, 2.2), but not in both.
pub async fn post(State(web): State<WebState>, request: Request) -> Response {
    let in_header = answer::bearer(request.headers()).map(str::to_owned);
    let in_form = if is_form(&request) {
        let body = Bytes::from_request(request, &web).await.unwrap_or_default();
        Params::parse(&String::from_utf8_lossy(&body)).get("access_token").map(str::to_owned)
    } else {
        None
    };
    if in_header.is_some() && in_form.is_some() {
        let error = ErrorCode::InvalidRequest.because("the access token is sent in two ways at once");
        return BearerTrouble::Refused(error).into_response();
    }
    respond(&web.app, in_header.or(in_form)).await
}

async fn respond(app: &App, token: Option<String>) -> Response {
    match userinfo(app, token).await {
        Ok(claims) => answer::json(StatusCode::OK, &claims),
        Err(error) => error.into_response(),
    }
}

async fn userinfo(app: &App, token: Option<String>) -> Result<Map<String, Value>, BearerTrouble> {
    let token = token.ok_or(BearerTrouble::Missing)?;
    let invalid =
        || BearerTrouble::Refused(ErrorCode::InvalidToken.because("the access token is invalid, expired or revoked"));
    let mut reader = app.store.reader().await?;
    let good = good_access_token(app, &mut reader, &token).await?.ok_or_else(invalid)?;
    let (grant, member) = good.behalf.ok_or_else(invalid)?;
    if !good.token.scope.0.contains(OPENID) {
        let error = ErrorCode::InsufficientScope.because("the access token has no scope openid");
        return Err(BearerTrouble::Refused(error));
    }
    let mut claims = claims::selected(&member.claims(), &good.token.scope.0, &grant.request.claims.userinfo);
    claims.insert("sub".to_owned(), member.id.as_str().into());
    Ok(claims)
}

/// An access token of ours that counts now.
pub struct GoodToken {
    pub token: AccessToken,
    /// On whose behalf; nobody's for a client that acts for itself.
    pub behalf: Option<(Grant, Member)>,
}

/// Signed by us, for us, in time, not revoked; its grant has not ended and its member may act.
pub async fn good_access_token(app: &App, db: &mut impl Reads, token: &str) -> Result<Option<GoodToken>, ActionError> {
    let now = app.now();
    let Ok(claims) = jwt::verify(token, TokenType::Access, &app.keys(), now) else { return Ok(None) };
    let Ok(token) = serde_json::from_value::<AccessToken>(Value::Object(claims)) else { return Ok(None) };
    if token.iss != app.settings.issuer() || token.aud != app.settings.issuer() || token.exp <= now.0 {
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
