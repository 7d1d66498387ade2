//! The conversation with the OpenID Connect provider: discovery, the way to its login page, and what must be checked
//! before its answer is believed (OpenID Connect Core 1.0, section 3.1; RFC 9700).

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreGrantType, CoreIdToken, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalProviderMetadata, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, CsrfToken, EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LanguageTag,
    LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl, ProviderMetadata, RedirectUrl,
    Scope, SignatureVerificationError, SubjectIdentifier, TokenResponse, reqwest,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Config;
use super::session::PendingLogin;

const TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_RETRY: Duration = Duration::from_millis(500);
const SLOWEST_RETRY: Duration = Duration::from_secs(30);

/// What discovery tells beyond the members that `openidconnect` names itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Extras {
    end_session_endpoint: Option<EndSessionUrl>,
    /// RFC 9207: every answer of this provider carries `iss`.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}
impl AdditionalProviderMetadata for Extras {}

type Metadata = ProviderMetadata<
    Extras,
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
type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// The provider as discovery describes it, with its public keys.
struct Discovered {
    client: Client,
    extras: Extras,
}

pub struct Provider {
    config: Config,
    http: reqwest::Client,
    discovered: RwLock<Option<Arc<Discovered>>>,
}

/// The parameters of the redirect back to `/callback`: either `code`, or `error` (RFC 6749, 4.1.2 and 4.1.2.1).
#[derive(Deserialize)]
pub struct Answer {
    pub state: String,
    iss: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

/// A member as the provider vouches for them.
pub struct Identity {
    pub name: String,
    pub id_token: CoreIdToken,
}

#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    #[error("the provider {issuer} cannot be reached or does not describe itself rightly: {reason}")]
    Unreachable { issuer: String, reason: String },
    #[error("the member chose not to log in")]
    Cancelled,
    #[error("the provider refused the login: {0}")]
    Refused(String),
    #[error("the provider's answer is not to be believed: {0}")]
    NotBelieved(String),
    #[error("the provider failed to answer: {0}")]
    Failed(String),
}

impl Provider {
    pub fn new(config: Config) -> Result<Provider, reqwest::Error> {
        // No endpoint that a server calls has a reason to redirect; following one would reach where it should not.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT).build()?;
        Ok(Provider { config, http, discovered: RwLock::default() })
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Looks for the provider until it answers: portal and provider may start in any order. Meanwhile each request
    /// for the provider tries on its own, so that nobody waits for the next turn here.
    pub async fn discover_until_found(&self) {
        let mut wait = FIRST_RETRY;
        while let Err(error) = self.discovered().await {
            tracing::warn!("{error}; trying again in {wait:?}");
            tokio::time::sleep(wait).await;
            wait = SLOWEST_RETRY.min(wait * 2);
        }
    }

    /// Where to send the browser to log in, and what to remember until it comes back.
    pub async fn begin_login(&self, locale: &str) -> Result<(Url, PendingLogin), ProviderError> {
        let provider = self.discovered().await?;
        let (pkce_challenge, pkce_verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = provider
            .client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            // `openid` is asked for by the library itself.
            .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
            .add_ui_locale(LanguageTag::new(locale.to_owned()))
            .set_pkce_challenge(pkce_challenge)
            .url();
        Ok((url, PendingLogin { state, nonce, pkce_verifier }))
    }

    /// Turns the answer to `login` into a member, if everything about it is right.
    pub async fn finish_login(&self, answer: Answer, login: PendingLogin) -> Result<Identity, ProviderError> {
        let provider = self.discovered().await?;

        // From the provider that we asked? (RFC 9207; even an error is worth nothing from anyone else.)
        check_issuer(
            answer.iss.as_deref(),
            &self.config.issuer,
            provider.extras.authorization_response_iss_parameter_supported,
        )?;
        let code = match (answer.code, answer.error.as_deref()) {
            (Some(code), None) => AuthorizationCode::new(code),
            (_, Some("access_denied")) => return Err(ProviderError::Cancelled),
            (_, Some(error)) => return Err(ProviderError::Refused(error.to_owned())),
            (None, None) => return Err(ProviderError::NotBelieved("neither code nor error".to_owned())),
        };

        let tokens = provider
            .client
            .exchange_code(code)
            .map_err(failed)?
            .set_pkce_verifier(login.pkce_verifier)
            .request_async(&self.http)
            .await
            .map_err(failed)?;
        let id_token = tokens.id_token().ok_or_else(|| not_believed("no ID token came with the access token"))?;

        let subject = match check_id_token(&provider, id_token, &login.nonce, tokens.access_token()) {
            // Signed by a key that is newer than our copy of the provider's keys: fetch them again, once.
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let provider = self.discover().await?;
                check_id_token(&provider, id_token, &login.nonce, tokens.access_token())
            }
            checked => checked,
        }
        .map_err(not_believed)?;

        // Naming the subject makes the library refuse another member's claims (OpenID Connect Core 5.3.2).
        let claims: CoreUserInfoClaims = provider
            .client
            .user_info(tokens.access_token().clone(), Some(subject.clone()))
            .map_err(failed)?
            .request_async(&self.http)
            .await
            .map_err(failed)?;
        let name = claims.name().and_then(|name| name.get(None)).map(|name| name.to_string());
        let user_id = || claims.preferred_username().map(|user_id| user_id.to_string());

        // The access token has done its work and is let go. A portal that calls further APIs would keep it, and the
        // refresh token, in the session on the server; never in the browser.
        Ok(Identity { name: name.or_else(user_id).unwrap_or_else(|| subject.to_string()), id_token: id_token.clone() })
    }

    /// Where to send the browser to log out of the provider, too; none when the provider offers no such place.
    pub async fn logout_url(&self, id_token: &CoreIdToken, state: &CsrfToken, locale: &str) -> Option<Url> {
        let endpoint = self.discovered().await.ok()?.extras.end_session_endpoint.clone()?;
        let back = PostLogoutRedirectUrl::from_url(self.config.at("logged-out"));
        let request = LogoutRequest::from(endpoint)
            .set_id_token_hint(id_token)
            .set_client_id(ClientId::new(self.config.client_id.clone()))
            .set_post_logout_redirect_uri(back)
            .set_state(state.clone())
            .add_ui_locale(LanguageTag::new(locale.to_owned()));
        Some(request.http_get_url())
    }

    async fn discovered(&self) -> Result<Arc<Discovered>, ProviderError> {
        let known = self.discovered.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(discovered) => Ok(discovered),
            None => self.discover().await,
        }
    }

