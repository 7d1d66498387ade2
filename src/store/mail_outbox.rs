//! Mails that wait to be sent, and what became of them.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Reads, StoreError, WriteTx};
use crate::domain::ids::MemberId;
use crate::domain::unix_time::UnixTime;

/// A mail to be queued.
#[derive(Clone, Debug)]
pub struct NewMail<'a> {
    pub id: &'a str,
    /// One cause, one mail.
    pub cause_digest: &'a str,
    pub member: Option<&'a MemberId>,
    pub kind: &'a str,
    pub recipient: &'a str,
    pub recipient_key: &'a str,
    pub language: &'a str,
    /// Sealed to [`place`].
    pub content: Option<&'a str>,
    pub state: State,
    pub expires_at: Option<UnixTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits, for the first time or again.
    Queued,
    /// A mail server has taken it.
    Sent,
    /// The mail server will not take it, now or later.
    Refused,
    /// It was tried for long enough.
    GivenUp,
    /// What it says was of no use any more.
    Expired,
    /// The address had got too many.
    Withheld,
}

impl State {
    const ALL: [State; 6] =
        [State::Queued, State::Sent, State::Refused, State::GivenUp, State::Expired, State::Withheld];

    pub const fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Sent => "sent",
            State::Refused => "refused",
            State::GivenUp => "given_up",
            State::Expired => "expired",
            State::Withheld => "withheld",
        }
    }
}

/// A mail of which this node alone takes care for a while.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub id: String,
    pub recipient: String,
    pub language: String,
    pub content: Option<String>,
    pub attempts: u32,
    pub created_at: UnixTime,
    pub expires_at: Option<UnixTime>,
}

/// What staff see of a mail.
#[derive(Clone, Debug)]
pub struct Remembered {
    pub id: String,
    pub kind: String,
    pub recipient: String,
    pub state: State,
    pub attempts: u32,
    pub created_at: UnixTime,
    pub finished_at: Option<UnixTime>,
    pub answer: Option<String>,
}

/// Where a content is sealed to.
pub fn place(id: &str) -> String {
    format!("mail_outbox.content of {id}")
}

/// Queues a mail; `false` if its cause has had one.
pub async fn insert(tx: &mut WriteTx, mail: &NewMail<'_>, now: UnixTime) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO mail_outbox (mail_id, cause, member_id, kind, recipient, recipient_key, language, content, state,
             attempts, created_at, next_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $10, $11) ON CONFLICT (cause) DO NOTHING",
    )
    .bind(mail.id)
    .bind(mail.cause_digest)
    .bind(mail.member.map(MemberId::as_str))
    .bind(mail.kind)
    .bind(mail.recipient)
    .bind(mail.recipient_key)
    .bind(mail.language)
    .bind(mail.content)
    .bind(mail.state.name())
    .bind(now.0)
    .bind(mail.expires_at.map(|t| t.0))
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many mails an address has got, or will get, since then.
pub async fn to_address_since(db: &mut impl Reads, recipient_key: &str, since: UnixTime) -> Result<u32, StoreError> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS mails FROM mail_outbox
          WHERE recipient_key = $1 AND created_at > $2 AND state <> 'withheld'",
    )
    .bind(recipient_key)
    .bind(since.0)
    .fetch_one(db.connection())
    .await?;
    let mails: i64 = row.try_get("mails")?;
    Ok(u32::try_from(mails).unwrap_or(u32::MAX))
}

/// The mails whose time has come, the longest waiting first.
pub async fn due(db: &mut impl Reads, now: UnixTime, most: usize) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query(
        "SELECT mail_id FROM mail_outbox
          WHERE state = 'queued' AND next_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
          ORDER BY next_at, mail_id LIMIT $2",
    )
    .bind(now.0)
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(db.connection())
    .await?;
    Ok(rows.iter().map(|row| row.try_get("mail_id")).collect::<Result<_, _>>()?)
}

