//! `/login/initial-password`: at the first login, a password of one's own takes the place of the initial one; later, another
//! takes the place of one that is older than the operator allows.

use axum::response::Response;
use serde::Serialize;

use super::sealed_flow;
use super::step::{self, LoginPage, Progress, Step, Turn};
use crate::actions::login::replace_initial_password::{Outcome as Replacement, replace_initial_password};
use crate::actions::member::change_password::broken_rules;
use crate::domain::login::next_step::NextStep;
use crate::domain::login::password_policy::{CharacterClass, PasswordRule};
use crate::domain::member::profile::{Member, Password};
use crate::domain::protocol::params::Params;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The page where a member chooses a password.
#[derive(Clone, Debug, Serialize)]
pub struct InitialPasswordPage {
    /// Which login this belongs to, sent back as the hidden field `step`.
    pub step: String,
    pub progress: Option<Progress>,
    /// The password is the member's own and has grown too old.
    pub too_old: bool,
    /// Tells password managers whose password it is.
    pub user_id: String,
    /// The rules, shown before typing.
    pub policy: Vec<PolicyLine>,
    /// Every rule that the password just sent breaks.
    pub broken: Vec<PolicyLine>,
    /// The two fields differed.
    pub mismatch: bool,
}

/// A rule for passwords as the page words it; `n` counts characters or passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PolicyLine {
    MinLength {
        n: usize,
    },
    MaxLength {
        n: usize,
    },
    AllowedCharacters,
    NeedsLower,
    NeedsUpper,
    NeedsDigit,
    NeedsSymbol,
    NotUserId,
    NotCommon,
    /// The present one and `n` before it.
    NotBefore {
        n: usize,
    },
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
            PasswordRule::NotBefore { former } => PolicyLine::NotBefore { n: former as usize },
        }
    }
}

fn page(browser: &BrowserRequest, step: &Step, broken: Vec<PolicyLine>, mismatch: bool) -> InitialPasswordPage {
    InitialPasswordPage {
        step: step.token.clone(),
        progress: step.progress(),
        too_old: step.due == NextStep::ChangeOldPassword,
        user_id: step.member.user_id.clone(),
        policy: policy(browser),
        broken,
        mismatch,
    }
}

/// The rules as pages word them.
pub fn policy(browser: &BrowserRequest) -> Vec<PolicyLine> {
    browser.web.app.password_policy.rules().into_iter().map(PolicyLine::from).collect()
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let token = browser.query.get("step").map(str::to_owned);
    match step::turn(&mut browser, token.as_deref(), LoginPage::InitialPassword).await {
        Ok(Turn::Here(step)) => {
            let page = page(&browser, &step, Vec::new(), false);
            browser.page(&page)
        }
        Ok(Turn::Elsewhere(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match choose(&mut browser, &fields).await {
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Ok(Outcome::Again(page)) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

enum Outcome {
    GoTo(String),
    Again(InitialPasswordPage),
}

async fn choose(browser: &mut BrowserRequest, fields: &Params) -> Result<Outcome, PageError> {
    let step = match step::turn(browser, fields.get("step"), LoginPage::InitialPassword).await? {
        Turn::Here(step) => *step,
        Turn::Elsewhere(to) => return Ok(Outcome::GoTo(to)),
    };
    let app = browser.web.app.clone();
    if fields.get("cancel").is_some() {
        return Ok(Outcome::GoTo(step.cancel(browser)));
    }
    browser.limit_attempts()?;
    let typed = fields.get("new_password").unwrap_or_default();
    let mismatch = fields.get("new_password_again").unwrap_or_default() != typed;
    let broken = broken(browser, &step.member, step.password.as_ref(), typed).await?;
    if !broken.is_empty() || mismatch {
        return Ok(Outcome::Again(page(browser, &step, broken, mismatch)));
    }
    let Some(before) = &step.password else { return Err(sealed_flow::expired(browser, step.login.flow.clone())) };
    match replace_initial_password(&app, &step.of(browser), before, typed).await? {
        Replacement::Replaced(went) => Ok(Outcome::GoTo(step.on(browser, went))),
        Replacement::NotNow => Ok(Outcome::GoTo(step.anew(browser, LoginPage::InitialPassword).await?)),
        Replacement::Outdated => Err(sealed_flow::expired(browser, step.login.flow.clone())),
    }
}

/// Every rule that a new password breaks, the one against passwords before included.
pub async fn broken(
    browser: &BrowserRequest,
    member: &Member,
    before: Option<&Password>,
    typed: &str,
) -> Result<Vec<PolicyLine>, PageError> {
    let broken = broken_rules(&browser.web.app, member, before, typed).await?;
    Ok(broken.into_iter().map(PolicyLine::from).collect())
}

impl PageTemplate for InitialPasswordPage {
    const TEMPLATE: &'static str = "login/initial_password.html";

    fn samples() -> Vec<(&'static str, Self)> {
        use PolicyLine::*;
        let usual =
            [MinLength { n: 8 }, MaxLength { n: 64 }, AllowedCharacters, NotUserId, NotCommon, NotBefore { n: 0 }];
        let every = [usual.as_slice(), &[NeedsLower, NeedsUpper, NeedsDigit, NeedsSymbol]].concat();
        let page = |policy: &[PolicyLine], broken: &[PolicyLine], mismatch: bool| InitialPasswordPage {
            step: "step-1".into(),
            progress: (!mismatch).then_some(Progress { step: 1, of: 3 }),
            too_old: false,
            user_id: "hanako".into(),
            policy: policy.into(),
            broken: broken.into(),
            mismatch,
        };
        let own = [usual.as_slice(), &[NotBefore { n: 3 }]].concat();
        vec![
            ("fresh", page(&usual, &[], false)),
            ("too_old", InitialPasswordPage { too_old: true, progress: None, ..page(&own, &[], false) }),
            ("every_rule", page(&every, &[], false)),
            ("mismatch", page(&usual, &[], true)),
            ("two_broken", page(&usual, &[MinLength { n: 8 }, NotCommon], false)),
            ("every_rule_broken", page(&every, &every, true)),
        ]
    }
}
