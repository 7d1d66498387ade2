//! Requests of members who can't log in, and links to a new password.

use sqlx::Row as _;

use crate::domain::ids::MemberId;
use crate::domain::unix_time::UnixTime;
use crate::random;
use crate::store::{Reads, StoreError, WriteTx};

/// A request that waits for its answer. Without `user_id_key` the user ID is what is wanted.
#[derive(Clone, Debug)]
pub struct Request {
    pub user_id_key: Option<String>,
    pub address: String,
    pub language: String,
}

pub async fn insert_request(tx: &mut WriteTx, request: &Request, now: UnixTime) -> Result<(), StoreError> {
    let wanted = if request.user_id_key.is_some() { "password" } else { "user_id" };
    sqlx::query(
        "INSERT INTO recovery_requests (request_id, wanted, user_id_key, address, language, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(random::identifier())
    .bind(wanted)
    .bind(request.user_id_key.as_deref().unwrap_or_default())
    .bind(&request.address)
    .bind(&request.language)
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes the oldest request: in this transaction, so that it comes back if its answer is not written.
pub async fn take_request(tx: &mut WriteTx) -> Result<Option<Request>, StoreError> {
    let row = sqlx::query(
        "DELETE FROM recovery_requests WHERE request_id =
           (SELECT request_id FROM recovery_requests ORDER BY created_at, request_id LIMIT 1)
         RETURNING wanted, user_id_key, address, language",
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(|row| {
        let wanted: String = row.try_get("wanted")?;
        let key: String = row.try_get("user_id_key")?;
        Ok(Request {
            user_id_key: (wanted == "password").then_some(key),
            address: row.try_get("address")?,
            language: row.try_get("language")?,
        })
    })
    .transpose()
}

/// Adds a link; those before it end.
pub async fn insert_link(
    tx: &mut WriteTx,
    link_digest: &str,
    member: &MemberId,
    password_digest: &str,
    now: UnixTime,
    expires_at: UnixTime,
) -> Result<(), StoreError> {
    end_links(tx, member, now).await?;
    sqlx::query(
        "INSERT INTO password_links (link_digest, member_id, password_digest, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(link_digest)
    .bind(member.as_str())
    .bind(password_digest)
    .bind(now.0)
    .bind(expires_at.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whose link this is, and the digest of the password that it stands on, if it can still be used.
pub async fn usable_link(
    db: &mut impl Reads,
    link_digest: &str,
    now: UnixTime,
) -> Result<Option<(MemberId, String)>, StoreError> {
    let row = sqlx::query(
        "SELECT member_id, password_digest FROM password_links
          WHERE link_digest = $1 AND taken_at IS NULL AND expires_at > $2",
    )
    .bind(link_digest)
    .bind(now.0)
    .fetch_optional(db.connection())
    .await?;
    row.map(|row| Ok((MemberId(row.try_get("member_id")?), row.try_get("password_digest")?))).transpose()
}

/// Uses a link up; `false` if it was used before, has expired or was followed by another.
pub async fn take_link(tx: &mut WriteTx, link_digest: &str, now: UnixTime) -> Result<bool, StoreError> {
    let taken = sqlx::query(
        "UPDATE password_links SET taken_at = $2
          WHERE link_digest = $1 AND taken_at IS NULL AND expires_at > $2 RETURNING member_id",
    )
    .bind(link_digest)
    .bind(now.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(taken.is_some())
}

/// Ends all links of a member.
pub async fn end_links(tx: &mut WriteTx, member: &MemberId, now: UnixTime) -> Result<(), StoreError> {
    sqlx::query("UPDATE password_links SET taken_at = $2 WHERE member_id = $1 AND taken_at IS NULL")
        .bind(member.as_str())
        .bind(now.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}
