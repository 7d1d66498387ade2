//! Signing keys, sealed.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::domain::protocol::signing_key::{Algorithm, StoredKey};
use crate::domain::unix_time::UnixTime;
use crate::store::{Reads, StoreError, WriteTx, from_json, to_json};

fn from_row(row: &AnyRow) -> Result<StoredKey, StoreError> {
    let id: String = row.try_get("key_id")?;
    let algorithm: String = row.try_get("algorithm")?;
    let public: String = row.try_get("public_jwk")?;
    Ok(StoredKey {
        algorithm: Algorithm::from_name(&algorithm).ok_or_else(|| StoreError::Corrupt {
            table: "signing_keys",
            column: "algorithm",
            row: id.clone(),
        })?,
        public_jwk: from_json(&public, "signing_keys", "public_jwk", &id)?,
        private_jwk: row.try_get("private_jwk")?,
        created_at: UnixTime(row.try_get("created_at")?),
        signs_from: UnixTime(row.try_get("signs_from")?),
        published_until: row.try_get::<Option<i64>, _>("published_until")?.map(UnixTime),
        id,
    })
}

/// All keys, the oldest first.
pub async fn all(db: &mut impl Reads) -> Result<Vec<StoredKey>, StoreError> {
    let rows = sqlx::query(
        "SELECT key_id, algorithm, public_jwk, private_jwk, created_at, signs_from, published_until
           FROM signing_keys ORDER BY created_at, key_id",
    )
    .fetch_all(db.connection())
    .await?;
    rows.iter().map(from_row).collect()
}

/// Adds the first key of an algorithm; `false` if there is one (another node was faster).
pub async fn insert_first(tx: &mut WriteTx, key: &StoredKey) -> Result<bool, StoreError> {
    insert(
        tx,
        key,
        "INSERT INTO signing_keys (key_id, algorithm, public_jwk, private_jwk, created_at, signs_from)
         SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE algorithm = $2)",
    )
    .await
}

/// Adds the key that takes over.
pub async fn insert_successor(tx: &mut WriteTx, key: &StoredKey) -> Result<bool, StoreError> {
    insert(
        tx,
        key,
        "INSERT INTO signing_keys (key_id, algorithm, public_jwk, private_jwk, created_at, signs_from)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .await
}

async fn insert(tx: &mut WriteTx, key: &StoredKey, sql: &'static str) -> Result<bool, StoreError> {
    let done = sqlx::query(sql)
        .bind(&key.id)
        .bind(key.algorithm.name())
        .bind(to_json(&key.public_jwk)?)
        .bind(&key.private_jwk)
        .bind(key.created_at.0)
        .bind(key.signs_from.0)
        .execute(tx.connection())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets the end of every key of the algorithm that `successor` follows and that has no end yet.
pub async fn retire_others(tx: &mut WriteTx, successor: &StoredKey, until: UnixTime) -> Result<(), StoreError> {
    sqlx::query(
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
