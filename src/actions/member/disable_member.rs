//! Staff shut the account of a member who has left, and open it again.

use crate::actions::login::end_sessions::{Which, end_sessions};
use crate::actions::member::account_events::record;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::member::account_event::AccountEvent;
use crate::store::login::logins;
use crate::store::member::{lost_methods, members, recovery};

/// All sessions and tokens end. `false` if it is shut already.
pub async fn disable_member(app: &App, actor: &Actor, member: &MemberId) -> Result<bool, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member).await? else { return Ok(false) };
        if !members::set_disabled(&mut tx, &member.id, Some(now)).await? {
            return Ok(false);
        }
        logins::end_others(&mut tx, &member.id, None, now).await?;
        end_sessions(&app, &mut tx, &member.id, Which::All).await?;
        recovery::end_links(&mut tx, &member.id, now).await?;
        lost_methods::end(&mut tx, &member.id).await?;
        record(&app, &mut tx, &member, AccountEvent::AccountDisabled, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}

/// `false` if it is open.
pub async fn enable_member(app: &App, actor: &Actor, member: &MemberId) -> Result<bool, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member).await? else { return Ok(false) };
        if !members::set_disabled(&mut tx, &member.id, None).await? {
            return Ok(false);
        }
        record(&app, &mut tx, &member, AccountEvent::AccountEnabled, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}
