//! The peppers that hashes were ever made with, so that one that is missing is noticed.

use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

pub async fn note(tx: &mut WriteTx, name: &str, now: UnixTime) -> Result<(), StoreError> {
    query("INSERT INTO password_peppers (name, used_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(now.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

pub async fn all(db: &mut impl Reads) -> Result<Vec<String>, StoreError> {
    let rows = query("SELECT name FROM password_peppers ORDER BY used_at, name").fetch_all(db.connection()).await?;
    rows.iter().map(|row| Ok(row.try_get("name")?)).collect()
}

/// How many members' passwords were hashed with this pepper. Reads every hash.
pub async fn members_with(db: &mut impl Reads, name: &str) -> Result<i64, StoreError> {
    let row = query("SELECT COUNT(*) AS members FROM member_passwords WHERE hash LIKE '%,keyid=' || $1 || '$%'")
        .bind(name)
        .fetch_one(db.connection())
        .await?;
    Ok(row.try_get("members")?)
}

/// Misses it no longer; `false` if it was not noted.
pub async fn forget(tx: &mut WriteTx, name: &str) -> Result<bool, StoreError> {
    let done = query("DELETE FROM password_peppers WHERE name = $1").bind(name).execute(tx.connection()).await?;
    Ok(done > 0)
}
