//! Authenticator apps (RFC 6238).

use crate::domain::ids::MemberId;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// An app on a device, under the name that the member gave it.
#[derive(Clone, Debug)]
pub struct TotpDevice {
    pub id: String,
    pub name: String,
    /// Opens with [`place`].
    pub sealed_key: String,
    pub created_at: UnixTime,
    /// Of a code that was right; the enrolment is the first.
    pub last_used_at: UnixTime,
}

/// Where a key is sealed to.
pub fn place(device_id: &str) -> String {
    format!("totp_devices.sealed_key of {device_id}")
}

/// A member's devices, the last used first.
pub async fn of_member(db: &mut impl Reads, member: &MemberId) -> Result<Vec<TotpDevice>, StoreError> {
    let rows = query(
        "SELECT device_id, name, sealed_key, created_at, last_used_at FROM totp_devices
          WHERE member_id = $1 ORDER BY last_used_at DESC, device_id",
    )
    .bind(member.as_str())
    .fetch_all(db.connection())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(TotpDevice {
                id: row.try_get("device_id")?,
                name: row.try_get("name")?,
                sealed_key: row.try_get("sealed_key")?,
                created_at: UnixTime(row.try_get("created_at")?),
                last_used_at: UnixTime(row.try_get("last_used_at")?),
            })
        })
        .collect()
}

/// Adds a device whose code of `step` has just been right, unless the member has `max` already.
pub async fn insert(
    tx: &mut WriteTx,
    member: &MemberId,
    device: &TotpDevice,
    step: i64,
    max: u32,
) -> Result<bool, StoreError> {
    let done = query(
        "INSERT INTO totp_devices (device_id, member_id, name, sealed_key, created_at, last_used_at, last_step)
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT),
                CAST($5 AS BIGINT), CAST($6 AS BIGINT)
          WHERE (SELECT COUNT(*) FROM totp_devices WHERE member_id = $2) < $7
         ON CONFLICT (device_id) DO NOTHING",
    )
    .bind(&device.id)
    .bind(member.as_str())
    .bind(&device.name)
    .bind(&device.sealed_key)
    .bind(device.created_at.0)
    .bind(step)
    .bind(i64::from(max))
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}

/// Uses up the code of `step`; `false` if it, or a later one, was used before.
pub async fn use_step(
    tx: &mut WriteTx,
    member: &MemberId,
    device_id: &str,
    step: i64,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let used = query(
        "UPDATE totp_devices SET last_step = $3, last_used_at = $4
          WHERE device_id = $1 AND member_id = $2 AND last_step < $3 RETURNING device_id",
    )
    .bind(device_id)
    .bind(member.as_str())
    .bind(step)
    .bind(now.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(used.is_some())
}

/// Gives a device another name; `false` if the member has no such device.
pub async fn rename(tx: &mut WriteTx, member: &MemberId, device_id: &str, name: &str) -> Result<bool, StoreError> {
    let done = query("UPDATE totp_devices SET name = $3 WHERE device_id = $1 AND member_id = $2")
        .bind(device_id)
        .bind(member.as_str())
        .bind(name)
        .execute(tx.connection())
        .await?;
    Ok(done == 1)
}

/// Removes a device; `false` if the member has no such device (any more).
pub async fn remove(tx: &mut WriteTx, member: &MemberId, device_id: &str) -> Result<bool, StoreError> {
    let done = query("DELETE FROM totp_devices WHERE device_id = $1 AND member_id = $2")
        .bind(device_id)
        .bind(member.as_str())
        .execute(tx.connection())
        .await?;
    Ok(done == 1)
}

/// Removes all devices of a member.
pub async fn remove_all(tx: &mut WriteTx, member: &MemberId) -> Result<(), StoreError> {
    query("DELETE FROM totp_devices WHERE member_id = $1").bind(member.as_str()).execute(tx.connection()).await?;
    Ok(())
}
