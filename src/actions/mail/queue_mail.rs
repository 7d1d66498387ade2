//! Queues mail in the transaction of what caused it.

use crate::actions::ActionError;
use crate::app::App;
use crate::crypto::opaque_token;
use crate::domain::ids::MemberId;
use crate::mail::budget::{Budgets, Counted};
use crate::mail::messages::Message;
use crate::random;
use crate::store::WriteTx;
use crate::store::mail::mail_outbox::{self, NewMail, Rank, State, Together};
use crate::store::member::members;

/// A mail to be queued.
pub struct Letter<'a> {
    pub to: &'a str,
    pub member: Option<&'a MemberId>,
    /// A tag; without one it is Japanese.
    pub language: Option<&'a str>,
    /// One cause, one mail.
    pub cause: &'a str,
    pub message: Message,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    Queued,
    /// Its cause has had a mail.
    Already,
    /// Its budget is spent. Nothing of it is kept; it is counted with the last one that was queued. A link or a code that it
    /// would have brought must not be written down: it would only end the one before, which can still be used.
    OverBudget,
}

/// In the caller's transaction; it leaves when that is committed.
pub async fn queue(app: &App, tx: &mut WriteTx, letter: Letter<'_>) -> Result<Queued, ActionError> {
    if let Some(together) = spent(app, tx, &letter).await? {
        tracing::warn!(kind = letter.message.kind(), "a mail is not sent: its budget is spent");
        mail_outbox::count_merged(tx, &together, letter.message.kind()).await?;
        return Ok(Queued::OverBudget);
    }
    let is_new = insert(app, tx, &random::identifier(), &letter, None).await?;
    Ok(if is_new { Queued::Queued } else { Queued::Already })
}

/// Whether this mail would be queued. Others of its kind wait for the caller's transaction, so the answer stands in it.
pub async fn has_room(app: &App, tx: &mut WriteTx, letter: &Letter<'_>) -> Result<bool, ActionError> {
    Ok(spent(app, tx, letter).await?.is_none())
}

/// A portal's notice, under the ID that the portal is told. Where it may not be sent (`unwanted` says why, or its budget is
/// spent) that is written down, since the portal was told of it, but not what it said.
pub(super) async fn queue_notice(
    app: &App,
    tx: &mut WriteTx,
    id: &str,
    letter: &Letter<'_>,
    unwanted: Option<&str>,
) -> Result<(), ActionError> {
    let over_budget = spent(app, tx, letter).await?.map(|_| "the address had got too many notices");
    insert(app, tx, id, letter, unwanted.or(over_budget)).await?;
    Ok(())
}

/// With what this mail is counted, if its budget is spent.
async fn spent<'a>(app: &App, tx: &mut WriteTx, letter: &Letter<'a>) -> Result<Option<Together<'a>>, ActionError> {
    let Some(limit) = budgets(app).limit(&letter.message) else { return Ok(None) };
    // Held: of two that are queued side by side, the second counts the first.
    if let Some(member) = letter.member {
        members::held(tx, member).await?;
    }
    let together = match (limit.counted, letter.member) {
        (Counted::ForMember, Some(member)) => Together::ForMember(member),
        (Counted::ForMember, None) | (Counted::ToAddress, _) => Together::ToAddress(recipient_key(letter.to)),
    };
    let since = app.now() - limit.within;
    let sent = mail_outbox::queued_since(tx, &together, letter.message.kind(), since).await?;
    Ok((sent >= limit.most).then_some(together))
}

fn budgets(app: &App) -> Budgets {
    let mail = &app.settings.mail;
    Budgets {
        codes_per_hour: mail.codes_per_hour,
        anonymous_per_hour: mail.anonymous_per_hour,
        notices_per_day: mail.notices_per_address_per_day,
    }
}

/// `false` if its cause has had a mail.
async fn insert(
    app: &App,
    tx: &mut WriteTx,
    id: &str,
    letter: &Letter<'_>,
    withheld: Option<&str>,
) -> Result<bool, ActionError> {
    let now = app.now();
    let json = serde_json::to_vec(&letter.message).unwrap_or_default();
    let sealed = app.at_rest.seal(&json, &mail_outbox::place(id));
    let new = NewMail {
        id,
        cause_digest: &opaque_token::digest(letter.cause),
        member: letter.member,
        kind: letter.message.kind(),
        recipient: letter.to,
        recipient_key: &recipient_key(letter.to),
        language: letter.language.unwrap_or("ja"),
        content: withheld.is_none().then_some(sealed.as_str()),
        rank: rank(&letter.message),
        state: if withheld.is_some() { State::Withheld } else { State::Queued },
        answer: withheld,
        expires_at: letter.message.valid().map(|valid| now + valid),
    };
    let is_new = mail_outbox::insert(tx, &new, now).await?;
    match withheld {
        Some(reason) => tracing::info!(mail = id, kind = new.kind, "a mail is withheld: {reason}"),
        // What anybody has asked for leaves later: it shows nobody by its time that there was somebody to mail it to.
        None if is_new && new.rank != Rank::Anonymous => tx.wake_after_commit(&app.mail_waits),
        None => {}
    }
    Ok(is_new)
}

const fn rank(message: &Message) -> Rank {
    match message {
        Message::LoginCode { .. }
        | Message::AddressCode { .. }
        | Message::Account { .. }
        | Message::MethodResetPlanned { .. } => Rank::First,
        Message::PasswordReset { .. } | Message::UserIds { .. } => Rank::Anonymous,
        Message::Notice { .. } => Rank::Notice,
    }
}

/// Stands for an address, however it is written.
pub(in crate::actions) fn recipient_key(address: &str) -> String {
    opaque_token::digest(&address.to_lowercase())
}
