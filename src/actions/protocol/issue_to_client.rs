//! `grant_type=client_credentials` (RFC 6749, 4.4): a client that acts for itself.

use super::issue_tokens::{self, Issued};
use crate::actions::ActionError;
use crate::app::App;
use crate::domain::protocol::access_token::Audience;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::domain::protocol::scope::{MEMBER_NOTICES, OFFLINE_ACCESS, OPENID, SUPPORTED, Scopes};

/// `asked`: `None` for all that it may have, which is nothing about members unless it is asked for.
pub fn issue_to_client(
    app: &App,
    client: &Client,
    may_notify: bool,
    asked: Option<Scopes>,
) -> Result<Issued, ActionError> {
    // There is no member here: a login and what lasts beyond it mean nothing.
    let mut own = client.scopes.without(OPENID).without(OFFLINE_ACCESS);
    if may_notify {
        own.add(MEMBER_NOTICES);
    }
    let scopes = match asked {
        None => SUPPORTED.iter().fold(own, |own, about_members| own.without(about_members)),
        Some(asked) if asked.is_within(&own) => asked,
        Some(_) => return Ok(ErrorCode::InvalidScope.because("this client may not have this scope for itself").into()),
    };
    let audience = Audience::of(vec![app.settings.issuer().to_owned()]);
    Ok(issue_tokens::for_client(app, client, &scopes, audience)?.into())
}
