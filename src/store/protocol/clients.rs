//! Relying parties and the digests of their secrets.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::ids::ClientId;
use crate::domain::member::authentication_method::SecondFactor;
use crate::domain::protocol::client::{ApplicationType, AuthenticationMethod, Client, GrantType, PkcePolicy};
use crate::domain::protocol::signing_key::Algorithm;
use crate::domain::unix_time::UnixTime;
use crate::store::carried::rewritten;
use crate::store::registry::changed;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx, from_json, to_json};

/// A client with what proves that it is itself.
#[derive(Clone, Debug)]
pub struct StoredClient {
    pub client: Client,
    pub secret_digest: Option<String>,
    /// Still taken until then, after a rotation.
    pub previous_secret: Option<(String, UnixTime)>,
    /// Of a client that registered itself (RFC 7592).
    pub registration_token_digest: Option<String>,
    pub created_at: UnixTime,
    /// Staff let it send notices to members.
    pub may_notify: bool,
    /// Counts its changes from 1.
    pub revision: i64,
}

impl StoredClient {
    /// Whether somebody has looked at where it leads: staff registered it, or call it the society's own.
    pub fn is_vouched_for(&self) -> bool {
        self.registration_token_digest.is_none() || self.client.first_party
    }
}

fn from_row(row: &Row) -> Result<StoredClient, StoreError> {
    let id: String = row.try_get("client_id")?;
    let metadata: String = row.try_get("metadata")?;
    let previous: Option<String> = row.try_get("previous_secret_digest")?;
    let until: Option<i64> = row.try_get("previous_secret_until")?;
    let Known { client, is_credential_known } = known(&metadata, &id)?;
    Ok(StoredClient {
        client,
        secret_digest: row.try_get::<Option<String>>("secret_digest")?.filter(|_| is_credential_known),
        previous_secret: previous.zip(until.map(UnixTime)).filter(|_| is_credential_known),
        registration_token_digest: row.try_get("registration_token_digest")?,
        created_at: UnixTime(row.try_get("created_at")?),
        may_notify: row.try_get::<Option<i64>>("member_notices_at")?.is_some(),
        revision: row.try_get("revision")?,
    })
}

/// A client as far as this version knows what is registered of it.
struct Known {
    client: Client,
    /// Else it can't show here that it is itself.
    is_credential_known: bool,
}

/// A newer version may have registered what this one doesn't know: that is left out, or read as the strictest that there is.
fn known(metadata: &str, id: &str) -> Result<Known, StoreError> {
    let mut all: Value = from_json(metadata, "clients", "metadata", id)?;
    if let Some(Value::Array(grants)) = all.get_mut("grant_types") {
        grants.retain(is::<GrantType>);
    }
    let mut or_else = |field: &str, strictest: &str, is_known: fn(&Value) -> bool| match all.get_mut(field) {
        Some(value) if !is_known(value) => {
            *value = strictest.into();
            false
        }
        _ => true,
    };
    or_else("application_type", "web", is::<ApplicationType>);
    or_else("pkce", "required", is::<PkcePolicy>);
    or_else("second_factor", "required", is::<Option<SecondFactor>>);
    or_else("id_token_alg", Algorithm::Rs256.name(), is::<Algorithm>);
    let is_credential_known =
        or_else("authentication", AuthenticationMethod::ClientSecretBasic.name(), is::<AuthenticationMethod>);
    let client = serde_json::from_value(all).map_err(|_| StoreError::Corrupt {
        table: "clients",
        column: "metadata",
        row: id.to_owned(),
    })?;
    Ok(Known { client, is_credential_known })
}

fn is<T: DeserializeOwned>(value: &Value) -> bool {
    T::deserialize(value).is_ok()
}

const COLUMNS: &str = "client_id, metadata, secret_digest, previous_secret_digest, previous_secret_until,
    registration_token_digest, created_at, member_notices_at, revision";

