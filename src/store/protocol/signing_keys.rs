//! Signing keys, sealed.

use crate::domain::protocol::signing_key::{Algorithm, PublishedKey, StoredKey};
use crate::domain::unix_time::UnixTime;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx, from_json, to_json};

/// `None` for an algorithm that only a newer version knows.
fn from_row(row: &Row) -> Result<Option<StoredKey>, StoreError> {
    let id: String = row.try_get("key_id")?;
    let algorithm: String = row.try_get("algorithm")?;
    let public: String = row.try_get("public_jwk")?;
    let Some(algorithm) = Algorithm::from_name(&algorithm) else { return Ok(None) };
    Ok(Some(StoredKey {
        algorithm,
        public_jwk: from_json(&public, "signing_keys", "public_jwk", &id)?,
        private_jwk: row.try_get("private_jwk")?,
        created_at: UnixTime(row.try_get("created_at")?),
        signs_from: UnixTime(row.try_get("signs_from")?),
        published_until: row.try_get::<Option<i64>>("published_until")?.map(UnixTime),
        id,
    }))
}

/// All keys of the algorithms that there are here, the oldest first.
pub async fn all(db: &mut impl Reads) -> Result<Vec<StoredKey>, StoreError> {
    let rows = query(
        "SELECT key_id, algorithm, public_jwk, private_jwk, created_at, signs_from, published_until
           FROM signing_keys ORDER BY created_at, key_id",
    )
    .fetch_all(db.connection())
    .await?;
    rows.iter().filter_map(|row| from_row(row).transpose()).collect()
}

/// Keys of algorithms that only a newer version knows: it signs with them, so they are published by this one as well.
pub async fn of_other_algorithms(db: &mut impl Reads) -> Result<Vec<PublishedKey>, StoreError> {
    let rows =
        query("SELECT key_id, algorithm, public_jwk, published_until FROM signing_keys ORDER BY created_at, key_id")
            .fetch_all(db.connection())
            .await?;
    let mut keys = Vec::new();
    for row in rows {
        let algorithm: String = row.try_get("algorithm")?;
        if Algorithm::from_name(&algorithm).is_none() {
            let (id, public): (String, String) = (row.try_get("key_id")?, row.try_get("public_jwk")?);
            keys.push(PublishedKey {
                public_jwk: from_json(&public, "signing_keys", "public_jwk", &id)?,
                published_until: row.try_get::<Option<i64>>("published_until")?.map(UnixTime),
            });
        }
    }
    Ok(keys)
}

/// Holds the keys until the transaction ends: whoever else is about to make one waits, and then sees it.
pub async fn hold(tx: &mut WriteTx) -> Result<(), StoreError> {
    query("UPDATE compatibility SET oldest_migration = oldest_migration WHERE one = 'tables'")
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Adds a key. Whoever decides that it is needed holds the keys.
pub async fn insert(tx: &mut WriteTx, key: &StoredKey) -> Result<(), StoreError> {
    let sql = "INSERT INTO signing_keys (key_id, algorithm, public_jwk, private_jwk, created_at, signs_from)
         VALUES ($1, $2, $3, $4, $5, $6)";
    query(sql)
        .bind(&key.id)
        .bind(key.algorithm.name())
        .bind(to_json(&key.public_jwk)?)
        .bind(&key.private_jwk)
        .bind(key.created_at.0)
        .bind(key.signs_from.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Sets the end of every key of the algorithm that `successor` follows and that has no end yet.
pub async fn retire_others(tx: &mut WriteTx, successor: &StoredKey, until: UnixTime) -> Result<(), StoreError> {
    query(
        "UPDATE signing_keys SET published_until = $3
          WHERE algorithm = $1 AND key_id <> $2 AND (published_until IS NULL OR published_until > $3)",
    )
    .bind(successor.algorithm.name())
    .bind(&successor.id)
    .bind(until.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}
