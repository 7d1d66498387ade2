//! `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0, 3) and `/.well-known/oauth-authorization-server`
//! (RFC 8414): the same document. Only what is really on is listed.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, AuthenticationContextClass, IssuerUrl, JsonWebKeySetUrl, LanguageTag,
    ProviderMetadata, RegistrationUrl, ResponseTypes, Scope, TokenUrl, UserInfoUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::jwks::KEPT;
use crate::actions::member::authenticators::demands;
use crate::config::RegistrationMode;
use crate::domain::login::assurance::Assurance;
use crate::domain::protocol::client::{AuthenticationMethod, GrantType};
use crate::domain::protocol::prompt::Prompt;
use crate::domain::protocol::{claims, scope};
use crate::web::paths;
use crate::web::prepared::Prepared;
use crate::web::state::WebState;

/// Metadata beyond Discovery 1.0: RFC 8414, RFC 9207, RP-Initiated Logout 1.0, Initiating User Registration 1.0.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Further {
    end_session_endpoint: Url,
    revocation_endpoint: Url,
    introspection_endpoint: Url,
    revocation_endpoint_auth_methods_supported: Vec<String>,
    introspection_endpoint_auth_methods_supported: Vec<String>,
    code_challenge_methods_supported: Vec<String>,
    prompt_values_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Further {}

type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub async fn get(State(web): State<WebState>, asked: HeaderMap) -> Response {
    let with = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, KEPT)];
    let with = with.map(|(name, value)| (name, HeaderValue::from_static(value)));
    // It says what the settings say, which are those of the start.
    let made = match web.prepared.discovery.get() {
        Some(made) => made,
        None => match document(&web) {
            Ok(body) => web.prepared.discovery.get_or_init(|| Prepared::text(body)),
            Err(error) => {
                tracing::error!("the discovery document can't be made: {error}");
                return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        },
    };
    made.answer(&asked, HeaderMap::from_iter(with))
}

#[derive(Debug, thiserror::Error)]
enum DocumentError {
    #[error(transparent)]
    Url(#[from] url::ParseError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

fn document(web: &WebState) -> Result<String, DocumentError> {
    let settings = &web.app.settings;
    let at = |path: &str| settings.issuer.join(path);
    let names = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let authentication = AuthenticationMethod::ALL.map(AuthenticationMethod::name);
    let confidential = [AuthenticationMethod::ClientSecretBasic, AuthenticationMethod::ClientSecretPost];
    let further = Further {
        end_session_endpoint: at(paths::LOGOUT)?,
        revocation_endpoint: at(paths::REVOKE)?,
        introspection_endpoint: at(paths::INTROSPECT)?,
        revocation_endpoint_auth_methods_supported: names(&authentication),
        introspection_endpoint_auth_methods_supported: names(&confidential.map(AuthenticationMethod::name)),
        code_challenge_methods_supported: names(&["S256"]),
        prompt_values_supported: names(&Prompt::SUPPORTED),
        authorization_response_iss_parameter_supported: true,
    };
    let registers = settings.registration.mode != RegistrationMode::Off;
    let languages = || web.catalogue.locales().map(|l| LanguageTag::new(l.tag().to_owned())).collect::<Vec<_>>();
    let metadata = Metadata::new(
        IssuerUrl::new(settings.issuer().to_owned())?,
        AuthUrl::from_url(at(paths::AUTHORIZE)?),
        JsonWebKeySetUrl::from_url(at(paths::JWKS)?),
        vec![ResponseTypes::new(vec![CoreResponseType::Code])],
        vec![CoreSubjectIdentifierType::Public],
        vec![CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, CoreJwsSigningAlgorithm::EcdsaP256Sha256],
        further,
    )
    .set_token_endpoint(Some(TokenUrl::from_url(at(paths::TOKEN)?)))
    .set_userinfo_endpoint(Some(UserInfoUrl::from_url(at(paths::USERINFO)?)))
    .set_registration_endpoint(if registers { Some(RegistrationUrl::from_url(at(paths::REGISTER)?)) } else { None })
    .set_scopes_supported(Some(scope::SUPPORTED.map(|s| Scope::new(s.to_owned())).to_vec()))
    .set_response_modes_supported(Some(vec![CoreResponseMode::Query]))
    .set_grant_types_supported(Some(
        GrantType::ALL
            .map(|g| match g {
                GrantType::AuthorizationCode => CoreGrantType::AuthorizationCode,
                GrantType::RefreshToken => CoreGrantType::RefreshToken,
                GrantType::ClientCredentials => CoreGrantType::ClientCredentials,
            })
            .to_vec(),
    ))
    .set_acr_values_supported(Some(
        Assurance::SUPPORTED
            .into_iter()
            .filter(|level| *level <= demands(&web.app, None, None).most())
            .map(|level| AuthenticationContextClass::new(level.acr().to_owned()))
            .collect(),
    ))
    .set_token_endpoint_auth_methods_supported(Some(
        AuthenticationMethod::ALL
            .map(|m| match m {
                AuthenticationMethod::ClientSecretBasic => CoreClientAuthMethod::ClientSecretBasic,
                AuthenticationMethod::ClientSecretPost => CoreClientAuthMethod::ClientSecretPost,
                AuthenticationMethod::None => CoreClientAuthMethod::None,
            })
            .to_vec(),
    ))
    .set_display_values_supported(Some(vec![CoreAuthDisplay::Page]))
    .set_claim_types_supported(Some(vec![CoreClaimType::Normal]))
    .set_claims_supported(Some(
        ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"]
            .into_iter()
            .chain(claims::supported())
            .map(|name| CoreClaimName::new(name.to_owned()))
            .collect(),
    ))
    .set_ui_locales_supported(Some(languages()))
    .set_claims_parameter_supported(Some(true))
    .set_request_parameter_supported(Some(false))
    .set_request_uri_parameter_supported(Some(false));
    Ok(serde_json::to_string(&metadata)?)
}
