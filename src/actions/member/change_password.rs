//! A member chooses another password.

use crate::actions::ActionError;
use crate::actions::login::check_password::{hash_new_password, is_password, was_used_before};
use crate::actions::login::end_sessions::{Which, end_sessions};
use crate::actions::member::account_events::record;
use crate::actions::member::admit::{Admitted, Caller, NotDone, admit, look};
use crate::actions::member::replace_password::replace_password;
use crate::actions::run;
use crate::app::App;
use crate::domain::login::password_policy::{PasswordRule, normalise_password};
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::permissions::Act;
use crate::domain::member::profile::{Member, Password};
use crate::domain::member::user_id::UserId;
use crate::domain::secret::Secret;
use crate::domain::unix_time::Span;
use crate::store::member::members;

const ACT: Act = Act::ChangePassword;

/// What became of a new password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Done,
    /// This very password was set a moment ago: the button was pressed twice.
    DoneBefore,
    /// It breaks these rules.
    Refused(Vec<PasswordRule>),
    /// Somebody has set another one meanwhile.
    Overtaken,
}

/// Every session but this one ends, and all that stood on the old password.
pub async fn change_password(app: &App, caller: &Caller, typed: &Secret<String>) -> Result<Change, NotDone> {
    let (caller, typed) = (caller.clone(), typed.clone());
    run::to_its_end(app, |app| async move {
        let typed = typed.expose();
        // Hashing takes a while, in which nobody is held. Who may not do this is not given it.
        let mut reader = app.store.reader().await?;
        let Admitted { member, .. } = look(&app, &mut reader, &caller, ACT).await?;
        let before = members::password(&mut reader, &member.id).await?;
        drop(reader);
        if is_done(&app, before.as_ref(), typed).await? {
            return Ok(Change::DoneBefore);
        }
        let broken = broken_rules(&app, &member, before.as_ref(), typed).await?;
        if !broken.is_empty() {
            return Ok(Change::Refused(broken));
        }
        let hash = hash_new_password(&app, typed).await?;
        let mut tx = run::begin(&app).await?;
        let Admitted { member, session, .. } = admit(&app, &mut tx, &caller, ACT).await?;
        if let Some(before) = &before
            && !members::still_has_password(&mut tx, &member.id, before).await?
        {
            let now = members::password(&mut tx, &member.id).await?;
            drop(tx);
            let done = is_done(&app, now.as_ref(), typed).await?;
            return Ok(if done { Change::DoneBefore } else { Change::Overtaken });
        }
        replace_password(&app, &mut tx, &member, &hash, None, None).await?;
        end_sessions(&app, &mut tx, &member.id, Which::AllBut(&session.id)).await?;
        record(&app, &mut tx, &member, AccountEvent::PasswordChanged, &caller.actor()).await?;
        tx.commit().await?;
        Ok(Change::Done)
    })
    .await
}

async fn is_done(app: &App, stored: Option<&Password>, typed: &str) -> Result<bool, ActionError> {
    match stored {
        Some(stored) if app.now().since(stored.set_at) < Span::minutes(1) => {
            is_password(app, typed, &stored.hash).await
        }
        _ => Ok(false),
    }
}

/// Every rule that a new password breaks, the one against passwords before included.
pub async fn broken_rules(
    app: &App,
    member: &Member,
    before: Option<&Password>,
    typed: &str,
) -> Result<Vec<PasswordRule>, ActionError> {
    let user_id = UserId::stored(member.user_id.clone());
    let mut broken = app.password_policy.broken(&normalise_password(typed), &user_id, &app.common_passwords);
    if let Some(before) = before.filter(|_| broken.is_empty())
        && was_used_before(app, &member.id, before, typed).await?
    {
        broken.push(PasswordRule::NotBefore { former: app.password_policy.history });
    }
    Ok(broken)
}
