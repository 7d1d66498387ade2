//! Former passwords of members.

use crate::domain::ids::MemberId;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// The hashes of a member's last `most` former passwords, the latest first.
pub async fn of_member(db: &mut impl Reads, member: &MemberId, most: u32) -> Result<Vec<String>, StoreError> {
    let rows = query("SELECT hash FROM password_history WHERE member_id = $1 ORDER BY replaced_at DESC, hash LIMIT $2")
        .bind(member.as_str())
        .bind(i64::from(most))
        .fetch_all(db.connection())
        .await?;
    rows.iter().map(|row| Ok(row.try_get("hash")?)).collect()
}

/// Before another takes its place: keeps the present password among the last `most` former ones, and no more than those.
pub async fn keep(tx: &mut WriteTx, member: &MemberId, most: u32, now: UnixTime) -> Result<(), StoreError> {
    query(
        "INSERT INTO password_history (member_id, hash, replaced_at)
         SELECT member_id, hash, CAST($2 AS BIGINT) FROM member_passwords WHERE member_id = $1
         ON CONFLICT (member_id, hash) DO NOTHING",
    )
    .bind(member.as_str())
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    query(
        "DELETE FROM password_history WHERE member_id = $1 AND hash NOT IN
           (SELECT hash FROM password_history WHERE member_id = $1 ORDER BY replaced_at DESC, hash LIMIT $2)",
    )
    .bind(member.as_str())
    .bind(i64::from(most))
    .execute(tx.connection())
    .await?;
    Ok(())
}
