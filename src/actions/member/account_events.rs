//! Writes down what happened to an account: for the member's list and, where it matters, by mail.

use crate::actions::ActionError;
use crate::actions::mail::queue_mail::{self, Letter};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::email_address::is_same;
use crate::domain::member::profile::Member;
use crate::mail::messages::Message;
use crate::store::WriteTx;
use crate::store::member::account_events::{self, Happened};
use crate::store::member::members;

/// In the caller's transaction: it stands with what it tells of.
pub async fn record(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    event: AccountEvent,
    actor: &Actor,
) -> Result<(), ActionError> {
    tracing::info!(member = %member.id, event = event.name(), actor = actor.stored(), "account");
    let happened = Happened { event, device: actor.device(), at: app.now() };
    let id = account_events::insert(tx, &member.id, &happened, actor).await?;
    if !happened.event.is_told() {
        return Ok(());
    }
    // `member` is as before the event: where the address changes, the old one hears of it, and the new one as well.
    let now = members::by_id(tx, &member.id).await?;
    let mut addresses: Vec<&str> = member.verified_email().into_iter().collect();
    if let Some(new) = now.as_ref().and_then(Member::verified_email)
        && !addresses.iter().any(|old| is_same(old, new))
    {
        addresses.push(new);
    }
    for to in addresses {
        let cause = format!("account event {id} to {to}");
        let Happened { event, device, at } = happened.clone();
        let message = Message::Account { event, at, device };
        let letter = Letter { to, member: Some(&member.id), language: member.language(), cause: &cause, message };
        queue_mail::queue(app, tx, letter).await?;
    }
    Ok(())
}
