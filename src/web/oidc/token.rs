//! `/token` (RFC 6749, 3.2; OpenID Connect Core 1.0, 3.1.3 and 12).

mod authorization_code;
mod client_credentials;
mod refresh_token;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::answer::{self, ClientTrouble};
use crate::app::App;
use crate::domain::protocol::client::GrantType;
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::web::request::client_authentication::AuthenticatedClient;

pub async fn post(State(app): State<App>, caller: AuthenticatedClient) -> Response {
    let granted = match grant_type(&caller) {
        Err(error) => Err(error.into()),
        Ok(GrantType::AuthorizationCode) => authorization_code::redeem(&app, &caller).await,
        Ok(GrantType::RefreshToken) => refresh_token::rotate(&app, &caller).await,
        Ok(GrantType::ClientCredentials) => client_credentials::issue(&app, &caller),
    };
    match granted {
        Ok(tokens) => answer::json(StatusCode::OK, &tokens),
        Err(error) => {
            if let ClientTrouble::Refused(error) = &error {
                tracing::info!(client = %caller.client.id, %error, "token request refused");
            }
            error.into_response()
        }
    }
}

fn grant_type(caller: &AuthenticatedClient) -> Result<GrantType, OAuthError> {
    let name = caller.params.required("grant_type")?;
    let known = GrantType::ALL.into_iter().find(|g| g.name() == name);
    let grant_type =
        known.ok_or_else(|| ErrorCode::UnsupportedGrantType.because("this grant_type is not supported"))?;
    if caller.client.may_use(grant_type) {
        Ok(grant_type)
    } else {
        Err(ErrorCode::UnauthorizedClient.because("this client is not registered for this grant_type"))
    }
}

/// The one sentence for every code or refresh token that is not good; the log says more.
fn invalid_grant(why: impl std::fmt::Display) -> ClientTrouble {
    tracing::info!(%why, "grant refused");
    ErrorCode::InvalidGrant
        .because("the code or refresh token is invalid, expired, used, or was issued to another client or for another redirect_uri")
        .into()
}
