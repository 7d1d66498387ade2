//! Wrong passwords in a row, per account and device. An account is named by a keyed digest of the ID as looked up, so that
//! one that belongs to nobody is counted the same way.

use crate::domain::ids::MemberId;
use crate::domain::login::locks::FailureCount;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx};

/// The row of all devices that are not known.
pub const STRANGERS: &str = "";

fn from_row(row: &Row) -> Result<FailureCount, StoreError> {
    let failures: i64 = row.try_get("failures")?;
    Ok(FailureCount {
        failures: u32::try_from(failures).unwrap_or(u32::MAX),
        last_at: UnixTime(row.try_get("last_at")?),
    })
}

pub async fn count(db: &mut impl Reads, account: &str, device: &str) -> Result<Option<FailureCount>, StoreError> {
    let row = query("SELECT failures, last_at FROM password_failures WHERE account_key = $1 AND device = $2")
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
    let rows = query(
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
    let rows = query("SELECT device, failures, last_at FROM password_failures WHERE account_key = $1")
        .bind(account)
        .fetch_all(db.connection())
        .await?;
    rows.iter().map(|row| Ok((row.try_get("device")?, from_row(row)?))).collect()
}

/// Replaces the count `seen` by `next`; `false` if somebody else has changed it since, and it must be judged again. Where the
/// lock falls with it, somebody is to be told: see [`untold`].
pub async fn replace(
    tx: &mut WriteTx,
    account: &str,
    device: &str,
    member: Option<&MemberId>,
    seen: Option<FailureCount>,
    next: FailureCount,
    lock_falls: bool,
) -> Result<bool, StoreError> {
    let untold_since = lock_falls.then_some(next.last_at.0);
    let done = match seen {
        None => {
            query(
                "INSERT INTO password_failures (account_key, device, member_id, failures, last_at, untold_since)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_key, device) DO NOTHING",
            )
            .bind(account)
            .bind(device)
            .bind(member.map(MemberId::as_str))
            .bind(i64::from(next.failures))
            .bind(next.last_at.0)
            .bind(untold_since)
            .execute(tx.connection())
            .await?
        }
        Some(seen) => {
            query(
                "UPDATE password_failures SET failures = $3, last_at = $4,
                        untold_since = COALESCE(CAST($7 AS BIGINT), untold_since)
                  WHERE account_key = $1 AND device = $2 AND failures = $5 AND last_at = $6",
            )
            .bind(account)
            .bind(device)
            .bind(i64::from(next.failures))
            .bind(next.last_at.0)
            .bind(i64::from(seen.failures))
            .bind(seen.last_at.0)
            .bind(untold_since)
            .execute(tx.connection())
            .await?
        }
    };
    Ok(done == 1)
}

/// A lock that fell, and of which nobody was told yet.
#[derive(Clone, Debug)]
pub struct Untold {
    pub account: String,
    pub device: String,
    /// Whom it is to be told; `None` if the ID belongs to nobody.
    pub member: Option<MemberId>,
}

/// The locks that fell by then and of which nobody was told yet.
pub async fn untold(db: &mut impl Reads, until: UnixTime, most: u32) -> Result<Vec<Untold>, StoreError> {
    let rows = query(
        "SELECT account_key, device, member_id FROM password_failures
          WHERE untold_since IS NOT NULL AND untold_since <= $1 ORDER BY untold_since LIMIT $2",
    )
    .bind(until.0)
    .bind(i64::from(most))
    .fetch_all(db.connection())
    .await?;
    let untold = |row: &Row| {
        Ok(Untold {
            account: row.try_get("account_key")?,
            device: row.try_get("device")?,
            member: row.try_get::<Option<String>>("member_id")?.map(MemberId),
        })
    };
    rows.iter().map(untold).collect()
}

/// Takes it on to tell of a lock; `false` if somebody else does, or there is nothing to tell any more.
pub async fn take_untold(tx: &mut WriteTx, untold: &Untold) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE password_failures SET untold_since = NULL
          WHERE account_key = $1 AND device = $2 AND untold_since IS NOT NULL",
    )
    .bind(&untold.account)
    .bind(&untold.device)
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}

/// Forgets the failures of one device (or of all strangers).
pub async fn clear(tx: &mut WriteTx, account: &str, device: &str) -> Result<(), StoreError> {
    query("DELETE FROM password_failures WHERE account_key = $1 AND device = $2")
        .bind(account)
        .bind(device)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Lifts the password lock: forgets all failures of an account; whether there were any.
pub async fn clear_all(tx: &mut WriteTx, account: &str) -> Result<bool, StoreError> {
    let done =
        query("DELETE FROM password_failures WHERE account_key = $1").bind(account).execute(tx.connection()).await?;
    Ok(done > 0)
}
