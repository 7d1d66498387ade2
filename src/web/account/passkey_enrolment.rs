//! `/account/passkey-enrolment`: a member adds a passkey.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, freshly, sent_by};
use crate::actions::authenticators;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::authentication_method::Method;
use crate::domain::protocol::params::Params;
use crate::web::error_page::ErrorKind;
use crate::web::notice::Notice;
use crate::web::page::PageTemplate;
use crate::web::passkey::{self, PasskeyEnrolment};
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;

/// The page that asks the browser for a passkey.
#[derive(Clone, Debug, Serialize)]
pub struct AccountPasskeyEnrolmentPage {
    pub enrolment: PasskeyEnrolment,
    /// The passkey becomes the authentication method, sent back as the hidden field `choose`.
    pub choose: bool,
}

pub async fn get(mut visit: Visit) -> Response {
    let outcome = show(&mut visit).await;
    answer(visit, outcome)
}

async fn show(visit: &mut Visit) -> Result<Shown<AccountPasskeyEnrolmentPage>, Stop> {
    if visit.site.app.passkeys.is_none() {
        return Err(Stop::page(ErrorKind::NotFound));
    }
    let SignedIn { member, .. } = freshly(visit, AccountPage::PasskeyEnrolment).await?;
    let enrolment = passkey::enrolment(visit, &member, None, None).await?;
    Ok(Shown::Page(AccountPasskeyEnrolmentPage { enrolment, choose: visit.query.get("choose").is_some() }))
}

pub async fn post(OwnForm { mut visit, fields }: OwnForm) -> Response {
    let outcome = add(&mut visit, &fields).await;
    answer(visit, outcome)
}

async fn add(visit: &mut Visit, fields: &Params) -> Result<Shown<AccountPasskeyEnrolmentPage>, Stop> {
    visit.site.limits.login(visit.address)?;
    // The question shows that the login was fresh. The authenticator has made the passkey by now: a login in between would
    // leave it there, known to nobody here.
    let SignedIn { member, .. } = sent_by(visit, fields, AccountPage::PasskeyEnrolment).await?;
    let choose = fields.get("choose").is_some();
    let mut tx = match passkey::enrol(visit, &member, fields).await? {
        Ok(tx) => tx,
        Err(enrolment) => return Ok(Shown::Again(AccountPasskeyEnrolmentPage { enrolment, choose })),
    };
    if choose {
        authenticators::choose(&visit.site.app, &mut tx, &member.id, Method::Passkey, visit.device()).await?;
    }
    tx.commit().await?;
    if choose {
        visit.notify(Notice::MethodChanged);
        return Ok(Shown::GoTo(AccountPage::Profile.path()));
    }
    visit.notify(Notice::PasskeyAdded);
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