/// Takes care of a mail until then; `None` if somebody else does, or it is done.
pub async fn claim(tx: &mut WriteTx, id: &str, now: UnixTime, until: UnixTime) -> Result<Option<Claimed>, StoreError> {
    let row = sqlx::query(
        "UPDATE mail_outbox SET claimed_until = $3, attempts = attempts + 1
          WHERE mail_id = $1 AND state = 'queued' AND next_at <= $2
            AND (claimed_until IS NULL OR claimed_until <= $2)
          RETURNING mail_id, recipient, language, content, attempts, created_at, expires_at",
    )
    .bind(id)
    .bind(now.0)
    .bind(until.0)
    .fetch_optional(tx.connection())
    .await?;
    row.map(|row| {
        Ok(Claimed {
            id: row.try_get("mail_id")?,
            recipient: row.try_get("recipient")?,
            language: row.try_get("language")?,
            content: row.try_get("content")?,
            attempts: number(&row)?,
            created_at: UnixTime(row.try_get("created_at")?),
            expires_at: row.try_get::<Option<i64>, _>("expires_at")?.map(UnixTime),
        })
    })
    .transpose()
}

fn number(row: &AnyRow) -> Result<u32, StoreError> {
    let attempts: i64 = row.try_get("attempts")?;
    Ok(u32::try_from(attempts).unwrap_or(u32::MAX))
}

/// Nothing more is to be done for a mail; its content goes.
pub async fn finish(
    tx: &mut WriteTx,
    id: &str,
    state: State,
    answer: Option<&str>,
    now: UnixTime,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE mail_outbox SET state = $2, answer = $3, finished_at = $4, content = NULL, claimed_until = NULL
          WHERE mail_id = $1 AND state = 'queued'",
    )
    .bind(id)
    .bind(state.name())
    .bind(answer)
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// It is tried again at `next`.
pub async fn retry(tx: &mut WriteTx, id: &str, answer: &str, next: UnixTime) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE mail_outbox SET answer = $2, next_at = $3, claimed_until = NULL WHERE mail_id = $1 AND state = 'queued'",
    )
    .bind(id)
    .bind(answer)
    .bind(next.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The latest mails, of one member or of all, newest first.
pub async fn latest(db: &mut impl Reads, member: Option<&MemberId>, most: u32) -> Result<Vec<Remembered>, StoreError> {
    let rows = sqlx::query(
        "SELECT mail_id, kind, recipient, state, attempts, created_at, finished_at, answer FROM mail_outbox
          WHERE $1 = '' OR member_id = $1 ORDER BY created_at DESC, mail_id LIMIT $2",
    )
    .bind(member.map_or("", MemberId::as_str))
    .bind(i64::from(most))
    .fetch_all(db.connection())
    .await?;
    rows.iter()
        .map(|row| {
            let id: String = row.try_get("mail_id")?;
            let state: String = row.try_get("state")?;
            Ok(Remembered {
                kind: row.try_get("kind")?,
                recipient: row.try_get("recipient")?,
                state: State::ALL.into_iter().find(|s| s.name() == state).ok_or_else(|| StoreError::Corrupt {
                    table: "mail_outbox",
                    column: "state",
                    row: id.clone(),
                })?,
                attempts: number(row)?,
                created_at: UnixTime(row.try_get("created_at")?),
                finished_at: row.try_get::<Option<i64>, _>("finished_at")?.map(UnixTime),
                answer: row.try_get("answer")?,
                id,
            })
        })
        .collect()
}

/// Tries a mail again now that was not sent and still has its content; whether there is such a mail.
pub async fn resend(tx: &mut WriteTx, id: &str, now: UnixTime) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE mail_outbox SET next_at = $2, claimed_until = NULL WHERE mail_id = $1 AND state = 'queued'",
    )
    .bind(id)
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets mails from before.
pub async fn forget(tx: &mut WriteTx, before: UnixTime) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM mail_outbox WHERE created_at < $1 AND state <> 'queued'")
        .bind(before.0)
        .execute(tx.connection())
        .await?;
    Ok(done.rows_affected())
}
