//! `/login/passkey-enrolment`: in a login that needs a second factor, a passkey is enrolled.

use axum::response::Response;
use serde::Serialize;

use super::step::{self, LoginPage, Progress, Step, Turn};
use crate::actions::account_events::record;
use crate::domain::login::next_step::Second;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::protocol::params::Params;
use crate::store::members;
use crate::web::page::PageTemplate;
use crate::web::passkey::{self, PasskeyEnrolment};
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

/// The page that asks the browser for a passkey.
#[derive(Clone, Debug, Serialize)]
pub struct LoginPasskeyEnrolmentPage {
    pub step: String,
    pub progress: Option<Progress>,
    /// The page with the choice of methods.
    pub back: String,
    pub enrolment: PasskeyEnrolment,
}

pub async fn get(mut visit: Visit) -> Response {
    let token = visit.query.get("step").map(str::to_owned);
    match show(&mut visit, token.as_deref()).await {
        Ok(Outcome::Again(page)) => visit.page(&page),
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

enum Outcome {
    GoTo(String),
    Again(LoginPasskeyEnrolmentPage),
}

async fn show(visit: &mut Visit, token: Option<&str>) -> Result<Outcome, Trouble> {
    match step::turn(visit, token, LoginPage::PasskeyEnrolment).await? {
        Turn::Here(step) => Ok(Outcome::Again(page(&step, passkey::enrolment(visit, &step.member, None, None).await?))),
        Turn::Elsewhere(to) => Ok(Outcome::GoTo(to)),
    }
}

fn page(step: &Step, enrolment: PasskeyEnrolment) -> LoginPasskeyEnrolmentPage {
    LoginPasskeyEnrolmentPage {
        step: step.token.clone(),
        progress: step.progress(),
        back: LoginPage::Method.address(&step.token),
        enrolment,
    }
}

pub async fn post(OwnForm { mut visit, fields }: OwnForm) -> Response {
    match enrol(&mut visit, &fields).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Again(page)) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn enrol(visit: &mut Visit, fields: &Params) -> Result<Outcome, Trouble> {
    let step = match step::turn(visit, fields.get("step"), LoginPage::PasskeyEnrolment).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    visit.site.limits.login(visit.address)?;
    let mut tx = match passkey::enrol(visit, &step.member, fields).await? {
        Ok(tx) => tx,
        Err(form) => return Ok(Outcome::Again(page(&step, form))),
    };
    let app = visit.site.app.clone();
    members::set_method(&mut tx, &step.member.id, Some(Method::Passkey)).await?;
    let event = AccountEvent::MethodChosen { method: Method::Passkey };
    record(&app, &mut tx, &step.member, event, Some(visit.device())).await?;
    let proved = step.login.proved.with(Second::Method(Method::Passkey), false);
    let to = step.go_on(visit, &mut tx, proved).await?;
    tx.commit().await?;
    Ok(Outcome::GoTo(to))
}

impl PageTemplate for LoginPasskeyEnrolmentPage {
    const TEMPLATE: &'static str = "login/passkey_enrolment.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |enrolment: PasskeyEnrolment| LoginPasskeyEnrolmentPage {
            step: "step-1".into(),
            progress: enrolment.error.is_none().then_some(Progress { step: 3, of: 3 }),
            back: "/login/method?step=step-1".into(),
            enrolment,
        };
        passkey::samples().into_iter().map(|(state, enrolment)| (state, page(enrolment))).collect()
    }
}
