//! Sends the mail that is queued, and what became of it.

use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};

use crate::actions::mail::queue_mail::recipient_key;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::member::profile::Member;
use crate::domain::unix_time::{Span, UnixTime};
use crate::mail::messages::{Message, Society, compose};
use crate::mail::transport::Outcome;
use crate::random;
use crate::store::mail::mail_outbox::{self, Claimed, Rank, Remembered, Said, State};
use crate::store::member::members;
use crate::store::{Reads, StoreError};

/// How many mails one node sends at once.
const AT_ONCE: usize = 8;
/// How long one node takes care of a mail before others may: longer than sending it can take.
const CLAIM: Span = Span::minutes(5);
/// The pause after the first try that failed; it doubles up to the longest.
const FIRST_PAUSE: Span = Span::seconds(30);
const LONGEST_PAUSE: Span = Span::hours(1);

/// The latest mails to a member, those to their address that were for all who share it among them.
pub async fn latest_to(
    db: &mut impl Reads,
    member: &Member,
    state: Option<State>,
    most: u32,
) -> Result<Vec<Remembered>, StoreError> {
    let recipient_key = member.email.as_deref().map(recipient_key).unwrap_or_default();
    let recipient = mail_outbox::Recipient { member: &member.id, recipient_key: &recipient_key };
    mail_outbox::latest(db, Some(recipient), state, most).await
}

/// What came of asking for a mail to be sent again.
#[derive(Clone, Debug)]
pub enum Resent {
    Queued(Remembered),
    /// A mail server has it, or what it says is gone or of no use any more.
    Cannot(Remembered),
    Unknown,
}

/// Has a mail tried again now that did not arrive.
pub async fn resend(app: &App, actor: &Actor, id: &str) -> Result<Resent, ActionError> {
    let (actor, id) = (actor.clone(), id.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(mail) = mail_outbox::by_id(&mut tx, &id).await? else { return Ok(Resent::Unknown) };
        if !mail_outbox::resend(&mut tx, &id, app.now()).await? {
            return Ok(Resent::Cannot(mail));
        }
        tracing::info!(mail = id, actor = actor.stored(), "a mail is tried again");
        tx.wake_after_commit(&app.mail_waits);
        tx.commit().await?;
        Ok(Resent::Queued(mail))
    })
    .await
}

/// The mails that this node sends just now. Each is a verb of its own, which goes on when this is dropped.
type UnderWay = JoinSet<Result<(), ActionError>>;

