//! What the token endpoint gives out: access tokens (RFC 9068), ID tokens (OpenID Connect Core 1.0, 2), refresh tokens.

use chrono::DateTime;
use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AccessTokenHash, AdditionalClaims, Audience, AuthenticationContextClass, AuthenticationMethodReference,
    IdTokenClaims, IssuerUrl, Nonce, StandardClaims, SubjectIdentifier,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actions::ActionError;
use crate::app::App;
use crate::crypto::jwt::{self, TokenType};
use crate::domain::ids::{BrowserSessionId, ClientId, GrantId};
use crate::domain::member::profile::Member;
use crate::domain::protocol::access_token::{AccessToken, Scoped};
use crate::domain::protocol::claims;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::grant::Grant;
use crate::domain::protocol::scope::Scopes;
use crate::domain::protocol::signing_key::Algorithm;
use crate::domain::secret::Secret;
use crate::random;

/// A successful token response (RFC 6749, 5.1; OpenID Connect Core 1.0, 3.1.3.3).
#[derive(Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: u32,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// The claim that names the browser session (OpenID Connect Back-Channel Logout 1.0, 2.1), and what the `claims`
/// parameter asked for beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SessionClaims {
    sid: BrowserSessionId,
    #[serde(flatten)]
    asked: Map<String, Value>,
}

impl AdditionalClaims for SessionClaims {}

/// Tokens for a grant whose code or refresh token was just taken. `scopes` are those of the grant, or fewer.
pub fn for_grant(
    app: &App,
    client: &Client,
    grant: &Grant,
    member: &Member,
    scopes: &Scopes,
    refresh_token: Option<Secret<String>>,
) -> Result<TokenResponse, ActionError> {
    let access_token = access_token(app, member.id.as_str(), &client.id, scopes, Some(&grant.id))?;
    let id_token = match grant.request.is_openid() {
        true => Some(id_token(app, client, grant, member, &access_token)?),
        false => None,
    };
    Ok(response(app, access_token, scopes, id_token, refresh_token))
}

/// A token for a client that acts for itself (RFC 6749, 4.4).
pub fn for_client(app: &App, client: &Client, scopes: &Scopes) -> Result<TokenResponse, ActionError> {
    let access_token = access_token(app, client.id.as_str(), &client.id, scopes, None)?;
    Ok(response(app, access_token, scopes, None, None))
}

fn response(
    app: &App,
    access_token: String,
    scopes: &Scopes,
    id_token: Option<String>,
    refresh_token: Option<Secret<String>>,
) -> TokenResponse {
    TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: app.settings.tokens.access_token_lifetime.as_seconds(),
        scope: scopes.to_string(),
        id_token,
        refresh_token: refresh_token.map(|token| token.expose().clone()),
    }
}

fn access_token(
    app: &App,
    subject: &str,
    client: &ClientId,
    scopes: &Scopes,
    grant: Option<&GrantId>,
) -> Result<String, ActionError> {
    let now = app.now();
    let token = AccessToken {
        iss: app.settings.issuer().to_owned(),
        sub: subject.to_owned(),
        aud: app.settings.issuer().to_owned(),
        exp: (now + app.settings.tokens.access_token_lifetime).0,
        iat: now.0,
        jti: random::identifier(),
        client_id: client.clone(),
        scope: Scoped(scopes.clone()),
        grant: grant.cloned(),
    };
    Ok(jwt::sign(object(&token), TokenType::Access, Algorithm::Es256, &app.keys(), now)?)
}

fn id_token(
    app: &App,
    client: &Client,
    grant: &Grant,
    member: &Member,
    access_token: &str,
) -> Result<String, ActionError> {
    let now = app.now();
    let time = |t: crate::domain::unix_time::UnixTime| DateTime::from_timestamp(t.0, 0).unwrap_or_default();
    let asked = claims::selected(&member.claims(), &Scopes::default(), &grant.request.claims.id_token);
    let mut claims = IdTokenClaims::<SessionClaims, CoreGenderClaim>::new(
        IssuerUrl::from_url(app.settings.issuer.clone()),
        vec![Audience::new(client.id.to_string())],
        time(now + app.settings.tokens.id_token_lifetime),
        time(now),
        StandardClaims::new(SubjectIdentifier::new(member.id.to_string())),
        SessionClaims { sid: grant.session.clone(), asked },
    )
    .set_auth_time(Some(time(grant.authenticated_at)))
    .set_auth_context_ref(Some(AuthenticationContextClass::new(grant.request.acr.told(grant.assurance).to_owned())))
    .set_auth_method_refs(Some(
        grant.assurance.amr().iter().map(|m| AuthenticationMethodReference::new((*m).to_owned())).collect(),
    ))
    .set_access_token_hash(Some(AccessTokenHash::new(jwt::half_hash(access_token))));
    if let Some(nonce) = &grant.request.nonce {
        claims = claims.set_nonce(Some(Nonce::new(nonce.clone())));
    }
    let mut claims = object(&claims);
    // `url::Url` adds the slash that the issuer identifier does not have.
    claims.insert("iss".to_owned(), app.settings.issuer().into());
    Ok(jwt::sign(claims, TokenType::Id, client.id_token_alg, &app.keys(), now)?)
}

fn object<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
