//! What a client shows at the token endpoint and its neighbours to be who it is (RFC 6749, 2.3; OpenID Connect Core 1.0, 9).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::AuthenticationMethod;
use super::oauth_error::{ErrorCode, OAuthError};
use super::params::Params;
use crate::domain::ids::ClientId;
use crate::domain::secret::Secret;

/// What a request says of its client.
#[derive(Debug)]
pub struct Presented {
    pub client: ClientId,
    pub credential: Credential,
}

/// The proof that comes with it. Assertions and certificates would be further ones.
#[derive(Debug)]
pub enum Credential {
    /// The client says who it is, and proves nothing.
    None,
    SecretByBasic(Secret<String>),
    SecretByPost(Secret<String>),
}

impl Credential {
    /// Whether a client that is registered for this method may show it. A secret is a secret, in the header or in the form:
    /// which of the two a library sends is seldom its user's choice.
    pub const fn fits(&self, registered: AuthenticationMethod) -> bool {
        match (self, registered) {
            (Credential::None, AuthenticationMethod::None) => true,
            (
                Credential::SecretByBasic(_) | Credential::SecretByPost(_),
                AuthenticationMethod::ClientSecretBasic | AuthenticationMethod::ClientSecretPost,
            ) => true,
            (Credential::None, _) | (_, AuthenticationMethod::None) => false,
        }
    }
}

/// Reads the one credential of a request; two at once are refused (RFC 6749, 2.3). `authorization` are its headers of that
/// name, `None` where one is no text.
pub fn presented(authorization: &[Option<&str>], params: &Params) -> Result<Presented, OAuthError> {
    let in_form = params.get("client_secret");
    let named = params.get("client_id");
    // An empty header says nothing: some libraries send it beside the form.
    let mut headers = authorization.iter().filter(|header| header.is_none_or(|text| !text.trim().is_empty()));
    let Some(header) = headers.next() else {
        let client = named
            .ok_or_else(|| ErrorCode::InvalidClient.because("the request does not say which client it comes from"))?;
        let secret = in_form.map(|secret| Secret::new(secret.to_owned()));
        let credential = secret.map_or(Credential::None, Credential::SecretByPost);
        return Ok(Presented { client: ClientId(client.to_owned()), credential });
    };
    if headers.next().is_some() {
        return Err(ErrorCode::InvalidRequest.because("there are two Authorization headers"));
    }
    if in_form.is_some() {
        return Err(ErrorCode::InvalidRequest.because("the client authenticates in the header and in the form at once"));
    }
    let (client, secret) = header
        .and_then(basic)
        .ok_or_else(|| ErrorCode::InvalidClient.because("the Authorization header is not valid Basic"))?;
    if named.is_some_and(|id| id != client) {
        return Err(ErrorCode::InvalidRequest.because("client_id differs from the one in the Authorization header"));
    }
    // A public client has none to send; an empty secret proves nothing.
    let credential = if secret.expose().is_empty() { Credential::None } else { Credential::SecretByBasic(secret) };
    Ok(Presented { client: ClientId(client), credential })
}

/// `Basic` with both parts form-encoded first (RFC 6749, 2.3.1).
fn basic(header: &str) -> Option<(String, Secret<String>)> {
    let (scheme, rest) = header.trim_start().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = zeroize::Zeroizing::new(STANDARD.decode(rest.trim()).ok()?);
    let (client, secret) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((form_decoded(client)?, Secret::new(form_decoded(secret)?)))
}

fn form_decoded(text: &str) -> Option<String> {
    // Parsed as the value of a form field; what would end a field is encoded by whoever follows the standard.
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(format!("v={escaped}").as_bytes()).next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(credentials: &str) -> String {
        format!("Basic {}", STANDARD.encode(credentials))
    }

    #[test]
    fn each_credential_is_recognised() {
        let none = presented(&[], &Params::parse("client_id=c")).unwrap();
        assert!(matches!(none.credential, Credential::None));
        let post = presented(&[], &Params::parse("client_id=c&client_secret=s")).unwrap();
        assert!(matches!(post.credential, Credential::SecretByPost(secret) if secret.expose() == "s"));
        let basic = presented(&[Some(&header("c%2F1:s%2B+%26=&"))], &Params::default()).unwrap();
        assert_eq!(basic.client.as_str(), "c/1");
        assert!(matches!(basic.credential, Credential::SecretByBasic(secret) if secret.expose() == "s+ &=&"));
    }

    #[test]
    fn an_empty_secret_is_none_and_an_empty_header_says_nothing() {
        let public = presented(&[Some(&header("c:"))], &Params::parse("client_id=c&client_secret=")).unwrap();
        assert!(matches!(public.credential, Credential::None));
        for empty in ["", " "] {
            let post = presented(&[Some(empty)], &Params::parse("client_id=c&client_secret=s")).unwrap();
            assert!(matches!(post.credential, Credential::SecretByPost(_)));
        }
        let basic = presented(&[Some(""), Some(&header("c:s"))], &Params::default()).unwrap();
        assert!(matches!(basic.credential, Credential::SecretByBasic(_)));
    }

    #[test]
    fn two_credentials_or_none_are_refused() {
        let basic = header("c:s");
        for (headers, form) in [
            (vec![Some(basic.as_str())], "client_secret=s"),
            (vec![Some(basic.as_str())], "client_id=d"),
            (vec![Some(basic.as_str()), Some(basic.as_str())], ""),
            (vec![Some(basic.as_str()), None], ""),
            (vec![Some("Basic Yzo="), Some("Bearer x")], ""),
        ] {
            let error = presented(&headers, &Params::parse(form)).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest, "{headers:?} {form}");
        }
        let no_colon = header("no-colon");
        for bad in [Some("Basic"), Some("Basic !!!"), Some(no_colon.as_str()), Some("Bearer abc"), None] {
            assert_eq!(presented(&[bad], &Params::default()).unwrap_err().code, ErrorCode::InvalidClient, "{bad:?}");
        }
        assert_eq!(presented(&[], &Params::default()).unwrap_err().code, ErrorCode::InvalidClient);
    }

    #[test]
    fn a_secret_is_taken_from_a_client_that_has_one_however_it_comes_and_from_no_other() {
        use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost, None};
        let secret = || Secret::new("s".to_owned());
        for with_secret in [ClientSecretBasic, ClientSecretPost] {
            assert!(Credential::SecretByBasic(secret()).fits(with_secret));
            assert!(Credential::SecretByPost(secret()).fits(with_secret));
            assert!(!Credential::None.fits(with_secret));
        }
        assert!(Credential::None.fits(None));
        assert!(!Credential::SecretByBasic(secret()).fits(None));
        assert!(!Credential::SecretByPost(secret()).fits(None));
    }
}