pub async fn by_id(db: &mut impl Reads, id: &str) -> Result<Option<StoredClient>, StoreError> {
    let Some(registry) = db.registry() else { return read(db, id).await };
    let forgotten = registry.look(db).await?;
    if let held @ Some(_) = registry.client(id) {
        return Ok(held);
    }
    let found = read(db, id).await?;
    if let Some(client) = found.as_ref().filter(|_| db.reads_what_stands()) {
        registry.keep_client(forgotten, client);
    }
    Ok(found)
}

/// From the database itself.
async fn read(db: &mut impl Reads, id: &str) -> Result<Option<StoredClient>, StoreError> {
    // PostgreSQL takes no NUL in a text; no client has one in its ID.
    if id.contains('\0') {
        return Ok(None);
    }
    let sql = const_format::concatcp!("SELECT ", COLUMNS, " FROM clients WHERE client_id = $1");
    let row = query(sql).bind(id).fetch_optional(db.connection()).await?;
    row.as_ref().map(from_row).transpose()
}

/// The client, held until the transaction ends: whoever else holds it waits, and then sees what was changed.
pub async fn held(tx: &mut WriteTx, id: &str) -> Result<Option<StoredClient>, StoreError> {
    if id.contains('\0') {
        return Ok(None);
    }
    query("UPDATE clients SET revision = revision WHERE client_id = $1").bind(id).execute(tx.connection()).await?;
    read(tx, id).await
}

/// All clients by ID, after `after`, at most `limit`.
pub async fn list(db: &mut impl Reads, after: &str, limit: u32) -> Result<Vec<StoredClient>, StoreError> {
    let sql =
        const_format::concatcp!("SELECT ", COLUMNS, " FROM clients WHERE client_id > $1 ORDER BY client_id LIMIT $2");
    let rows = query(sql).bind(after).bind(i64::from(limit)).fetch_all(db.connection()).await?;
    rows.iter().map(from_row).collect()
}

/// Lets a client send notices to members since then, or (`None`) no more; `false` if there is no such client. One that
/// registered itself is not let: it could change its redirect URIs, and with them where its notices lead.
pub async fn set_member_notices(tx: &mut WriteTx, id: &ClientId, at: Option<UnixTime>) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE clients SET member_notices_at = $2, revision = revision + 1
          WHERE client_id = $1 AND ($2 IS NULL OR registration_token_digest IS NULL)",
    )
    .bind(id.as_str())
    .bind(at.map(|t| t.0))
    .execute(tx.connection())
    .await?;
    changed(tx).await?;
    Ok(done == 1)
}

/// Whether any client may send notices to members.
pub async fn any_may_notify(db: &mut impl Reads) -> Result<bool, StoreError> {
    let sql = "SELECT client_id FROM clients WHERE member_notices_at IS NOT NULL LIMIT 1";
    Ok(query(sql).fetch_optional(db.connection()).await?.is_some())
}

/// Whether any client has this rule for the second factor, in place of the one in the settings.
pub async fn any_with_second_factor(db: &mut impl Reads, rule: SecondFactor) -> Result<bool, StoreError> {
    let sql = "SELECT client_id FROM clients WHERE second_factor = $1 LIMIT 1";
    Ok(query(sql).bind(rule.name()).fetch_optional(db.connection()).await?.is_some())
}

/// How many clients have registered themselves.
pub async fn count_self_registered(db: &mut impl Reads) -> Result<i64, StoreError> {
    let row = query("SELECT COUNT(*) AS n FROM clients WHERE registration_token_digest IS NOT NULL")
        .fetch_one(db.connection())
        .await?;
    Ok(row.try_get("n")?)
}

