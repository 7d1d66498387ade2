//! What a client is told when something is refused.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// An error as it travels to a client: a registered code, and a sentence for the client's developer. What an operator
/// needs beyond that goes to the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {description}", code.name())]
pub struct OAuthError {
    pub code: ErrorCode,
    /// ASCII without quotes and backslashes (RFC 6749, 4.1.2.1 and 5.2).
    pub description: Cow<'static, str>,
}

/// RFC 6749, 4.1.2.1 and 5.2; OpenID Connect Core 1.0, 3.1.2.6; RFC 7591, 3.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    InvalidRequest,
    UnauthorizedClient,
    AccessDenied,
    UnsupportedResponseType,
    InvalidScope,
    ServerError,
    TemporarilyUnavailable,
    InvalidClient,
    InvalidGrant,
    UnsupportedGrantType,
    LoginRequired,
    ConsentRequired,
    InteractionRequired,
    UnmetAuthenticationRequirements,
    RequestNotSupported,
    RequestUriNotSupported,
    RegistrationNotSupported,
    InvalidRedirectUri,
    InvalidClientMetadata,
    InvalidToken,
    InsufficientScope,
    /// RFC 8707, 2.
    InvalidTarget,
}

impl ErrorCode {
    pub const fn name(self) -> &'static str {
        match self {
            ErrorCode::InvalidRequest => "invalid_request",
            ErrorCode::UnauthorizedClient => "unauthorized_client",
            ErrorCode::AccessDenied => "access_denied",
            ErrorCode::UnsupportedResponseType => "unsupported_response_type",
            ErrorCode::InvalidScope => "invalid_scope",
            ErrorCode::ServerError => "server_error",
            ErrorCode::TemporarilyUnavailable => "temporarily_unavailable",
            ErrorCode::InvalidClient => "invalid_client",
            ErrorCode::InvalidGrant => "invalid_grant",
            ErrorCode::UnsupportedGrantType => "unsupported_grant_type",
            ErrorCode::LoginRequired => "login_required",
            ErrorCode::ConsentRequired => "consent_required",
            ErrorCode::InteractionRequired => "interaction_required",
            ErrorCode::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            ErrorCode::RequestNotSupported => "request_not_supported",
            ErrorCode::RequestUriNotSupported => "request_uri_not_supported",
            ErrorCode::RegistrationNotSupported => "registration_not_supported",
            ErrorCode::InvalidRedirectUri => "invalid_redirect_uri",
            ErrorCode::InvalidClientMetadata => "invalid_client_metadata",
            ErrorCode::InvalidToken => "invalid_token",
            ErrorCode::InsufficientScope => "insufficient_scope",
            ErrorCode::InvalidTarget => "invalid_target",
        }
    }

    /// This code with a sentence. Whatever the standard forbids in it is replaced.
    pub fn because(self, description: impl Into<Cow<'static, str>>) -> OAuthError {
        let description = description.into();
        let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        let description = if description.chars().all(allowed) {
            description
        } else {
            description.chars().map(|c| if allowed(c) { c } else { '\'' }).collect::<String>().into()
        };
        OAuthError { code: self, description }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_holds_only_what_the_standard_allows() {
        let error = ErrorCode::InvalidRequest.because("bad \"x\\y\"\r\n語");
        assert_eq!(error.description, "bad 'x'y''''");
    }
}
