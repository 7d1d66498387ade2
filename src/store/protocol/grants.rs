//! Grants: the consent that they wait for, the code that stands for them, the tokens that hang on them.

use crate::domain::ids::{BrowserSessionId, ClientId, GrantId, MemberId};
use crate::domain::login::assurance::Assurance;
use crate::domain::protocol::authorization_request::AuthorizationRequest;
use crate::domain::protocol::grant::{Grant, Stage};
use crate::domain::protocol::refresh_rotation::RefreshState;
use crate::domain::protocol::scope::Scopes;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx, from_json_if_known, to_json};

/// The grant, as far as this version can go on with it: `None` for a stage or a request that only a newer one knows.
fn from_row(row: &Row) -> Result<Option<Grant>, StoreError> {
    let id: String = row.try_get("grant_id")?;
    let stage: String = row.try_get("stage")?;
    let request: String = row.try_get("request")?;
    let time = |column: &str| row.try_get::<Option<i64>>(column).map(|t| t.map(UnixTime));
    let corrupt = |column| StoreError::Corrupt { table: "authorization_grants", column, row: id.clone() };
    let stage = match (stage.as_str(), time("code_expires_at")?, time("redeemed_at")?) {
        ("awaiting_consent", None, None) => Stage::AwaitingConsent,
        ("approved", Some(code_expires_at), None) => Stage::Approved { code_expires_at },
        ("redeemed", Some(_), Some(at)) => Stage::Redeemed { at },
        ("denied", None, None) => Stage::Denied,
        ("awaiting_consent" | "approved" | "redeemed" | "denied", ..) => return Err(corrupt("stage")),
        _ => return Ok(None),
    };
    let Some(request) = from_json_if_known(&request, "authorization_grants", "request", &id)? else { return Ok(None) };
    let refresh = match (row.try_get::<Option<i64>>("refresh_generation")?, time("refreshed_at")?) {
        (Some(generation), Some(issued_at)) => Some(RefreshState { generation, issued_at }),
        (None, None) => None,
        _ => return Err(corrupt("refresh_generation")),
    };
    let assurance: String = row.try_get("assurance")?;
    Ok(Some(Grant {
        assurance: Assurance::named(&assurance).unwrap_or(Assurance::Password),
        client: ClientId(row.try_get("client_id")?),
        member: MemberId(row.try_get("member_id")?),
        scopes: Scopes::parse(&row.try_get::<String>("scope")?).map_err(|_| corrupt("scope"))?,
        resources: row.try_get::<String>("resources")?.split_ascii_whitespace().map(str::to_owned).collect(),
        session: BrowserSessionId(row.try_get("session_id")?),
        request,
        authenticated_at: UnixTime(row.try_get("authenticated_at")?),
        created_at: UnixTime(row.try_get("created_at")?),
        stage,
        refresh,
        kept_until: UnixTime(row.try_get("kept_until")?),
        ended_at: time("ended_at")?,
        id: GrantId(id),
    }))
}

fn one(row: Option<Row>) -> Result<Option<Grant>, StoreError> {
    row.as_ref().map(from_row).transpose().map(Option::flatten)
}

const COLUMNS: &str =
    "grant_id, client_id, member_id, session_id, scope, resources, stage, request, authenticated_at, assurance, code_expires_at,
    created_at, redeemed_at, refresh_generation, refreshed_at, kept_until, ended_at";

