//! How far members have come who lost what they show beside the password.

use crate::domain::ids::MemberId;
use crate::domain::login::lost_methods::{Stage, Standing};
use crate::domain::unix_time::UnixTime;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx};

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Reset => "reset",
        Stage::Asked { .. } => "asked",
        Stage::Approved => "approved",
        Stage::Cancelled => "cancelled",
    }
}

/// `None` for a stage that only a newer version knows: there is nothing to go on with here.
fn from_row(row: &Row) -> Result<Option<Standing>, StoreError> {
    let stage: String = row.try_get("stage")?;
    let ready_at = row.try_get::<Option<i64>>("ready_at")?.map(UnixTime);
    Ok(Some(Standing {
        stage: match stage.as_str() {
            "reset" => Stage::Reset,
            "asked" => Stage::Asked { ready_at },
            "approved" => Stage::Approved,
            "cancelled" => Stage::Cancelled,
            _ => return Ok(None),
        },
        password_digest: row.try_get("password_digest")?,
        since: UnixTime(row.try_get("since")?),
        expires_at: UnixTime(row.try_get("expires_at")?),
    }))
}

pub async fn of_member(db: &mut impl Reads, member: &MemberId) -> Result<Option<Standing>, StoreError> {
    let row = query(
        "SELECT member_id, stage, password_digest, since, ready_at, expires_at FROM lost_methods WHERE member_id = $1",
    )
    .bind(member.as_str())
    .fetch_optional(db.connection())
    .await?;
    row.as_ref().map(from_row).transpose().map(Option::flatten)
}

/// Whose link this is, and how far they have come, if there is still something to cancel.
pub async fn by_cancel_link(
    db: &mut impl Reads,
    cancel_digest: &str,
    now: UnixTime,
) -> Result<Option<(MemberId, Standing)>, StoreError> {
    let row = query(
        "SELECT member_id, stage, password_digest, since, ready_at, expires_at FROM lost_methods
          WHERE cancel_digest = $1 AND stage IN ('asked', 'approved') AND expires_at > $2",
    )
    .bind(cancel_digest)
    .bind(now.0)
    .fetch_optional(db.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let member = MemberId(row.try_get("member_id")?);
    Ok(from_row(&row)?.map(|standing| (member, standing)))
}

/// Begins anew: whatever there was of the member's ends.
pub async fn begin(tx: &mut WriteTx, member: &MemberId, standing: &Standing) -> Result<(), StoreError> {
    query(
        "INSERT INTO lost_methods (member_id, stage, password_digest, since, expires_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (member_id) DO UPDATE
            SET stage = excluded.stage, password_digest = excluded.password_digest, since = excluded.since,
                ready_at = NULL, cancel_digest = NULL, expires_at = excluded.expires_at",
    )
    .bind(member.as_str())
    .bind(name(standing.stage))
    .bind(&standing.password_digest)
    .bind(standing.since.0)
    .bind(standing.expires_at.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// On from one stage to the next; `false` if it is no longer at `from`. A new link to cancel takes the place of the old.
pub async fn advance(
    tx: &mut WriteTx,
    member: &MemberId,
    from: &Standing,
    to: &Standing,
    cancel_digest: Option<&str>,
) -> Result<bool, StoreError> {
    let ready_at = match to.stage {
        Stage::Asked { ready_at } => ready_at,
        Stage::Reset | Stage::Approved | Stage::Cancelled => None,
    };
    let done = query(
        "UPDATE lost_methods SET stage = $4, since = $5, ready_at = $6, expires_at = $7,
                cancel_digest = COALESCE(CAST($8 AS TEXT), cancel_digest)
          WHERE member_id = $1 AND stage = $2 AND password_digest = $3 RETURNING member_id",
    )
    .bind(member.as_str())
    .bind(name(from.stage))
    .bind(&from.password_digest)
    .bind(name(to.stage))
    .bind(to.since.0)
    .bind(ready_at.map(|at| at.0))
    .bind(to.expires_at.0)
    .bind(cancel_digest)
    .fetch_optional(tx.connection())
    .await?;
    Ok(done.is_some())
}

/// Uses it up; `false` if somebody was faster, or it has changed since it was read.
pub async fn take(tx: &mut WriteTx, member: &MemberId, standing: &Standing) -> Result<bool, StoreError> {
    let taken = query(
        "DELETE FROM lost_methods WHERE member_id = $1 AND stage = $2 AND password_digest = $3 RETURNING member_id",
    )
    .bind(member.as_str())
    .bind(name(standing.stage))
    .bind(&standing.password_digest)
    .fetch_optional(tx.connection())
    .await?;
    Ok(taken.is_some())
}

/// Ends whatever there is: the member has shown a second factor, or has been given a fresh start.
pub async fn end(tx: &mut WriteTx, member: &MemberId) -> Result<(), StoreError> {
    query("DELETE FROM lost_methods WHERE member_id = $1").bind(member.as_str()).execute(tx.connection()).await?;
    Ok(())
}
