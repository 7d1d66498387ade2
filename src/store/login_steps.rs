//! Steps between the right password and the end of a login. Each is taken once, in the browser that began it.

use sqlx::Row as _;

use super::{Reads, StoreError, WriteTx, from_json, to_json};
use crate::domain::ids::MemberId;
use crate::domain::login::flow::Flow;
use crate::domain::unix_time::UnixTime;

/// A step that waits.
#[derive(Clone, Debug)]
pub struct LoginStep {
    pub member: MemberId,
    pub flow: Flow,
}

/// Adds the step "change the initial password", reached at the page that `step_digest` names.
pub async fn insert(
    tx: &mut WriteTx,
    step_digest: &str,
    browser_digest: &str,
    member: &MemberId,
    flow: &Flow,
    now: UnixTime,
    expires_at: UnixTime,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO login_steps (step_digest, browser_digest, member_id, step, flow, created_at, expires_at)
         VALUES ($1, $2, $3, 'change_initial_password', $4, $5, $6)",
    )
    .bind(step_digest)
    .bind(browser_digest)
    .bind(member.as_str())
    .bind(to_json(flow)?)
    .bind(now.0)
    .bind(expires_at.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The step, if it still waits, in this browser.
pub async fn waiting(
    db: &mut impl Reads,
    step_digest: &str,
    browser_digest: &str,
    now: UnixTime,
) -> Result<Option<LoginStep>, StoreError> {
    let row = sqlx::query(
        "SELECT member_id, flow FROM login_steps
          WHERE step_digest = $1 AND browser_digest = $2 AND taken_at IS NULL AND expires_at > $3",
    )
    .bind(step_digest)
    .bind(browser_digest)
    .bind(now.0)
    .fetch_optional(db.connection())
    .await?;
    row.map(|row| {
        let flow: String = row.try_get("flow")?;
        Ok(LoginStep {
            member: MemberId(row.try_get("member_id")?),
            flow: from_json(&flow, "login_steps", "flow", step_digest)?,
        })
    })
    .transpose()
}

/// Takes the step; `false` if it was taken before or has expired.
pub async fn take(
    tx: &mut WriteTx,
    step_digest: &str,
    browser_digest: &str,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let taken = sqlx::query(
        "UPDATE login_steps SET taken_at = $3
          WHERE step_digest = $1 AND browser_digest = $2 AND taken_at IS NULL AND expires_at > $3 RETURNING member_id",
    )
    .bind(step_digest)
    .bind(browser_digest)
    .bind(now.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(taken.is_some())
}

/// Ends every step that waits for this member: the password that it stood on has changed.
pub async fn end_all(tx: &mut WriteTx, member: &MemberId, now: UnixTime) -> Result<(), StoreError> {
    sqlx::query("UPDATE login_steps SET taken_at = $2 WHERE member_id = $1 AND taken_at IS NULL")
        .bind(member.as_str())
        .bind(now.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}
