//! In a login: codes are sent to an address, as the second factor or to register it, and a code that comes back registers it.

use super::email_codes::{self, Purpose, Sent};
use super::one_time_passwords::{Tried, judge_email_code};
use super::show_second_factor::Shown;
use super::take_step::{StepOf, hold};
use crate::actions::member::verified_address;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::login::login_page::LoginPage;
use crate::domain::login::next_step::Proved;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::authentication_method::Method;

/// Sends the second factor to the address that is registered; `None` if it is not the time for it.
pub async fn send_login_code(app: &App, of: &StepOf, language: &str) -> Result<Option<Sent>, ActionError> {
    send(app, of, LoginPage::Factor(Method::Email), None, language).await
}

/// Sends a code to an address that is to be registered; `None` if it is not the time for it.
pub async fn send_address_code(
    app: &App,
    of: &StepOf,
    address: &str,
    language: &str,
) -> Result<Option<Sent>, ActionError> {
    send(app, of, LoginPage::EmailAddress, Some(address.to_owned()), language).await
}

async fn send(
    app: &App,
    of: &StepOf,
    page: LoginPage,
    new: Option<String>,
    language: &str,
) -> Result<Option<Sent>, ActionError> {
    let (of, language) = (of.clone(), language.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(step) = hold(&app, &mut tx, &of, page).await? else { return Ok(None) };
        let purpose = if new.is_some() { Purpose::Address } else { Purpose::Login };
        let Some(address) = new.as_deref().or(step.member.verified_email()) else { return Ok(None) };
        let place = purpose.place(&step.login.digest);
        let sent = email_codes::send(&app, &mut tx, purpose, &place, &step.member, address, &language).await?;
        tx.commit().await?;
        Ok(Some(sent))
    })
    .await
}

/// The code has come back: the address is the member's.
pub async fn register_email_address(app: &App, of: &StepOf, code: &Code) -> Result<Shown, ActionError> {
    let (of, code) = (of.clone(), code.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let page = LoginPage::EmailAddressCode;
        let Some(step) = hold(&app, &mut tx, &of, page).await? else { return Ok(Shown::NotNow) };
        let place = Purpose::Address.place(&step.login.digest);
        let actor = of.browser.member();
        let shown = match judge_email_code(&app, &mut tx, &step.member, &place, &code, &actor).await? {
            Tried::Right(address) => {
                let within = Some(&step.login);
                verified_address::take(&app, &mut tx, &step.member, &address, within, &actor).await?;
                let proved = Proved { address: true, ..step.login.proved };
                match step.go_on(&app, &mut tx, &of.browser, proved).await? {
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
    })
    .await
}
