//! `grant_type=client_credentials` (RFC 6749, 4.4): a client that acts for itself.

use super::issue_tokens::{self, Issued};
use super::resource_servers::resources;
use crate::actions::ActionError;
use crate::app::App;
use crate::domain::protocol::access_token::Audience;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::domain::protocol::resource_server::Target;
use crate::domain::protocol::scope::{MEMBER_NOTICES, OFFLINE_ACCESS, OPENID, SUPPORTED, Scopes};

/// `asked`: `None` for all that it may have, which is nothing about members unless it is asked for. `named`: the resources
/// that the token is for (RFC 8707, 2.2).
pub async fn issue_to_client(
    app: &App,
    client: &Client,
    may_notify: bool,
    asked: Option<Scopes>,
    named: &[&str],
) -> Result<Issued, ActionError> {
    // There is no member here: a login and what lasts beyond it mean nothing.
    let mut own = client.scopes.without(OPENID).without(OFFLINE_ACCESS);
    if may_notify {
        own.add(MEMBER_NOTICES);
    }
    let resources = resources(app, &mut app.store.reader().await?).await?;
    let scopes = match asked {
        Some(asked) if !asked.is_within(&own) => {
            let error = ErrorCode::InvalidScope.because("this client may not have this scope for itself");
            return Ok(error.into());
        }
        Some(asked) => asked,
        // Who names a resource means what it has there.
        None if !named.is_empty() => Scopes::default(),
        None => SUPPORTED.iter().fold(own.clone(), |own, about_members| own.without(about_members)),
    };
    let target = resources.granted(named, &scopes, &own).and_then(|all| match all.resources.is_empty() {
        // Without any scope it still says who the client is, here.
        true => Ok(Target { resources: vec![app.settings.issuer().to_owned()], scopes: all.scopes }),
        false => resources.narrowed(&all, named),
    });
    let target = match target {
        Ok(target) => target,
        Err(error) => return Ok(error.into()),
    };
    Ok(issue_tokens::for_client(app, client, &target.scopes, Audience::of(target.resources))?.into())
}
