//! `/account/data`: everything that is held about the member, to take along. Secrets are not: who has the file must not be
//! able to log in with it.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use serde_json::{Value, json};

use super::applications::accesses;
use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in};
use crate::actions::mail::send_mail;
use crate::actions::member::account_events::record;
use crate::domain::actor::Actor;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::domain::unix_time::UnixTime;
use crate::store::login::{browser_sessions, known_devices};
use crate::store::member::{account_events, members, passkeys, recovery_codes, totp_devices};
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// Says what the file holds, and offers it.
#[derive(Clone, Debug, Serialize)]
pub struct DataPage {}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<DataPage>, Stop> {
    signed_in(browser, AccountPage::Data).await?;
    Ok(Shown::Page(DataPage {}))
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match download(&mut browser, &fields).await {
        Ok(data) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"account-data.json\"")),
            ];
            (headers, format!("{data:#}\n")).into_response()
        }
        Err(stop) => answer::<DataPage>(browser, Err(stop)),
    }
}

async fn download(browser: &mut BrowserRequest, fields: &Params) -> Result<Value, Stop> {
    let SignedIn { member, .. } = sent_by(browser, fields, AccountPage::Data).await?;
    let data = everything(browser, &member).await?;
    let app = browser.web.app.clone();
    let mut tx = app.store.write().await?;
    record(&app, &mut tx, &member, AccountEvent::DataDownloaded, &Actor::Member(browser.device())).await?;
    tx.commit().await?;
    Ok(data)
}

/// More events and mails than anybody has.
const MOST: u32 = 100_000;

async fn everything(browser: &BrowserRequest, member: &Member) -> Result<Value, Stop> {
    let app = &browser.web.app;
    let now = app.now();
    let mut reader = app.store.reader().await?;
    let password = members::password(&mut reader, &member.id).await?;
    let totp_devices = totp_devices::of_member(&mut reader, &member.id).await?;
    let passkeys = passkeys::of_member(&mut reader, &member.id).await?;
    let recovery_codes = recovery_codes::left(&mut reader, &member.id).await?;
    let trusted_devices = known_devices::trusted(&mut reader, &member.id, now).await?;
    let idle_since = now - app.settings.sessions.idle;
    let sessions = browser_sessions::of_member(&mut reader, &member.id, idle_since, now).await?;
    let accesses = accesses(&mut reader, member, now).await?;
    let events = account_events::latest(&mut reader, &member.id, MOST).await?;
    let mails = send_mail::latest_to(&mut reader, member, None, MOST).await?;
    drop(reader);
    let name = |client: &crate::domain::protocol::client::Client| client.name(browser.locale().tag()).to_owned();
    Ok(json!({
        "made_at": moment(now),
        "provider": app.settings.issuer(),
        "member": {
            "id": member.id.as_str(),
            "user_id": member.user_id,
            "role": member.role.name(),
            "name": member.name,
            "email": member.email,
            "email_verified_at": member.email_verified_at.map(moment),
            "phone_number": member.phone_number,
            "phone_number_verified_at": member.phone_number_verified_at.map(moment),
            "profile": member.profile,
            "created_at": moment(member.created_at),
            "updated_at": moment(member.updated_at),
            "first_login_at": member.first_login_at.map(moment),
            "notices_off_at": member.notices_off_at.map(moment),
        },
        "password": password.map(|password| json!({ "set_at": moment(password.set_at) })),
        "authentication": {
            "method": member.method.map(Method::name),
            "email_since": member.email_method_at.map(moment),
            "authenticator_apps": totp_devices.iter().map(|device| json!({
                "name": device.name,
                "created_at": moment(device.created_at),
                "last_used_at": moment(device.last_used_at),
            })).collect::<Vec<_>>(),
            "passkeys": passkeys.iter().map(|passkey| json!({
                "name": passkey.name,
                "created_at": moment(passkey.created_at),
                "last_used_at": passkey.last_used.map(|(at, _)| moment(at)),
                "last_used_on": passkey.last_used.map(|(_, device)| device),
            })).collect::<Vec<_>>(),
            "recovery_codes_left": recovery_codes,
            "trusted_devices": trusted_devices,
        },
        "sessions": sessions.iter().map(|session| json!({
            "device": session.device,
            "logged_in_at": moment(session.authenticated_at),
            "last_used_at": moment(session.last_used_at),
            "ends_at": moment(session.expires_at),
        })).collect::<Vec<_>>(),
        "applications": accesses.iter().map(|access| json!({
            "client_id": access.client.id.as_str(),
            "name": name(&access.client),
            "since": moment(access.since),
            "scopes": access.scopes.iter().collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "activity": events.iter().map(|happened| json!({
            "at": moment(happened.at),
            "event": happened.event,
            "device": happened.device,
        })).collect::<Vec<_>>(),
        "mails": mails.iter().map(|mail| json!({
            "kind": mail.kind,
            "to": mail.recipient,
            "queued_at": moment(mail.created_at),
            "state": mail.state.name(),
        })).collect::<Vec<_>>(),
    }))
}

/// RFC 3339, in UTC.
fn moment(at: UnixTime) -> Option<String> {
    DateTime::from_timestamp(at.0, 0).map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

impl PageTemplate for DataPage {
    const TEMPLATE: &'static str = "account/data.html";

    fn samples() -> Vec<(&'static str, Self)> {
        vec![("only", DataPage {})]
    }
}
