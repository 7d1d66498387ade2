//! From an authorization request and a session to a code, a consent page or an error: at `/authorize` and after a login.

use crate::actions::member::admit::Caller;
use crate::actions::member::authenticators;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::ids::GrantId;
use crate::domain::login::assurance::Assurance;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::next_step::Floor;
use crate::domain::protocol::answer::Answer;
use crate::domain::protocol::authorization_request::{AuthorizationRequest, Decision};
use crate::domain::protocol::client::Client;
use crate::domain::protocol::grant::{Grant, Stage};
use crate::domain::protocol::oauth_error::OAuthError;
use crate::domain::protocol::redirect_uri;
use crate::domain::protocol::resource_server::Resources;
use crate::domain::secret::Secret;
use crate::domain::unix_time::UnixTime;
use crate::random;
use crate::store::login::browser_sessions;
use crate::store::member::members;
use crate::store::protocol::{clients, consents, grants, resource_servers};
use crate::store::{Reads, StoreError, WriteTx};

pub enum Next {
    Login,
    /// The address of the page that waits for the member's consent.
    AskConsent(Secret<String>),
    Answer(Answer),
    /// There is nobody to answer any more.
    Gone(Gone),
}

/// What was taken away since the request was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    Client,
    RedirectUri,
}

/// Decides by the session that the browser has now, and writes down what follows.
pub async fn continue_authorization(
    app: &App,
    request: &AuthorizationRequest,
    caller: &Caller,
) -> Result<Next, ActionError> {
    let mut reader = app.store.reader().await?;
    // Nothing is written for somebody who is not logged in: no flood of requests can fill the database.
    if caller.session(app, &mut reader).await?.is_none() {
        return Ok(match judge(app, &mut reader, request, None).await? {
            Judged::Settled(next) => next,
            Judged::Decided(request, Decision::Refuse(error)) => Next::Answer(request.reply_to().error(error)),
            Judged::Decided(..) => Next::Login,
        });
    }
    drop(reader);
    let (request, caller) = (request.clone(), caller.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let session = caller.session(&app, &mut tx).await?;
        let next = decided(&app, &mut tx, &request, session.as_ref()).await?;
        if let Some(session) = session.filter(|session| session.use_is_worth_noting(app.now())) {
            browser_sessions::note_use(&mut tx, &session.id, app.now()).await?;
        }
        tx.commit().await?;
        Ok(next)
    })
    .await
}

async fn decided(
    app: &App,
    tx: &mut WriteTx,
    request: &AuthorizationRequest,
    session: Option<&BrowserSession>,
) -> Result<Next, ActionError> {
    let now = app.now();
    let (request, decision) = match judge(app, tx, request, session).await? {
        Judged::Settled(next) => return Ok(next),
        Judged::Decided(request, decision) => (request, decision),
    };
    match (decision, session) {
        (Decision::Refuse(error), _) => Ok(Next::Answer(request.reply_to().error(error))),
        (Decision::AskConsent { .. }, Some(session)) => {
            let page = opaque_token::new(Kind::Step);
            let kept_until = now + app.settings.sessions.login_time_limit;
            let grant = Grant { kept_until, ..new_grant(app, *request, session, Stage::AwaitingConsent) };
            grants::insert(tx, &grant, Some(&opaque_token::digest(page.expose())), None).await?;
            Ok(Next::AskConsent(page))
        }
        (Decision::Issue, Some(session)) => {
            let code = opaque_token::new(Kind::AuthorizationCode);
            let stage = Stage::Approved { code_expires_at: now + app.settings.tokens.code_lifetime };
            let reply_to = request.reply_to();
            let grant = new_grant(app, *request, session, stage);
            grants::insert(tx, &grant, None, Some(&opaque_token::digest(code.expose()))).await?;
            Ok(Next::Answer(reply_to.code(code)))
        }
        (Decision::Login, _) | (Decision::AskConsent { .. } | Decision::Issue, None) => Ok(Next::Login),
    }
}

enum Judged {
    Decided(Box<AuthorizationRequest>, Decision),
    Settled(Next),
}

/// The request as its client may make it now, and what follows.
async fn judge(
    app: &App,
    db: &mut impl Reads,
    request: &AuthorizationRequest,
    session: Option<&BrowserSession>,
) -> Result<Judged, ActionError> {
    let (client, request) = match look_again(app, db, request).await? {
        Again::Stands(client, request) => (client, request),
        Again::Refused(answer) => return Ok(Judged::Settled(Next::Answer(answer))),
        Again::Gone(gone) => return Ok(Judged::Settled(Next::Gone(gone))),
    };
    let agreed = match session {
        Some(session) if !client.first_party => consents::agreed(db, &session.member, &client.id).await?,
        _ => None,
    };
    let floor = match session {
        Some(session) => floor(app, db, &client, &request, session).await?,
        None => Floor::NONE,
    };
    let decision = request.decide(&client, session, agreed.as_ref(), floor, app.now());
    Ok(Judged::Decided(request, decision))
}

/// What became of a request's client since it was read.
pub enum Again {
    Stands(Box<Client>, Box<AuthorizationRequest>),
    /// It may not ask for this any more.
    Refused(Answer),
    Gone(Gone),
}

/// The registration may have been changed while somebody logged in or thought about their consent.
pub async fn look_again(app: &App, db: &mut impl Reads, request: &AuthorizationRequest) -> Result<Again, StoreError> {
    let Some(stored) = clients::by_id(db, request.client.as_str()).await? else { return Ok(Again::Gone(Gone::Client)) };
    let vouched_for = stored.is_vouched_for();
    let client = stored.client;
    if !redirect_uri::is_registered(&request.redirect_uri, &client.redirect_uris, client.application_type) {
        return Ok(Again::Gone(Gone::RedirectUri));
    }
    let request = AuthorizationRequest { vouched_for, ..request.clone() };
    let resources = Resources::new(app.settings.issuer(), resource_servers::all(db).await?);
    Ok(match request.as_registered(&client, &resources) {
        Ok(request) => Again::Stands(Box::new(client), Box::new(request)),
        Err(error) => Again::Refused(refused(&request, error)),
    })
}

fn refused(request: &AuthorizationRequest, error: OAuthError) -> Answer {
    request.reply_to().error(error)
}

/// What the operator's policy and the request ask of the session's member for this client.
async fn floor(
    app: &App,
    db: &mut impl Reads,
    client: &Client,
    request: &AuthorizationRequest,
    session: &BrowserSession,
) -> Result<Floor, ActionError> {
    // More than a password alone is enough for every policy.
    if session.assurance > Assurance::Password && request.acr.is_empty() {
        return Ok(Floor::NONE);
    }
    let demands = authenticators::demands(app, Some(client), Some(request));
    let Some(member) = members::by_id(db, &session.member).await? else { return Ok(Floor::NONE) };
    Ok(demands.floor(&authenticators::enrolled(db, &member).await?))
}

fn new_grant(app: &App, request: AuthorizationRequest, session: &BrowserSession, stage: Stage) -> Grant {
    Grant {
        id: GrantId(random::identifier()),
        client: request.client.clone(),
        scopes: request.scopes.clone(),
        resources: request.resources.clone(),
        member: session.member.clone(),
        session: session.id.clone(),
        request,
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
pub fn code_kept_until(app: &App) -> UnixTime {
    app.now() + app.settings.tokens.code_lifetime + app.settings.tokens.access_token_lifetime
}
