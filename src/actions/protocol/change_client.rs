//! A client changes its own registration (RFC 7592, 2.2), and staff change what it may do.

use serde_json::{Map, Value};

use super::authenticate_client::is_secret_of;
use super::resource_servers::resources;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::actor::Actor;
use crate::domain::ids::ClientId;
use crate::domain::protocol::client::{Client, GrantType, MetadataProblem, Terms};
use crate::domain::protocol::scope::{SUPPORTED, Scopes};
use crate::domain::secret::Secret;
use crate::domain::unix_time::UnixTime;
use crate::store::protocol::clients::{self, StoredClient};

/// With what a client asks for its own registration.
#[derive(Clone, Debug)]
pub struct OwnRegistration {
    pub id: String,
    /// The registration access token.
    pub token: Secret<String>,
    /// The revisions that it may be at. `None`: it does not matter.
    pub seen: Option<Vec<i64>>,
}

/// What is registered now.
#[derive(Debug)]
pub struct Registration {
    pub client: Client,
    pub created_at: UnixTime,
    pub revision: i64,
    /// If it is new. It is shown once and never again.
    pub secret: Option<Secret<String>>,
}

#[derive(Debug)]
pub enum Changed {
    Done(Box<Registration>),
    /// The token does not open this registration, or there is none.
    NotAllowed,
    /// It is not at a revision that the client has seen.
    Overtaken,
    Refused(Vec<MetadataProblem>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticesLet {
    /// Whether it could get the access token that notices need.
    Done {
        gets_tokens: bool,
    },
    /// It could change its redirect URIs, and with them where its notices lead.
    RegisteredItself,
    NoSuchClient,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopesChanged {
    Done,
    /// It says itself what it asks for.
    RegisteredItself,
    Unknown {
        known: Scopes,
    },
    NoSuchClient,
}

impl OwnRegistration {
    /// Whether the token is the one of this client.
    pub fn opens(&self, stored: &StoredClient) -> bool {
        let digest = opaque_token::digest(self.token.expose());
        stored.registration_token_digest.as_deref().is_some_and(|own| opaque_token::same(own, &digest))
    }

    pub fn is_overtaken(&self, stored: &StoredClient) -> bool {
        self.seen.as_ref().is_some_and(|seen| !seen.contains(&stored.revision))
    }
}

/// Replaces all metadata of a client (RFC 7592, 2.2). The client is held from the first look to the commit: a secret that is
/// rotated meanwhile stays rotated.
pub async fn change_own_registration(
    app: &App,
    own: OwnRegistration,
    metadata: Map<String, Value>,
) -> Result<Changed, ActionError> {
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let stored = match clients::held(&mut tx, &own.id).await? {
            Some(stored) if own.opens(&stored) => stored,
            _ => return Ok(Changed::NotAllowed),
        };
        if own.is_overtaken(&stored) {
            return Ok(Changed::Overtaken);
        }
        let terms = Terms {
            pkce: app.settings.registration.pkce,
            first_party: stored.client.first_party,
            second_factor: stored.client.second_factor,
        };
        let mut problems = what_it_may_not_say(&stored, &metadata, app.now());
        let client = match Client::registering_itself(stored.client.id.clone(), &metadata, terms) {
            Ok(client) if problems.is_empty() => client,
            Ok(_) => return Ok(Changed::Refused(problems)),
            Err(more) => {
                problems.extend(more);
                return Ok(Changed::Refused(problems));
            }
        };
        let needs_secret = !client.is_public() && stored.secret_digest.is_none();
        let secret = needs_secret.then(|| opaque_token::new(Kind::ClientSecret));
        let digest = match &secret {
            Some(secret) => Some(opaque_token::digest(secret.expose())),
            None => stored.secret_digest.filter(|_| !client.is_public()),
        };
        clients::update(&mut tx, &client, digest.as_deref(), app.now()).await?;
        tx.commit().await?;
        tracing::info!(client = %client.id, actor = Actor::Client(client.id.clone()).stored(), "client changed");
        let (created_at, revision) = (stored.created_at, stored.revision + 1);
        Ok(Changed::Done(Box::new(Registration { client, created_at, revision, secret })))
    })
    .await
}

/// RFC 7592, 2.2: it names itself, may repeat its secret, and nothing else of what the provider decides.
fn what_it_may_not_say(stored: &StoredClient, metadata: &Map<String, Value>, now: UnixTime) -> Vec<MetadataProblem> {
    let mut problems = Vec::new();
    let text = |name: &str| metadata.get(name).and_then(Value::as_str);
    if text("client_id") != Some(stored.client.id.as_str()) {
        problems.push(MetadataProblem::new("client_id", "must be the one of this client"));
    }
    for name in
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
    {
        if metadata.contains_key(name) {
            problems.push(MetadataProblem::new(name, "can't be sent"));
        }
    }
    let is_its_own = || text("client_secret").is_some_and(|secret| is_secret_of(stored, secret, now));
    if metadata.contains_key("client_secret") && !is_its_own() {
        problems.push(MetadataProblem::new("client_secret", "is not the one of this client"));
    }
    problems
}

/// Lets a client send notices to members, or no more.
pub async fn let_send_notices(app: &App, actor: &Actor, id: &ClientId, on: bool) -> Result<NoticesLet, ActionError> {
    let (actor, id) = (actor.clone(), id.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(stored) = clients::held(&mut tx, id.as_str()).await? else { return Ok(NoticesLet::NoSuchClient) };
        if on && stored.registration_token_digest.is_some() {
            return Ok(NoticesLet::RegisteredItself);
        }
        clients::set_member_notices(&mut tx, &id, on.then(|| app.now())).await?;
        tx.commit().await?;
        tracing::info!(client = %id, on, actor = actor.stored(), "member notices");
        Ok(NoticesLet::Done { gets_tokens: stored.client.may_use(GrantType::ClientCredentials) })
    })
    .await
}

/// Sets what a client may ask for.
pub async fn change_scopes(
    app: &App,
    actor: &Actor,
    id: &ClientId,
    scopes: Scopes,
) -> Result<ScopesChanged, ActionError> {
    let (actor, id) = (actor.clone(), id.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(stored) = clients::held(&mut tx, id.as_str()).await? else { return Ok(ScopesChanged::NoSuchClient) };
        if stored.registration_token_digest.is_some() {
            return Ok(ScopesChanged::RegisteredItself);
        }
        let known = Scopes::of(&SUPPORTED).joined_with(&resources(&app, &mut tx).await?.scopes());
        if !scopes.is_within(&known) {
            return Ok(ScopesChanged::Unknown { known });
        }
        let client = Client { scopes, ..stored.client };
        clients::update(&mut tx, &client, stored.secret_digest.as_deref(), app.now()).await?;
        tx.commit().await?;
        tracing::info!(client = %id, scope = %client.scopes, actor = actor.stored(), "client scopes changed");
        Ok(ScopesChanged::Done)
    })
    .await
}
