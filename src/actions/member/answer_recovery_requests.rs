//! Answers by mail what members have asked for who can't log in.
//!
//! ```text
//!   asked ──claimed──┬─► a mail is queued, the request goes ──► the mail is claimed ──► and finished
//!     ▲              ├─► nothing to mail: blank ──────────────► it is claimed ────────► and goes
//!     └──put off─────┘
//! ```
//! Each arrow is a transaction, and a job takes them at times drawn by chance: a request about nobody writes as often as one
//! about a member, and no request shows by what follows it. One that can't be answered is put off and holds up no other.

use crate::actions::login::lost_methods::password_digest;
use crate::actions::mail::queue_mail::{self, Letter, Queued};
use crate::actions::mail::send_mail::pause_after;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::member::email_address::is_same;
use crate::domain::unix_time::{Span, UnixTime};
use crate::mail::messages::Message;
use crate::random;
use crate::store::WriteTx;
use crate::store::member::recovery_requests::{self, Claimed, Request, Stage};
use crate::store::member::{members, recovery};

/// How many are answered at one time.
const AT_ONCE: u32 = 100;
/// How long one node takes care of a request before others may.
const CLAIM: Span = Span::minutes(1);

/// Takes care of all that is due; how many rows that were.
pub async fn answer_recovery_requests(app: &App) -> Result<usize, ActionError> {
    let due = recovery_requests::due(&mut app.store.reader().await?, app.now(), AT_ONCE).await?;
    for id in &due {
        let id = id.clone();
        run::to_its_end(app, |app| async move { answer(&app, &id).await }).await?;
    }
    Ok(due.len())
}

async fn answer(app: &App, id: &str) -> Result<(), ActionError> {
    let now = app.now();
    let mut tx = run::begin(app).await?;
    let claimed = recovery_requests::claim(&mut tx, id, now, now + CLAIM).await?;
    tx.commit().await?;
    let Some(claimed) = claimed else { return Ok(()) };
    if let Err(error) = handle(app, &claimed, now).await {
        tracing::error!(
            request = id,
            tries = claimed.attempts,
            "a member who can't log in waits for an answer: {error}"
        );
        let mut tx = run::begin(app).await?;
        recovery_requests::put_off(&mut tx, &claimed, now + pause_after(claimed.attempts)).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn handle(app: &App, claimed: &Claimed, now: UnixTime) -> Result<(), ActionError> {
    let mut tx = run::begin(app).await?;
    let ours = match &claimed.stage {
        Stage::Asked(_) if claimed.expires_at <= now => {
            tracing::error!(
                request = claimed.id,
                tries = claimed.attempts,
                "a member who can't log in was never answered"
            );
            recovery_requests::delete(&mut tx, claimed).await?
        }
        Stage::Asked(request) => {
            let queued = match &request.user_id_key {
                Some(key) => mail_link(app, &mut tx, key, request).await?,
                None => mail_user_ids(app, &mut tx, request).await?,
            };
            if queued {
                recovery_requests::delete(&mut tx, claimed).await?
            } else {
                recovery_requests::blank(&mut tx, claimed).await?
            }
        }
        Stage::Blank => recovery_requests::delete(&mut tx, claimed).await?,
    };
    // It took so long that another node has taken it, and answers it.
    if ours {
        tx.commit().await?;
    }
    Ok(())
}

/// Whether there was something to mail.
async fn mail_user_ids(app: &App, tx: &mut WriteTx, request: &Request) -> Result<bool, ActionError> {
    let found = members::by_verified_address(tx, &request.address).await?;
    // To the address as it was registered: another spelling of it might be somebody else's.
    let registered = || found.iter().filter_map(|member| member.email.as_deref());
    let as_typed = registered().find(|address| *address == request.address);
    let Some(address) = as_typed.or(registered().next()).map(str::to_owned) else { return Ok(false) };
    let user_ids: Vec<String> = found.into_iter().map(|member| member.user_id).collect();
    let cause = random::identifier();
    let language = Some(request.language.as_str());
    let message = Message::UserIds { user_ids };
    let letter = Letter { to: &address, member: None, language, cause: &cause, message };
    Ok(queue_mail::queue(app, tx, letter).await? == Queued::Queued)
}

async fn mail_link(app: &App, tx: &mut WriteTx, key: &str, request: &Request) -> Result<bool, ActionError> {
    let Some(found) = members::by_user_id_key(tx, key).await? else { return Ok(false) };
    // Held: an address that is being changed is the old one no more once this goes on.
    let Some(member) = members::held(tx, &found.id).await? else { return Ok(false) };
    let Some(password) = members::password(tx, &member.id).await? else { return Ok(false) };
    let fits = member.verified_email().is_some_and(|address| is_same(address, &request.address));
    if !fits || member.disabled_at.is_some() {
        return Ok(false);
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
    if queue_mail::queue(app, tx, letter).await? != Queued::Queued {
        return Ok(false);
    }
    let stands_on = password_digest(&password);
    recovery::insert_link(tx, &digest, &member.id, &stands_on, now, now + valid).await?;
    Ok(true)
}
