//! Staff lift both locks of a member.

use crate::actions::member::account_events::record;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::login::locks::LockState;
use crate::domain::member::account_event::AccountEvent;
use crate::store::Reads;
use crate::store::login::{one_time_password_failures, password_failures};
use crate::store::member::members;

/// Which locks were lifted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifted {
    pub password_lock: bool,
    pub account_lock: bool,
}

pub async fn lift_locks(app: &App, actor: &Actor, member: &MemberId) -> Result<Lifted, ActionError> {
    let (actor, member) = (actor.clone(), member.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member).await? else { return Ok(Lifted::default()) };
        let account = app.account_key(&app.user_ids.lookup_key(&member.user_id));
        let password_lock = is_password_locked(&app, &mut tx, &account).await?;
        password_failures::clear_all(&mut tx, &account).await?;
        members::unlock_account(&mut tx, &member.id).await?;
        one_time_password_failures::clear(&mut tx, &member.id).await?;
        let lifted = Lifted { password_lock, account_lock: member.account_locked_at.is_some() };
        if lifted.password_lock || lifted.account_lock {
            record(&app, &mut tx, &member, AccountEvent::LocksLifted, &actor).await?;
        }
        tx.commit().await?;
        Ok(lifted)
    })
    .await
}

/// Whether the password lock stands for devices that are not known.
async fn is_password_locked(app: &App, db: &mut impl Reads, account: &str) -> Result<bool, ActionError> {
    let count = password_failures::count(db, account, password_failures::STRANGERS).await?;
    Ok(matches!(app.password_lock.state(count, app.now()), LockState::Locked(_)))
}
