//! Links to a new password.

use crate::domain::ids::MemberId;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

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
    query(
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
    let row = query(
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
    let taken = query(
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
    query("UPDATE password_links SET taken_at = $2 WHERE member_id = $1 AND taken_at IS NULL")
        .bind(member.as_str())
        .bind(now.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}
