//! Registering relying parties: from the command line, the demo and the registration endpoint.

use serde_json::{Map, Value};

use crate::actions::ActionError;
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::ids::ClientId;
use crate::domain::protocol::client::{Client, MetadataProblem, Terms};
use crate::domain::secret::Secret;
use crate::domain::unix_time::Span;
use crate::random;
use crate::store::protocol::clients;
use crate::store::protocol::clients::StoredClient;
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

/// A client that was just registered. Its secrets are shown once and never again.
#[derive(Debug)]
pub struct Registered {
    pub client: Client,
    /// Of a confidential client.
    pub secret: Option<Secret<String>>,
    /// Of one that registered itself (RFC 7592).
    pub registration_token: Option<Secret<String>>,
}

/// Who registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Staff,
    Itself,
}

/// Registers a client in `tx`. Without an ID it gets a random one.
pub async fn register(
    app: &App,
    tx: &mut WriteTx,
    id: Option<ClientId>,
    metadata: &Map<String, Value>,
    terms: Terms,
    by: By,
) -> Result<Registered, RegisterError> {
    let id = id.unwrap_or_else(|| ClientId(random::identifier()));
    let client = Client::checked(id, metadata, terms).map_err(RegisterError::Metadata)?;
    let secret = (!client.is_public()).then(|| opaque_token::new(Kind::ClientSecret));
    let registration_token = (by == By::Itself).then(|| opaque_token::new(Kind::RegistrationAccessToken));
    let digest = |token: &Option<Secret<String>>| token.as_ref().map(|t| opaque_token::digest(t.expose()));
    let stored = StoredClient {
        secret_digest: digest(&secret),
        previous_secret: None,
        registration_token_digest: digest(&registration_token),
        created_at: app.now(),
        may_notify: false,
        revision: 1,
        client: client.clone(),
    };
    match clients::insert(tx, &stored).await {
        Err(StoreError::Exists(_)) => return Err(RegisterError::Exists),
        other => other.map_err(ActionError::from)?,
    }
    tracing::info!(client = %client.id, ?by, "client registered");
    Ok(Registered { client, secret, registration_token })
}

/// Gives a client a new secret; the old one is taken for `overlap` longer. `None`: no such confidential client.
pub async fn rotate_secret(app: &App, id: &ClientId, overlap: Span) -> Result<Option<Secret<String>>, ActionError> {
    let now = app.now();
    let secret = opaque_token::new(Kind::ClientSecret);
    let mut tx = app.store.write().await?;
    let digest = opaque_token::digest(secret.expose());
    let found = clients::rotate_secret(&mut tx, id, &digest, now + overlap, now).await?;
    tx.commit().await?;
    Ok(found.then_some(secret))
}

/// A token that lets one relying party register itself.
pub async fn initial_access_token(app: &App, lifetime: Span) -> Result<Secret<String>, ActionError> {
    let now = app.now();
    let token = opaque_token::new(Kind::InitialAccessToken);
    let mut tx = app.store.write().await?;
    let digest = opaque_token::digest(token.expose());
    clients::insert_initial_access_token(&mut tx, &digest, now, now + lifetime).await?;
    tx.commit().await?;
    Ok(token)
}

/// Whether `secret` is the client's, or the one it had until a moment ago.
pub fn is_secret_of(stored: &StoredClient, secret: &str, now: crate::domain::unix_time::UnixTime) -> bool {
    let digest = opaque_token::digest(secret);
    let present = stored.secret_digest.as_ref().is_some_and(|d| opaque_token::same(d, &digest));
    let previous =
        stored.previous_secret.as_ref().is_some_and(|(d, until)| now < *until && opaque_token::same(d, &digest));
    present || previous
}