/// Adds a grant that waits for consent at the page named by `page_digest`, or is approved with the code `code_digest`.
pub async fn insert(
    tx: &mut WriteTx,
    grant: &Grant,
    page_digest: Option<&str>,
    code_digest: Option<&str>,
) -> Result<(), StoreError> {
    let (stage, code_expires_at) = match grant.stage {
        Stage::AwaitingConsent => ("awaiting_consent", None),
        Stage::Approved { code_expires_at } => ("approved", Some(code_expires_at.0)),
        Stage::Redeemed { .. } => ("redeemed", None),
        Stage::Denied => ("denied", None),
    };
    query(
        "INSERT INTO authorization_grants (grant_id, client_id, member_id, session_id, stage, request, authenticated_at,
             page_digest, code_digest, code_expires_at, created_at, kept_until, review_at, assurance, scope, resources)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, $15)",
    )
    .bind(grant.id.as_str())
    .bind(grant.client.as_str())
    .bind(grant.member.as_str())
    .bind(grant.session.as_str())
    .bind(stage)
    .bind(to_json(&grant.request)?)
    .bind(grant.authenticated_at.0)
    .bind(page_digest)
    .bind(code_digest)
    .bind(code_expires_at)
    .bind(grant.created_at.0)
    .bind(grant.kept_until.0)
    .bind(grant.assurance.name())
    .bind(grant.scopes.to_string())
    .bind(grant.resources.join(" "))
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub async fn by_id(db: &mut impl Reads, id: &GrantId) -> Result<Option<Grant>, StoreError> {
    let sql = const_format::concatcp!("SELECT ", COLUMNS, " FROM authorization_grants WHERE grant_id = $1");
    let row = query(sql).bind(id.as_str()).fetch_optional(db.connection()).await?;
    one(row)
}

pub async fn by_code(db: &mut impl Reads, code_digest: &str) -> Result<Option<Grant>, StoreError> {
    let sql = const_format::concatcp!("SELECT ", COLUMNS, " FROM authorization_grants WHERE code_digest = $1");
    let row = query(sql).bind(code_digest).fetch_optional(db.connection()).await?;
    one(row)
}

/// The grant that waits for consent at this page, in this session.
pub async fn awaiting_consent(
    db: &mut impl Reads,
    page_digest: &str,
    session: &BrowserSessionId,
    now: UnixTime,
) -> Result<Option<Grant>, StoreError> {
    let sql = const_format::concatcp!(
        "SELECT ",
        COLUMNS,
        " FROM authorization_grants WHERE page_digest = $1 AND session_id = $2 AND stage = 'awaiting_consent'
            AND ended_at IS NULL AND kept_until > $3"
    );
    let row = query(sql).bind(page_digest).bind(session.as_str()).bind(now.0).fetch_optional(db.connection()).await?;
    one(row)
}

/// The grant whose consent page this was, whatever became of it.
pub async fn of_page(db: &mut impl Reads, page_digest: &str) -> Result<Option<Grant>, StoreError> {
    let sql = const_format::concatcp!("SELECT ", COLUMNS, " FROM authorization_grants WHERE page_digest = $1");
    let row = query(sql).bind(page_digest).fetch_optional(db.connection()).await?;
    one(row)
}

/// The member agrees to `request`, which may be less than they were asked; `false` if the page was answered before.
pub async fn approve(
    tx: &mut WriteTx,
    id: &GrantId,
    request: &AuthorizationRequest,
    code_digest: &str,
    code_expires_at: UnixTime,
    kept_until: UnixTime,
) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE authorization_grants SET stage = 'approved', code_digest = $2, code_expires_at = $3, kept_until = $4,
                request = $5, scope = $6, resources = $7
          WHERE grant_id = $1 AND stage = 'awaiting_consent' AND ended_at IS NULL RETURNING grant_id",
    )
    .bind(id.as_str())
    .bind(code_digest)
    .bind(code_expires_at.0)
    .bind(kept_until.0)
    .bind(to_json(request)?)
    .bind(request.scopes.to_string())
    .bind(request.resources.join(" "))
    .fetch_optional(tx.connection())
    .await?;
    Ok(done.is_some())
}

/// The member refuses; `false` if the page was answered before.
pub async fn deny(tx: &mut WriteTx, id: &GrantId) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE authorization_grants SET stage = 'denied'
          WHERE grant_id = $1 AND stage = 'awaiting_consent' AND ended_at IS NULL RETURNING grant_id",
    )
    .bind(id.as_str())
    .fetch_optional(tx.connection())
    .await?;
    Ok(done.is_some())
}

