//! Everything that is held about a member, to take along. Secrets are not: who has the file must not be able to log in with
//! it.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use crate::actions::mail::send_mail;
use crate::actions::member::account_events::record;
use crate::actions::member::admit::{Admitted, Caller, NotDone, admit, look};
use crate::actions::member::applications::accesses;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::permissions::Act;
use crate::domain::member::profile::Member;
use crate::domain::protocol::client::Client;
use crate::domain::unix_time::UnixTime;
use crate::store::Reads;
use crate::store::login::{browser_sessions, known_devices};
use crate::store::member::{account_events, members, passkeys, recovery_codes, totp_devices};

/// `language` is the one in which applications are named.
pub async fn download_data(app: &App, caller: &Caller, language: &str) -> Result<Value, NotDone> {
    let (caller, language) = (caller.clone(), language.to_owned());
    run::to_its_end(app, |app| async move {
        // Years of events may take a moment to read: nobody is held meanwhile. Whoever may not have them (any more) when they
        // are there does not get them.
        let mut reader = app.store.reader().await?;
        let who = look(&app, &mut reader, &caller, Act::DownloadData).await?;
        let data = everything(&app, &mut reader, &who.member, &language).await?;
        drop(reader);
        let mut tx = run::begin(&app).await?;
        let Admitted { member, .. } = admit(&app, &mut tx, &caller, Act::DownloadData).await?;
        record(&app, &mut tx, &member, AccountEvent::DataDownloaded, &caller.actor()).await?;
        tx.commit().await?;
        Ok(data)
    })
    .await
}

/// More events and mails than anybody has.
const MOST: u32 = 100_000;

async fn everything(app: &App, db: &mut impl Reads, member: &Member, language: &str) -> Result<Value, ActionError> {
    let now = app.now();
    let password = members::password(db, &member.id).await?;
    let totp_devices = totp_devices::of_member(db, &member.id).await?;
    let passkeys = passkeys::of_member(db, &member.id).await?;
    let recovery_codes = recovery_codes::left(db, &member.id).await?;
    let trusted_devices = known_devices::trusted(db, &member.id, now).await?;
    let idle_since = now - app.settings.sessions.idle;
    let sessions = browser_sessions::of_member(db, &member.id, idle_since, now).await?;
    let accesses = accesses(db, &member.id, now).await?;
    let events = account_events::latest(db, &member.id, MOST).await?;
    let mails = send_mail::latest_to(db, member, None, MOST).await?;
    let name = |client: &Client| client.name(language).to_owned();
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
