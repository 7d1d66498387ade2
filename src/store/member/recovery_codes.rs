//! Recovery codes: each opens one login.

use crate::domain::ids::MemberId;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// How many a member has left.
pub async fn left(db: &mut impl Reads, member: &MemberId) -> Result<u32, StoreError> {
    let row = query("SELECT COUNT(*) AS codes FROM recovery_codes WHERE member_id = $1 AND used_at IS NULL")
        .bind(member.as_str())
        .fetch_one(db.connection())
        .await?;
    let codes: i64 = row.try_get("codes")?;
    Ok(u32::try_from(codes).unwrap_or(u32::MAX))
}

/// Gives a member these instead of all before.
pub async fn replace_all(
    tx: &mut WriteTx,
    member: &MemberId,
    digests: &[String],
    now: UnixTime,
) -> Result<(), StoreError> {
    remove_all(tx, member).await?;
    for digest in digests {
        query("INSERT INTO recovery_codes (code_digest, member_id, created_at) VALUES ($1, $2, $3)")
            .bind(digest)
            .bind(member.as_str())
            .bind(now.0)
            .execute(tx.connection())
            .await?;
    }
    Ok(())
}

/// Uses a code up; `false` if the member has no such code, or has used it.
pub async fn take(tx: &mut WriteTx, member: &MemberId, digest: &str, now: UnixTime) -> Result<bool, StoreError> {
    let taken = query(
        "UPDATE recovery_codes SET used_at = $3
          WHERE member_id = $1 AND code_digest = $2 AND used_at IS NULL RETURNING member_id",
    )
    .bind(member.as_str())
    .bind(digest)
    .bind(now.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(taken.is_some())
}

pub async fn remove_all(tx: &mut WriteTx, member: &MemberId) -> Result<(), StoreError> {
    query("DELETE FROM recovery_codes WHERE member_id = $1").bind(member.as_str()).execute(tx.connection()).await?;
    Ok(())
}
