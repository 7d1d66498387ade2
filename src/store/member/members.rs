//! Members and their passwords.

use crate::domain::ids::MemberId;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::profile::{Member, Password, Profile, Role};
use crate::domain::unix_time::UnixTime;
use crate::store::carried::rewritten_plain;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx, from_json, to_json};

fn from_row(row: &Row) -> Result<Member, StoreError> {
    let id: String = row.try_get("member_id")?;
    let role: String = row.try_get("role")?;
    let profile: String = row.try_get("profile")?;
    let time = |column: &str| row.try_get::<Option<i64>>(column).map(|t| t.map(UnixTime));
    Ok(Member {
        user_id: row.try_get("user_id")?,
        // One that only a newer version knows gives no rights here.
        role: Role::ALL.into_iter().find(|r| r.name() == role).unwrap_or(Role::Member),
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        email_verified_at: time("email_verified_at")?,
        phone_number: row.try_get("phone_number")?,
        phone_number_verified_at: time("phone_number_verified_at")?,
        profile: from_json(&profile, "members", "profile", &id)?,
        created_at: UnixTime(row.try_get("created_at")?),
        updated_at: UnixTime(row.try_get("updated_at")?),
        account_locked_at: time("account_locked_at")?,
        account_locked_until: time("account_locked_until")?,
        disabled_at: time("disabled_at")?,
        method: row.try_get::<Option<String>>("authentication_method")?.as_deref().and_then(Method::named),
        email_method_at: time("email_method_at")?,
        first_login_at: time("first_login_at")?,
        notices_off_at: time("notices_off_at")?,
        id: MemberId(id),
    })
}

const COLUMNS: &str = "m.member_id, m.user_id, m.role, m.name, m.email, m.email_verified_at, m.phone_number,
    m.phone_number_verified_at, m.profile, m.created_at, m.updated_at, m.account_locked_at, m.account_locked_until, m.disabled_at,
    m.authentication_method, m.email_method_at, m.first_login_at, m.notices_off_at";

pub async fn by_id(db: &mut impl Reads, id: &MemberId) -> Result<Option<Member>, StoreError> {
    let sql = const_format::concatcp!("SELECT ", COLUMNS, " FROM members m WHERE m.member_id = $1");
    let row = query(sql).bind(id.as_str()).fetch_optional(db.connection()).await?;
    row.as_ref().map(from_row).transpose()
}

/// The member, held until the transaction ends: whoever else holds them waits, and then sees what was changed.
pub async fn held(tx: &mut WriteTx, id: &MemberId) -> Result<Option<Member>, StoreError> {
    query("UPDATE members SET updated_at = updated_at WHERE member_id = $1")
        .bind(id.as_str())
        .execute(tx.connection())
        .await?;
    by_id(tx, id).await
}

/// The member with this ID as looked up (width, case and spaces folded).
pub async fn by_user_id_key(db: &mut impl Reads, key: &str) -> Result<Option<Member>, StoreError> {
    let sql = const_format::concatcp!("SELECT ", COLUMNS, " FROM members m WHERE m.user_id_key = $1");
    let row = query(sql).bind(key).fetch_optional(db.connection()).await?;
    row.as_ref().map(from_row).transpose()
}

/// The members who have shown that they read mail to this address and have not left: a family may share one.
pub async fn by_verified_address(db: &mut impl Reads, address: &str) -> Result<Vec<Member>, StoreError> {
    let sql = const_format::concatcp!(
        "SELECT ",
        COLUMNS,
        " FROM members m WHERE m.email_key = $1 AND m.email_verified_at IS NOT NULL AND m.disabled_at IS NULL
           ORDER BY m.user_id_key LIMIT 20"
    );
    let rows = query(sql).bind(email_key(address)).fetch_all(db.connection()).await?;
    rows.iter().map(from_row).collect()
}

/// An address as it is looked up. SQL's `lower` goes by the database's locale, which folds more on one server than on another.
fn email_key(address: &str) -> String {
    address.to_ascii_lowercase()
}

/// Whether there is any member at all.
pub async fn any(db: &mut impl Reads) -> Result<bool, StoreError> {
    Ok(query("SELECT 1 FROM members LIMIT 1").fetch_optional(db.connection()).await?.is_some())
}

