//! `/login/passkey`: a passkey instead of a password, from the login page, or beside it, as the second factor. With user
//! verification it shows both factors at once. A password lock does not concern it.

use axum::response::Response;
use serde::Serialize;

use super::password::{self, PasswordError};
use super::sealed_flow;
use super::step::{self, Alternative, LoginPage, Step, Turn};
use crate::domain::login::next_step::{Proved, Second};
use crate::domain::member::authentication_method::Method;
use crate::domain::protocol::params::Params;
use crate::web::page::PageTemplate;
use crate::web::passkey::{PasskeyTrouble, Question, answered, ask_member, sample_question};
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

const PAGE: LoginPage = LoginPage::Factor(Method::Passkey);

/// The page that asks for a passkey after the password.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyPage {
    pub step: String,
    pub question: Question,
    pub alternatives: Vec<Alternative>,
    pub error: Option<PasskeyTrouble>,
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
    Again(PasskeyPage),
}

async fn show(visit: &mut Visit, token: Option<&str>) -> Result<Outcome, Trouble> {
    match step::turn(visit, token, PAGE).await? {
        Turn::Here(step) => Ok(Outcome::Again(page(visit, &step, None).await?)),
        Turn::Elsewhere(to) => Ok(Outcome::GoTo(to)),
    }
}

async fn page(visit: &Visit, step: &Step, error: Option<PasskeyTrouble>) -> Result<PasskeyPage, Trouble> {
    let question = ask_member(visit, &step.member).await?;
    Ok(PasskeyPage { step: step.token.clone(), question, alternatives: step.alternatives(PAGE), error })
}

pub async fn post(OwnForm { mut visit, fields }: OwnForm) -> Response {
    if fields.get("step").is_none() {
        let outcome = instead_of_password(&mut visit, &fields).await;
        return password::answer(visit, &fields, outcome);
    }
    match after_password(&mut visit, &fields).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Again(page)) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn after_password(visit: &mut Visit, fields: &Params) -> Result<Outcome, Trouble> {
    let step = match step::turn(visit, fields.get("step"), PAGE).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(visit)));
    }
    visit.site.limits.login(visit.address)?;
    let (mut tx, _) = match answered(visit, Some(&step.member.id), fields).await? {
        Ok(right) => right,
        Err(error) => return Ok(Outcome::Again(page(visit, &step, Some(error)).await?)),
    };
    let proved = step.login.proved.with(Second::Method(Method::Passkey), false);
    let to = step.go_on(visit, &mut tx, proved).await?;
    tx.commit().await?;
    Ok(Outcome::GoTo(to))
}

async fn instead_of_password(visit: &mut Visit, fields: &Params) -> Result<password::Outcome, Trouble> {
    let flow = sealed_flow::open(visit, fields.get("flow"))?;
    let client = sealed_flow::client(visit, &flow).await?;
    password::on_behalf_of(visit, &flow, client.as_ref());
    visit.site.limits.login(visit.address)?;
    let (mut tx, member) = match answered(visit, None, fields).await? {
        Ok(right) => right,
        Err(because) => return Ok(password::Outcome::Again(PasswordError::Passkey { because })),
    };
    let begun = step::begin(visit, &mut tx, flow, client, member, Proved::PASSKEY).await?;
    tx.commit().await?;
    password::begun(visit, begun)
}

impl PageTemplate for PasskeyPage {
    const TEMPLATE: &'static str = "login/passkey.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |error| PasskeyPage {
            step: "step-1".into(),
            question: sample_question(),
            alternatives: vec![Alternative { name: "totp", href: "/login/totp?step=step-1".into() }],
            error,
        };
        vec![
            ("fresh", page(None)),
            ("only_method", PasskeyPage { alternatives: Vec::new(), ..page(None) }),
            ("refused", page(Some(PasskeyTrouble::SecurityKeyInvalid))),
            ("expired", page(Some(PasskeyTrouble::PasskeyExpired))),
            ("unanswered", page(Some(PasskeyTrouble::PasskeyUnanswered))),
        ]
    }
}
