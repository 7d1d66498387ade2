//! Proof Key for Code Exchange (RFC 7636): only who asked can redeem the code. S256 alone; `plain` proves nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::client::PkcePolicy;
use super::oauth_error::{ErrorCode, OAuthError};
use super::request_source::RequestParameters;

/// An S256 code challenge: 43 letters of base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Challenge(String);

impl Challenge {
    /// RFC 7636, 4.3 and 4.4.1: the challenge of an authorization request, if the client's policy lets it go without.
    pub fn of_request(params: &RequestParameters, policy: PkcePolicy) -> Result<Option<Challenge>, OAuthError> {
        let invalid = |text: &'static str| ErrorCode::InvalidRequest.because(text);
        let Some(challenge) = params.get("code_challenge") else {
            if params.get("code_challenge_method").is_some() {
                return Err(invalid("code_challenge_method is sent without code_challenge"));
            }
            return match policy {
                PkcePolicy::Required => Err(invalid("code_challenge is missing: this client must use PKCE with S256")),
                PkcePolicy::OrNonce if params.get("nonce").is_none() => {
                    Err(invalid("code_challenge (PKCE with S256) or nonce is needed, and both are missing"))
                }
                PkcePolicy::OrNonce | PkcePolicy::Optional => Ok(None),
            };
        };
        // Without a method the standard means `plain`.
        if params.get("code_challenge_method") != Some("S256") {
            return Err(invalid("code_challenge_method must be S256"));
        }
        if challenge.len() != 43 || !challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(invalid("code_challenge must be 43 letters of base64url: a SHA-256 digest without padding"));
        }
        Ok(Some(Challenge(challenge.to_owned())))
    }

    /// RFC 7636, 4.6.
    fn is_met_by(&self, verifier: &str) -> bool {
        let shaped = (43..=128).contains(&verifier.len())
            && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'));
        shaped && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)).as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

/// Whether the verifier of a token request fits the request's challenge. A verifier where there was no challenge is
/// refused too: somebody may have taken the challenge away (RFC 9700, 2.1.1 and 4.8.2).
pub fn verifier_fits(challenge: Option<&Challenge>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::protocol::params::Params;

    // RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn request(query: &str, policy: PkcePolicy) -> Result<Option<Challenge>, OAuthError> {
        Challenge::of_request(&RequestParameters::of_query(&Params::parse(query)), policy)
    }

    #[test]
    fn the_example_of_the_standard_fits() {
        let challenge =
            request(&format!("code_challenge={CHALLENGE}&code_challenge_method=S256"), PkcePolicy::Required).unwrap();
        assert!(verifier_fits(challenge.as_ref(), Some(VERIFIER)));
        assert!(!verifier_fits(challenge.as_ref(), Some(&VERIFIER.replace('d', "e"))));
        assert!(!verifier_fits(challenge.as_ref(), Some(CHALLENGE)));
        assert!(!verifier_fits(challenge.as_ref(), None));
        assert!(!verifier_fits(None, Some(VERIFIER)));
        assert!(verifier_fits(None, None));
    }

    #[test]
    fn plain_and_malformed_challenges_are_refused_under_every_policy() {
        for policy in [PkcePolicy::Required, PkcePolicy::OrNonce, PkcePolicy::Optional] {
            for query in [
                format!("nonce=n&code_challenge={CHALLENGE}"),
                format!("nonce=n&code_challenge={CHALLENGE}&code_challenge_method=plain"),
                format!("nonce=n&code_challenge={CHALLENGE}&code_challenge_method=s256"),
                "nonce=n&code_challenge=short&code_challenge_method=S256".into(),
                format!("nonce=n&code_challenge={CHALLENGE}%3D&code_challenge_method=S256"),
                "nonce=n&code_challenge_method=S256".into(),
            ] {
                assert_eq!(request(&query, policy).unwrap_err().code, ErrorCode::InvalidRequest, "{query}");
            }
        }
    }

    #[test]
    fn what_may_be_left_out_depends_on_the_client() {
        assert!(request("nonce=n", PkcePolicy::Required).is_err());
        assert!(request("", PkcePolicy::OrNonce).is_err());
        assert_eq!(request("nonce=n", PkcePolicy::OrNonce), Ok(None));
        assert_eq!(request("", PkcePolicy::Optional), Ok(None));
    }
}
