//! Resource servers and their scopes.

use crate::domain::ids::ClientId;
use crate::domain::protocol::resource_server::ResourceServer;
use crate::domain::protocol::scope::Scopes;
use crate::domain::unix_time::UnixTime;
use crate::store::registry::changed;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// All of them: they are few.
pub async fn all(db: &mut impl Reads) -> Result<Vec<ResourceServer>, StoreError> {
    let Some(registry) = db.registry() else { return read_all(db).await };
    let forgotten = registry.look(db).await?;
    if let Some(held) = registry.resource_servers() {
        return Ok(held);
    }
    let all = read_all(db).await?;
    if db.reads_what_stands() {
        registry.keep_resource_servers(forgotten, &all);
    }
    Ok(all)
}

/// From the database itself.
async fn read_all(db: &mut impl Reads) -> Result<Vec<ResourceServer>, StoreError> {
    let rows = query(
        "SELECT r.resource, r.name, r.client_id, r.created_at, s.scope
           FROM resource_servers r JOIN resource_scopes s ON s.resource = r.resource ORDER BY r.resource, s.scope",
    )
    .fetch_all(db.connection())
    .await?;
    let mut all: Vec<ResourceServer> = Vec::new();
    for row in rows {
        let (identifier, scope): (String, String) = (row.try_get("resource")?, row.try_get("scope")?);
        match all.last_mut().filter(|last| last.identifier == identifier) {
            Some(last) => last.scopes.add(&scope),
            None => all.push(ResourceServer {
                identifier,
                name: row.try_get("name")?,
                scopes: Scopes::of(&[&scope]),
                client: row.try_get::<Option<String>>("client_id")?.map(ClientId),
                created_at: UnixTime(row.try_get("created_at")?),
            }),
        }
    }
    Ok(all)
}

/// Adds one; `Exists` if the identifier or one of the scopes is taken.
pub async fn insert(tx: &mut WriteTx, server: &ResourceServer) -> Result<(), StoreError> {
    let done = query(
        "INSERT INTO resource_servers (resource, name, client_id, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (resource) DO NOTHING",
    )
    .bind(&server.identifier)
    .bind(&server.name)
    .bind(server.client.as_ref().map(ClientId::as_str))
    .bind(server.created_at.0)
    .execute(tx.connection())
    .await?;
    if done == 0 {
        return Err(StoreError::Exists("resource server"));
    }
    for scope in server.scopes.iter() {
        let done =
            query("INSERT INTO resource_scopes (scope, resource) VALUES ($1, $2) ON CONFLICT (scope) DO NOTHING")
                .bind(scope)
                .bind(&server.identifier)
                .execute(tx.connection())
                .await?;
        if done == 0 {
            return Err(StoreError::Exists("scope"));
        }
    }
    changed(tx).await
}

/// Removes one, with its scopes; whether it was there.
pub async fn remove(tx: &mut WriteTx, identifier: &str) -> Result<bool, StoreError> {
    let done =
        query("DELETE FROM resource_servers WHERE resource = $1").bind(identifier).execute(tx.connection()).await?;
    changed(tx).await?;
    Ok(done == 1)
}

/// Takes scopes out of all that members agreed to and granted.
pub async fn forget_scopes(tx: &mut WriteTx, scopes: &Scopes) -> Result<(), StoreError> {
    for scope in scopes.iter() {
        // A list with a space on either side, so that a name is found whole.
        for sql in [
            "UPDATE consents SET scope = TRIM(REPLACE(' ' || scope || ' ', ' ' || $1 || ' ', ' '))
              WHERE REPLACE(' ' || scope || ' ', ' ' || $1 || ' ', ' ') <> ' ' || scope || ' '",
            "UPDATE authorization_grants SET scope = TRIM(REPLACE(' ' || scope || ' ', ' ' || $1 || ' ', ' '))
              WHERE REPLACE(' ' || scope || ' ', ' ' || $1 || ' ', ' ') <> ' ' || scope || ' '",
        ] {
            query(sql).bind(scope).execute(tx.connection()).await?;
        }
    }
    Ok(())
}
