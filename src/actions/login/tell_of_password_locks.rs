//! Tells members that their password lock has fallen.
//!
//! That the lock falls stands in the row that counts, written with the attempt, so nothing is lost with a connection. It is told
//! at a time drawn by chance, and taken up alike for IDs that belong to nobody: neither an answer nor the writing after it shows
//! who exists. An attempt that proves right in the end has ended the row by then, and there is nothing to tell.

use crate::actions::member::account_events::record;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::login::device::Device;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::unix_time::Span;
use crate::store::login::password_failures::{self, Untold};
use crate::store::member::members;

/// Longer than an attempt takes, whose password may still prove right.
const UNDER_WAY: Span = Span::seconds(15);
/// How many are told at one time.
const AT_ONCE: u32 = 100;

/// Tells of all that is due; how many locks that were, those of nobody among them.
pub async fn tell_of_password_locks(app: &App) -> Result<usize, ActionError> {
    let until = app.now() - UNDER_WAY;
    let untold = password_failures::untold(&mut app.store.reader().await?, until, AT_ONCE).await?;
    let locks = untold.len();
    for lock in untold {
        run::to_its_end(app, |app| async move { tell(&app, &lock).await }).await?;
    }
    Ok(locks)
}

async fn tell(app: &App, lock: &Untold) -> Result<(), ActionError> {
    let mut tx = run::begin(app).await?;
    // The member first, as whoever lifts the lock does.
    let member = match &lock.member {
        Some(member) => members::held(&mut tx, member).await?,
        None => None,
    };
    let is_ours = password_failures::take_untold(&mut tx, lock).await?;
    if let Some(member) = member.filter(|_| is_ours) {
        record(app, &mut tx, &member, AccountEvent::PasswordLocked, &Actor::Stranger(Device::default())).await?;
    }
    Ok(tx.commit().await?)
}
