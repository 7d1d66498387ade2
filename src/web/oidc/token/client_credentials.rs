//! `grant_type=client_credentials` (RFC 6749, 4.4): a client that acts for itself.

use super::ClientTrouble;
use crate::actions::protocol::issue_tokens::{self, TokenResponse};
use crate::app::App;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::domain::protocol::scope::{MEMBER_NOTICES, OFFLINE_ACCESS, OPENID, Scopes};
use crate::web::request::client_authentication::AuthenticatedClient;

pub fn issue(app: &App, caller: &AuthenticatedClient) -> Result<TokenResponse, ClientTrouble> {
    // There is no member here: what is about one means nothing.
    let mut own = caller.client.scopes.without(OPENID).without(OFFLINE_ACCESS);
    if caller.may_notify {
        own.add(MEMBER_NOTICES);
    }
    let scopes = match caller.params.get("scope") {
        None => own,
        Some(text) => Some(Scopes::parse(text)?)
            .filter(|asked| asked.is_within(&own))
            .ok_or_else(|| ErrorCode::InvalidScope.because("this client may not have this scope for itself"))?,
    };
    Ok(issue_tokens::for_client(app, &caller.client, &scopes)?)
}
