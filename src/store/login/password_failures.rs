//! Wrong passwords in a row, per account and device. An account is named by a keyed digest of the ID as looked up, so that
//! one that belongs to nobody is counted the same way.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::domain::ids::MemberId;
use crate::domain::login::locks::FailureCount;
use crate::domain::unix_time::UnixTime;
use crate::store::{Reads, StoreError, WriteTx};

/// The row of all devices that are not known.
pub const STRANGERS: &str = "";

fn from_row(row: &AnyRow) -> Result<FailureCount, StoreError> {
    let failures: i64 = row.try_get("failures")?;
    Ok(FailureCount {
        failures: u32::try_from(failures).unwrap_or(u32::MAX),
        last_at: UnixTime(row.try_get("last_at")?),
    })
}

pub async fn count(db: &mut impl Reads, account: &str, device: &str) -> Result<Option<FailureCount>, StoreError> {
    let row = sqlx::query("SELECT failures, last_at FROM password_failures WHERE account_key = $1 AND device = $2")
        .bind(account)
        .bind(device)
        .fetch_optional(db.connection())
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The counts of all devices that are known to be this member's.
pub async fn of_known_devices(
    db: &mut impl Reads,
    account: &str,
    member: &MemberId,
    since: UnixTime,
) -> Result<Vec<FailureCount>, StoreError> {
    let rows = sqlx::query(
        "SELECT f.failures, f.last_at FROM password_failures f
           JOIN known_devices k ON k.device_digest = f.device AND k.member_id = $2 AND k.last_at >= $3
          WHERE f.account_key = $1",
    )
    .bind(account)
    .bind(member.as_str())
    .bind(since.0)
    .fetch_all(db.connection())
    .await?;
    rows.iter().map(from_row).collect()
}

/// All counts of an account, by device.
pub async fn all(db: &mut impl Reads, account: &str) -> Result<Vec<(String, FailureCount)>, StoreError> {
    let rows = sqlx::query("SELECT device, failures, last_at FROM password_failures WHERE account_key = $1")
        .bind(account)
        .fetch_all(db.connection())
        .await?;
    rows.iter().map(|row| Ok((row.try_get("device")?, from_row(row)?))).collect()
}

/// Replaces the count `seen` by `next`; `false` if somebody else has changed it since, and it must be judged again. Where the
/// lock `falls` with it, that is to be told.
pub async fn replace(
    tx: &mut WriteTx,
    account: &str,
    device: &str,
    member: Option<&MemberId>,
    seen: Option<FailureCount>,
    next: FailureCount,
    falls: bool,
) -> Result<bool, StoreError> {
    let to_be_told = falls.then_some(next.last_at.0);
    let done = match seen {
        None => {
            sqlx::query(
                "INSERT INTO password_failures (account_key, device, member_id, failures, last_at, to_be_told)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_key, device) DO NOTHING",
            )
            .bind(account)
            .bind(device)
            .bind(member.map(MemberId::as_str))
            .bind(i64::from(next.failures))
            .bind(next.last_at.0)
            .bind(to_be_told)
            .execute(tx.connection())
            .await?
        }
        Some(seen) => {
            sqlx::query(
                "UPDATE password_failures SET failures = $3, last_at = $4,
                        to_be_told = COALESCE(CAST($7 AS BIGINT), to_be_told)
                  WHERE account_key = $1 AND device = $2 AND failures = $5 AND last_at = $6",
            )
            .bind(account)
            .bind(device)
            .bind(i64::from(next.failures))
            .bind(next.last_at.0)
            .bind(i64::from(seen.failures))
            .bind(seen.last_at.0)
            .bind(to_be_told)
            .execute(tx.connection())
            .await?
        }
    };
    Ok(done.rows_affected() == 1)
}

/// Forgets the failures of one device (or of all strangers).
pub async fn clear(tx: &mut WriteTx, account: &str, device: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM password_failures WHERE account_key = $1 AND device = $2")
        .bind(account)
        .bind(device)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Lifts the password lock: forgets all failures of an account; whether there were any.
pub async fn clear_all(tx: &mut WriteTx, account: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM password_failures WHERE account_key = $1")
        .bind(account)
        .execute(tx.connection())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// A lock that fell at `until` or before and that nobody has been told of yet: from now on it has been. Whose it is; the
/// inner `None` stands for an ID that belongs to nobody.
pub async fn take_to_be_told(tx: &mut WriteTx, until: UnixTime) -> Result<Option<Option<MemberId>>, StoreError> {
    let row = sqlx::query(
        "SELECT account_key, device FROM password_failures WHERE to_be_told <= $1 ORDER BY to_be_told LIMIT 1",
    )
    .bind(until.0)
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (account, device): (String, String) = (row.try_get("account_key")?, row.try_get("device")?);
    let told = sqlx::query(
        "UPDATE password_failures SET to_be_told = NULL
          WHERE account_key = $1 AND device = $2 AND to_be_told <= $3 RETURNING member_id",
    )
    .bind(account)
    .bind(device)
    .bind(until.0)
    .fetch_optional(tx.connection())
    .await?;
    // Another node was faster, or the lock was lifted: then there is nothing to tell.
    Ok(Some(match told {
        Some(row) => row.try_get::<Option<String>, _>("member_id")?.map(MemberId),
        None => None,
    }))
}

/// Drops the oldest counts of IDs that belong to nobody, so that at most `keep` stay.
pub async fn bound_unknown(tx: &mut WriteTx, keep: u32) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "DELETE FROM password_failures WHERE member_id IS NULL AND last_at <
           (SELECT MIN(kept.last_at) FROM (SELECT last_at FROM password_failures WHERE member_id IS NULL
              ORDER BY last_at DESC LIMIT $1) kept)",
    )
    .bind(i64::from(keep))
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected())
}
