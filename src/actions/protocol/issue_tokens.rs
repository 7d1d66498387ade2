//! What the token endpoint gives out: access tokens (RFC 9068), ID tokens (OpenID Connect Core 1.0, 2), refresh tokens.

use std::borrow::Cow;

use chrono::DateTime;
use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthenticationContextClass, AuthenticationMethodReference, IdTokenClaims,
    IssuerUrl, Nonce, StandardClaims, SubjectIdentifier,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actions::ActionError;
use crate::app::App;
use crate::crypto::jwt::{self, TokenType};
use crate::domain::ids::{ClientId, GrantId};
use crate::domain::member::profile::Member;
use crate::domain::protocol::access_token::{AccessToken, Audience, Scoped};
use crate::domain::protocol::claims;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::grant::Grant;
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::domain::protocol::scope::Scopes;
use crate::domain::protocol::signing_key::Algorithm;
use crate::domain::protocol::subject::{session_of, subject_of};
use crate::domain::secret::Secret;
use crate::domain::unix_time::UnixTime;
use crate::random;

/// What a token request comes to.
pub enum Issued {
    Tokens(Box<TokenResponse>),
    Refused {
        error: OAuthError,
        /// For the log.
        why: Cow<'static, str>,
    },
}

impl Issued {
    /// The one sentence for every code or refresh token that is not good; the log says more.
    pub(super) fn invalid_grant(why: impl Into<Cow<'static, str>>) -> Issued {
        let error = ErrorCode::InvalidGrant.because(
            "the code or refresh token is invalid, expired, used, or was issued to another client or for another redirect_uri",
        );
        Issued::Refused { error, why: why.into() }
    }
}

impl From<OAuthError> for Issued {
    fn from(error: OAuthError) -> Issued {
        let why = error.description.clone();
        Issued::Refused { error, why }
    }
}

impl From<TokenResponse> for Issued {
    fn from(tokens: TokenResponse) -> Issued {
        Issued::Tokens(Box::new(tokens))
    }
}

/// A successful token response (RFC 6749, 5.1; OpenID Connect Core 1.0, 3.1.3.3).
#[derive(Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Whether an ID token comes along, and of which kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdToken {
    No,
    /// With the `nonce` of the authorization request.
    ForCode,
    /// Without: the nonce has done its work (OpenID Connect Core 1.0, 12.2).
    Refreshed,
}

/// Tokens for a grant whose code or refresh token was just taken.
pub(super) struct ForGrant<'a> {
    pub client: &'a Client,
    pub grant: &'a Grant,
    pub member: &'a Member,
    /// Of the access token: those of the grant, or fewer.
    pub scopes: Scopes,
    pub audience: Audience,
    pub id_token: IdToken,
    pub refresh_token: Option<Secret<String>>,
}

/// The claim that names the browser session, and what the `claims` parameter asked for beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SessionClaims {
    sid: String,
    #[serde(flatten)]
    asked: Map<String, Value>,
}

impl AdditionalClaims for SessionClaims {}

pub(super) fn for_grant(app: &App, what: ForGrant<'_>) -> Result<TokenResponse, ActionError> {
    let ForGrant { client, grant, member, ref scopes, .. } = what;
    let subject = subject_of(&client.id, &member.id);
    let access_token = access_token(app, subject, &client.id, scopes, what.audience, Some(&grant.id))?;
    let id_token = match what.id_token {
        IdToken::No => None,
        IdToken::ForCode => Some(id_token(app, client, grant, member, &access_token, grant.request.nonce.as_deref())?),
        IdToken::Refreshed => Some(id_token(app, client, grant, member, &access_token, None)?),
    };
    Ok(response(app, access_token, scopes, id_token, what.refresh_token))
}

/// A token for a client that acts for itself (RFC 6749, 4.4).
pub(super) fn for_client(
    app: &App,
    client: &Client,
    scopes: &Scopes,
    audience: Audience,
) -> Result<TokenResponse, ActionError> {
    let access_token = access_token(app, client.id.to_string(), &client.id, scopes, audience, None)?;
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
    subject: String,
    client: &ClientId,
    scopes: &Scopes,
    audience: Audience,
    grant: Option<&GrantId>,
) -> Result<String, ActionError> {
    let now = app.now();
    let token = AccessToken {
        iss: app.settings.issuer().to_owned(),
        sub: subject,
        aud: audience,
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
    nonce: Option<&str>,
) -> Result<String, ActionError> {
    let now = app.now();
    let time = |t: UnixTime| DateTime::from_timestamp(t.0, 0).unwrap_or_default();
    let asked = claims::selected(&member.claims(), &Scopes::default(), &grant.request.claims.id_token);
    let claims = IdTokenClaims::<SessionClaims, CoreGenderClaim>::new(
        IssuerUrl::from_url(app.settings.issuer.clone()),
        Vec::new(),
        time(now + app.settings.tokens.id_token_lifetime),
        time(now),
        StandardClaims::new(SubjectIdentifier::new(subject_of(&client.id, &member.id))),
        SessionClaims { sid: session_of(&client.id, &grant.session), asked },
    )
    .set_auth_time(Some(time(grant.authenticated_at)))
    .set_auth_context_ref(Some(AuthenticationContextClass::new(grant.request.acr.told(grant.assurance).to_owned())))
    .set_auth_method_refs(Some(
        grant.assurance.amr().iter().map(|m| AuthenticationMethodReference::new((*m).to_owned())).collect(),
    ))
    .set_access_token_hash(Some(AccessTokenHash::new(jwt::half_hash(access_token))))
    .set_nonce(nonce.map(|nonce| Nonce::new(nonce.to_owned())));
    let mut claims = object(&claims);
    // `url::Url` adds the slash that the issuer identifier does not have.
    claims.insert("iss".to_owned(), app.settings.issuer().into());
    // One audience is a plain text (RFC 7519, 4.1.3); some clients take no list.
    claims.insert("aud".to_owned(), client.id.as_str().into());
    Ok(jwt::sign(claims, TokenType::Id, client.id_token_alg, &app.keys(), now)?)
}

fn object<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
