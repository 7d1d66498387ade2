//! Who calls the token endpoint and its neighbours (RFC 6749, 2.3; OpenID Connect Core 1.0, 9).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::AuthenticationMethod;
use super::oauth_error::{ErrorCode, OAuthError};
use super::params::Params;
use crate::domain::ids::ClientId;
use crate::domain::secret::Secret;

/// What a client presented of itself.
#[derive(Debug)]
pub struct Presented {
    pub client: ClientId,
    pub method: AuthenticationMethod,
    /// Of the two methods with a secret.
    pub secret: Option<Secret<String>>,
}

/// Reads the one method that the request uses; two at once are refused (RFC 6749, 2.3).
pub fn presented(authorization: Option<&str>, params: &Params) -> Result<Presented, OAuthError> {
    let in_form = params.get("client_secret");
    let named = params.get("client_id");
    if let Some(header) = authorization {
        if in_form.is_some() {
            return Err(
                ErrorCode::InvalidRequest.because("the client authenticates in the header and in the form at once")
            );
        }
        let (client, secret) = basic(header)
            .ok_or_else(|| ErrorCode::InvalidClient.because("the Authorization header is not valid Basic"))?;
        if named.is_some_and(|id| id != client) {
            return Err(ErrorCode::InvalidRequest.because("client_id differs from the one in the Authorization header"));
        }
        return Ok(Presented {
            client: ClientId(client),
            method: AuthenticationMethod::ClientSecretBasic,
            secret: Some(secret),
        });
    }
    let client =
        named.ok_or_else(|| ErrorCode::InvalidClient.because("the request does not say which client it comes from"))?;
    let method = if in_form.is_some() { AuthenticationMethod::ClientSecretPost } else { AuthenticationMethod::None };
    Ok(Presented {
        client: ClientId(client.to_owned()),
        method,
        secret: in_form.map(|secret| Secret::new(secret.to_owned())),
    })
}

/// `Basic` with both parts form-encoded first (RFC 6749, 2.3.1).
fn basic(header: &str) -> Option<(String, Secret<String>)> {
    let (scheme, rest) = header.split_once(' ')?;
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
    fn each_method_is_recognised() {
        let none = presented(None, &Params::parse("client_id=c")).unwrap();
        assert!(matches!(none, Presented { method: AuthenticationMethod::None, secret: None, .. }));
        let post = presented(None, &Params::parse("client_id=c&client_secret=s")).unwrap();
        assert_eq!(
            (post.method, post.secret.unwrap().expose().as_str()),
            (AuthenticationMethod::ClientSecretPost, "s")
        );
        let basic = presented(Some(&header("c%2F1:s%2B+%26=&")), &Params::default()).unwrap();
        assert_eq!(basic.client.as_str(), "c/1");
        assert_eq!(basic.secret.unwrap().expose(), "s+ &=&");
    }

    #[test]
    fn two_methods_or_none_are_refused() {
        let both = presented(Some(&header("c:s")), &Params::parse("client_secret=s")).unwrap_err();
        assert_eq!(both.code, ErrorCode::InvalidRequest);
        let other = presented(Some(&header("c:s")), &Params::parse("client_id=d")).unwrap_err();
        assert_eq!(other.code, ErrorCode::InvalidRequest);
        for bad in ["Basic", "Basic !!!", &header("no-colon"), "Bearer abc"] {
            assert_eq!(presented(Some(bad), &Params::default()).unwrap_err().code, ErrorCode::InvalidClient, "{bad}");
        }
        assert_eq!(presented(None, &Params::default()).unwrap_err().code, ErrorCode::InvalidClient);
    }
}
