//! A member ends what goes on elsewhere in their name.

use crate::actions::login::end_sessions::{Which, end_sessions};
use crate::actions::member::account_events::record;
use crate::actions::member::admit::{Admitted, Caller, NotDone, admit};
use crate::actions::run;
use crate::app::App;
use crate::domain::ids::BrowserSessionId;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::permissions::Act;
use crate::store::login::{browser_sessions, known_devices};

/// Ends one session and all that was given out in it; `false` if the member has no such session (any more), or it is the one
/// that asks: that one is ended by logging out.
pub async fn one(app: &App, caller: &Caller, id: &BrowserSessionId) -> Result<bool, NotDone> {
    let (caller, id) = (caller.clone(), id.clone());
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        let Admitted { member, session, .. } = admit(&app, &mut tx, &caller, Act::EndSessions).await?;
        let all = browser_sessions::of_member(&mut tx, &member.id, now - app.settings.sessions.idle, now).await?;
        let Some(ended) = all.into_iter().find(|one| one.id == id && one.id != session.id) else { return Ok(false) };
        end_sessions(&app, &mut tx, &member.id, Which::One(&id)).await?;
        record(&app, &mut tx, &member, AccountEvent::SessionEnded { on: ended.device }, &caller.actor()).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}

/// Ends every session but the one that asks, and all that was given out in them.
pub async fn all_others(app: &App, caller: &Caller) -> Result<(), NotDone> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, session, .. } = admit(&app, &mut tx, &caller, Act::EndSessions).await?;
        end_sessions(&app, &mut tx, &member.id, Which::AllBut(&session.id)).await?;
        record(&app, &mut tx, &member, AccountEvent::OtherSessionsEnded, &caller.actor()).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Asks for the second factor again on every device that the member has trusted.
pub async fn trust(app: &App, caller: &Caller) -> Result<(), NotDone> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, .. } = admit(&app, &mut tx, &caller, Act::WithdrawTrust).await?;
        known_devices::distrust_all(&mut tx, &member.id).await?;
        record(&app, &mut tx, &member, AccountEvent::TrustWithdrawn, &caller.actor()).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
