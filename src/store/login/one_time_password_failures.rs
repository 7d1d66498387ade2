//! Wrong one-time passwords in a row, per member: all who get so far have shown the password.

use crate::domain::ids::MemberId;
use crate::domain::login::locks::FailureCount;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

pub async fn count(db: &mut impl Reads, member: &MemberId) -> Result<Option<FailureCount>, StoreError> {
    let row = query("SELECT failures, last_at FROM one_time_password_failures WHERE member_id = $1")
        .bind(member.as_str())
        .fetch_optional(db.connection())
        .await?;
    row.map(|row| {
        let failures: i64 = row.try_get("failures")?;
        Ok(FailureCount {
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            last_at: UnixTime(row.try_get("last_at")?),
        })
    })
    .transpose()
}

/// Replaces the count `seen` by `next`; `false` if somebody else has changed it since.
pub async fn replace(
    tx: &mut WriteTx,
    member: &MemberId,
    seen: Option<FailureCount>,
    next: FailureCount,
) -> Result<bool, StoreError> {
    let query = match seen {
        None => query(
            "INSERT INTO one_time_password_failures (member_id, failures, last_at) VALUES ($1, $2, $3)
             ON CONFLICT (member_id) DO NOTHING",
        ),
        Some(_) => query(
            "UPDATE one_time_password_failures SET failures = $2, last_at = $3
              WHERE member_id = $1 AND failures = $4 AND last_at = $5",
        ),
    };
    let query = query.bind(member.as_str()).bind(i64::from(next.failures)).bind(next.last_at.0);
    let query = match seen {
        None => query,
        Some(seen) => query.bind(i64::from(seen.failures)).bind(seen.last_at.0),
    };
    Ok(query.execute(tx.connection()).await? == 1)
}

pub async fn clear(tx: &mut WriteTx, member: &MemberId) -> Result<(), StoreError> {
    query("DELETE FROM one_time_password_failures WHERE member_id = $1")
        .bind(member.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}
