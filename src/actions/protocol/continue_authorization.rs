//! From an authorization request and a session to a code, a consent page or an error: at `/authorize`, after a login and
//! after a consent.

use crate::actions::ActionError;
use crate::actions::member::authenticators;
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::ids::GrantId;
use crate::domain::login::assurance::Assurance;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::protocol::authorization_request::{AuthorizationRequest, Decision};
use crate::domain::protocol::client::Client;
use crate::domain::protocol::grant::{Grant, Stage};
use crate::domain::protocol::oauth_error::OAuthError;
use crate::domain::secret::Secret;
use crate::random;
use crate::store::WriteTx;
use crate::store::member::members;
use crate::store::protocol::{consents, grants};

pub enum Next {
    Login,
    /// The address of the page that waits for the member's consent.
    AskConsent(Secret<String>),
    Code(Secret<String>),
    Refuse(OAuthError),
}

/// Decides and writes down what follows; the caller commits.
pub async fn continue_authorization(
    app: &App,
    tx: &mut WriteTx,
    request: &AuthorizationRequest,
    client: &Client,
    session: Option<&BrowserSession>,
) -> Result<Next, ActionError> {
    let now = app.now();
    let agreed = match session {
        Some(session) if !client.first_party => consents::agreed(tx, &session.member, &client.id).await?,
        _ => None,
    };
    let least = match session {
        Some(session) => least(app, tx, client, session).await?,
        None => Assurance::Password,
    };
    match (request.decide(client, session, agreed.as_ref(), least, now), session) {
        (Decision::Refuse(error), _) => Ok(Next::Refuse(error)),
        (Decision::AskConsent { .. }, Some(session)) => {
            let page = opaque_token::new(Kind::Step);
            let kept_until = now + app.settings.sessions.login_time_limit;
            let grant = Grant { kept_until, ..new_grant(app, request, session, Stage::AwaitingConsent) };
            grants::insert(tx, &grant, Some(&opaque_token::digest(page.expose())), None).await?;
            Ok(Next::AskConsent(page))
        }
        (Decision::Issue, Some(session)) => {
            let code = opaque_token::new(Kind::AuthorizationCode);
            let stage = Stage::Approved { code_expires_at: now + app.settings.tokens.code_lifetime };
            let grant = new_grant(app, request, session, stage);
            grants::insert(tx, &grant, None, Some(&opaque_token::digest(code.expose()))).await?;
            Ok(Next::Code(code))
        }
        (Decision::Login, _) | (Decision::AskConsent { .. } | Decision::Issue, None) => Ok(Next::Login),
    }
}

/// The member agrees at the consent page: a code, or `None` if the page was answered before.
pub async fn approve(app: &App, tx: &mut WriteTx, grant: &Grant) -> Result<Option<Secret<String>>, ActionError> {
    let now = app.now();
    let code = opaque_token::new(Kind::AuthorizationCode);
    let expires_at = now + app.settings.tokens.code_lifetime;
    let digest = opaque_token::digest(code.expose());
    if !grants::approve(tx, &grant.id, &digest, expires_at, code_kept_until(app)).await? {
        return Ok(None);
    }
    consents::add(tx, &grant.member, &grant.request.client, &grant.request.needed_consent(), now).await?;
    Ok(Some(code))
}

/// What the operator's policy asks of the session's member for this client.
async fn least(
    app: &App,
    tx: &mut WriteTx,
    client: &Client,
    session: &BrowserSession,
) -> Result<Assurance, ActionError> {
    // More than a password alone is enough for every policy.
    if session.assurance > Assurance::Password {
        return Ok(Assurance::Password);
    }
    let demands = authenticators::demands(app, Some(client), None);
    let Some(member) = members::by_id(tx, &session.member).await? else { return Ok(Assurance::Password) };
    Ok(demands.least(&authenticators::enrolled(tx, &member).await?))
}

fn new_grant(app: &App, request: &AuthorizationRequest, session: &BrowserSession, stage: Stage) -> Grant {
    Grant {
        id: GrantId(random::identifier()),
        client: request.client.clone(),
        scopes: request.scopes.clone(),
        resources: request.resources.clone(),
        member: session.member.clone(),
        session: session.id.clone(),
        request: request.clone(),
        authenticated_at: session.authenticated_at,
        assurance: session.assurance,
        created_at: app.now(),
        stage,
        refresh: None,
        kept_until: code_kept_until(app),
        ended_at: None,
    }
}

/// A used code must be recognised for as long as anything issued for it is good.
fn code_kept_until(app: &App) -> crate::domain::unix_time::UnixTime {
    app.now() + app.settings.tokens.code_lifetime + app.settings.tokens.access_token_lifetime
}
