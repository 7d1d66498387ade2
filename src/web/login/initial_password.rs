//! `/login/initial-password`: at the first login, a password of one's own takes the place of the initial one.

use axum::response::Response;
use serde::Serialize;

use super::{password, sealed_flow};
use crate::actions::check_password::{hash_new_password, is_password};
use crate::actions::members::replace_password;
use crate::crypto::opaque_token;
use crate::domain::login::password_policy::{CharacterClass, PasswordRule, normalise_password};
use crate::domain::member::profile::{Member, Password};
use crate::domain::member::user_id::UserId;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::params::Params;
use crate::store::login_steps::{self, LoginStep};
use crate::store::{browser_sessions, members};
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

/// The page where a member chooses a password.
#[derive(Clone, Debug, Serialize)]
pub struct InitialPasswordPage {
    /// Which login this belongs to, sent back as the hidden field `step`.
    pub step: String,
    /// Tells password managers whose password it is.
    pub user_id: String,
    /// The rules, shown before typing.
    pub policy: Vec<PolicyLine>,
    /// Every rule that the password just sent breaks.
    pub broken: Vec<PolicyLine>,
    /// The two fields differed.
    pub mismatch: bool,
}

/// A rule for passwords as the page words it; `n` counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PolicyLine {
    MinLength { n: usize },
    MaxLength { n: usize },
    AllowedCharacters,
    NeedsLower,
    NeedsUpper,
    NeedsDigit,
    NeedsSymbol,
    NotUserId,
    NotCommon,
    NotBefore,
}

impl From<PasswordRule> for PolicyLine {
    fn from(rule: PasswordRule) -> Self {
        match rule {
            PasswordRule::MinLength { min } => PolicyLine::MinLength { n: min as usize },
            PasswordRule::MaxLength { max } => PolicyLine::MaxLength { n: max as usize },
            PasswordRule::AllowedCharacters { .. } => PolicyLine::AllowedCharacters,
            PasswordRule::RequiredClass { class: CharacterClass::Lower } => PolicyLine::NeedsLower,
            PasswordRule::RequiredClass { class: CharacterClass::Upper } => PolicyLine::NeedsUpper,
            PasswordRule::RequiredClass { class: CharacterClass::Digit } => PolicyLine::NeedsDigit,
            PasswordRule::RequiredClass { class: CharacterClass::Symbol } => PolicyLine::NeedsSymbol,
            PasswordRule::NotUserId => PolicyLine::NotUserId,
            PasswordRule::NotCommon => PolicyLine::NotCommon,
        }
    }
}

/// A step that waits in this browser, with all that it needs.
struct Waiting {
    token: String,
    digest: String,
    step: LoginStep,
    client: Option<Client>,
    member: Member,
    password: Password,
}

/// The step, unless it was taken, has expired, belongs to another browser or its member may not come in any more.
async fn waiting(visit: &mut Visit, token: Option<&str>) -> Result<Waiting, Trouble> {
    let gone = || Trouble::page(ErrorKind::FlowExpired);
    let token = token.ok_or_else(gone)?.to_owned();
    let digest = opaque_token::digest(&token);
    let app = visit.site.app.clone();
    let mut reader = app.store.reader().await?;
    let browser = visit.browser_digest();
    let step = login_steps::waiting(&mut reader, &digest, &browser, app.now()).await?.ok_or_else(gone)?;
    let member = members::by_id(&mut reader, &step.member).await?.filter(Member::may_act).ok_or_else(gone)?;
    let still_initial = |p: &Password| p.initial_until.is_some_and(|until| app.now() < until);
    let password = members::password(&mut reader, &step.member).await?.filter(still_initial).ok_or_else(gone)?;
    drop(reader);
    let client = sealed_flow::client(visit, &step.flow).await?;
    password::on_behalf_of(visit, &step.flow, client.as_ref());
    Ok(Waiting { token, digest, step, client, member, password })
}

