//! `/login/method`: a member who needs a second factor and has none chooses one. What is chosen is enrolled next.

use axum::response::Response;
use serde::Serialize;

use super::step::{self, LoginPage, Progress, Step, Turn};
use crate::actions::account_events::record;
use crate::domain::login::next_step::{NextStep, Second};
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::email_address::masked;
use crate::domain::protocol::params::Params;
use crate::store::members;
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

/// The page with the choice.
#[derive(Clone, Debug, Serialize)]
pub struct MethodPage {
    pub step: String,
    pub progress: Option<Progress>,
    pub offered: Vec<&'static str>,
    /// The address that codes would go to, masked.
    pub email: Option<String>,
    /// Nothing was chosen.
    pub missing: bool,
}

pub async fn get(mut visit: Visit) -> Response {
    let token = visit.query.get("step").map(str::to_owned);
    match step::turn(&mut visit, token.as_deref(), LoginPage::Method).await {
        Ok(Turn::Here(step)) => visit.page(&page(&step, false)),
        Ok(Turn::Elsewhere(to)) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

fn offered(step: &Step) -> &[Method] {
    match &step.due {
        NextStep::ChooseMethod { offered } => offered,
        _ => &[],
    }
}

fn page(step: &Step, missing: bool) -> MethodPage {
    MethodPage {
        step: step.token.clone(),
        progress: step.progress(),
        offered: offered(step).iter().map(|method| method.name()).collect(),
        email: step.member.verified_email().map(masked),
        missing,
    }
}

enum Outcome {
    GoTo(String),
    Again(MethodPage),
}

pub async fn post(OwnForm { mut visit, fields }: OwnForm) -> Response {
    match choose(&mut visit, &fields).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Again(page)) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn choose(visit: &mut Visit, fields: &Params) -> Result<Outcome, Trouble> {
    let step = match step::turn(visit, fields.get("step"), LoginPage::Method).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(visit)));
    }
    let chosen = fields.get("method").and_then(Method::named).filter(|method| offered(&step).contains(method));
    match chosen {
        None => Ok(Outcome::Again(page(&step, true))),
        Some(Method::Totp) => Ok(Outcome::GoTo(LoginPage::TotpEnrolment.address(&step.token))),
        Some(Method::Passkey) => Ok(Outcome::GoTo(LoginPage::PasskeyEnrolment.address(&step.token))),
        Some(Method::Email) => Ok(Outcome::GoTo(by_email(visit, step).await?)),
    }
}

/// The address is known: where a code that was sent to it has come back in this very login, nothing more is asked; else
/// the next step asks for one.
async fn by_email(visit: &mut Visit, step: Step) -> Result<String, Trouble> {
    let app = visit.site.app.clone();
    let mut tx = app.store.write().await?;
    members::set_email_method(&mut tx, &step.member.id, Some(app.now())).await?;
    members::set_method(&mut tx, &step.member.id, Some(Method::Email)).await?;
    let event = AccountEvent::MethodChosen { method: Method::Email };
    record(&app, &mut tx, &step.member, event, Some(visit.device())).await?;
    let proved = match step.login.proved {
        proved if proved.address => proved.with(Second::Method(Method::Email), false),
        proved => proved,
    };
    let to = step.go_on(visit, &mut tx, proved).await?;
    tx.commit().await?;
    Ok(to)
}

impl PageTemplate for MethodPage {
    const TEMPLATE: &'static str = "login/method.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |offered: &[Method], missing: bool| MethodPage {
            step: "step-1".into(),
            progress: (!missing).then_some(Progress { step: 3, of: 3 }),
            offered: offered.iter().map(|method| method.name()).collect(),
            email: Some("h•••••@example.jp".into()),
            missing,
        };
        vec![
            ("all", page(&Method::ALL, false)),
            ("missing", page(&Method::ALL, true)),
            ("passkey_alone", MethodPage { email: None, ..page(&[Method::Passkey], false) }),
        ]
    }
}
