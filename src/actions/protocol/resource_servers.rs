//! Staff register resource servers, and remove them.

use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::protocol::oauth_error::OAuthError;
use crate::domain::protocol::resource_server::{ResourceProblem, ResourceServer, Resources, Target};
use crate::domain::protocol::scope::Scopes;
use crate::store::protocol::{clients, resource_servers};
use crate::store::{Reads, StoreError, WriteTx};

#[derive(Debug, PartialEq, Eq)]
pub enum ResourceAdded {
    Done,
    /// It, or one of its scopes, is registered already.
    Exists(&'static str),
    /// The client that is to introspect its tokens does not exist, or has no credentials to do so with.
    NoSuchClient,
    Wrong(ResourceProblem),
}

/// Registers a resource server. Nobody has its scopes yet, whatever was left of others with the same names.
pub async fn add_resource(app: &App, actor: &Actor, server: ResourceServer) -> Result<ResourceAdded, ActionError> {
    let actor = actor.clone();
    run::to_its_end(app, |app| async move {
        if let Err(problem) = server.check(app.settings.issuer()) {
            return Ok(ResourceAdded::Wrong(problem));
        }
        let mut tx = run::begin(&app).await?;
        if let Some(client) = &server.client {
            let found = clients::by_id(&mut tx, client.as_str()).await?;
            if found.is_none_or(|stored| stored.client.is_public()) {
                return Ok(ResourceAdded::NoSuchClient);
            }
        }
        match resource_servers::insert(&mut tx, &server).await {
            Err(StoreError::Exists(what)) => return Ok(ResourceAdded::Exists(what)),
            other => other?,
        }
        take_from_everybody(&app, &mut tx, &server.scopes).await?;
        tx.commit().await?;
        tracing::info!(resource = server.identifier, actor = actor.stored(), "resource server registered");
        Ok(ResourceAdded::Done)
    })
    .await
}

/// Removes a resource server. No client keeps its scopes, and no consent: they would come to life again with the next one
/// that has a scope of the same name. `false` if there is none.
pub async fn remove_resource(app: &App, actor: &Actor, identifier: &str) -> Result<bool, ActionError> {
    let (actor, identifier) = (actor.clone(), identifier.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let all = resource_servers::all(&mut tx).await?;
        let Some(server) = all.into_iter().find(|server| server.identifier == identifier) else { return Ok(false) };
        if !resource_servers::remove(&mut tx, &server.identifier).await? {
            return Ok(false);
        }
        take_from_everybody(&app, &mut tx, &server.scopes).await?;
        tx.commit().await?;
        tracing::info!(resource = server.identifier, actor = actor.stored(), "resource server removed");
        Ok(true)
    })
    .await
}

/// From every client, consent and grant.
async fn take_from_everybody(app: &App, tx: &mut WriteTx, scopes: &Scopes) -> Result<(), ActionError> {
    const AT_ONCE: u32 = 200;
    resource_servers::forget_scopes(tx, scopes).await?;
    let mut after = String::new();
    loop {
        let some = clients::list(tx, &after, AT_ONCE).await?;
        let Some(last) = some.last() else { return Ok(()) };
        after = last.client.id.to_string();
        for stored in some.iter().filter(|stored| !stored.client.scopes.only(scopes).is_empty()) {
            // As it is now: another may have changed it since the list was read.
            let Some(stored) = clients::held(tx, stored.client.id.as_str()).await? else { continue };
            let mut client = stored.client;
            client.scopes = scopes.iter().fold(client.scopes, |left, scope| left.without(scope));
            clients::update(tx, &client, stored.secret_digest.as_deref(), app.now()).await?;
        }
    }
}

/// All that access tokens can be for now.
pub(super) async fn resources(app: &App, db: &mut impl Reads) -> Result<Resources, ActionError> {
    Ok(Resources::new(app.settings.issuer(), resource_servers::all(db).await?))
}

/// What a token is for that is issued from a grant to a client that names these resources.
pub(super) async fn target(
    app: &App,
    db: &mut impl Reads,
    granted: &Target,
    named: &[String],
) -> Result<Result<Target, OAuthError>, ActionError> {
    // Most grants are for this provider alone: then nothing has to be looked up.
    let here_alone = granted.resources.iter().all(|name| name == app.settings.issuer());
    let resources = match here_alone {
        true => Resources::new(app.settings.issuer(), Vec::new()),
        false => resources(app, db).await?,
    };
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    Ok(resources.narrowed(granted, &named))
}
