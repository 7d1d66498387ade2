//! In a login that needs a second factor: the member enrols one, which is the method from then on.

use super::lost_methods::take_everything_away;
use super::take_step::{Step, StepOf, Went, hold};
use crate::actions::member::account_events::record;
use crate::actions::member::enrol_authenticator::{ConfirmedApp, add_app};
use crate::actions::member::passkeys::{self, Answered, NewPasskey};
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::login::login_page::LoginPage;
use crate::domain::login::next_step::{Proved, Second};
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::store::WriteTx;
use crate::store::member::members;

pub enum Enrolled {
    Done(Went),
    /// There are as many as there may be.
    TooMany,
    /// It is not the turn of this page (any more).
    NotNow,
}

/// Codes by e-mail. The address is known: where a code that was sent to it has come back in this very login, nothing more
/// is asked; else the next step asks for one.
pub async fn enrol_email(app: &App, of: &StepOf) -> Result<Enrolled, ActionError> {
    let of = of.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(step) = hold(&app, &mut tx, &of, LoginPage::Method).await? else { return Ok(Enrolled::NotNow) };
        if step.sets_up_again && !take_everything_away(&app, &mut tx, &step, &of.browser).await? {
            return Ok(Enrolled::NotNow);
        }
        members::set_email_method(&mut tx, &step.member.id, Some(app.now())).await?;
        let shown = step.login.proved.address;
        finish(&app, tx, &of, step, Method::Email, shown).await
    })
    .await
}

/// An authenticator app whose code was right.
pub async fn enrol_totp(app: &App, of: &StepOf, confirmed: ConfirmedApp) -> Result<Enrolled, ActionError> {
    let of = of.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let page = LoginPage::TotpEnrolment;
        let Some(step) = hold(&app, &mut tx, &of, page).await? else { return Ok(Enrolled::NotNow) };
        if step.sets_up_again && !take_everything_away(&app, &mut tx, &step, &of.browser).await? {
            return Ok(Enrolled::NotNow);
        }
        if !add_app(&app, &mut tx, &step.member, confirmed, &of.browser.member()).await? {
            return Ok(Enrolled::TooMany);
        }
        finish(&app, tx, &of, step, Method::Totp, true).await
    })
    .await
}

/// A passkey that an authenticator has made.
pub async fn enrol_passkey(app: &App, of: &StepOf, new: NewPasskey) -> Result<Answered<Enrolled>, ActionError> {
    let of = of.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let page = LoginPage::PasskeyEnrolment;
        let Some(step) = hold(&app, &mut tx, &of, page).await? else { return Ok(Answered::Right(Enrolled::NotNow)) };
        if step.sets_up_again && !take_everything_away(&app, &mut tx, &step, &of.browser).await? {
            return Ok(Answered::Right(Enrolled::NotNow));
        }
        match passkeys::add(&app, &mut tx, &step.member, new, &of.browser.member()).await? {
            Answered::Right(true) => {}
            Answered::Right(false) => return Ok(Answered::Right(Enrolled::TooMany)),
            Answered::Refused => return Ok(Answered::Refused),
            Answered::Expired => return Ok(Answered::Expired),
        }
        Ok(Answered::Right(finish(&app, tx, &of, step, Method::Passkey, true).await?))
    })
    .await
}

/// It is the method from now on, and has been shown in this login if `shown`.
async fn finish(
    app: &App,
    mut tx: WriteTx,
    of: &StepOf,
    step: Step,
    method: Method,
    shown: bool,
) -> Result<Enrolled, ActionError> {
    members::set_method(&mut tx, &step.member.id, Some(method)).await?;
    record(app, &mut tx, &step.member, AccountEvent::MethodChosen { method }, &of.browser.member()).await?;
    let proved = Proved { sets_up_again: false, ..step.login.proved };
    let proved = if shown { proved.with(Second::Method(method), false) } else { proved };
    let Some(went) = step.go_on(app, &mut tx, &of.browser, proved).await? else { return Ok(Enrolled::NotNow) };
    tx.commit().await?;
    Ok(Enrolled::Done(went))
}
