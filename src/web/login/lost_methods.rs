//! `/login/lost-methods`: for a member who can show no second factor any more. It says what applies here, and goes on with
//! whatever may be done now: another method, a reset of the password, a request, or setting everything up again.

use axum::response::Response;
use serde::Serialize;

use super::step::{self, Alternative, LoginPage, Step, Turn};
use crate::actions::login::lost_methods::{self, Asked, Holdings};
use crate::config::LostMethods;
use crate::domain::actor::Actor;
use crate::domain::login::lost_methods::MethodsReset;
use crate::domain::login::next_step::{NextStep, next_step};
use crate::domain::member::authentication_method::Enrolled;
use crate::domain::protocol::params::Params;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: LoginPage = LoginPage::LostMethods;

/// What applies, and the one thing to do about it.
#[derive(Clone, Debug, Serialize)]
pub struct LostMethodsPage {
    pub step: String,
    pub state: LostState,
    pub alternatives: Vec<Alternative>,
}

/// Moments are written as the reader's language writes them.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LostState {
    ShowAnother,
    ResetPasswordFirst {
        cancelled: bool,
        /// What comes after it.
        then: Then,
    },
    MayAsk {
        /// When they may go on, if they ask now; without it staff decide.
        ready_at: Option<String>,
    },
    WaitForStaff {
        asked_at: String,
    },
    Wait {
        until: String,
    },
    MaySetUpAgain {
        until: String,
        email: bool,
        /// How many. Their names are not told to somebody who has shown a password alone.
        apps: usize,
        passkeys: usize,
        recovery_codes: u32,
        trusted_devices: i64,
        /// A method is chosen next; otherwise the password alone is enough from then on.
        choose_next: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    SetUp,
    AskStaff,
    Wait,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let token = browser.query.get("step").map(str::to_owned);
    match show(&mut browser, token.as_deref()).await {
        Ok(Outcome::Page(page)) => browser.page(&page),
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

enum Outcome {
    GoTo(String),
    Page(LostMethodsPage),
}

async fn show(browser: &mut BrowserRequest, token: Option<&str>) -> Result<Outcome, PageError> {
    match step::turn(browser, token, PAGE).await? {
        Turn::Here(step) => Ok(Outcome::Page(page(browser, &step).await?)),
        Turn::Elsewhere(to) => Ok(Outcome::GoTo(to)),
    }
}

async fn page(browser: &BrowserRequest, step: &Step) -> Result<LostMethodsPage, PageError> {
    let app = &browser.web.app;
    let mut reader = app.store.reader().await?;
    let reset = lost_methods::methods_reset(app, &mut reader, &step.member.id).await?;
    let holdings = lost_methods::holdings(app, &mut reader, &step.member).await?;
    drop(reader);
    Ok(LostMethodsPage {
        step: step.token.clone(),
        state: state(browser, step, reset, holdings),
        alternatives: step.alternatives(PAGE),
    })
}

fn state(browser: &BrowserRequest, step: &Step, reset: MethodsReset, holdings: Holdings) -> LostState {
    let app = &browser.web.app;
    let policy = app.settings.authentication.lost_methods;
    match reset {
        MethodsReset::ShowAnother => LostState::ShowAnother,
        MethodsReset::ResetPasswordFirst { cancelled } => LostState::ResetPasswordFirst {
            cancelled,
            then: match policy {
                LostMethods::Mail | LostMethods::Proof => Then::SetUp,
                LostMethods::Staff => Then::AskStaff,
                LostMethods::Wait { .. } => Then::Wait,
            },
        },
        MethodsReset::MayAsk { .. } => LostState::MayAsk {
            ready_at: match policy {
                LostMethods::Wait { lasts } => Some(browser.date_time(app.now() + lasts)),
                LostMethods::Mail | LostMethods::Proof | LostMethods::Staff => None,
            },
        },
        MethodsReset::WaitForStaff { asked_at } => LostState::WaitForStaff { asked_at: browser.date_time(asked_at) },
        MethodsReset::Wait { until } => LostState::Wait { until: browser.date_time(until) },
        MethodsReset::MaySetUpAgain { until } => {
            let none = Enrolled::default();
            let proved = &step.login.proved;
            let due = next_step(&step.member, step.password.as_ref(), &none, proved, &step.demands, app.now());
            LostState::MaySetUpAgain {
                until: browser.date_time(until),
                email: holdings.email,
                apps: holdings.apps.len(),
                passkeys: holdings.passkeys.len(),
                recovery_codes: holdings.recovery_codes,
                trusted_devices: holdings.trusted_devices,
                choose_next: due != NextStep::Complete,
            }
        }
    }
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match act(&mut browser, &fields).await {
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Ok(Outcome::Page(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn act(browser: &mut BrowserRequest, fields: &Params) -> Result<Outcome, PageError> {
    let step = match step::turn(browser, fields.get("step"), PAGE).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(browser)));
    }
    browser.limit_attempts()?;
    let app = browser.web.app.clone();
    // Where it is no longer the time for what was pressed, the page says what it is the time for.
    let again = PAGE.address(&step.token);
    if fields.get("ask").is_some() {
        let actor = Actor::Member(browser.device());
        let (Asked::Done | Asked::NotNow) = lost_methods::ask(&app, &actor, &step.member.id).await?;
        return Ok(Outcome::GoTo(again));
    }
    if fields.get("set_up_again").is_none() {
        return Ok(Outcome::GoTo(again));
    }
    match lost_methods::set_up_again(&app, &step.of(browser)).await? {
        Some(went) => Ok(Outcome::GoTo(step.on(browser, went))),
        None => Ok(Outcome::GoTo(again)),
    }
}

impl PageTemplate for LostMethodsPage {
    const TEMPLATE: &'static str = "login/lost_methods.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |state| LostMethodsPage {
            step: "step-1".into(),
            state,
            alternatives: vec![Alternative { name: "totp", href: "/login/totp?step=step-1".into() }],
        };
        let first = |cancelled, then| page(LostState::ResetPasswordFirst { cancelled, then });
        let at = || String::from("2026-11-22 10:42");
        let everything = LostState::MaySetUpAgain {
            until: at(),
            email: true,
            apps: 2,
            passkeys: 1,
            recovery_codes: 9,
            trusted_devices: 2,
            choose_next: true,
        };
        let one = LostState::MaySetUpAgain {
            until: at(),
            email: false,
            apps: 1,
            passkeys: 0,
            recovery_codes: 0,
            trusted_devices: 0,
            choose_next: false,
        };
        vec![
            ("show_another", page(LostState::ShowAnother)),
            ("reset_first", first(false, Then::SetUp)),
            ("reset_first_then_staff", first(false, Then::AskStaff)),
            ("reset_first_then_wait", first(false, Then::Wait)),
            ("cancelled", first(true, Then::Wait)),
            ("may_ask_staff", page(LostState::MayAsk { ready_at: None })),
            ("may_ask_and_wait", page(LostState::MayAsk { ready_at: Some(at()) })),
            ("wait_for_staff", page(LostState::WaitForStaff { asked_at: at() })),
            ("wait", page(LostState::Wait { until: at() })),
            ("may_set_up_again", page(everything)),
            ("then_password_alone", page(one)),
        ]
    }
}
