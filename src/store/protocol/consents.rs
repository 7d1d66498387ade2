//! What members have agreed to, per client.

use crate::domain::ids::{ClientId, MemberId};
use crate::domain::protocol::scope::Scopes;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// All scopes that the member has agreed to give this client.
pub async fn agreed(db: &mut impl Reads, member: &MemberId, client: &ClientId) -> Result<Option<Scopes>, StoreError> {
    let row = query("SELECT scope FROM consents WHERE member_id = $1 AND client_id = $2")
        .bind(member.as_str())
        .bind(client.as_str())
        .fetch_optional(db.connection())
        .await?;
    row.map(|row| {
        let text: String = row.try_get("scope")?;
        Scopes::parse(&text).map_err(|_| StoreError::Corrupt {
            table: "consents",
            column: "scope",
            row: format!("{member}, {client}"),
        })
    })
    .transpose()
}

/// Adds what a member agrees to now to what they agreed to before. The row is held in between: of two pages that are
/// answered at once, neither forgets the other's.
pub async fn add(
    tx: &mut WriteTx,
    member: &MemberId,
    client: &ClientId,
    scopes: &Scopes,
    now: UnixTime,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO consents (member_id, client_id, scope, given_at) VALUES ($1, $2, '', $3)
         ON CONFLICT (member_id, client_id) DO UPDATE SET given_at = excluded.given_at",
    )
    .bind(member.as_str())
    .bind(client.as_str())
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    let all = agreed(tx, member, client).await?.unwrap_or_default().joined_with(scopes);
    query("UPDATE consents SET scope = $3 WHERE member_id = $1 AND client_id = $2")
        .bind(member.as_str())
        .bind(client.as_str())
        .bind(all.to_string())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// What a member has agreed to for one client.
#[derive(Clone, Debug)]
pub struct Consent {
    pub client: ClientId,
    pub scopes: Scopes,
    pub given_at: UnixTime,
}

/// All that a member has agreed to.
pub async fn of_member(db: &mut impl Reads, member: &MemberId) -> Result<Vec<Consent>, StoreError> {
    let rows = query("SELECT client_id, scope, given_at FROM consents WHERE member_id = $1 ORDER BY client_id")
        .bind(member.as_str())
        .fetch_all(db.connection())
        .await?;
    rows.iter()
        .map(|row| {
            let (client, scope): (String, String) = (row.try_get("client_id")?, row.try_get("scope")?);
            let scopes = Scopes::parse(&scope).map_err(|_| StoreError::Corrupt {
                table: "consents",
                column: "scope",
                row: format!("{member}, {client}"),
            })?;
            Ok(Consent { client: ClientId(client), scopes, given_at: UnixTime(row.try_get("given_at")?) })
        })
        .collect()
}

/// Forgets what the member has agreed to; whether there was anything.
pub async fn withdraw(tx: &mut WriteTx, member: &MemberId, client: &ClientId) -> Result<bool, StoreError> {
    let done = query("DELETE FROM consents WHERE member_id = $1 AND client_id = $2")
        .bind(member.as_str())
        .bind(client.as_str())
        .execute(tx.connection())
        .await?;
    Ok(done > 0)
}