/// Redeems the code, with its first refresh token if there is to be one; `false` if somebody else was faster, or the
/// session that it was given out in has ended meanwhile.
pub async fn redeem(
    tx: &mut WriteTx,
    id: &GrantId,
    refresh: Option<RefreshState>,
    kept_until: UnixTime,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE authorization_grants
            SET stage = 'redeemed', redeemed_at = $2, refresh_generation = $3, refreshed_at = $4, kept_until = $5
          WHERE grant_id = $1 AND stage = 'approved' AND ended_at IS NULL AND code_expires_at > $2
            AND EXISTS (SELECT 1 FROM browser_sessions s
                         WHERE s.session_id = authorization_grants.session_id AND s.ended_at IS NULL)
          RETURNING grant_id",
    )
    .bind(id.as_str())
    .bind(now.0)
    .bind(refresh.map(|r| r.generation))
    .bind(refresh.map(|r| r.issued_at.0))
    .bind(kept_until.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(done.is_some())
}

/// Moves the refresh token on from generation `from`; `false` if it is not the live one any more.
pub async fn rotate_refresh(
    tx: &mut WriteTx,
    id: &GrantId,
    from: i64,
    to: RefreshState,
    kept_until: UnixTime,
) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE authorization_grants SET refresh_generation = $3, refreshed_at = $4, kept_until = $5
          WHERE grant_id = $1 AND refresh_generation = $2 AND ended_at IS NULL AND kept_until > $4 RETURNING grant_id",
    )
    .bind(id.as_str())
    .bind(from)
    .bind(to.generation)
    .bind(to.issued_at.0)
    .bind(kept_until.0)
    .fetch_optional(tx.connection())
    .await?;
    Ok(done.is_some())
}

/// Ends a grant and every token that hangs on it.
pub async fn end(tx: &mut WriteTx, id: &GrantId, now: UnixTime) -> Result<(), StoreError> {
    query("UPDATE authorization_grants SET ended_at = $2 WHERE grant_id = $1 AND ended_at IS NULL")
        .bind(id.as_str())
        .bind(now.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The grants of a member that clients hold something from: a code, or tokens that have not all expired.
pub async fn in_use(db: &mut impl Reads, member: &MemberId, now: UnixTime) -> Result<Vec<Grant>, StoreError> {
    let sql = const_format::concatcp!(
        "SELECT ",
        COLUMNS,
        " FROM authorization_grants WHERE member_id = $1 AND stage IN ('approved', 'redeemed') AND ended_at IS NULL
            AND kept_until > $2 ORDER BY created_at, grant_id"
    );
    let rows = query(sql).bind(member.as_str()).bind(now.0).fetch_all(db.connection()).await?;
    rows.iter().filter_map(|row| from_row(row).transpose()).collect()
}

/// Ends every grant that a member has given a client, also one that waits for consent; whether there was any.
pub async fn end_of_client(
    tx: &mut WriteTx,
    member: &MemberId,
    client: &ClientId,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE authorization_grants SET ended_at = $3 WHERE member_id = $1 AND client_id = $2 AND ended_at IS NULL",
    )
    .bind(member.as_str())
    .bind(client.as_str())
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    Ok(done > 0)
}

/// Revokes one access token before it expires.
pub async fn revoke_access_token(tx: &mut WriteTx, token_id: &str, expires_at: UnixTime) -> Result<(), StoreError> {
    query("INSERT INTO revoked_access_tokens (token_id, expires_at) VALUES ($1, $2) ON CONFLICT (token_id) DO NOTHING")
        .bind(token_id)
        .bind(expires_at.0)
        .execute(tx.connection())
        .await?;
    Ok(())
}

pub async fn is_access_token_revoked(db: &mut impl Reads, token_id: &str) -> Result<bool, StoreError> {
    let row = query("SELECT 1 FROM revoked_access_tokens WHERE token_id = $1")
        .bind(token_id)
        .fetch_optional(db.connection())
        .await?;
    Ok(row.is_some())
}
