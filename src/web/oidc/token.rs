//! `/token` (RFC 6749, 3.2; OpenID Connect Core 1.0, 3.1.3 and 12).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::answer::{self, ClientTrouble};
use crate::actions::protocol::issue_to_client::issue_to_client;
use crate::actions::protocol::issue_tokens::Issued;
use crate::actions::protocol::redeem_code::{CodeRequest, redeem_code};
use crate::actions::protocol::rotate_refresh_token::{RefreshRequest, rotate_refresh_token};
use crate::app::App;
use crate::domain::protocol::client::GrantType;
use crate::domain::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::domain::protocol::scope::Scopes;
use crate::domain::secret::Secret;
use crate::web::request::client_authentication::AuthenticatedClient;

pub async fn post(State(app): State<App>, caller: AuthenticatedClient) -> Response {
    // Put aside, as the client's authentication is.
    let issued = match Box::pin(issued(&app, &caller)).await {
        Err(ClientTrouble::Refused(error)) => error.into(),
        Err(error) => return error.into_response(),
        Ok(issued) => issued,
    };
    match issued {
        Issued::Tokens(tokens) => answer::json(StatusCode::OK, &tokens),
        Issued::Refused { error, why } => {
            tracing::info!(client = %caller.client.id, error = error.code.name(), %why, "token request refused");
            ClientTrouble::Refused(error).into_response()
        }
    }
}

async fn issued(app: &App, caller: &AuthenticatedClient) -> Result<Issued, ClientTrouble> {
    let (client, params) = (caller.client.id.clone(), &caller.params);
    let text = |name: &str| params.get(name).map(str::to_owned);
    let secret = |name: &'static str| params.required(name).map(|value| Secret::new(value.to_owned()));
    let scopes = || params.get("scope").map(Scopes::parse).transpose();
    let resources: Vec<String> = params.all("resource").into_iter().map(str::to_owned).collect();
    Ok(match grant_type(caller)? {
        GrantType::AuthorizationCode => {
            let (redirect_uri, code_verifier) = (text("redirect_uri"), text("code_verifier"));
            let code = secret("code")?;
            redeem_code(app, CodeRequest { client, code, redirect_uri, code_verifier, resources }).await?
        }
        GrantType::RefreshToken => {
            let request = RefreshRequest { client, token: secret("refresh_token")?, scopes: scopes()?, resources };
            rotate_refresh_token(app, request).await?
        }
        GrantType::ClientCredentials => {
            issue_to_client(app, &caller.client, caller.may_notify, scopes()?, &params.all("resource")).await?
        }
    })
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