/// Sends for ever, whatever is due; woken when something is queued here that somebody waits for, and now and then for the
/// rest. A mail that takes long holds up no other.
pub async fn keep_sending(app: App) {
    let mut under_way = UnderWay::new();
    loop {
        match begin_due(&app, &mut under_way).await {
            Ok(0) => tokio::select! {
                () = app.mail_waits.notified() => {}
                // Drawn by chance: what anybody has asked for leaves at a time that shows nobody who was known.
                () = tokio::time::sleep(Duration::from_millis(500 + u64::from(random::below(3_000)))) => {}
                Some(done) = under_way.join_next() => match done {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::error!("what became of a mail can't be written down: {error}"),
                    Err(error) => tracing::error!("sending a mail broke off: {error}"),
                },
            },
            Ok(_) => {}
            Err(error) => {
                if !error.is_busy() {
                    tracing::error!("mail can't be sent: {error}");
                }
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
}

/// Sends what is due now; how many mails were tried.
pub async fn send_due(app: &App) -> Result<usize, ActionError> {
    let mut under_way = UnderWay::new();
    let tried = begin_due(app, &mut under_way).await?;
    while let Some(done) = under_way.join_next().await {
        if let Ok(Err(error)) = done {
            return Err(error);
        }
    }
    Ok(tried)
}

/// Takes care of what is due now, as far as there is room; how many mails are on their way since.
async fn begin_due(app: &App, under_way: &mut UnderWay) -> Result<usize, ActionError> {
    let now = app.now();
    let room = AT_ONCE.saturating_sub(under_way.len());
    let mut reader = app.store.reader().await?;
    let mut due = mail_outbox::due(&mut reader, now, Rank::First, room).await?;
    for rank in [Rank::Anonymous, Rank::Notice] {
        // They leave room for what comes next.
        let half = (AT_ONCE / 2).saturating_sub(under_way.len());
        let room = room.saturating_sub(due.len()).min(half);
        due.extend(mail_outbox::due(&mut reader, now, rank, room).await?);
    }
    drop(reader);
    let mut begun = 0;
    for id in due {
        let sending = run::to_its_end(app, |app| async move { begin(&app, &id).await }).await?;
        if let Some(sending) = sending {
            begun += 1;
            under_way.spawn(async move { sending.await.unwrap_or(Err(ActionError::Stopped)) });
        }
    }
    Ok(begun)
}

/// Claims a mail and begins to send it, in a verb that a stop waits for; `None` if somebody else has it.
async fn begin(app: &App, id: &str) -> Result<Option<JoinHandle<Result<(), ActionError>>>, ActionError> {
    let now = app.now();
    let mut tx = run::begin(app).await?;
    let claimed = mail_outbox::claim(&mut tx, id, now, now + CLAIM).await?;
    tx.commit().await?;
    let sender = app.clone();
    Ok(claimed.map(|mail| app.verbs.spawn(async move { send_one(&sender, mail).await })))
}

async fn send_one(app: &App, mail: Claimed) -> Result<(), ActionError> {
    let now = app.now();
    let outcome = if mail.expires_at.is_some_and(|at| now >= at) { None } else { Some(attempt(app, &mail, now).await) };
    let mut tx = run::begin(app).await?;
    let server = app.mail.name();
    let (state, answer) = match outcome {
        None => (State::Expired, None),
        Some(Outcome::Accepted(answer)) => (State::Sent, Some(answer)),
        Some(Outcome::Refused(answer)) => (State::Refused, Some(answer)),
        Some(Outcome::BrokenOff) => {
            mail_outbox::give_back(&mut tx, &mail.id).await?;
            return Ok(tx.commit().await?);
        }
        Some(Outcome::TryLater(answer)) => {
            let next = now + pause_after(mail.attempts);
            if next < mail.tried_since + app.settings.mail.give_up_after {
                tracing::warn!(mail = mail.id, "a mail could not be sent, it is tried again: {answer}");
                mail_outbox::retry(&mut tx, &mail.id, Said { server: &server, answer: &answer }, next).await?;
                return Ok(tx.commit().await?);
            }
            (State::GivenUp, Some(answer))
        }
    };
    let said = answer.as_deref().map(|answer| Said { server: &server, answer });
    mail_outbox::finish(&mut tx, &mail.id, state, said, now).await?;
    tx.commit().await?;
    match state {
        State::Sent => tracing::debug!(mail = mail.id, "mail sent"),
        state => tracing::warn!(mail = mail.id, state = state.name(), "a mail was not sent"),
    }
    Ok(())
}

async fn attempt(app: &App, mail: &Claimed, now: UnixTime) -> Outcome {
    let opened =
        mail.content.as_deref().and_then(|sealed| app.at_rest.open(sealed, &mail_outbox::place(&mail.id)).ok());
    let message: Option<Message> = opened.and_then(|json| serde_json::from_slice(&json).ok());
    // A newer version may run beside this one, or the master key be the wrong one: either may be mended.
    let Some(message) = message else { return Outcome::TryLater("this version can't read its content".into()) };
    let locale = app.catalogue.negotiate(Some(&mail.language), None, None);
    let settings = &app.settings.society;
    let society = Society {
        name: settings.name.get(locale.tag()).to_owned(),
        service: settings.service_name.get(locale.tag()).to_owned(),
        inquiry_url: settings.inquiry_url.as_ref().map(ToString::to_string),
    };
    let member = match addressee(app, mail).await {
        Ok(member) => member,
        Err(error) => return Outcome::TryLater(error.to_string()),
    };
    let to = member.as_ref().map(|member| member.name.as_deref().unwrap_or(&member.user_id));
    match compose(&app.catalogue, &society, locale, to, &message) {
        Ok(composed) => app.mail.send(&mail.id, &mail.recipient, &composed, now, &app.stopping).await,
        Err(error) => Outcome::Refused(error.to_string()),
    }
}

async fn addressee(app: &App, mail: &Claimed) -> Result<Option<Member>, StoreError> {
    let Some(id) = &mail.member else { return Ok(None) };
    members::by_id(&mut app.store.reader().await?, id).await
}

/// Before the next try, of a mail or of whatever else is tried again: it doubles with each.
pub fn pause_after(attempts: u32) -> Span {
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1)).saturating_mul(FIRST_PAUSE.as_seconds());
    Span::seconds(doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_takes_care_of_a_mail_that_is_being_sent() {
        assert!(crate::mail::transport::LONGEST < CLAIM.as_duration());
    }

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses: Vec<u32> = [1, 2, 3, 7, 8, 100].map(|attempts| pause_after(attempts).as_seconds()).into();
        assert_eq!(pauses, [30, 60, 120, 1_920, 3_600, 3_600]);
    }
}
