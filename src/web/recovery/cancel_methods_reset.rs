//! `/recovery/cancel-methods-reset`: the page behind the link of the mail that tells of a request to set the authentication
//! methods up again. Opening it changes nothing, since mail scanners open links; the button cancels, and that is all that
//! the link is good for.

use axum::response::Response;
use serde::Serialize;

use crate::actions::login::lost_methods::{cancel, cancel_link};
use crate::domain::actor::Actor;
use crate::domain::protocol::params::Params;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The button, or why there is none.
#[derive(Clone, Debug, Serialize)]
pub struct CancelMethodsResetPage {
    pub state: CancelState,
    pub link: String,
    /// Whose account it is: a family shares one address.
    pub user_id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelState {
    Form,
    /// There is nothing to cancel: it was cancelled or used, it has expired, or it never was.
    NothingToCancel,
    Done,
}

pub async fn get(browser: BrowserRequest) -> Response {
    let token = browser.query.get("link").unwrap_or_default().to_owned();
    match show(&browser, token).await {
        // No links to other languages: they would carry the token about.
        Ok(page) => browser.done(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn show(browser: &BrowserRequest, token: String) -> Result<CancelMethodsResetPage, PageError> {
    let link = cancel_link(&browser.web.app, &token).await?;
    Ok(CancelMethodsResetPage {
        state: if link.is_some() { CancelState::Form } else { CancelState::NothingToCancel },
        link: token,
        user_id: link.map(|link| link.member.user_id).unwrap_or_default(),
    })
}

pub async fn post(OwnForm { browser, fields }: OwnForm) -> Response {
    match act(&browser, &fields).await {
        Ok(page) => browser.done(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn act(browser: &BrowserRequest, fields: &Params) -> Result<CancelMethodsResetPage, PageError> {
    browser.web.limits.login(browser.address)?;
    let app = &browser.web.app;
    let token = fields.get("link").unwrap_or_default().to_owned();
    let Some(link) = cancel_link(app, &token).await? else { return show(browser, token).await };
    let done = cancel(app, &Actor::Member(browser.device()), &link).await?;
    Ok(CancelMethodsResetPage {
        state: if done { CancelState::Done } else { CancelState::NothingToCancel },
        link: token,
        user_id: link.member.user_id,
    })
}

impl PageTemplate for CancelMethodsResetPage {
    const TEMPLATE: &'static str = "recovery/cancel_methods_reset.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |state| CancelMethodsResetPage { state, link: "link-1".into(), user_id: "<hanako>".into() };
        vec![
            ("form", page(CancelState::Form)),
            ("nothing_to_cancel", page(CancelState::NothingToCancel)),
            ("done", page(CancelState::Done)),
        ]
    }
}
