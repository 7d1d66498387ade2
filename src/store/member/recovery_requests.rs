//! What members have asked for who can't log in, until it is answered.

use crate::domain::unix_time::UnixTime;
use crate::random;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// What somebody has asked for. Without `user_id_key` the user ID is what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user_id_key: Option<String>,
    pub address: String,
    /// Stands for the address, however it is written.
    pub address_key: String,
    pub language: String,
}

/// Where a row goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    Asked(Request),
    /// There was nothing to mail: nothing is left to do but to take it, as a mail is taken.
    Blank,
}

/// A row of which this node alone takes care until then.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub id: String,
    pub stage: Stage,
    /// This one included.
    pub attempts: u32,
    pub until: UnixTime,
    pub expires_at: UnixTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    Inserted,
    /// The same was asked before and waits for its answer.
    Merged,
    /// So many wait that there is no room for another.
    Full,
}

/// Writes a request down, unless `most` wait.
pub async fn insert(
    tx: &mut WriteTx,
    request: &Request,
    now: UnixTime,
    expires_at: UnixTime,
    most: u32,
) -> Result<Inserted, StoreError> {
    let wanted = if request.user_id_key.is_some() { "password" } else { "user_id" };
    let key = request.user_id_key.as_deref().unwrap_or_default();
    let done = query(
        "INSERT INTO recovery_requests (request_id, stage, wanted, user_id_key, address, address_key, language, attempts,
             created_at, next_at, expires_at)
         SELECT $1, 'asked', $2, $3, $4, $5, $6, 0, $7, $7, $8
          WHERE (SELECT COUNT(*) FROM recovery_requests) < $9
         ON CONFLICT (wanted, user_id_key, address_key) WHERE stage = 'asked' DO NOTHING",
    )
    .bind(random::identifier())
    .bind(wanted)
    .bind(key)
    .bind(&request.address)
    .bind(&request.address_key)
    .bind(&request.language)
    .bind(now.0)
    .bind(expires_at.0)
    .bind(i64::from(most))
    .execute(tx.connection())
    .await?;
    if done == 1 {
        return Ok(Inserted::Inserted);
    }
    let same = query(
        "SELECT 1 FROM recovery_requests
          WHERE wanted = $1 AND user_id_key = $2 AND address_key = $3 AND stage = 'asked'",
    )
    .bind(wanted)
    .bind(key)
    .bind(&request.address_key)
    .fetch_optional(tx.connection())
    .await?;
    Ok(if same.is_some() { Inserted::Merged } else { Inserted::Full })
}

/// The rows whose time has come, the longest waiting first.
pub async fn due(db: &mut impl Reads, now: UnixTime, most: u32) -> Result<Vec<String>, StoreError> {
    let rows = query(
        "SELECT request_id FROM recovery_requests
          WHERE next_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
          ORDER BY next_at, request_id LIMIT $2",
    )
    .bind(now.0)
    .bind(i64::from(most))
    .fetch_all(db.connection())
    .await?;
    Ok(rows.iter().map(|row| row.try_get("request_id")).collect::<Result<_, _>>()?)
}

/// Takes care of a row until then; `None` if somebody else does, or it is done.
pub async fn claim(tx: &mut WriteTx, id: &str, now: UnixTime, until: UnixTime) -> Result<Option<Claimed>, StoreError> {
    let row = query(
        "UPDATE recovery_requests SET claimed_until = $3, attempts = attempts + 1
          WHERE request_id = $1 AND next_at <= $2 AND (claimed_until IS NULL OR claimed_until <= $2)
          RETURNING stage, wanted, user_id_key, address, address_key, language, attempts, expires_at",
    )
    .bind(id)
    .bind(now.0)
    .bind(until.0)
    .fetch_optional(tx.connection())
    .await?;
    row.map(|row| {
        let (stage, wanted): (String, String) = (row.try_get("stage")?, row.try_get("wanted")?);
        let key: String = row.try_get("user_id_key")?;
        let attempts: i64 = row.try_get("attempts")?;
        let stage = if stage == "asked" {
            Stage::Asked(Request {
                user_id_key: (wanted == "password").then_some(key),
                address: row.try_get("address")?,
                address_key: row.try_get("address_key")?,
                language: row.try_get("language")?,
            })
        } else {
            Stage::Blank
        };
        Ok(Claimed {
            id: id.to_owned(),
            stage,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            until,
            expires_at: UnixTime(row.try_get("expires_at")?),
        })
    })
    .transpose()
}

/// Ends a row; `false` if the claim was over and somebody else has taken it.
pub async fn delete(tx: &mut WriteTx, claimed: &Claimed) -> Result<bool, StoreError> {
    let done = query("DELETE FROM recovery_requests WHERE request_id = $1 AND claimed_until = $2")
        .bind(&claimed.id)
        .bind(claimed.until.0)
        .execute(tx.connection())
        .await?;
    Ok(done == 1)
}

/// There is nothing to mail: what was asked is forgotten. `false` if the claim was over and somebody else has taken it.
pub async fn blank(tx: &mut WriteTx, claimed: &Claimed) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE recovery_requests SET stage = 'blank', user_id_key = '', address = '', address_key = '', attempts = 0,
                claimed_until = NULL
          WHERE request_id = $1 AND claimed_until = $2",
    )
    .bind(&claimed.id)
    .bind(claimed.until.0)
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}

/// It is tried again at `next`.
pub async fn put_off(tx: &mut WriteTx, claimed: &Claimed, next: UnixTime) -> Result<(), StoreError> {
    query(
        "UPDATE recovery_requests SET next_at = $3, claimed_until = NULL WHERE request_id = $1 AND claimed_until = $2",
    )
    .bind(&claimed.id)
    .bind(claimed.until.0)
    .bind(next.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}