/// Adds a client; `Exists` if the ID is taken.
pub async fn insert(tx: &mut WriteTx, stored: &StoredClient) -> Result<(), StoreError> {
    let done = query(
        "INSERT INTO clients (client_id, metadata, secret_digest, registration_token_digest, created_at, updated_at,
             second_factor) VALUES ($1, $2, $3, $4, $5, $5, $6) ON CONFLICT (client_id) DO NOTHING",
    )
    .bind(stored.client.id.as_str())
    .bind(to_json(&stored.client)?)
    .bind(&stored.secret_digest)
    .bind(&stored.registration_token_digest)
    .bind(stored.created_at.0)
    .bind(stored.client.second_factor.map(SecondFactor::name))
    .execute(tx.connection())
    .await?;
    if done == 0 {
        return Err(StoreError::Exists("client ID"));
    }
    changed(tx).await
}

/// Replaces the metadata and the secret's digest. Where there is no secret any more, the one before it ends too.
pub async fn update(
    tx: &mut WriteTx,
    client: &Client,
    secret_digest: Option<&str>,
    now: UnixTime,
) -> Result<(), StoreError> {
    let row = query("SELECT metadata, secret_digest FROM clients WHERE client_id = $1")
        .bind(client.id.as_str())
        .fetch_optional(tx.connection())
        .await?;
    let Some(row) = row else { return Ok(()) };
    let (before, digest): (String, Option<String>) = (row.try_get("metadata")?, row.try_get("secret_digest")?);
    let Known { client: read, is_credential_known } = known(&before, client.id.as_str())?;
    let secret_digest = if is_credential_known { secret_digest } else { digest.as_deref() };
    let metadata = rewritten(&before, &read, client)?;
    let as_stored: Value = from_json(&metadata, "clients", "metadata", client.id.as_str())?;
    query(
        "UPDATE clients SET metadata = $2, secret_digest = $3, updated_at = $4, second_factor = $5, revision = revision + 1,
                previous_secret_until = CASE WHEN $3 IS NULL THEN NULL ELSE previous_secret_until END
          WHERE client_id = $1",
    )
    .bind(client.id.as_str())
    .bind(metadata)
    .bind(secret_digest)
    .bind(now.0)
    .bind(as_stored.get("second_factor").and_then(Value::as_str))
    .execute(tx.connection())
    .await?;
    changed(tx).await
}

/// Gives a confidential client a new secret; the old one is taken until `old_until`. `false` if there is no such client.
pub async fn rotate_secret(
    tx: &mut WriteTx,
    id: &ClientId,
    secret_digest: &str,
    old_until: UnixTime,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE clients SET previous_secret_digest = secret_digest, previous_secret_until = $3, secret_digest = $2,
                updated_at = $4, revision = revision + 1 WHERE client_id = $1 AND secret_digest IS NOT NULL",
    )
    .bind(id.as_str())
    .bind(secret_digest)
    .bind(old_until.0)
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    changed(tx).await?;
    Ok(done == 1)
}

/// Removes a client and everything that was granted to it; whether it was there.
pub async fn remove(tx: &mut WriteTx, id: &ClientId) -> Result<bool, StoreError> {
    let done = query("DELETE FROM clients WHERE client_id = $1").bind(id.as_str()).execute(tx.connection()).await?;
    changed(tx).await?;
    Ok(done == 1)
}

/// Adds a token that lets one client register itself.
pub async fn insert_initial_access_token(
    tx: &mut WriteTx,
    digest: &str,
    now: UnixTime,
    expires_at: UnixTime,
) -> Result<(), StoreError> {
    query("INSERT INTO initial_access_tokens (token_digest, created_at, expires_at) VALUES ($1, $2, $3)")
        .bind(digest)
        .bind(now.0)
        .bind(expires_at.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Takes an initial access token; `false` if it is unknown, used or expired.
pub async fn take_initial_access_token(tx: &mut WriteTx, digest: &str, now: UnixTime) -> Result<bool, StoreError> {
    let taken = query(
        "UPDATE initial_access_tokens SET used_at = $2
          WHERE token_digest = $1 AND used_at IS NULL AND expires_at > $2 RETURNING token_digest",
    )
    .bind(digest)
    .bind(now.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(taken.is_some())
}