fn page(visit: &Visit, waiting: &Waiting, broken: Vec<PolicyLine>, mismatch: bool) -> InitialPasswordPage {
    let rules = visit.site.app.password_policy.rules();
    let policy = rules.into_iter().map(PolicyLine::from).chain([PolicyLine::NotBefore]).collect();
    InitialPasswordPage {
        step: waiting.token.clone(),
        user_id: waiting.member.user_id.clone(),
        policy,
        broken,
        mismatch,
    }
}

pub async fn get(mut visit: Visit) -> Response {
    let token = visit.query.get("step").map(str::to_owned);
    match waiting(&mut visit, token.as_deref()).await {
        Ok(waiting) => {
            let page = page(&visit, &waiting, Vec::new(), false);
            visit.page(&page)
        }
        Err(trouble) => visit.trouble(trouble),
    }
}

pub async fn post(OwnForm { mut visit, fields }: OwnForm) -> Response {
    match choose(&mut visit, &fields).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Again(page)) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

enum Outcome {
    GoTo(String),
    Again(InitialPasswordPage),
}

async fn choose(visit: &mut Visit, fields: &Params) -> Result<Outcome, Trouble> {
    let waiting = waiting(visit, fields.get("step")).await?;
    let app = visit.site.app.clone();
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(password::cancel(visit, &waiting.step.flow)));
    }
    visit.site.limits.login(visit.address)?;
    let typed = fields.get("new_password").unwrap_or_default();
    let mismatch = fields.get("new_password_again").unwrap_or_default() != typed;
    let user_id = UserId::stored(waiting.member.user_id.clone());
    let rules = app.password_policy.broken(&normalise_password(typed), &user_id, &app.common_passwords);
    let mut broken: Vec<PolicyLine> = rules.into_iter().map(PolicyLine::from).collect();
    if broken.is_empty() && !mismatch && is_password(&app, typed, &waiting.password.hash).await? {
        broken.push(PolicyLine::NotBefore);
    }
    if !broken.is_empty() || mismatch {
        return Ok(Outcome::Again(page(visit, &waiting, broken, mismatch)));
    }
    let hash = hash_new_password(&app, typed).await?;
    let now = app.now();
    let mut tx = app.store.write().await?;
    if !login_steps::take(&mut tx, &waiting.digest, &visit.browser_digest(), now).await? {
        return Err(Trouble::page(ErrorKind::FlowExpired));
    }
    replace_password(&app, &mut tx, &waiting.member, &hash, None, now).await?;
    browser_sessions::end_all(&mut tx, &waiting.member.id, now).await?;
    let to = password::finish(visit, &mut tx, waiting.step.flow, waiting.client.as_ref(), &waiting.member).await?;
    tx.commit().await?;
    Ok(Outcome::GoTo(to))
}

impl PageTemplate for InitialPasswordPage {
    const TEMPLATE: &'static str = "login/initial_password.html";

    fn samples() -> Vec<(&'static str, Self)> {
        use PolicyLine::*;
        let usual = [MinLength { n: 8 }, MaxLength { n: 64 }, AllowedCharacters, NotUserId, NotCommon, NotBefore];
        let every = [usual.as_slice(), &[NeedsLower, NeedsUpper, NeedsDigit, NeedsSymbol]].concat();
        let page = |policy: &[PolicyLine], broken: &[PolicyLine], mismatch| InitialPasswordPage {
            step: "step-1".into(),
            user_id: "hanako".into(),
            policy: policy.into(),
            broken: broken.into(),
            mismatch,
        };
        vec![
            ("fresh", page(&usual, &[], false)),
            ("every_rule", page(&every, &[], false)),
            ("mismatch", page(&usual, &[], true)),
            ("two_broken", page(&usual, &[MinLength { n: 8 }, NotCommon], false)),
            ("every_rule_broken", page(&every, &every, true)),
        ]
    }
}
