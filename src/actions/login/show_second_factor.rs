//! The second factor of a login, by each of the ways in which it can be shown.

use super::email_codes::Purpose;
use super::one_time_passwords::{Tried, judge_email_code, try_recovery_code, try_totp};
use super::take_step::{Step, StepOf, Went, hold};
use crate::actions::member::account_events::record;
use crate::actions::member::passkeys::{Answered, judge, settle};
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::passkey::Authenticating;
use crate::domain::ids::MemberId;
use crate::domain::login::login_page::LoginPage;
use crate::domain::login::next_step::Second;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::email_address::is_same;
use crate::store::WriteTx;
use crate::store::member::totp_devices;

/// What became of a factor that was shown.
pub enum Shown {
    Right(Went),
    Wrong,
    /// This code can be tried no more.
    Spent,
    /// The account is locked; nothing was tried, or this wrong one has locked it.
    Locked,
    /// It is not the turn of this page (any more).
    NotNow,
}

/// By a code of an authenticator app: of this device, or of any.
pub async fn show_totp(
    app: &App,
    of: &StepOf,
    device: Option<&str>,
    code: &Code,
    trust: bool,
) -> Result<Shown, ActionError> {
    let (of, device, code) = (of.clone(), device.map(str::to_owned), code.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let page = LoginPage::Factor(Method::Totp);
        let Some(step) = hold(&app, &mut tx, &of, page).await? else { return Ok(Shown::NotNow) };
        let mut devices = totp_devices::of_member(&mut tx, &step.member.id).await?;
        devices.retain(|one| device.as_ref().is_none_or(|id| one.id == *id));
        if devices.is_empty() {
            return Ok(Shown::NotNow);
        }
        let tried = try_totp(&app, &mut tx, &step.member, &devices, &code, &of.browser.member()).await?;
        ended(&app, tx, &of, step, tried, (Second::Method(Method::Totp), trust)).await
    })
    .await
}

/// By a code that was mailed in this login.
pub async fn show_email_code(app: &App, of: &StepOf, code: &Code, trust: bool) -> Result<Shown, ActionError> {
    let (of, code) = (of.clone(), code.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let page = LoginPage::Factor(Method::Email);
        let Some(step) = hold(&app, &mut tx, &of, page).await? else { return Ok(Shown::NotNow) };
        let place = Purpose::Login.place(&step.login.digest);
        let tried = judge_email_code(&app, &mut tx, &step.member, &place, &code, &of.browser.member()).await?;
        // The address may have been changed since the code was sent.
        let tried = match tried {
            Tried::Right(to) if !step.member.verified_email().is_some_and(|now| is_same(now, &to)) => Tried::Spent,
            other => other,
        };
        ended(&app, tx, &of, step, tried, (Second::Method(Method::Email), trust)).await
    })
    .await
}

/// By one of the codes that the member has printed.
pub async fn show_recovery_code(app: &App, of: &StepOf, typed: &str) -> Result<Shown, ActionError> {
    let (of, typed) = (of.clone(), typed.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(step) = hold(&app, &mut tx, &of, LoginPage::RecoveryCode).await? else { return Ok(Shown::NotNow) };
        let actor = of.browser.member();
        let tried = try_recovery_code(&app, &mut tx, &step.member, &typed, &actor).await?;
        if let Tried::Right(left) = tried {
            record(&app, &mut tx, &step.member, AccountEvent::RecoveryCodeUsed { left }, &actor).await?;
        }
        ended(&app, tx, &of, step, tried, (Second::RecoveryCode, false)).await
    })
    .await
}

/// By a passkey of the member's.
pub async fn show_passkey(
    app: &App,
    of: &StepOf,
    member: &MemberId,
    asked: Authenticating,
    answer: &str,
) -> Result<Answered<Shown>, ActionError> {
    let (of, member, answer) = (of.clone(), member.clone(), answer.to_owned());
    run::to_its_end(app, |app| async move {
        let judged = match judge(&app, &asked, &answer, Some(&member)).await? {
            Answered::Right(judged) => judged,
            Answered::Refused => return Ok(Answered::Refused),
            Answered::Expired => return Ok(Answered::Expired),
        };
        let mut tx = run::begin(&app).await?;
        let page = LoginPage::Factor(Method::Passkey);
        let Some(step) = hold(&app, &mut tx, &of, page).await? else { return Ok(Answered::Right(Shown::NotNow)) };
        let settled = settle(&app, &mut tx, &asked, judged, of.browser.device).await?;
        if !matches!(settled, Answered::Right(_)) {
            tx.commit().await?;
        } else {
            let shown = (Second::Method(Method::Passkey), false);
            return Ok(Answered::Right(ended(&app, tx, &of, step, Tried::Right(()), shown).await?));
        }
        Ok(match settled {
            Answered::Expired => Answered::Expired,
            _ => Answered::Refused,
        })
    })
    .await
}

/// Ends the transaction of a try: what was wrong stays counted, and what was right leads on or was not.
async fn ended<T>(
    app: &App,
    mut tx: WriteTx,
    of: &StepOf,
    step: Step,
    tried: Tried<T>,
    (second, trust): (Second, bool),
) -> Result<Shown, ActionError> {
    let shown = match tried {
        Tried::Right(_) => {
            let proved = step.login.proved.with(second, trust);
            match step.go_on(app, &mut tx, &of.browser, proved).await? {
                Some(went) => Shown::Right(went),
                None => return Ok(Shown::NotNow),
            }
        }
        Tried::Wrong => Shown::Wrong,
        Tried::Spent => Shown::Spent,
        Tried::Locked { .. } => Shown::Locked,
    };
    tx.commit().await?;
    Ok(shown)
}
