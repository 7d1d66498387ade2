//! In a login: a password of the member's own takes the place of the initial one, or of one that has grown too old.

use super::check_password::hash_new_password;
use super::end_sessions::{Which, end_sessions};
use super::take_step::{StepOf, Went, hold};
use crate::actions::member::account_events::record;
use crate::actions::member::replace_password::replace_password;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::login::login_page::LoginPage;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::profile::Password;
use crate::domain::secret::Secret;
use crate::store::member::members;

pub enum Outcome {
    Replaced(Went),
    /// Staff have given out another one meanwhile.
    Outdated,
    /// It is not the turn of this page (any more).
    NotNow,
}

/// `before` is the password that the new one was compared with.
pub async fn replace_initial_password(
    app: &App,
    of: &StepOf,
    before: &Password,
    typed: &str,
) -> Result<Outcome, ActionError> {
    let (of, before, typed) = (of.clone(), before.clone(), Secret::new(typed.to_owned()));
    run::to_its_end(app, |app| async move {
        let hash = hash_new_password(&app, typed.expose()).await?;
        let mut tx = run::begin(&app).await?;
        let page = LoginPage::InitialPassword;
        let Some(step) = hold(&app, &mut tx, &of, page).await? else { return Ok(Outcome::NotNow) };
        if !members::still_has_password(&mut tx, &step.member.id, &before).await? {
            return Ok(Outcome::Outdated);
        }
        replace_password(&app, &mut tx, &step.member, &hash, None, Some(&step.login)).await?;
        end_sessions(&app, &mut tx, &step.member.id, Which::All).await?;
        record(&app, &mut tx, &step.member, AccountEvent::PasswordChanged, &of.browser.member()).await?;
        let proved = step.login.proved;
        let Some(went) = step.go_on(&app, &mut tx, &of.browser, proved).await? else { return Ok(Outcome::NotNow) };
        tx.commit().await?;
        Ok(Outcome::Replaced(went))
    })
    .await
}
