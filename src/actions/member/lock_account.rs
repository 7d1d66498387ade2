//! Staff lock an account.

use crate::actions::login::one_time_passwords;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::store::member::members;

/// Until it is unlocked: all sessions and tokens end. `false` if it is locked so already.
pub async fn lock_account(app: &App, actor: &Actor, member: &MemberId) -> Result<bool, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member).await? else { return Ok(false) };
        if member.account_locked_at.is_some() && member.account_locked_until.is_none() {
            return Ok(false);
        }
        one_time_passwords::lock(&app, &mut tx, &member, None, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}