    async fn discover(&self) -> Result<Arc<Discovered>, ProviderError> {
        let unreachable = |reason: String| ProviderError::Unreachable { issuer: self.config.issuer.clone(), reason };
        let issuer = IssuerUrl::new(self.config.issuer.clone()).map_err(|error| unreachable(error.to_string()))?;
        // Fetches the key set as well, and refuses a description that names another issuer.
        let metadata =
            Metadata::discover_async(issuer, &self.http).await.map_err(|error| unreachable(with_causes(&error)))?;
        let extras = metadata.additional_metadata().clone();
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.config.client_id.clone()),
            Some(ClientSecret::new(self.config.client_secret.clone())),
        )
        .set_redirect_uri(RedirectUrl::from_url(self.config.at("callback")));

        let discovered = Arc::new(Discovered { client, extras });
        *self.discovered.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&discovered));
        tracing::info!("found the provider {}", self.config.issuer);
        Ok(discovered)
    }
}

/// Signature, issuer, audience, expiry and nonce (OpenID Connect Core 3.1.3.7), and that the access token is the one
/// that this ID token came with (3.1.3.8). Tells the subject.
fn check_id_token(
    provider: &Discovered,
    id_token: &CoreIdToken,
    nonce: &Nonce,
    access_token: &AccessToken,
) -> Result<SubjectIdentifier, ClaimsVerificationError> {
    let verifier = provider.client.id_token_verifier();
    let claims = id_token.claims(&verifier, nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let other = |error: &dyn std::error::Error| ClaimsVerificationError::Other(error.to_string());
        let algorithm = id_token.signing_alg().map_err(|error| other(&error))?;
        let key = id_token.signing_key(&verifier).map_err(|error| other(&error))?;
        let actual = AccessTokenHash::from_token(access_token, algorithm, key).map_err(|error| other(&error))?;
        if actual != *expected {
            return Err(ClaimsVerificationError::Other("at_hash belongs to another access token".to_owned()));
        }
    }
    Ok(claims.subject().clone())
}

/// RFC 9207, section 2.4. A wrong `iss` is refused always, a missing one where the provider promised it.
fn check_issuer(given: Option<&str>, expected: &str, promised: bool) -> Result<(), ProviderError> {
    match given {
        Some(issuer) if issuer == expected => Ok(()),
        None if !promised => Ok(()),
        Some(issuer) => Err(ProviderError::NotBelieved(format!("it comes from {issuer:?}, not from {expected:?}"))),
        None => Err(ProviderError::NotBelieved("it does not say whom it comes from".to_owned())),
    }
}

fn not_believed(reason: impl ToString) -> ProviderError {
    ProviderError::NotBelieved(reason.to_string())
}

fn failed(error: impl std::error::Error) -> ProviderError {
    ProviderError::Failed(with_causes(&error))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_from_another_issuer_is_refused() {
        let expected = "https://id.example.jp";
        assert!(check_issuer(Some(expected), expected, true).is_ok());
        assert!(check_issuer(Some("https://id.example.jp/"), expected, false).is_err(), "compared letter by letter");
        assert!(check_issuer(Some("https://evil.example"), expected, false).is_err());
    }

    #[test]
    fn a_missing_issuer_is_refused_only_where_it_was_promised() {
        assert!(check_issuer(None, "https://id.example.jp", true).is_err());
        assert!(check_issuer(None, "https://id.example.jp", false).is_ok());
    }
}
