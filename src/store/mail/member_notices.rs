//! What portals asked to have mailed to members. A key that a client has used stands for that one notice for ever after.

use crate::domain::ids::ClientId;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// A notice that was asked for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    pub id: &'a str,
    pub client: &'a ClientId,
    pub key_digest: &'a str,
    pub content_digest: &'a str,
}

/// Writes a notice down; `false` if its client has used the key before.
pub async fn insert(tx: &mut WriteTx, asked: &Asked<'_>, now: UnixTime) -> Result<bool, StoreError> {
    let done = query(
        "INSERT INTO member_notices (notice_id, client_id, key_digest, content_digest, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (client_id, key_digest) DO NOTHING",
    )
    .bind(asked.id)
    .bind(asked.client.as_str())
    .bind(asked.key_digest)
    .bind(asked.content_digest)
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}

/// The ID of the notice that a client has used this key for, and the digest of what it said.
pub async fn by_key(
    db: &mut impl Reads,
    client: &ClientId,
    key_digest: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let row = query("SELECT notice_id, content_digest FROM member_notices WHERE client_id = $1 AND key_digest = $2")
        .bind(client.as_str())
        .bind(key_digest)
        .fetch_optional(db.connection())
        .await?;
    row.map(|row| Ok((row.try_get("notice_id")?, row.try_get("content_digest")?))).transpose()
}
