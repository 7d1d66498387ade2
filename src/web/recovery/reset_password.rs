//! `/recovery/reset-password`: the page behind the link of a mail. Opening it uses nothing up, since mail scanners open
//! links, too; any browser may, and whoever is logged in there is neither used nor changed.

use axum::response::Response;
use serde::Serialize;

use crate::actions::member::reset_password::{self, Link, Reset};
use crate::config::{LostMethods, SecondFactor};
use crate::domain::actor::Actor;
use crate::domain::protocol::params::Params;
use crate::web::login::initial_password::{PolicyLine, broken, policy};
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The form, or why there is none.
#[derive(Clone, Debug, Serialize)]
pub struct ResetPasswordPage {
    pub state: ResetState,
    pub link: String,
    /// Whose password it is: a family shares one address.
    pub user_id: String,
    pub policy: Vec<PolicyLine>,
    pub broken: Vec<PolicyLine>,
    pub mismatch: bool,
    /// Who has lost the second factor, too, may be helped further.
    pub lost_next: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetState {
    Form,
    /// Used, expired, followed by another, or never given out.
    LinkUnusable,
    Done,
}

fn page(browser: &BrowserRequest, token: &str, link: Option<&Link>) -> ResetPasswordPage {
    let authentication = &browser.web.app.settings.authentication;
    ResetPasswordPage {
        state: if link.is_some() { ResetState::Form } else { ResetState::LinkUnusable },
        link: token.to_owned(),
        user_id: link.map(|link| link.member.user_id.clone()).unwrap_or_default(),
        policy: policy(browser),
        broken: Vec::new(),
        mismatch: false,
        lost_next: authentication.second_factor != SecondFactor::Off
            && authentication.lost_methods != LostMethods::Proof,
    }
}

pub async fn get(browser: BrowserRequest) -> Response {
    let token = browser.query.get("link").unwrap_or_default().to_owned();
    match reset_password::link(&browser.web.app, &token).await {
        Ok(link) => {
            let page = page(&browser, &token, link.as_ref());
            // No links to other languages: they would carry the token about.
            browser.done(&page)
        }
        Err(error) => browser.page_error(error.into()),
    }
}

pub async fn post(OwnForm { browser, fields }: OwnForm) -> Response {
    match choose(&browser, &fields).await {
        Ok(page) if page.state == ResetState::Done => browser.done(&page),
        Ok(page) => browser.form_again(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn choose(browser: &BrowserRequest, fields: &Params) -> Result<ResetPasswordPage, PageError> {
    browser.web.limits.login(browser.address)?;
    let app = &browser.web.app;
    let token = fields.get("link").unwrap_or_default();
    let Some(link) = reset_password::link(app, token).await? else { return Ok(page(browser, token, None)) };
    let typed = fields.get("new_password").unwrap_or_default();
    let mut page = page(browser, token, Some(&link));
    page.mismatch = fields.get("new_password_again").unwrap_or_default() != typed;
    page.broken = broken(browser, &link.member, Some(&link.password), typed).await?;
    if page.broken.is_empty() && !page.mismatch {
        let actor = Actor::Member(browser.device());
        page.state = match reset_password::reset_password(app, &actor, &link, typed).await? {
            Reset::Done => ResetState::Done,
            Reset::LinkUnusable => ResetState::LinkUnusable,
        };
    }
    Ok(page)
}

impl PageTemplate for ResetPasswordPage {
    const TEMPLATE: &'static str = "recovery/reset_password.html";

    fn samples() -> Vec<(&'static str, Self)> {
        use PolicyLine::*;
        let page = |state, broken: &[PolicyLine], mismatch| ResetPasswordPage {
            state,
            link: "link-1".into(),
            user_id: "<hanako>".into(),
            policy: vec![MinLength { n: 8 }, AllowedCharacters, NotUserId, NotBefore { n: 0 }],
            broken: broken.into(),
            mismatch,
            lost_next: state == ResetState::Done,
        };
        vec![
            ("fresh", page(ResetState::Form, &[], false)),
            ("broken", page(ResetState::Form, &[MinLength { n: 8 }, NotBefore { n: 0 }], true)),
            ("link_unusable", page(ResetState::LinkUnusable, &[], false)),
            ("done", page(ResetState::Done, &[], false)),
        ]
    }
}
