//! Browsers in which a member has logged in before.

use crate::domain::ids::MemberId;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// Whether the member has logged in with this device since `since`.
pub async fn is_known(
    db: &mut impl Reads,
    device: &str,
    member: &MemberId,
    since: UnixTime,
) -> Result<bool, StoreError> {
    let row = query("SELECT 1 FROM known_devices WHERE device_digest = $1 AND member_id = $2 AND last_at >= $3")
        .bind(device)
        .bind(member.as_str())
        .bind(since.0)
        .fetch_optional(db.connection())
        .await?;
    Ok(row.is_some())
}

/// Notes a login with this device.
pub async fn note(tx: &mut WriteTx, device: &str, member: &MemberId, now: UnixTime) -> Result<(), StoreError> {
    query(
        "INSERT INTO known_devices (device_digest, member_id, first_at, last_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (device_digest, member_id) DO UPDATE SET last_at = excluded.last_at",
    )
    .bind(device)
    .bind(member.as_str())
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Gives a device a new name for all its members, so that whoever knew the old one knows nothing.
pub async fn rename(tx: &mut WriteTx, from: &str, to: &str) -> Result<(), StoreError> {
    query("UPDATE known_devices SET device_digest = $2 WHERE device_digest = $1")
        .bind(from)
        .bind(to)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Forgets all but the `most` devices of a member that were used last, `newest` among them.
pub async fn keep_latest(tx: &mut WriteTx, member: &MemberId, newest: &str, most: u32) -> Result<(), StoreError> {
    query(
        "DELETE FROM known_devices WHERE member_id = $1 AND device_digest NOT IN
           (SELECT device_digest FROM known_devices WHERE member_id = $1
             ORDER BY CASE WHEN device_digest = $3 THEN 0 ELSE 1 END, last_at DESC, device_digest LIMIT $2)",
    )
    .bind(member.as_str())
    .bind(i64::from(most))
    .bind(newest)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Forgets all devices of a member.
pub async fn forget_all(tx: &mut WriteTx, member: &MemberId) -> Result<(), StoreError> {
    query("DELETE FROM known_devices WHERE member_id = $1").bind(member.as_str()).execute(tx.connection()).await?;
    Ok(())
}

/// Whether the member has told us to ask for no second factor on this device.
pub async fn is_trusted(
    db: &mut impl Reads,
    device: &str,
    member: &MemberId,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let row = query("SELECT 1 FROM known_devices WHERE device_digest = $1 AND member_id = $2 AND trusted_until > $3")
        .bind(device)
        .bind(member.as_str())
        .bind(now.0)
        .fetch_optional(db.connection())
        .await?;
    Ok(row.is_some())
}

/// Trusts a device that is known.
pub async fn trust(tx: &mut WriteTx, device: &str, member: &MemberId, until: UnixTime) -> Result<(), StoreError> {
    query("UPDATE known_devices SET trusted_until = $3 WHERE device_digest = $1 AND member_id = $2")
        .bind(device)
        .bind(member.as_str())
        .bind(until.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// How many devices a member trusts.
pub async fn trusted(db: &mut impl Reads, member: &MemberId, now: UnixTime) -> Result<i64, StoreError> {
    let row = query("SELECT COUNT(*) AS trusted FROM known_devices WHERE member_id = $1 AND trusted_until > $2")
        .bind(member.as_str())
        .bind(now.0)
        .fetch_one(db.connection())
        .await?;
    Ok(row.try_get("trusted")?)
}

/// Withdraws the trust in all devices of a member; whether there were any.
pub async fn distrust_all(tx: &mut WriteTx, member: &MemberId) -> Result<bool, StoreError> {
    let done =
        query("UPDATE known_devices SET trusted_until = NULL WHERE member_id = $1 AND trusted_until IS NOT NULL")
            .bind(member.as_str())
            .execute(tx.connection())
            .await?;
    Ok(done > 0)
}
