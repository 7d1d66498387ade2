//! Logins under way: from the password to the last step, each in the browser that began it.

use crate::domain::ids::MemberId;
use crate::domain::login::flow::Flow;
use crate::domain::login::next_step::Proved;
use crate::domain::unix_time::UnixTime;
use crate::store::carried::rewritten;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx, from_json, from_json_if_known, to_json};

/// A login that goes on. `digest` and `browser` are those of its address and its browser.
#[derive(Clone, Debug)]
pub struct Login {
    pub digest: String,
    pub browser: String,
    pub member: MemberId,
    pub proved: Proved,
    pub flow: Flow,
    pub expires_at: UnixTime,
}

pub async fn insert(tx: &mut WriteTx, login: &Login, now: UnixTime) -> Result<(), StoreError> {
    query(
        "INSERT INTO logins (login_digest, browser_digest, member_id, proved, flow, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&login.digest)
    .bind(&login.browser)
    .bind(login.member.as_str())
    .bind(to_json(&login.proved)?)
    .bind(to_json(&login.flow)?)
    .bind(now.0)
    .bind(login.expires_at.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The login, if it still goes on, in this browser.
pub async fn going_on(
    db: &mut impl Reads,
    digest: &str,
    browser: &str,
    now: UnixTime,
) -> Result<Option<Login>, StoreError> {
    let row = query(
        "SELECT browser_digest, member_id, proved, flow, expires_at FROM logins
          WHERE login_digest = $1 AND browser_digest = $2 AND taken_at IS NULL AND expires_at > $3",
    )
    .bind(digest)
    .bind(browser)
    .bind(now.0)
    .fetch_optional(db.connection())
    .await?;
    row.map(|row| login(&row, digest)).transpose().map(Option::flatten)
}

/// The login, whatever became of it and in whichever browser, for as long as it is remembered.
pub async fn remembered(db: &mut impl Reads, digest: &str) -> Result<Option<Login>, StoreError> {
    let row = query("SELECT browser_digest, member_id, proved, flow, expires_at FROM logins WHERE login_digest = $1")
        .bind(digest)
        .fetch_optional(db.connection())
        .await?;
    row.map(|row| login(&row, digest)).transpose().map(Option::flatten)
}

/// `None` if it goes a way that only a newer version knows.
fn login(row: &Row, digest: &str) -> Result<Option<Login>, StoreError> {
    let (proved, flow): (String, String) = (row.try_get("proved")?, row.try_get("flow")?);
    let Some(stored) = from_json_if_known(&proved, "logins", "proved", digest)? else { return Ok(None) };
    let Some(flow) = from_json_if_known(&flow, "logins", "flow", digest)? else { return Ok(None) };
    Ok(Some(Login {
        digest: digest.to_owned(),
        browser: row.try_get("browser_digest")?,
        member: MemberId(row.try_get("member_id")?),
        proved: stored,
        flow,
        expires_at: UnixTime(row.try_get("expires_at")?),
    }))
}

/// Writes down what the login has shown beyond what was read; `false` if it has ended or somebody else was faster.
pub async fn prove(tx: &mut WriteTx, login: &Login, proved: &Proved, now: UnixTime) -> Result<bool, StoreError> {
    let read = "SELECT proved FROM logins WHERE login_digest = $1";
    let row = query(read).bind(&login.digest).fetch_optional(tx.connection()).await?;
    let Some(before) = row.map(|row| row.try_get::<String>("proved")).transpose()? else { return Ok(false) };
    // What a newer version has written beside it stays; but if it says something else by now, somebody was faster.
    if from_json::<Proved>(&before, "logins", "proved", &login.digest)? != login.proved {
        return Ok(false);
    }
    let done = query(
        "UPDATE logins SET proved = $3
          WHERE login_digest = $1 AND browser_digest = $2 AND proved = $4 AND taken_at IS NULL AND expires_at > $5
          RETURNING member_id",
    )
    .bind(&login.digest)
    .bind(&login.browser)
    .bind(rewritten(&before, &login.proved, proved)?)
    .bind(&before)
    .bind(now.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(done.is_some())
}

/// Ends the login, once; `false` if it was ended before or has expired.
pub async fn take(tx: &mut WriteTx, login: &Login, now: UnixTime) -> Result<bool, StoreError> {
    let taken = query(
        "UPDATE logins SET taken_at = $3
          WHERE login_digest = $1 AND browser_digest = $2 AND taken_at IS NULL AND expires_at > $3 RETURNING member_id",
    )
    .bind(&login.digest)
    .bind(&login.browser)
    .bind(now.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(taken.is_some())
}

/// Ends every login under way of a member but this one: what they stood on has changed.
pub async fn end_others(
    tx: &mut WriteTx,
    member: &MemberId,
    kept: Option<&Login>,
    now: UnixTime,
) -> Result<(), StoreError> {
    query("UPDATE logins SET taken_at = $2 WHERE member_id = $1 AND taken_at IS NULL AND login_digest <> $3")
        .bind(member.as_str())
        .bind(now.0)
        .bind(kept.map_or("", |login| login.digest.as_str()))
        .execute(tx.connection())
        .await?;
    Ok(())
}
