//! Codes sent by e-mail. `place` is a digest of what a code is for and where it was asked for: a login in one browser, or a
//! session. Only the last one sent for a place counts.

use crate::domain::ids::MemberId;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// A code that was sent.
#[derive(Clone, Debug)]
pub struct EmailCode {
    pub address: String,
    pub sent_at: UnixTime,
    pub expires_at: UnixTime,
    /// Wrong ones so far.
    pub tries: u32,
}

/// Writes down a code instead of the one sent for the place before, unless that was sent after `unless_since`.
#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
pub async fn replace(
    tx: &mut WriteTx,
    place: &str,
    member: &MemberId,
    address: &str,
    code_digest: &str,
    unless_since: UnixTime,
    now: UnixTime,
    expires_at: UnixTime,
) -> Result<bool, StoreError> {
    let done = query(
        "INSERT INTO email_codes (place, member_id, address, code_digest, tries, sent_at, expires_at)
         VALUES ($1, $2, $3, $4, 0, $5, $6)
         ON CONFLICT (place) DO UPDATE SET member_id = excluded.member_id, address = excluded.address,
             code_digest = excluded.code_digest, tries = 0, sent_at = excluded.sent_at,
             expires_at = excluded.expires_at, taken_at = NULL
           WHERE email_codes.sent_at <= $7",
    )
    .bind(place)
    .bind(member.as_str())
    .bind(address)
    .bind(code_digest)
    .bind(now.0)
    .bind(expires_at.0)
    .bind(unless_since.0)
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}

/// The code last sent for the place, unless it was used; it may have expired or been tried too often.
pub async fn sent(db: &mut impl Reads, place: &str, member: &MemberId) -> Result<Option<EmailCode>, StoreError> {
    let row = query(
        "SELECT address, sent_at, expires_at, tries FROM email_codes
          WHERE place = $1 AND member_id = $2 AND taken_at IS NULL",
    )
    .bind(place)
    .bind(member.as_str())
    .fetch_optional(db.connection())
    .await?;
    row.map(|row| {
        let tries: i64 = row.try_get("tries")?;
        Ok(EmailCode {
            address: row.try_get("address")?,
            sent_at: UnixTime(row.try_get("sent_at")?),
            expires_at: UnixTime(row.try_get("expires_at")?),
            tries: u32::try_from(tries).unwrap_or(u32::MAX),
        })
    })
    .transpose()
}

/// Counts a try before it is judged: the digest to compare with, or `None` if the code has expired, was used or has been
/// tried `max` times.
pub async fn count_try(
    tx: &mut WriteTx,
    place: &str,
    member: &MemberId,
    max: u32,
    now: UnixTime,
) -> Result<Option<String>, StoreError> {
    let row = query(
        "UPDATE email_codes SET tries = tries + 1
          WHERE place = $1 AND member_id = $2 AND tries < $3 AND taken_at IS NULL AND expires_at > $4
          RETURNING code_digest",
    )
    .bind(place)
    .bind(member.as_str())
    .bind(i64::from(max))
    .bind(now.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| row.try_get("code_digest")).transpose()?)
}

/// Uses a code up: the address that it was sent to, or `None` if it was used or replaced before.
pub async fn take(
    tx: &mut WriteTx,
    place: &str,
    member: &MemberId,
    code_digest: &str,
    now: UnixTime,
) -> Result<Option<String>, StoreError> {
    let row = query(
        "UPDATE email_codes SET taken_at = $4
          WHERE place = $1 AND member_id = $2 AND code_digest = $3 AND taken_at IS NULL RETURNING address",
    )
    .bind(place)
    .bind(member.as_str())
    .bind(code_digest)
    .bind(now.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| row.try_get("address")).transpose()?)
}
