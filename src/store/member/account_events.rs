//! What happened to accounts, for their owners.

use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::login::device::Device;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::unix_time::UnixTime;
use crate::random;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx, from_json_if_known, to_json};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Happened {
    pub event: AccountEvent,
    /// Where the member did it; `None` if it was not the member.
    pub device: Option<Device>,
    pub at: UnixTime,
}

/// Adds it; the name under which it is kept.
pub async fn insert(
    tx: &mut WriteTx,
    member: &MemberId,
    happened: &Happened,
    actor: &Actor,
) -> Result<String, StoreError> {
    let id = random::identifier();
    query(
        "INSERT INTO account_events (event_id, member_id, event, device, at, actor, place)
         VALUES ($1, $2, $3, $4, $5, $6, (SELECT COUNT(*) FROM account_events WHERE member_id = $2 AND at = $5))",
    )
    .bind(&id)
    .bind(member.as_str())
    .bind(to_json(&happened.event)?)
    .bind(happened.device.map(Device::stored))
    .bind(happened.at.0)
    .bind(actor.stored())
    .execute(tx.connection())
    .await?;
    Ok(id)
}

/// The latest, newest first. Within a second they stand as they were written.
pub async fn latest(db: &mut impl Reads, member: &MemberId, most: u32) -> Result<Vec<Happened>, StoreError> {
    let rows = query(
        "SELECT event_id, event, device, at FROM account_events WHERE member_id = $1
          ORDER BY at DESC, place DESC, event_id LIMIT $2",
    )
    .bind(member.as_str())
    .bind(i64::from(most))
    .fetch_all(db.connection())
    .await?;
    rows.iter()
        .map(|row| {
            let (id, event): (String, String) = (row.try_get("event_id")?, row.try_get("event")?);
            let device: Option<String> = row.try_get("device")?;
            Ok(Happened {
                event: read(&event, &id)?,
                device: device.as_deref().map(Device::read),
                at: UnixTime(row.try_get("at")?),
            })
        })
        .collect()
}

fn read(text: &str, id: &str) -> Result<AccountEvent, StoreError> {
    Ok(from_json_if_known(text, "account_events", "event", id)?.unwrap_or(AccountEvent::SomethingElse))
}
