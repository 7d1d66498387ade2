//! Writes down what happened to an account: for the member's list and, where it matters, by mail.

use super::ActionError;
use crate::app::App;
use crate::domain::login::device::Device;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::profile::Member;
use crate::store::WriteTx;
use crate::store::account_events::{self, Happened};

/// In the caller's transaction: it stands with what it tells of. `device` is where the member did it; `None` if it was
/// somebody else.
pub async fn record(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    event: AccountEvent,
    device: Option<Device>,
) -> Result<(), ActionError> {
    tracing::info!(member = %member.id, event = event.name(), "account");
    let happened = Happened { event, device, at: app.now() };
    account_events::insert(tx, &member.id, &happened).await?;
    Ok(())
}
