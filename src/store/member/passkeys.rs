//! Passkeys, what authenticators know their members by, and the challenges that have been answered.

use crate::domain::ids::MemberId;
use crate::domain::login::device::Device;
use crate::domain::login::passkey::Passkey;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx};

fn from_row(row: &Row) -> Result<Passkey, StoreError> {
    let last_used_at: Option<i64> = row.try_get("last_used_at")?;
    let last_used_device: Option<String> = row.try_get("last_used_device")?;
    Ok(Passkey {
        id: row.try_get("passkey_id")?,
        member: MemberId(row.try_get("member_id")?),
        credential_id: row.try_get("credential_id")?,
        record: row.try_get("record")?,
        name: row.try_get("name")?,
        created_at: UnixTime(row.try_get("created_at")?),
        last_used: last_used_at.map(|at| (UnixTime(at), Device::read(last_used_device.as_deref().unwrap_or_default()))),
        cloned_at: row.try_get::<Option<i64>>("cloned_at")?.map(UnixTime),
    })
}

const COLUMNS: &str = "p.passkey_id, p.member_id, p.credential_id, p.record, p.name, p.created_at, p.last_used_at,
    p.last_used_device, p.cloned_at";

/// The member's passkeys, oldest first.
pub async fn of_member(db: &mut impl Reads, member: &MemberId) -> Result<Vec<Passkey>, StoreError> {
    let sql = const_format::concatcp!(
        "SELECT ",
        COLUMNS,
        " FROM passkeys p WHERE p.member_id = $1 ORDER BY p.created_at, p.passkey_id"
    );
    let rows = query(sql).bind(member.as_str()).fetch_all(db.connection()).await?;
    rows.iter().map(from_row).collect()
}

/// The passkey of this name in our addresses, if it is the member's.
pub async fn by_id(db: &mut impl Reads, member: &MemberId, id: &str) -> Result<Option<Passkey>, StoreError> {
    let sql =
        const_format::concatcp!("SELECT ", COLUMNS, " FROM passkeys p WHERE p.passkey_id = $2 AND p.member_id = $1");
    let row = query(sql).bind(member.as_str()).bind(id).fetch_optional(db.connection()).await?;
    row.as_ref().map(from_row).transpose()
}

/// Whose credential this is, with what authenticators know the member by.
pub async fn by_credential_id(
    db: &mut impl Reads,
    credential_id: &str,
) -> Result<Option<(Passkey, String)>, StoreError> {
    let sql = const_format::concatcp!(
        "SELECT ",
        COLUMNS,
        ", u.user_handle FROM passkeys p JOIN passkey_users u ON u.member_id = p.member_id WHERE p.credential_id = $1"
    );
    let Some(row) = query(sql).bind(credential_id).fetch_optional(db.connection()).await? else {
        return Ok(None);
    };
    Ok(Some((from_row(&row)?, row.try_get("user_handle")?)))
}

/// What authenticators know the member by, if there was ever a passkey.
pub async fn user_handle(db: &mut impl Reads, member: &MemberId) -> Result<Option<String>, StoreError> {
    let row = query("SELECT user_handle FROM passkey_users WHERE member_id = $1")
        .bind(member.as_str())
        .fetch_optional(db.connection())
        .await?;
    Ok(row.map(|row| row.try_get("user_handle")).transpose()?)
}

/// Gives the member this handle unless there is one, and returns the one that counts. Until the transaction ends nobody
/// else adds a passkey for this member.
pub async fn keep_user_handle(
    tx: &mut WriteTx,
    member: &MemberId,
    handle: &str,
    now: UnixTime,
) -> Result<String, StoreError> {
    let row = query(
        "INSERT INTO passkey_users (member_id, user_handle, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (member_id) DO UPDATE SET user_handle = passkey_users.user_handle RETURNING user_handle",
    )
    .bind(member.as_str())
    .bind(handle)
    .bind(now.0)
    .fetch_one(tx.connection())
    .await?;
    Ok(row.try_get("user_handle")?)
}

/// Adds a passkey; `false` if its credential is registered already, for whomever.
pub async fn insert(tx: &mut WriteTx, passkey: &Passkey) -> Result<bool, StoreError> {
    let done = query(
        "INSERT INTO passkeys (passkey_id, member_id, credential_id, record, name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (credential_id) DO NOTHING",
    )
    .bind(&passkey.id)
    .bind(passkey.member.as_str())
    .bind(&passkey.credential_id)
    .bind(&passkey.record)
    .bind(&passkey.name)
    .bind(passkey.created_at.0)
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}

/// Writes down that it logged its member in. `false` if it is not as it was read: used by another login in the meantime,
/// deleted or marked.
pub async fn note_use(
    tx: &mut WriteTx,
    passkey: &Passkey,
    new_record: &str,
    device: Device,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE passkeys SET record = $3, last_used_at = $4, last_used_device = $5
          WHERE passkey_id = $1 AND record = $2 AND cloned_at IS NULL",
    )
    .bind(&passkey.id)
    .bind(&passkey.record)
    .bind(new_record)
    .bind(now.0)
    .bind(device.stored())
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}

/// Marks a passkey whose counter went backwards; `false` if it was marked before.
pub async fn mark_cloned(tx: &mut WriteTx, id: &str, now: UnixTime) -> Result<bool, StoreError> {
    let done = query("UPDATE passkeys SET cloned_at = $2 WHERE passkey_id = $1 AND cloned_at IS NULL")
        .bind(id)
        .bind(now.0)
        .execute(tx.connection())
        .await?;
    Ok(done == 1)
}

/// `false` if the member has no such passkey.
pub async fn rename(tx: &mut WriteTx, member: &MemberId, id: &str, name: &str) -> Result<bool, StoreError> {
    let done = query("UPDATE passkeys SET name = $3 WHERE passkey_id = $2 AND member_id = $1")
        .bind(member.as_str())
        .bind(id)
        .bind(name)
        .execute(tx.connection())
        .await?;
    Ok(done == 1)
}

/// Deletes it; `false` if the member has no such passkey.
pub async fn delete(tx: &mut WriteTx, member: &MemberId, id: &str) -> Result<bool, StoreError> {
    let done = query("DELETE FROM passkeys WHERE passkey_id = $2 AND member_id = $1")
        .bind(member.as_str())
        .bind(id)
        .execute(tx.connection())
        .await?;
    Ok(done == 1)
}

/// Deletes all of the member's, as after a reset; how many there were. Their handle stays.
pub async fn delete_all(tx: &mut WriteTx, member: &MemberId) -> Result<u64, StoreError> {
    let done =
        query("DELETE FROM passkeys WHERE member_id = $1").bind(member.as_str()).execute(tx.connection()).await?;
    Ok(done)
}

/// Takes a challenge; `false` if it was answered before.
pub async fn take_challenge(tx: &mut WriteTx, digest: &str, expires_at: UnixTime) -> Result<bool, StoreError> {
    let done = query(
        "INSERT INTO used_webauthn_challenges (challenge_digest, expires_at) VALUES ($1, $2)
         ON CONFLICT (challenge_digest) DO NOTHING",
    )
    .bind(digest)
    .bind(expires_at.0)
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}
