//! `/login/password`: user ID and password.

use axum::response::Response;
use serde::Serialize;

use super::sealed_flow;
use crate::actions::ActionError;
use crate::actions::check_password::{Attempt, Proven, check_password};
use crate::actions::complete_login::complete_login;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::ids::FlowId;
use crate::domain::login::flow::{Continue, Flow};
use crate::domain::login::locks::Until;
use crate::domain::login::next_step::{Closed, NextStep, after_password};
use crate::domain::member::profile::Member;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::random;
use crate::store::{WriteTx, login_steps};
use crate::web::error_page::ErrorKind;
use crate::web::oidc::authorize;
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

/// The login page.
#[derive(Clone, Debug, Serialize)]
pub struct PasswordPage {
    /// The authorization request on its way, sent back as the hidden field `flow`.
    pub flow: String,
    /// What was typed before, so that it need not be typed again.
    pub user_id: String,
    pub error: Option<PasswordError>,
}

/// Why the member sees the login page again. `until` is a moment as the reader's language writes it; without one, staff
/// lift the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PasswordError {
    UserIdMissing,
    PasswordMissing,
    BothMissing,
    /// One answer for an unknown ID and a wrong password.
    WrongCredentials,
    PasswordLocked {
        until: Option<String>,
    },
    AccountLocked {
        until: Option<String>,
    },
    InitialPasswordExpired,
}

/// `GET`: the page. Without a flow it is a login to the member's own account here.
pub async fn get(mut visit: Visit) -> Response {
    match show(&mut visit).await {
        Ok(Shown::Page(page)) => visit.page(&page),
        Ok(Shown::Elsewhere(to)) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

enum Shown {
    Page(PasswordPage),
    Elsewhere(String),
}

async fn show(visit: &mut Visit) -> Result<Shown, Trouble> {
    if visit.query.get("flow").is_none() {
        let flow = Flow { id: FlowId(random::identifier()), started_at: visit.site.app.now(), then: Continue::Account };
        return Ok(Shown::Elsewhere(format!("/login/password?flow={}", sealed_flow::seal(visit, &flow))));
    }
    let sealed = visit.query.get("flow").unwrap_or_default().to_owned();
    let flow = sealed_flow::open(visit, Some(&sealed))?;
    let client = sealed_flow::client(visit, &flow).await?;
    on_behalf_of(visit, &flow, client.as_ref());
    let user_id = flow.request().and_then(|r| r.login_hint.clone()).unwrap_or_default();
    Ok(Shown::Page(PasswordPage { flow: sealed, user_id, error: None }))
}

/// Shows on every page of a login which application it is for.
pub fn on_behalf_of(visit: &mut Visit, flow: &Flow, client: Option<&Client>) {
    if let (Some(request), Some(client)) = (flow.request(), client) {
        visit.on_behalf_of(client, &request.redirect_uri, request.ui_locales.as_deref());
    }
}

/// `POST`: one attempt.
pub async fn post(OwnForm { mut visit, fields }: OwnForm) -> Response {
    let sealed = fields.get("flow").unwrap_or_default().to_owned();
    let user_id = fields.get("user_id").unwrap_or_default().to_owned();
    match attempt(&mut visit, &sealed, &user_id, fields.get("password"), fields.get("cancel").is_some()).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Again(error)) => visit.form_again(&PasswordPage { flow: sealed, user_id, error: Some(error) }),
        Err(trouble) => visit.trouble(trouble),
    }
}

enum Outcome {
    GoTo(String),
    Again(PasswordError),
}

async fn attempt(
    visit: &mut Visit,
    sealed: &str,
    user_id: &str,
    password: Option<&str>,
    cancelled: bool,
) -> Result<Outcome, Trouble> {
    let flow = sealed_flow::open(visit, Some(sealed))?;
    let client = sealed_flow::client(visit, &flow).await?;
    on_behalf_of(visit, &flow, client.as_ref());
    if cancelled {
        return Ok(Outcome::GoTo(cancel(visit, &flow)));
    }
    let app = visit.site.app.clone();
    let password = match (app.user_ids.understand(user_id).is_empty(), password) {
        (true, None) => return Ok(Outcome::Again(PasswordError::BothMissing)),
        (true, Some(_)) => return Ok(Outcome::Again(PasswordError::UserIdMissing)),
        (false, None) => return Ok(Outcome::Again(PasswordError::PasswordMissing)),
        (false, Some(password)) => password,
    };
    visit.site.limits.login(visit.address)?;
    let limits = std::sync::Arc::clone(&visit.site.limits);
    // A device that has logged in before is not counted among the strangers: their guesses can't shut its owner out.
    let strangers = |account: &str| limits.login_to_account(account);
    match check_password(&app, user_id, password, visit.device_token(), strangers).await? {
        Attempt::TooOften(exceeded) => Err(exceeded.into()),
        Attempt::Wrong => Ok(Outcome::Again(PasswordError::WrongCredentials)),
        Attempt::Locked(until) => Ok(Outcome::Again(PasswordError::PasswordLocked { until: written(visit, until) })),
        Attempt::Right(proven) => right_password(visit, flow, client, *proven).await,
    }
}

