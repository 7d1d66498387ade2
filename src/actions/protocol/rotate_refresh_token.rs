//! `grant_type=refresh_token` (RFC 6749, 6; OpenID Connect Core 1.0, 12; RFC 9700, 4.14.2).

use super::issue_tokens::{self, ForGrant, IdToken, Issued};
use super::resource_servers::target;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::ids::ClientId;
use crate::domain::member::profile::Member;
use crate::domain::protocol::access_token::Audience;
use crate::domain::protocol::grant::Grant;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::domain::protocol::refresh_rotation::{RefreshState, Rotation};
use crate::domain::protocol::resource_server::Target;
use crate::domain::protocol::scope::{OPENID, Scopes};
use crate::domain::secret::Secret;
use crate::store::WriteTx;
use crate::store::member::members;
use crate::store::protocol::{clients, grants};

/// What a client presents for fresh tokens.
#[derive(Clone, Debug)]
pub struct RefreshRequest {
    pub client: ClientId,
    pub token: Secret<String>,
    /// Fewer than were granted. `None`: all of them.
    pub scopes: Option<Scopes>,
    /// Those of the grant that the token is for (RFC 8707, 2.2). Empty: all.
    pub resources: Vec<String>,
}

pub async fn rotate_refresh_token(app: &App, request: RefreshRequest) -> Result<Issued, ActionError> {
    run::to_its_end(app, |app| async move {
        // A second round is needed where another request has just moved the token on: then this one is the one before.
        for _ in 0..3 {
            if let Some(issued) = round(&app, &request).await? {
                return Ok(issued);
            }
        }
        Ok(Issued::invalid_grant("the refresh token was moved on by other requests"))
    })
    .await
}

/// `None`: another request has moved the token on meanwhile.
async fn round(app: &App, request: &RefreshRequest) -> Result<Option<Issued>, ActionError> {
    let refused = |why: &'static str| Ok(Some(Issued::invalid_grant(why)));
    let Some((id, presented)) = app.refresh_tokens.read(request.token.expose()) else {
        return refused("not a refresh token of ours");
    };
    let now = app.now();
    let mut tx = run::begin(app).await?;
    let Some(grant) = grants::by_id(&mut tx, &id).await? else { return refused("the grant is gone") };
    // The client is compared first: a stranger may not end a login with a token that it found.
    if grant.client != request.client {
        return refused("the refresh token was issued to another client");
    }
    let Some(state) = grant.refresh.filter(|_| grant.ended_at.is_none() && now < grant.kept_until) else {
        return refused("the grant has ended");
    };
    let generation = match state.judge(presented, app.settings.tokens.refresh_grace, now) {
        Rotation::Rotate { to } => to,
        Rotation::Repeat { live } => live,
        Rotation::Reused => return reused(app, tx, &grant).await.map(Some),
    };
    let Some(stored) = clients::by_id(&mut tx, request.client.as_str()).await? else {
        return refused("the client is gone");
    };
    let Some(member) = members::by_id(&mut tx, &grant.member).await?.filter(Member::may_act) else {
        return refused("the member is locked or gone");
    };
    let granted = grant.target(&stored.client.scopes);
    // Fewer may be asked for, never more (RFC 6749, 6).
    let asked = match &request.scopes {
        Some(scopes) => Target { scopes: scopes.only(&granted.scopes), ..granted },
        None => granted,
    };
    let too_wide = request.scopes.as_ref().is_some_and(|scopes| !scopes.is_within(&grant.scopes));
    if too_wide || asked.scopes.is_empty() {
        return Ok(Some(ErrorCode::InvalidScope.because("scope is wider than what was granted").into()));
    }
    let target = match target(app, &mut tx, &asked, &request.resources).await? {
        Ok(target) => target,
        Err(error) => return Ok(Some(error.into())),
    };
    if generation != state.generation {
        let to = RefreshState { generation, issued_at: now };
        let absolute = grant.created_at + app.settings.tokens.refresh_absolute;
        let kept_until = absolute.min(now + app.settings.tokens.refresh_idle);
        if !grants::rotate_refresh(&mut tx, &id, state.generation, to, kept_until).await? {
            return Ok(None);
        }
    }
    // Signed after the commit, as for a code; an answer that is lost can be had again.
    tx.commit().await?;
    let tokens = issue_tokens::for_grant(
        app,
        ForGrant {
            client: &stored.client,
            grant: &grant,
            member: &member,
            scopes: target.scopes,
            audience: Audience::of(target.resources),
            id_token: if asked.scopes.contains(OPENID) { IdToken::Refreshed } else { IdToken::No },
            refresh_token: Some(app.refresh_tokens.issue(&id, generation)),
        },
    )?;
    Ok(Some(tokens.into()))
}

/// An old token: it or its successor was stolen. The whole chain ends, and that is committed although the request is
/// refused.
async fn reused(app: &App, mut tx: WriteTx, grant: &Grant) -> Result<Issued, ActionError> {
    grants::end(&mut tx, &grant.id, app.now()).await?;
    tx.commit().await?;
    tracing::warn!(grant = %grant.id, client = %grant.client, "an old refresh token came back; the grant ends");
    Ok(Issued::invalid_grant("the refresh token was used before"))
}
