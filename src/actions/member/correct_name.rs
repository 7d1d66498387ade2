//! Staff give a member the name that the society knows.

use crate::actions::member::account_events::record;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::member::account_event::AccountEvent;
use crate::store::member::members;

/// `false` if it is their name already.
pub async fn correct_name(app: &App, actor: &Actor, member: &MemberId, name: &str) -> Result<bool, ActionError> {
    let (actor, member, name) = (actor.clone(), member.clone(), name.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member).await? else { return Ok(false) };
        if member.name.as_ref() == Some(&name) {
            return Ok(false);
        }
        members::set_name(&mut tx, &member.id, &name, app.now()).await?;
        record(&app, &mut tx, &member, AccountEvent::NameCorrected { to: name }, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}