/// The member with this ID and their password, in one question.
pub async fn with_password(db: &mut impl Reads, key: &str) -> Result<Option<(Member, Password)>, StoreError> {
    let sql = const_format::concatcp!(
        "SELECT ",
        COLUMNS,
        ", p.hash, p.set_at, p.initial_until
           FROM members m JOIN member_passwords p ON p.member_id = m.member_id WHERE m.user_id_key = $1"
    );
    let Some(row) = query(sql).bind(key).fetch_optional(db.connection()).await? else { return Ok(None) };
    Ok(Some((from_row(&row)?, password_from_row(&row)?)))
}

fn password_from_row(row: &Row) -> Result<Password, StoreError> {
    Ok(Password {
        hash: row.try_get("hash")?,
        set_at: UnixTime(row.try_get("set_at")?),
        initial_until: row.try_get::<Option<i64>>("initial_until")?.map(UnixTime),
    })
}

pub async fn password(db: &mut impl Reads, member: &MemberId) -> Result<Option<Password>, StoreError> {
    let sql = "SELECT hash, set_at, initial_until FROM member_passwords WHERE member_id = $1";
    let row = query(sql).bind(member.as_str()).fetch_optional(db.connection()).await?;
    row.as_ref().map(password_from_row).transpose()
}

/// Adds a member; `Exists` if another has the ID as looked up.
pub async fn insert(tx: &mut WriteTx, member: &Member, user_id_key: &str) -> Result<(), StoreError> {
    let added = query(
        "INSERT INTO members (member_id, user_id, user_id_key, role, name, email, email_verified_at, phone_number,
             phone_number_verified_at, profile, created_at, updated_at, account_locked_at, disabled_at,
             authentication_method, email_method_at, email_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT (user_id_key) DO NOTHING",
    )
    .bind(member.id.as_str())
    .bind(&member.user_id)
    .bind(user_id_key)
    .bind(member.role.name())
    .bind(&member.name)
    .bind(&member.email)
    .bind(member.email_verified_at.map(|t| t.0))
    .bind(&member.phone_number)
    .bind(member.phone_number_verified_at.map(|t| t.0))
    .bind(to_json(&member.profile)?)
    .bind(member.created_at.0)
    .bind(member.updated_at.0)
    .bind(member.account_locked_at.map(|t| t.0))
    .bind(member.disabled_at.map(|t| t.0))
    .bind(member.method.map(Method::name))
    .bind(member.email_method_at.map(|t| t.0))
    .bind(member.email.as_deref().map(email_key))
    .execute(tx.connection())
    .await?;
    if added == 0 { Err(StoreError::Exists("user ID")) } else { Ok(()) }
}

