//! Forgotten password, forgotten user ID (product.md 1.8). What is asked for is written down whoever asks, and answered by
//! mail beside the request: neither the page nor its time tells whether an ID or an address is known.

use std::time::Duration;

use crate::actions::ActionError;
use crate::actions::login::check_password;
use crate::actions::login::lost_methods::password_digest;
use crate::actions::mail::queue_mail::{self, Letter, Queued};
use crate::actions::member::account_events::record;
use crate::actions::member::members as member_actions;
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::actor::Actor;
use crate::domain::login::device::Device;
use crate::domain::login::lost_methods::Standing;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::email_address::is_same;
use crate::domain::member::profile::{Member, Password};
use crate::mail::messages::Message;
use crate::random;
use crate::store::WriteTx;
use crate::store::login::browser_sessions;
use crate::store::member::recovery::{self, Request};
use crate::store::member::{lost_methods, members};

/// Writes a request down; it is answered as soon as somebody gets to it.
pub async fn ask(app: &App, request: &Request) -> Result<(), ActionError> {
    let mut tx = app.store.write().await?;
    recovery::insert_request(&mut tx, request, app.now()).await?;
    tx.wake_after_commit(&app.recovery_waits);
    Ok(tx.commit().await?)
}

/// Answers for ever; woken by requests here, and now and then for those of other nodes.
pub async fn keep_answering(app: App) {
    loop {
        match answer_one(&app).await {
            Ok(true) => {}
            Ok(false) => {
                drop(tokio::time::timeout(Duration::from_secs(2), app.recovery_waits.notified()).await);
            }
            Err(error) => {
                tracing::error!("a request of a member who can't log in was not answered: {error}");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
}

/// Answers the oldest request; whether there was one.
pub async fn answer_one(app: &App) -> Result<bool, ActionError> {
    let mut tx = app.store.write().await?;
    let Some(request) = recovery::take_request(&mut tx).await? else { return Ok(false) };
    match &request.user_id_key {
        Some(key) => mail_link(app, &mut tx, key, &request).await?,
        None => mail_user_ids(app, &mut tx, &request).await?,
    }
    tx.commit().await?;
    Ok(true)
}

async fn mail_user_ids(app: &App, tx: &mut WriteTx, request: &Request) -> Result<(), ActionError> {
    let found = members::by_verified_address(tx, &request.address).await?;
    // To the address as it was registered: another spelling of it might be somebody else's.
    let registered = || found.iter().filter_map(|member| member.email.as_deref());
    let as_typed = registered().find(|address| *address == request.address);
    let Some(address) = as_typed.or(registered().next()).map(str::to_owned) else { return Ok(()) };
    let user_ids: Vec<String> = found.into_iter().map(|member| member.user_id).collect();
    let cause = random::identifier();
    let language = Some(request.language.as_str());
    let message = Message::UserIds { user_ids };
    queue_mail::queue(app, tx, Letter { to: &address, member: None, language, cause: &cause, message }).await?;
    Ok(())
}

async fn mail_link(app: &App, tx: &mut WriteTx, key: &str, request: &Request) -> Result<(), ActionError> {
    let Some(found) = members::by_user_id_key(tx, key).await? else { return Ok(()) };
    // Held: an address that is being changed is the old one no more once this goes on.
    let Some(member) = members::held(tx, &found.id).await? else { return Ok(()) };
    let Some(password) = members::password(tx, &member.id).await? else { return Ok(()) };
    let fits = member.verified_email().is_some_and(|address| is_same(address, &request.address));
    if !fits || member.disabled_at.is_some() {
        return Ok(());
    }
    let now = app.now();
    let valid = app.settings.passwords.reset_link_lifetime;
    let token = opaque_token::new(Kind::PasswordLink);
    let digest = opaque_token::digest(token.expose());
    let link = format!("{}/recovery/reset-password?link={}", app.settings.issuer(), token.expose());
    let address = member.verified_email().unwrap_or_default();
    let language = Some(request.language.as_str());
    let message = Message::PasswordReset { link, valid };
    let letter = Letter { to: address, member: Some(&member.id), language, cause: &digest, message };
    // A link that nobody is sent must not end the one that was.
    if queue_mail::queue(app, tx, letter).await? == Queued::Queued {
        let stands_on = password_digest(&password);
        recovery::insert_link(tx, &digest, &member.id, &stands_on, now, now + valid).await?;
    }
    Ok(())
}

/// A link that can be used, and whose it is.
pub struct Link {
    digest: String,
    pub member: Member,
    pub password: Password,
}

/// The link of this token; `None` if it was used, has expired, was followed by another, or the password has changed.
pub async fn link(app: &App, token: &str) -> Result<Option<Link>, ActionError> {
    let digest = opaque_token::digest(token);
    let mut reader = app.store.reader().await?;
    let Some((id, stands_on)) = recovery::usable_link(&mut reader, &digest, app.now()).await? else { return Ok(None) };
    let member = members::by_id(&mut reader, &id).await?.filter(|member| member.disabled_at.is_none());
    let password = members::password(&mut reader, &id).await?.filter(|password| password_digest(password) == stands_on);
    Ok(member.zip(password).map(|(member, password)| Link { digest, member, password }))
}

/// Sets the new password: the link is used up, all that stood on the old password ends, and the password lock with it;
/// `false` if somebody was faster. Nobody is logged in by it, and the second factor stays; what a member may do who has lost
/// it begins here.
pub async fn reset(app: &App, link: &Link, typed: &str, device: Device) -> Result<bool, ActionError> {
    let hash = check_password::hash_new_password(app, typed).await?;
    let now = app.now();
    let mut tx = app.store.write().await?;
    if !members::still_has_password(&mut tx, &link.member.id, &link.password).await?
        || !recovery::take_link(&mut tx, &link.digest, now).await?
    {
        return Ok(false);
    }
    lost_methods::begin(&mut tx, &link.member.id, &Standing::reset(opaque_token::digest(&hash), now)).await?;
    member_actions::replace_password(app, &mut tx, &link.member, &hash, None, None).await?;
    browser_sessions::end_all(&mut tx, &link.member.id, now).await?;
    record(app, &mut tx, &link.member, AccountEvent::PasswordReset, &Actor::Member(device)).await?;
    tx.commit().await?;
    Ok(true)
}
