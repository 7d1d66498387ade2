//! Tells owners of password locks that fell. The attempt itself writes the same for every ID, and its answer takes as long;
//! what only a member can be told is done here, at a moment of its own, and in one transaction: the event and its mail.

use std::time::Duration;

use crate::actions::member::account_events::record;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::login::device::Device;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::unix_time::Span;
use crate::random;
use crate::store::login::password_failures;
use crate::store::member::members;

/// By then a password that was being compared has been right, and has dropped the count.
const TOLD_AFTER: Span = Span::seconds(5);

/// Tells for ever, at moments that say nothing about when the attempts were made.
pub async fn keep_telling(app: App) {
    loop {
        tokio::time::sleep(Duration::from_millis(1_000 + u64::from(random::below(3_000)))).await;
        loop {
            match tell_one(&app).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!("a member could not be told of a password lock: {error}");
                    break;
                }
            }
        }
    }
}

/// Tells of the lock that fell first; whether there was one.
pub async fn tell_one(app: &App) -> Result<bool, ActionError> {
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(whose) = password_failures::take_to_be_told(&mut tx, app.now() - TOLD_AFTER).await? else {
            return Ok(false);
        };
        if let Some(member) = whose
            && let Some(member) = members::held(&mut tx, &member).await?
        {
            let actor = Actor::Stranger(Device::default());
            record(&app, &mut tx, &member, AccountEvent::PasswordLocked, &actor).await?;
        }
        tx.commit().await?;
        Ok(true)
    })
    .await
}