/// The moment at which a lock ends, as the reader's language writes it.
fn written(visit: &Visit, until: Until) -> Option<String> {
    match until {
        Until::Staff => None,
        Until::Time(at) => Some(visit.site.catalogue.date_time(visit.locale(), at)),
    }
}

/// Back to the application, which is told that the member did not want to.
pub fn cancel(visit: &Visit, flow: &Flow) -> String {
    match &flow.then {
        Continue::Authorize(request) => {
            let error = ErrorCode::AccessDenied.because("the member cancelled the login");
            authorize::error_to_client(visit, &request.redirect_uri, request.state.as_deref(), &error)
        }
        Continue::Account => "/help".to_owned(),
    }
}

async fn right_password(
    visit: &mut Visit,
    flow: Flow,
    client: Option<Client>,
    proven: Proven,
) -> Result<Outcome, Trouble> {
    let app = visit.site.app.clone();
    let now = app.now();
    let mut tx = app.store.write().await?;
    // Hashing takes a while: staff may have given the member another password, or locked the account, meanwhile.
    let Some(member) = proven.settle(&mut tx).await? else {
        return Ok(Outcome::Again(PasswordError::WrongCredentials));
    };
    let outcome = match after_password(&member, &proven.password, now) {
        NextStep::Complete => Outcome::GoTo(finish(visit, &mut tx, flow, client.as_ref(), &member).await?),
        NextStep::ChangeInitialPassword => {
            let step = opaque_token::new(Kind::Step);
            let expires_at = now + app.settings.sessions.login_time_limit;
            let digest = opaque_token::digest(step.expose());
            let browser = visit.browser_digest();
            login_steps::insert(&mut tx, &digest, &browser, &member.id, &flow, now, expires_at).await?;
            Outcome::GoTo(format!("/login/initial-password?step={}", step.expose()))
        }
        NextStep::Refuse(Closed::AccountLocked) => Outcome::Again(PasswordError::AccountLocked { until: None }),
        NextStep::Refuse(Closed::InitialPasswordExpired) => Outcome::Again(PasswordError::InitialPasswordExpired),
        NextStep::Refuse(Closed::Disabled) => {
            tx.commit().await?;
            return Err(Trouble::page(ErrorKind::AccountDisabled));
        }
    };
    tx.commit().await?;
    Ok(outcome)
}

/// Every step is done: the session begins, and the browser goes on to what the login was for.
pub async fn finish(
    visit: &mut Visit,
    tx: &mut WriteTx,
    flow: Flow,
    client: Option<&Client>,
    member: &Member,
) -> Result<String, ActionError> {
    let app = visit.site.app.clone();
    let before = visit.session_in(tx).await?;
    let done = complete_login(&app, tx, &member.id, &flow.id, visit.bearer(before.as_ref())).await?;
    visit.log_in(&done);
    match (flow.then, client) {
        (Continue::Authorize(request), Some(client)) => {
            authorize::proceed(visit, tx, *request, client, &done.session).await
        }
        (Continue::Authorize(_), None) | (Continue::Account, _) => Ok("/account/profile".to_owned()),
    }
}

impl PageTemplate for PasswordPage {
    const TEMPLATE: &'static str = "login/password.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |user_id: &str, error| PasswordPage { flow: "flow-1".into(), user_id: user_id.into(), error };
        let until = Some(String::from("2026-11-22 10:42"));
        vec![
            ("fresh", page("", None)),
            ("hinted", page("hanako", None)),
            ("user_id_missing", page("", Some(PasswordError::UserIdMissing))),
            ("password_missing", page("hanako", Some(PasswordError::PasswordMissing))),
            ("both_missing", page("", Some(PasswordError::BothMissing))),
            ("wrong_credentials", page("<hanako>", Some(PasswordError::WrongCredentials))),
            ("password_locked", page("hanako", Some(PasswordError::PasswordLocked { until: None }))),
            ("password_locked_until", page("hanako", Some(PasswordError::PasswordLocked { until: until.clone() }))),
            ("account_locked", page("hanako", Some(PasswordError::AccountLocked { until: None }))),
            ("account_locked_until", page("hanako", Some(PasswordError::AccountLocked { until }))),
            ("initial_password_expired", page("hanako", Some(PasswordError::InitialPasswordExpired))),
        ]
    }
}
