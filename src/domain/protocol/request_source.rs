//! Where an authorization request came from, resolved before anything of it is checked: the checks see one type. Today all
//! parameters come in the query; a request object, by value or by reference, and a pushed request are refused by the code that
//! the standard has for each (OpenID Connect Core 1.0, 6 and 3.1.2.6).

use super::oauth_error::{ErrorCode, OAuthError};
use super::params::Params;

/// The parameters of an authorization request, wherever they stood.
#[derive(Clone, Debug)]
pub struct RequestParameters {
    params: Params,
    /// Why they can't be had from where the client has put them. Until client and redirect URI are known, nobody is told.
    unreachable: Option<OAuthError>,
}

/// What the standards define for this endpoint and is read here: none may be sent twice (RFC 6749, 3.1). Whatever else is sent
/// is ignored, however often.
const READ: [&str; 19] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "ui_locales",
    "acr_values",
    "claims",
    "request",
    "request_uri",
    "registration",
];

impl RequestParameters {
    pub fn of_query(query: &Params) -> RequestParameters {
        let unreachable = [
            ("request", ErrorCode::RequestNotSupported),
            ("request_uri", ErrorCode::RequestUriNotSupported),
            ("registration", ErrorCode::RegistrationNotSupported),
        ]
        .into_iter()
        .find(|(name, _)| query.get(name).is_some())
        .map(|(name, code)| code.because(format!("the parameter {name} is not supported")));
        RequestParameters { params: query.clone(), unreachable }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// All values of one that may be sent several times.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.params.all(name)
    }

    /// Whether `name` was sent more than once: such a client or redirect URI is neither answered nor believed.
    pub fn is_repeated(&self, name: &str) -> bool {
        self.params.is_repeated(name)
    }

    /// Whether the request is well-formed as a whole.
    pub fn well_formed(&self) -> Result<(), OAuthError> {
        self.params.each_once_of(&READ)?;
        self.unreachable.clone().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_comes_once_and_what_is_not_known_is_ignored() {
        let well_formed = |query: &str| RequestParameters::of_query(&Params::parse(query)).well_formed();
        assert_eq!(well_formed("scope=openid&utm_source=a&utm_source=b&resource=x&resource=y&scope="), Ok(()));
        for name in READ {
            let error = well_formed(&format!("{name}=1&{name}=2")).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest, "{name}");
        }
        assert_eq!(well_formed("request=e30.e30.").unwrap_err().code, ErrorCode::RequestNotSupported);
        assert_eq!(well_formed("request_uri=urn:x").unwrap_err().code, ErrorCode::RequestUriNotSupported);
    }
}
