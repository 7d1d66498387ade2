//! Registering relying parties: by staff, by themselves at the registration endpoint, by the demo.

use serde_json::{Map, Value};

use super::change_client::Registration;
use super::resource_servers::resources;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::config::RegistrationMode;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::actor::Actor;
use crate::domain::ids::ClientId;
use crate::domain::protocol::client::{Client, MetadataProblem, Terms};
use crate::domain::secret::Secret;
use crate::domain::unix_time::Span;
use crate::random;
use crate::store::protocol::clients::{self, StoredClient};
use crate::store::{StoreError, WriteTx};

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Metadata(Vec<MetadataProblem>),
    #[error("a client with this ID exists already")]
    Exists,
    #[error(transparent)]
    Action(#[from] ActionError),
}

impl From<StoreError> for RegisterError {
    fn from(error: StoreError) -> Self {
        RegisterError::Action(error.into())
    }
}

/// A client that staff register.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// `None`: a random one.
    pub id: Option<ClientId>,
    pub metadata: Map<String, Value>,
    pub terms: Terms,
    /// It may send notices to members.
    pub may_notify: bool,
}

/// A client whose credentials are known beforehand.
#[derive(Clone, Debug)]
pub struct KnownClient {
    pub id: ClientId,
    pub metadata: Map<String, Value>,
    pub terms: Terms,
    pub secret: Option<Secret<String>>,
}

/// A client that registered itself, or why it could not.
#[derive(Debug)]
pub enum SelfRegistered {
    Done {
        registration: Box<Registration>,
        /// With it the client looks after its registration (RFC 7592).
        token: Secret<String>,
    },
    /// The initial access token is unknown, used or expired.
    NotAllowed,
    /// As many as the settings allow have done so.
    NoRoom,
    Refused(Vec<MetadataProblem>),
}

/// Registers a client for staff.
pub async fn add_client(app: &App, actor: &Actor, new: NewClient) -> Result<Registration, RegisterError> {
    let actor = actor.clone();
    run::to_its_end(app, |app| async move {
        let id = new.id.unwrap_or_else(|| ClientId(random::identifier()));
        let mut tx = run::begin(&app).await?;
        let further = resources(&app, &mut tx).await?.scopes();
        let checked = Client::checked_beside(id, &new.metadata, new.terms, &further);
        let client = checked.map_err(RegisterError::Metadata)?;
        let secret = (!client.is_public()).then(|| opaque_token::new(Kind::ClientSecret));
        let registration = insert(&app, &mut tx, client, secret, None, &actor).await?;
        if new.may_notify {
            clients::set_member_notices(&mut tx, &registration.client.id, Some(app.now())).await?;
        }
        tx.commit().await?;
        Ok(registration)
    })
    .await
}

/// Registers a client at its own wish (RFC 7591, 3). `token` is the initial access token, where the settings ask for one;
/// it is used up only if there is a client then.
pub async fn register_itself(
    app: &App,
    metadata: Map<String, Value>,
    token: Option<Secret<String>>,
) -> Result<SelfRegistered, ActionError> {
    run::to_its_end(app, |app| async move {
        let settings = &app.settings.registration;
        let id = ClientId(random::identifier());
        let actor = Actor::Client(id.clone());
        let mut tx = run::begin(&app).await?;
        if settings.mode == RegistrationMode::InitialAccessToken {
            let digest = opaque_token::digest(token.as_ref().map_or("", |token| token.expose()));
            if !clients::take_initial_access_token(&mut tx, &digest, app.now()).await? {
                return Ok(SelfRegistered::NotAllowed);
            }
        }
        if clients::count_self_registered(&mut tx).await? >= i64::from(settings.max_clients) {
            return Ok(SelfRegistered::NoRoom);
        }
        let terms = Terms { pkce: settings.pkce, first_party: false, second_factor: None };
        let client = match Client::registering_itself(id, &metadata, terms) {
            Ok(client) => client,
            Err(problems) => return Ok(SelfRegistered::Refused(problems)),
        };
        let secret = (!client.is_public()).then(|| opaque_token::new(Kind::ClientSecret));
        let own = opaque_token::new(Kind::RegistrationAccessToken);
        let registration = match insert(&app, &mut tx, client, secret, Some(&own), &actor).await {
            Ok(registration) => Box::new(registration),
            Err(RegisterError::Action(error)) => return Err(error),
            // A random ID twice, or what was found right a moment ago: neither happens.
            Err(RegisterError::Metadata(_) | RegisterError::Exists) => return Err(ActionError::Contended),
        };
        tx.commit().await?;
        Ok(SelfRegistered::Done { registration, token: own })
    })
    .await
}

/// Puts clients in place as they are known, all or none, over those that have their IDs.
pub async fn replace_clients(app: &App, actor: &Actor, known: Vec<KnownClient>) -> Result<(), RegisterError> {
    let actor = actor.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        for KnownClient { id, metadata, terms, secret } in known {
            clients::remove(&mut tx, &id).await?;
            let client = Client::checked(id, &metadata, terms).map_err(RegisterError::Metadata)?;
            insert(&app, &mut tx, client, secret, None, &actor).await?;
        }
        tx.commit().await?;
        Ok(())
    })
    .await
}

async fn insert(
    app: &App,
    tx: &mut WriteTx,
    client: Client,
    secret: Option<Secret<String>>,
    own: Option<&Secret<String>>,
    actor: &Actor,
) -> Result<Registration, RegisterError> {
    let digest = |token: &Secret<String>| opaque_token::digest(token.expose());
    let stored = StoredClient {
        secret_digest: secret.as_ref().map(digest),
        previous_secret: None,
        registration_token_digest: own.map(digest),
        created_at: app.now(),
        may_notify: false,
        revision: 1,
        client,
    };
    match clients::insert(tx, &stored).await {
        Err(StoreError::Exists(_)) => return Err(RegisterError::Exists),
        other => other?,
    }
    let StoredClient { client, created_at, revision, .. } = stored;
    tracing::info!(client = %client.id, actor = actor.stored(), "client registered");
    Ok(Registration { client, created_at, revision, secret })
}

/// A token that lets one relying party register itself.
pub async fn make_initial_access_token(
    app: &App,
    actor: &Actor,
    lifetime: Span,
) -> Result<Secret<String>, ActionError> {
    let actor = actor.clone();
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let token = opaque_token::new(Kind::InitialAccessToken);
        let mut tx = run::begin(&app).await?;
        let digest = opaque_token::digest(token.expose());
        clients::insert_initial_access_token(&mut tx, &digest, now, now + lifetime).await?;
        tx.commit().await?;
        tracing::info!(actor = actor.stored(), "initial access token made");
        Ok(token)
    })
    .await
}
