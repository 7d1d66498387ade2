//! `/account/totp-enrolment` and `/account/totp-devices/{id}/delete`: a member adds an authenticator app, or removes one
//! that is no longer used.

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Entrance, freshly_signed_in};
use crate::actions::account_events::record;
use crate::actions::authenticators;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::store::members;
use crate::store::totp_devices::{self, TotpDevice};
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::totp_enrolment::{self, TotpEnrolment};
use crate::web::trouble::Trouble;

/// The page with the key.
#[derive(Clone, Debug, Serialize)]
pub struct AccountTotpEnrolmentPage {
    pub enrolment: TotpEnrolment,
}

/// A device, about to be removed.
#[derive(Clone, Debug, Serialize)]
pub struct TotpDeletionPage {
    pub id: String,
    pub name: String,
    /// As the reader's language writes it.
    pub created: String,
    pub last_used: String,
    /// The policy asks for a method, and this is the last.
    pub last_factor: bool,
}

enum Outcome<P> {
    GoTo(String),
    Page(P),
}

pub async fn get_enrolment(visit: Visit) -> Response {
    match freshly_signed_in(&visit, AccountPage::TotpEnrolment).await {
        Ok(Entrance::Open(member)) => {
            let page = AccountTotpEnrolmentPage { enrolment: totp_enrolment::fresh(&visit, &member) };
            visit.page(&page)
        }
        Ok(Entrance::Login(to)) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

pub async fn post_enrolment(OwnForm { visit, fields }: OwnForm) -> Response {
    match enrol(&visit, &fields).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Page(page)) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn enrol(visit: &Visit, fields: &Params) -> Result<Outcome<AccountTotpEnrolmentPage>, Trouble> {
    visit.site.limits.login(visit.address)?;
    let member = match freshly_signed_in(visit, AccountPage::TotpEnrolment).await? {
        Entrance::Open(member) => *member,
        Entrance::Login(to) => return Ok(Outcome::GoTo(to)),
    };
    // The key is sealed to its member: a form of somebody else's does not open.
    let confirmed = match totp_enrolment::check(visit, &member, fields)? {
        Ok(confirmed) => confirmed,
        Err(enrolment) => return Ok(Outcome::Page(AccountTotpEnrolmentPage { enrolment })),
    };
    let mut tx = visit.site.app.store.write().await?;
    if !totp_enrolment::add(visit, &mut tx, &member, confirmed).await? {
        drop(tx);
        let enrolment = totp_enrolment::too_many(visit, &member);
        return Ok(Outcome::Page(AccountTotpEnrolmentPage { enrolment }));
    }
    tx.commit().await?;
    Ok(Outcome::GoTo(AccountPage::Profile.path()))
}

/// The member, freshly logged in, and their device; or where to go first. Another member's device is not there.
async fn one(visit: &Visit, id: &str) -> Result<Result<(Member, TotpDevice), String>, Trouble> {
    let member = match freshly_signed_in(visit, AccountPage::TotpDevice(id.to_owned())).await? {
        Entrance::Open(member) => *member,
        Entrance::Login(to) => return Ok(Err(to)),
    };
    let all = totp_devices::of_member(&mut visit.site.app.store.reader().await?, &member.id).await?;
    let device = all.into_iter().find(|device| device.id == id);
    Ok(Ok((member, device.ok_or_else(|| Trouble::page(ErrorKind::NotFound))?)))
}

fn deletion(visit: &Visit, device: &TotpDevice, last_factor: bool) -> TotpDeletionPage {
    TotpDeletionPage {
        id: device.id.clone(),
        name: device.name.clone(),
        created: visit.date_time(device.created_at),
        last_used: visit.date_time(device.last_used_at),
        last_factor,
    }
}

pub async fn get_deletion(visit: Visit, Path(id): Path<String>) -> Response {
    match one(&visit, &id).await {
        Ok(Ok((_, device))) => {
            let page = deletion(&visit, &device, false);
            visit.page(&page)
        }
        Ok(Err(to)) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

pub async fn post_deletion(Path(id): Path<String>, OwnForm { visit, .. }: OwnForm) -> Response {
    match delete(&visit, &id).await {
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Ok(Outcome::Page(page)) => visit.form_again(&page),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn delete(visit: &Visit, id: &str) -> Result<Outcome<TotpDeletionPage>, Trouble> {
    let (member, device) = match one(visit, id).await? {
        Ok(found) => found,
        Err(to) => return Ok(Outcome::GoTo(to)),
    };
    let app = &visit.site.app;
    let mut tx = app.store.write().await?;
    // Held, so that of two removals side by side the second sees what the first has left.
    let Some(member) = members::held(&mut tx, &member.id).await? else {
        return Err(Trouble::page(ErrorKind::NotFound));
    };
    let removed = totp_devices::remove(&mut tx, &member.id, id).await?;
    let left = authenticators::enrolled(&mut tx, &member).await?;
    if !authenticators::are_enough(app, &left) {
        return Ok(Outcome::Page(deletion(visit, &device, true)));
    }
    if removed {
        let event = AccountEvent::TotpRemoved { name: device.name.clone() };
        record(app, &mut tx, &member, event, Some(visit.device())).await?;
        if member.method == Some(Method::Totp) && !left.has(Method::Totp) {
            members::set_method(&mut tx, &member.id, left.methods.first().copied()).await?;
        }
    }
    tx.commit().await?;
    Ok(Outcome::GoTo(AccountPage::Profile.path()))
}

impl PageTemplate for AccountTotpEnrolmentPage {
    const TEMPLATE: &'static str = "account/totp_enrolment.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |enrolment| AccountTotpEnrolmentPage { enrolment };
        totp_enrolment::samples().into_iter().map(|(state, enrolment)| (state, page(enrolment))).collect()
    }
}

impl PageTemplate for TotpDeletionPage {
    const TEMPLATE: &'static str = "account/totp_deletion.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |last_factor| TotpDeletionPage {
            id: "phone".into(),
            name: "<phone>".into(),
            created: "2026-03-01 09:00".into(),
            last_used: "2026-11-22 10:42".into(),
            last_factor,
        };
        vec![("fresh", page(false)), ("last_factor", page(true))]
    }
}
