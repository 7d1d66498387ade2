//! `/account/profile`: what the society holds about the member, and their authentication method as a
//! pull-down (product.md 1.9).

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Entrance, freshly_signed_in, signed_in};
use crate::actions::account_events::record;
use crate::actions::authenticators::{demands, enrolled};
use crate::domain::login::flow::AccountPage;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::protocol::params::Params;
use crate::store::{members, totp_devices};
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

/// The member's own data.
#[derive(Clone, Debug, Serialize)]
pub struct ProfilePage {
    pub user_id: String,
    /// Corrected by staff alone.
    pub name: Option<String>,
    pub email: Option<String>,
    /// What the member may choose from.
    pub methods: Vec<MethodChoice>,
    pub devices: Vec<Device>,
    /// The method was changed a moment ago.
    pub changed: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct MethodChoice {
    pub name: &'static str,
    pub chosen: bool,
    /// Otherwise choosing it leads to its enrolment.
    pub enrolled: bool,
}

/// An authenticator app.
#[derive(Clone, Debug, Serialize)]
pub struct Device {
    pub id: String,
    pub name: String,
    /// As the reader's language writes it.
    pub last_used: String,
}

/// Shows it to a member who is logged in; all others log in first.
pub async fn get(visit: Visit) -> Response {
    let changed = visit.query.get("changed").is_some();
    match show(&visit, changed).await {
        Ok(Ok(page)) => visit.page(&page),
        Ok(Err(to)) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn show(visit: &Visit, changed: bool) -> Result<Result<ProfilePage, String>, Trouble> {
    let member = match signed_in(visit, AccountPage::Profile).await? {
        Entrance::Open(member) => *member,
        Entrance::Login(to) => return Ok(Err(to)),
    };
    let app = &visit.site.app;
    let mut reader = app.store.reader().await?;
    let has = enrolled(&mut reader, &member).await?;
    let devices = totp_devices::of_member(&mut reader, &member.id).await?;
    let possible = |method: &Method| *method != Method::Email || member.verified_email().is_some();
    let choice = |method: Method| MethodChoice {
        name: method.name(),
        chosen: member.method == Some(method) && has.has(method),
        enrolled: has.has(method),
    };
    Ok(Ok(ProfilePage {
        methods: demands(app, None, None).methods.into_iter().filter(possible).map(choice).collect(),
        devices: devices
            .into_iter()
            .map(|device| Device { id: device.id, name: device.name, last_used: visit.date_time(device.last_used_at) })
            .collect(),
        user_id: member.user_id,
        name: member.name,
        email: member.email,
        changed,
    }))
}

/// `/account/authentication-method`: another choice of the pull-down.
pub async fn post_method(OwnForm { visit, fields }: OwnForm) -> Response {
    match choose(&visit, &fields).await {
        Ok(to) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn choose(visit: &Visit, fields: &Params) -> Result<String, Trouble> {
    let member = match freshly_signed_in(visit, AccountPage::Profile).await? {
        Entrance::Open(member) => *member,
        Entrance::Login(to) => return Ok(to),
    };
    let app = &visit.site.app;
    let profile = AccountPage::Profile.path();
    let offered = demands(app, None, None).methods;
    let Some(method) = fields.get("method").and_then(Method::named).filter(|method| offered.contains(method)) else {
        return Ok(profile);
    };
    let mut tx = app.store.write().await?;
    let Some(member) = members::held(&mut tx, &member.id).await? else { return Ok(profile) };
    // A verified address is all that codes by mail need.
    if method == Method::Email && member.verified_email().is_some() {
        members::set_email_method(&mut tx, &member.id, Some(app.now())).await?;
    } else if !enrolled(&mut tx, &member).await?.has(method) {
        // It counts from its enrolment on; until then, what is enrolled is asked for.
        members::set_method(&mut tx, &member.id, Some(method)).await?;
        tx.commit().await?;
        return Ok(match method {
            Method::Totp => AccountPage::TotpEnrolment.path(),
            Method::Passkey => AccountPage::PasskeyEnrolment.path(),
            Method::Email => profile,
        });
    }
    if member.method != Some(method) {
        members::set_method(&mut tx, &member.id, Some(method)).await?;
        record(app, &mut tx, &member, AccountEvent::MethodChosen { method }, Some(visit.device())).await?;
    }
    tx.commit().await?;
    Ok(format!("{profile}?changed=1"))
}

impl PageTemplate for ProfilePage {
    const TEMPLATE: &'static str = "account/profile.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let choice = |method: Method| MethodChoice {
            name: method.name(),
            chosen: method == Method::Totp,
            enrolled: method != Method::Passkey,
        };
        let device = Device { id: "phone".into(), name: "<phone>".into(), last_used: "2026-11-22 10:42".into() };
        let full = ProfilePage {
            user_id: "hanako".into(),
            name: Some("Yamada Hanako".into()),
            email: Some("hanako@example.jp".into()),
            methods: Method::ALL.map(choice).into(),
            devices: vec![device],
            changed: true,
        };
        let sparse = ProfilePage { name: None, email: None, devices: Vec::new(), changed: false, ..full.clone() };
        vec![("full", full), ("sparse", sparse)]
    }
}
