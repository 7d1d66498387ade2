//! A member chooses what is asked for beside the password.

use crate::actions::ActionError;
use crate::actions::member::account_events::record;
use crate::actions::member::admit::{Admitted, Caller, NotDone, admit};
use crate::actions::member::authenticators::enrolled;
use crate::actions::run;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::permissions::Act;
use crate::store::WriteTx;
use crate::store::member::members;

/// What became of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    Done,
    /// It is to be enrolled first.
    NotEnrolled,
}

/// Makes a method the one that is asked for, if it is enrolled.
pub async fn choose_method(app: &App, caller: &Caller, method: Method) -> Result<Chosen, NotDone> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, .. } = admit(&app, &mut tx, &caller, Act::ChooseMethod).await?;
        if !choose(&app, &mut tx, &member.id, method, &caller.actor()).await? {
            return Ok(Chosen::NotEnrolled);
        }
        tx.commit().await?;
        Ok(Chosen::Done)
    })
    .await
}

/// Part of a verb; `false` if the method is not enrolled (any more).
pub async fn choose(
    app: &App,
    tx: &mut WriteTx,
    member: &MemberId,
    method: Method,
    actor: &Actor,
) -> Result<bool, ActionError> {
    let Some(member) = members::held(tx, member).await? else { return Ok(false) };
    if !enrolled(tx, &member).await?.has(method) {
        return Ok(false);
    }
    if member.method != Some(method) {
        members::set_method(tx, &member.id, Some(method)).await?;
        record(app, tx, &member, AccountEvent::MethodChosen { method }, actor).await?;
    }
    Ok(true)
}