/// Sets a member's password; `initial_until` marks one that was given out by the society.
pub async fn set_password(
    tx: &mut WriteTx,
    member: &MemberId,
    hash: &str,
    initial_until: Option<UnixTime>,
    now: UnixTime,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO member_passwords (member_id, hash, set_at, initial_until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (member_id) DO UPDATE
            SET hash = excluded.hash, set_at = excluded.set_at, initial_until = excluded.initial_until",
    )
    .bind(member.as_str())
    .bind(hash)
    .bind(now.0)
    .bind(initial_until.map(|t| t.0))
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether the stored hash is the one that was read. Holds the row until the
/// transaction ends, so that whoever sets another one waits, and then sees what was made on the strength of this one.
pub async fn still_has_password(tx: &mut WriteTx, member: &MemberId, read: &Password) -> Result<bool, StoreError> {
    let same = query(
        "UPDATE member_passwords SET hash = hash
          WHERE member_id = $1 AND hash = $2 RETURNING member_id",
    )
    .bind(member.as_str())
    .bind(&read.hash)
    .fetch_optional(tx.connection())
    .await?;
    Ok(same.is_some())
}

/// Replaces a hash by one of higher cost, unless the password was changed meanwhile.
pub async fn upgrade_hash(tx: &mut WriteTx, member: &MemberId, from: &str, to: &str) -> Result<(), StoreError> {
    query("UPDATE member_passwords SET hash = $3 WHERE member_id = $1 AND hash = $2")
        .bind(member.as_str())
        .bind(from)
        .bind(to)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Locks the account, `until` then or until staff lift it.
pub async fn lock_account(
    tx: &mut WriteTx,
    member: &MemberId,
    until: Option<UnixTime>,
    now: UnixTime,
) -> Result<(), StoreError> {
    query("UPDATE members SET account_locked_at = $2, account_locked_until = $3 WHERE member_id = $1")
        .bind(member.as_str())
        .bind(now.0)
        .bind(until.map(|t| t.0))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Lifts the account lock.
pub async fn unlock_account(tx: &mut WriteTx, member: &MemberId) -> Result<(), StoreError> {
    query("UPDATE members SET account_locked_at = NULL, account_locked_until = NULL WHERE member_id = $1")
        .bind(member.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Shuts the account of a member who has left, or (`None`) opens it again; `false` if it was so before.
pub async fn set_disabled(tx: &mut WriteTx, member: &MemberId, at: Option<UnixTime>) -> Result<bool, StoreError> {
    let sql = match at {
        Some(_) => {
            "UPDATE members SET disabled_at = $2 WHERE member_id = $1 AND disabled_at IS NULL RETURNING member_id"
        }
        None => {
            "UPDATE members SET disabled_at = $2 WHERE member_id = $1 AND disabled_at IS NOT NULL RETURNING member_id"
        }
    };
    let done = query(sql).bind(member.as_str()).bind(at.map(|at| at.0)).fetch_optional(tx.connection()).await?;
    Ok(done.is_some())
}

/// Chooses what is asked for beside the password.
pub async fn set_method(tx: &mut WriteTx, member: &MemberId, method: Option<Method>) -> Result<(), StoreError> {
    query("UPDATE members SET authentication_method = $2 WHERE member_id = $1")
        .bind(member.as_str())
        .bind(method.map(Method::name))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Enrols codes by e-mail as a method, or (`None`) takes them away.
pub async fn set_email_method(tx: &mut WriteTx, member: &MemberId, at: Option<UnixTime>) -> Result<(), StoreError> {
    query("UPDATE members SET email_method_at = $2 WHERE member_id = $1")
        .bind(member.as_str())
        .bind(at.map(|t| t.0))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Notes since when portals' notices are not wanted, or (`None`) that they are.
pub async fn set_notices_off(tx: &mut WriteTx, member: &MemberId, at: Option<UnixTime>) -> Result<(), StoreError> {
    query("UPDATE members SET notices_off_at = $2 WHERE member_id = $1")
        .bind(member.as_str())
        .bind(at.map(|t| t.0))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Replaces the claims that Sekisho itself has no use for.
pub async fn set_profile(
    tx: &mut WriteTx,
    member: &MemberId,
    profile: &Profile,
    now: UnixTime,
) -> Result<(), StoreError> {
    let sql = "SELECT profile FROM members WHERE member_id = $1";
    let Some(row) = query(sql).bind(member.as_str()).fetch_optional(tx.connection()).await? else {
        return Ok(());
    };
    let before: String = row.try_get("profile")?;
    let profile = rewritten_plain(&before, profile, "members", "profile", member.as_str())?;
    query("UPDATE members SET profile = $2, updated_at = $3 WHERE member_id = $1")
        .bind(member.as_str())
        .bind(profile)
        .bind(now.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

pub async fn set_name(tx: &mut WriteTx, member: &MemberId, name: &str, now: UnixTime) -> Result<(), StoreError> {
    query("UPDATE members SET name = $2, updated_at = $3 WHERE member_id = $1")
        .bind(member.as_str())
        .bind(name)
        .bind(now.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Takes an address that has shown to be read by the member, or that staff vouch for.
pub async fn set_verified_email(
    tx: &mut WriteTx,
    member: &MemberId,
    address: &str,
    now: UnixTime,
) -> Result<(), StoreError> {
    query(
        "UPDATE members SET email = $2, email_verified_at = $3, updated_at = $3, email_key = $4 WHERE member_id = $1",
    )
    .bind(member.as_str())
    .bind(address)
    .bind(now.0)
    .bind(email_key(address))
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Notes the end of the first login; `false` if it was noted before.
pub async fn note_first_login(tx: &mut WriteTx, member: &MemberId, now: UnixTime) -> Result<bool, StoreError> {
    let noted = query(
        "UPDATE members SET first_login_at = $2 WHERE member_id = $1 AND first_login_at IS NULL RETURNING member_id",
    )
    .bind(member.as_str())
    .bind(now.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(noted.is_some())
}
