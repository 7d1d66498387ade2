//! `/account/passkey-enrolment`: a member adds a passkey.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Entrance, freshly_signed_in, signed_in};
use crate::domain::login::flow::AccountPage;
use crate::domain::protocol::params::Params;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::passkey::{self, PasskeyEnrolment};
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

/// The page that asks the browser for a passkey.
#[derive(Clone, Debug, Serialize)]
pub struct AccountPasskeyEnrolmentPage {
    pub enrolment: PasskeyEnrolment,
}

enum Outcome {
    GoTo(String),
    Page(AccountPasskeyEnrolmentPage),
}

pub async fn get(visit: Visit) -> Response {
    match show(&visit).await {
        Ok(Outcome::Page(page)) => visit.page(&page),
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn show(visit: &Visit) -> Result<Outcome, Trouble> {
    if visit.site.app.passkeys.is_none() {
        return Err(Trouble::page(ErrorKind::NotFound));
    }
    match freshly_signed_in(visit, AccountPage::PasskeyEnrolment).await? {
        Entrance::Login(to) => Ok(Outcome::GoTo(to)),
        Entrance::Open(member) => {
            let enrolment = passkey::enrolment(visit, &member, None, None).await?;
            Ok(Outcome::Page(AccountPasskeyEnrolmentPage { enrolment }))
        }
    }
}

pub async fn post(OwnForm { visit, fields }: OwnForm) -> Response {
    match add(&visit, &fields).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Page(page)) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn add(visit: &Visit, fields: &Params) -> Result<Outcome, Trouble> {
    visit.site.limits.login(visit.address)?;
    // The question shows that the login was fresh. The authenticator has made the passkey by now: a login in between would
    // leave it there, known to nobody here.
    let member = match signed_in(visit, AccountPage::PasskeyEnrolment).await? {
        Entrance::Open(member) => member,
        Entrance::Login(to) => return Ok(Outcome::GoTo(to)),
    };
    match passkey::enrol(visit, &member, fields).await? {
        Ok(tx) => {
            tx.commit().await?;
            Ok(Outcome::GoTo(AccountPage::Passkeys.path()))
        }
        Err(enrolment) => Ok(Outcome::Page(AccountPasskeyEnrolmentPage { enrolment })),
    }
}

impl PageTemplate for AccountPasskeyEnrolmentPage {
    const TEMPLATE: &'static str = "account/passkey_enrolment.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |enrolment| AccountPasskeyEnrolmentPage { enrolment };
        passkey::samples().into_iter().map(|(state, enrolment)| (state, page(enrolment))).collect()
    }
}
