//! `/userinfo` (OpenID Connect Core 1.0, 5.3).

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use super::answer::{self, BearerTrouble};
use crate::actions::protocol::present_token::{PresentedToken, Scheme, present_token};
use crate::app::App;
use crate::domain::protocol::claims;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::domain::protocol::scope::OPENID;
use crate::domain::protocol::subject::subject_of;
use crate::domain::secret::Secret;
use crate::web::request::form::is_form;
use crate::web::state::WebState;

pub async fn get(State(app): State<App>, request: Request) -> Response {
    let token = presented(request.headers(), request.uri().query(), &[]);
    respond(&app, token).await
}

/// The token in the header, or in the form (RFC 6750, 2.2).
pub async fn post(State(web): State<WebState>, request: Request) -> Response {
    let (headers, query) = (request.headers().clone(), request.uri().query().map(str::to_owned));
    let form = match is_form(&request) {
        true => Bytes::from_request(request, &web).await.unwrap_or_default(),
        false => Bytes::new(),
    };
    let token = presented(&headers, query.as_deref(), &form);
    respond(&web.app, token).await
}

/// The one token of the request: once, and in one way (RFC 6750, 2).
fn presented(headers: &HeaderMap, query: Option<&str>, form: &[u8]) -> Result<PresentedToken, BearerTrouble> {
    let in_header = answer::presented_token(headers).map_err(BearerTrouble::Refused)?;
    let in_form = tokens(form);
    // Addresses are written into logs: a token in one is not looked at (RFC 9700, 4.3.2), but it is one too many.
    let in_query = tokens(query.unwrap_or_default().as_bytes());
    if usize::from(in_header.is_some()) + in_form.len() + in_query.len() > 1 {
        let error = ErrorCode::InvalidRequest.because("the access token is sent twice, or in two ways at once");
        return Err(BearerTrouble::Refused(error));
    }
    let in_form = in_form.into_iter().next().map(|token| PresentedToken { scheme: Scheme::Bearer, token });
    in_header.or(in_form).ok_or(BearerTrouble::Missing)
}

fn tokens(form: &[u8]) -> Vec<Secret<String>> {
    let fields = url::form_urlencoded::parse(form);
    let tokens = fields.filter(|(name, value)| name == "access_token" && !value.is_empty());
    tokens.map(|(_, token)| Secret::new(token.into_owned())).collect()
}

async fn respond(app: &App, token: Result<PresentedToken, BearerTrouble>) -> Response {
    let answered = match token {
        Ok(token) => userinfo(app, &token).await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(claims) => answer::json(StatusCode::OK, &claims),
        Err(error) => error.into_response(),
    }
}

async fn userinfo(app: &App, token: &PresentedToken) -> Result<Map<String, Value>, BearerTrouble> {
    let invalid =
        || BearerTrouble::Refused(ErrorCode::InvalidToken.because("the access token is invalid, expired or revoked"));
    let mut reader = app.store.reader().await?;
    let good = present_token(app, &mut reader, token).await?.ok_or_else(invalid)?;
    let (grant, member) = good.behalf.ok_or_else(invalid)?;
    if !good.token.scope.0.contains(OPENID) {
        let error = ErrorCode::InsufficientScope.because("the access token has no scope openid");
        return Err(BearerTrouble::Refused(error));
    }
    let mut claims = claims::selected(&member.claims(), &good.token.scope.0, &grant.request.claims.userinfo);
    claims.insert("sub".to_owned(), subject_of(&grant.client, &member.id).into());
    Ok(claims)
}
