//! `/recovery/reset-password`: the page behind the link of a mail. Opening it uses nothing up, since mail scanners open
//! links, too; any browser may, and whoever is logged in there is neither used nor changed.

use axum::response::Response;
use serde::Serialize;

use crate::actions::recovery::{self, Link};
use crate::config::{LostMethods, SecondFactor};
use crate::domain::protocol::params::Params;
use crate::web::login::initial_password::{PolicyLine, broken, policy};
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

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

fn page(visit: &Visit, token: &str, link: Option<&Link>) -> ResetPasswordPage {
    let authentication = &visit.site.app.settings.authentication;
    ResetPasswordPage {
        state: if link.is_some() { ResetState::Form } else { ResetState::LinkUnusable },
        link: token.to_owned(),
        user_id: link.map(|link| link.member.user_id.clone()).unwrap_or_default(),
        policy: policy(visit),
        broken: Vec::new(),
        mismatch: false,
        lost_next: authentication.second_factor != SecondFactor::Off
            && authentication.lost_methods != LostMethods::Proof,
    }
}

pub async fn get(visit: Visit) -> Response {
    let token = visit.query.get("link").unwrap_or_default().to_owned();
    match recovery::link(&visit.site.app, &token).await {
        Ok(link) => {
            let page = page(&visit, &token, link.as_ref());
            // No links to other languages: they would carry the token about.
            visit.done(&page)
        }
        Err(error) => visit.trouble(error.into()),
    }
}

pub async fn post(OwnForm { visit, fields }: OwnForm) -> Response {
    match choose(&visit, &fields).await {
        Ok(page) if page.state == ResetState::Done => visit.done(&page),
        Ok(page) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn choose(visit: &Visit, fields: &Params) -> Result<ResetPasswordPage, Trouble> {
    visit.site.limits.login(visit.address)?;
    let app = &visit.site.app;
    let token = fields.get("link").unwrap_or_default();
    let Some(link) = recovery::link(app, token).await? else { return Ok(page(visit, token, None)) };
    let typed = fields.get("new_password").unwrap_or_default();
    let mut page = page(visit, token, Some(&link));
    page.mismatch = fields.get("new_password_again").unwrap_or_default() != typed;
    page.broken = broken(visit, &link.member, Some(&link.password), typed).await?;
    if page.broken.is_empty() && !page.mismatch {
        let done = recovery::reset(app, &link, typed, visit.device()).await?;
        page.state = if done { ResetState::Done } else { ResetState::LinkUnusable };
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
