//! Logins in browsers.

use crate::domain::ids::{BrowserSessionId, FlowId, MemberId};
use crate::domain::login::assurance::Assurance;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::device::Device;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx};

fn from_row(row: &Row) -> Result<BrowserSession, StoreError> {
    let id: String = row.try_get("session_id")?;
    let assurance: String = row.try_get("assurance")?;
    Ok(BrowserSession {
        // One that only a newer version knows is worth the least here.
        assurance: Assurance::named(&assurance).unwrap_or(Assurance::Password),
        device: Device::read(&row.try_get::<String>("device")?),
        id: BrowserSessionId(id),
        member: MemberId(row.try_get("member_id")?),
        flow: FlowId(row.try_get("flow_id")?),
        authenticated_at: UnixTime(row.try_get("authenticated_at")?),
        last_used_at: UnixTime(row.try_get("last_used_at")?),
        expires_at: UnixTime(row.try_get("expires_at")?),
    })
}

/// The session of a cookie, if it has not ended and its member may act. Whether it has become too old is for
/// [`BrowserSession::is_alive`] to say.
pub async fn by_token(db: &mut impl Reads, token_digest: &str) -> Result<Option<BrowserSession>, StoreError> {
    let row = query(
        "SELECT s.session_id, s.member_id, s.flow_id, s.authenticated_at, s.assurance, s.device, s.last_used_at,
                s.expires_at
           FROM browser_sessions s JOIN members m ON m.member_id = s.member_id
          WHERE s.token_digest = $1 AND s.ended_at IS NULL
            AND m.account_locked_at IS NULL AND m.disabled_at IS NULL",
    )
    .bind(token_digest)
    .fetch_optional(db.connection())
    .await?;
    row.as_ref().map(from_row).transpose()
}

pub async fn insert(tx: &mut WriteTx, session: &BrowserSession, token_digest: &str) -> Result<(), StoreError> {
    query(
        "INSERT INTO browser_sessions (session_id, token_digest, member_id, flow_id, authenticated_at, created_at,
             last_used_at, expires_at, review_at, assurance, device) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $7, $8, $9)",
    )
    .bind(session.id.as_str())
    .bind(token_digest)
    .bind(session.member.as_str())
    .bind(session.flow.as_str())
    .bind(session.authenticated_at.0)
    .bind(session.last_used_at.0)
    .bind(session.expires_at.0)
    .bind(session.assurance.name())
    .bind(session.device.stored())
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The same member has logged in again: the session goes on under a new cookie. `false` if it has ended meanwhile.
pub async fn renew(tx: &mut WriteTx, session: &BrowserSession, token_digest: &str) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE browser_sessions SET token_digest = $2, flow_id = $3, authenticated_at = $4, last_used_at = $5,
                expires_at = $6, assurance = $8, device = $9
          WHERE session_id = $1 AND member_id = $7 AND ended_at IS NULL",
    )
    .bind(session.id.as_str())
    .bind(token_digest)
    .bind(session.flow.as_str())
    .bind(session.authenticated_at.0)
    .bind(session.last_used_at.0)
    .bind(session.expires_at.0)
    .bind(session.member.as_str())
    .bind(session.assurance.name())
    .bind(session.device.stored())
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}

/// The member has shown more in this session: it counts as much from now on, under a new cookie. `false` if it has ended.
pub async fn raise(
    tx: &mut WriteTx,
    id: &BrowserSessionId,
    assurance: Assurance,
    token_digest: &str,
) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE browser_sessions SET assurance = $2, token_digest = $3 WHERE session_id = $1 AND ended_at IS NULL",
    )
    .bind(id.as_str())
    .bind(assurance.name())
    .bind(token_digest)
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}

pub async fn note_use(tx: &mut WriteTx, id: &BrowserSessionId, now: UnixTime) -> Result<(), StoreError> {
    query("UPDATE browser_sessions SET last_used_at = $2 WHERE session_id = $1 AND ended_at IS NULL")
        .bind(id.as_str())
        .bind(now.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Ends a session, and with it every grant that does not outlive it (those with `offline_access` do).
pub async fn end(tx: &mut WriteTx, id: &BrowserSessionId, now: UnixTime) -> Result<(), StoreError> {
    for sql in [
        "UPDATE browser_sessions SET ended_at = $2 WHERE session_id = $1 AND ended_at IS NULL",
        "UPDATE authorization_grants SET ended_at = $2
          WHERE session_id = $1 AND refresh_generation IS NULL AND ended_at IS NULL",
    ] {
        query(sql).bind(id.as_str()).bind(now.0).execute(tx.connection()).await?;
    }
    Ok(())
}

/// Ends all sessions and all grants of a member.
pub async fn end_all(tx: &mut WriteTx, member: &MemberId, now: UnixTime) -> Result<(), StoreError> {
    for sql in [
        "UPDATE browser_sessions SET ended_at = $2 WHERE member_id = $1 AND ended_at IS NULL",
        "UPDATE authorization_grants SET ended_at = $2 WHERE member_id = $1 AND ended_at IS NULL",
    ] {
        query(sql).bind(member.as_str()).bind(now.0).execute(tx.connection()).await?;
    }
    Ok(())
}

/// Ends one session of this member and every grant made in it, those with refresh tokens, too; `false` if the member has
/// no such session (any more).
pub async fn end_one(
    tx: &mut WriteTx,
    member: &MemberId,
    id: &BrowserSessionId,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let ended = query(
        "UPDATE browser_sessions SET ended_at = $3 WHERE session_id = $1 AND member_id = $2 AND ended_at IS NULL",
    )
    .bind(id.as_str())
    .bind(member.as_str())
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    query(
        "UPDATE authorization_grants SET ended_at = $3 WHERE session_id = $1 AND member_id = $2 AND ended_at IS NULL",
    )
    .bind(id.as_str())
    .bind(member.as_str())
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    Ok(ended == 1)
}

/// Ends all sessions of a member but this one, and every grant that was not made in it or could outlive it.
pub async fn end_others(
    tx: &mut WriteTx,
    member: &MemberId,
    kept: &BrowserSessionId,
    now: UnixTime,
) -> Result<(), StoreError> {
    for sql in [
        "UPDATE browser_sessions SET ended_at = $3 WHERE member_id = $1 AND session_id <> $2 AND ended_at IS NULL",
        "UPDATE authorization_grants SET ended_at = $3
          WHERE member_id = $1 AND (session_id <> $2 OR refresh_generation IS NOT NULL) AND ended_at IS NULL",
    ] {
        query(sql).bind(member.as_str()).bind(kept.as_str()).bind(now.0).execute(tx.connection()).await?;
    }
    Ok(())
}

/// The sessions of a member that have not ended, the last used first.
pub async fn of_member(
    db: &mut impl Reads,
    member: &MemberId,
    idle_since: UnixTime,
    now: UnixTime,
) -> Result<Vec<BrowserSession>, StoreError> {
    let rows = query(
        "SELECT session_id, member_id, flow_id, authenticated_at, assurance, device, last_used_at, expires_at
           FROM browser_sessions
          WHERE member_id = $1 AND ended_at IS NULL AND last_used_at > $2 AND expires_at > $3
          ORDER BY last_used_at DESC, session_id",
    )
    .bind(member.as_str())
    .bind(idle_since.0)
    .bind(now.0)
    .fetch_all(db.connection())
    .await?;
    rows.iter().map(from_row).collect()
}
