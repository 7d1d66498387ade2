//! `/account/passkey-enrolment`: a member adds a passkey.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_for, signed_in};
use crate::actions::member::{authenticators, raise_session};
use crate::domain::login::flow::AccountPage;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::permissions::Act;
use crate::domain::protocol::params::Params;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::passkey::{self, PasskeyEnrolment};
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The page that asks the browser for a passkey.
#[derive(Clone, Debug, Serialize)]
pub struct AccountPasskeyEnrolmentPage {
    pub enrolment: PasskeyEnrolment,
    /// The passkey becomes the authentication method, sent back as the hidden field `choose`.
    pub choose: bool,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<AccountPasskeyEnrolmentPage>, Stop> {
    if browser.web.app.passkeys.is_none() {
        return Err(Stop::page(ErrorKind::NotFound));
    }
    let SignedIn { member, session } = signed_in(browser, AccountPage::PasskeyEnrolment).await?;
    let enrolment = passkey::enrolment(browser, &member, session.id.as_str(), None, None).await?;
    Ok(Shown::Page(AccountPasskeyEnrolmentPage { enrolment, choose: browser.query.get("choose").is_some() }))
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = add(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn add(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<AccountPasskeyEnrolmentPage>, Stop> {
    browser.web.limits.login(browser.address)?;
    // The question shows that the login was fresh. The authenticator has made the passkey by now: a login in between would
    // leave it there, known to nobody here.
    let SignedIn { member, session } =
        sent_for(browser, fields, AccountPage::PasskeyEnrolment, Act::FinishEnrolment).await?;
    let choose = fields.get("choose").is_some();
    let mut tx = match passkey::enrol(browser, &member, session.id.as_str(), fields).await? {
        Ok(tx) => tx,
        Err(enrolment) => return Ok(Shown::Again(AccountPasskeyEnrolmentPage { enrolment, choose })),
    };
    if choose {
        authenticators::choose(&browser.web.app, &mut tx, &member.id, Method::Passkey, browser.device()).await?;
    }
    let raised = raise_session::by_enrolment(&mut tx, &session).await?;
    tx.commit().await?;
    if let Some(token) = raised {
        browser.renew_session(&token);
    }
    if choose {
        browser.notify(Banner::MethodChanged);
        return Ok(Shown::GoTo(AccountPage::Profile.path()));
    }
    browser.notify(Banner::PasskeyAdded);
    Ok(Shown::GoTo(AccountPage::Passkeys.path()))
}

impl PageTemplate for AccountPasskeyEnrolmentPage {
    const TEMPLATE: &'static str = "account/passkey_enrolment.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page =
            |enrolment: PasskeyEnrolment| AccountPasskeyEnrolmentPage { choose: enrolment.error.is_some(), enrolment };
        passkey::samples().into_iter().map(|(state, enrolment)| (state, page(enrolment))).collect()
    }
}
