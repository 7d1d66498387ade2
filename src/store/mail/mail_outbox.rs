//! Mails that wait to be sent, and what became of them.

use crate::domain::ids::MemberId;
use crate::domain::unix_time::UnixTime;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx};

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
    pub rank: Rank,
    pub state: State,
    /// Why it is withheld.
    pub answer: Option<&'a str>,
    pub expires_at: Option<UnixTime>,
}

/// What leaves first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// What somebody waits for who has shown something of themselves, or must know.
    First,
    /// What anybody can ask for: however much it is, no code waits for it.
    Anonymous,
    /// A portal's notices: however many there are, nothing else waits for them.
    Notice,
}

impl Rank {
    const fn number(self) -> i64 {
        match self {
            Rank::First => 0,
            Rank::Anonymous => 1,
            Rank::Notice => 2,
        }
    }
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
    /// A portal's notice: the address had got too many, or its owner wants none. What it said is not kept.
    Withheld,
}

impl State {
    pub const ALL: [State; 6] =
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
    pub member: Option<MemberId>,
    pub recipient: String,
    pub language: String,
    pub content: Option<String>,
    pub attempts: u32,
    /// Since when it is tried: since it was queued, or since staff had it tried again.
    pub tried_since: UnixTime,
    pub expires_at: Option<UnixTime>,
}

/// What staff see of a mail.
#[derive(Clone, Debug)]
pub struct Remembered {
    pub id: String,
    pub member: Option<MemberId>,
    pub kind: String,
    pub recipient: String,
    pub state: State,
    pub attempts: u32,
    pub created_at: UnixTime,
    pub next_at: UnixTime,
    pub finished_at: Option<UnixTime>,
    pub expires_at: Option<UnixTime>,
    /// Whom it was last given or offered to, and what that said.
    pub server: Option<String>,
    pub answer: Option<String>,
    /// What it says is still there.
    pub has_content: bool,
    /// So many more were asked for soon after it, and were not sent.
    pub merged: u32,
}

/// Where a content is sealed to.
pub fn place(id: &str) -> String {
    format!("mail_outbox.content of {id}")
}

/// Queues a mail; `false` if its cause has had one.
pub async fn insert(tx: &mut WriteTx, mail: &NewMail<'_>, now: UnixTime) -> Result<bool, StoreError> {
    let done = query(
        "INSERT INTO mail_outbox (mail_id, cause, member_id, kind, recipient, recipient_key, language, content, state,
             attempts, created_at, next_at, expires_at, rank, answer, merged)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $10, $11, $12, $13, 0) ON CONFLICT (cause) DO NOTHING",
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
    .bind(mail.rank.number())
    .bind(mail.answer)
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}

/// Mails that share a budget, with others of their kind.
#[derive(Clone, Debug)]
pub enum Together<'a> {
    ForMember(&'a MemberId),
    /// By the digest of the address.
    ToAddress(String),
}

impl Together<'_> {
    fn id(&self) -> &str {
        match self {
            Together::ForMember(member) => member.as_str(),
            Together::ToAddress(recipient_key) => recipient_key,
        }
    }
}

/// How many mails of one kind were queued since then.
pub async fn queued_since(
    db: &mut impl Reads,
    together: &Together<'_>,
    kind: &str,
    since: UnixTime,
) -> Result<u32, StoreError> {
    let sql = match together {
        Together::ForMember(_) => {
            "SELECT COUNT(*) AS mails FROM mail_outbox
              WHERE member_id = $1 AND created_at > $2 AND kind = $3 AND state <> 'withheld'"
        }
        Together::ToAddress(_) => {
            "SELECT COUNT(*) AS mails FROM mail_outbox
              WHERE recipient_key = $1 AND created_at > $2 AND kind = $3 AND state <> 'withheld'"
        }
    };
    let row = query(sql).bind(together.id()).bind(since.0).bind(kind).fetch_one(db.connection()).await?;
    let mails: i64 = row.try_get("mails")?;
    Ok(u32::try_from(mails).unwrap_or(u32::MAX))
}

/// Counts one that is not queued with the last one of its kind that was.
pub async fn count_merged(tx: &mut WriteTx, together: &Together<'_>, kind: &str) -> Result<(), StoreError> {
    let sql = match together {
        Together::ForMember(_) => {
            "UPDATE mail_outbox SET merged = merged + 1 WHERE mail_id =
               (SELECT mail_id FROM mail_outbox WHERE member_id = $1 AND kind = $2 ORDER BY created_at DESC, mail_id LIMIT 1)"
        }
        Together::ToAddress(_) => {
            "UPDATE mail_outbox SET merged = merged + 1 WHERE mail_id =
               (SELECT mail_id FROM mail_outbox WHERE recipient_key = $1 AND kind = $2 ORDER BY created_at DESC, mail_id LIMIT 1)"
        }
    };
    query(sql).bind(together.id()).bind(kind).execute(tx.connection()).await?;
    Ok(())
}

/// The mails of this rank whose time has come, the longest waiting first.
pub async fn due(db: &mut impl Reads, now: UnixTime, rank: Rank, most: usize) -> Result<Vec<String>, StoreError> {
    let rows = query(
        "SELECT mail_id FROM mail_outbox
          WHERE state = 'queued' AND rank = $2 AND next_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
          ORDER BY next_at, mail_id LIMIT $3",
    )
    .bind(now.0)
    .bind(rank.number())
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(db.connection())
    .await?;
    Ok(rows.iter().map(|row| row.try_get("mail_id")).collect::<Result<_, _>>()?)
}

/// Takes care of a mail until then; `None` if somebody else does, or it is done.
pub async fn claim(tx: &mut WriteTx, id: &str, now: UnixTime, until: UnixTime) -> Result<Option<Claimed>, StoreError> {
    let row = query(
        "UPDATE mail_outbox SET claimed_until = $3, attempts = attempts + 1
          WHERE mail_id = $1 AND state = 'queued' AND next_at <= $2
            AND (claimed_until IS NULL OR claimed_until <= $2)
          RETURNING mail_id, member_id, recipient, language, content, attempts, expires_at,
                    COALESCE(resent_at, created_at) AS tried_since",
    )
    .bind(id)
    .bind(now.0)
    .bind(until.0)
    .fetch_optional(tx.connection())
    .await?;
    row.map(|row| {
        Ok(Claimed {
            id: row.try_get("mail_id")?,
            member: row.try_get::<Option<String>>("member_id")?.map(MemberId),
            recipient: row.try_get("recipient")?,
            language: row.try_get("language")?,
            content: row.try_get("content")?,
            attempts: number(&row, "attempts")?,
            tried_since: UnixTime(row.try_get("tried_since")?),
            expires_at: row.try_get::<Option<i64>>("expires_at")?.map(UnixTime),
        })
    })
    .transpose()
}

fn number(row: &Row, column: &str) -> Result<u32, StoreError> {
    let number: i64 = row.try_get(column)?;
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Who was asked to take a mail, and what they said.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub server: &'a str,
    pub answer: &'a str,
}

/// Nothing more is to be done for a mail. Its content goes, but for what did not arrive and staff may want sent again.
pub async fn finish(
    tx: &mut WriteTx,
    id: &str,
    state: State,
    said: Option<Said<'_>>,
    now: UnixTime,
) -> Result<(), StoreError> {
    query(
        "UPDATE mail_outbox SET state = $2, server = $3, answer = $4, finished_at = $5, claimed_until = NULL,
                content = CASE WHEN $2 IN ('refused', 'given_up') THEN content ELSE NULL END
          WHERE mail_id = $1 AND state = 'queued'",
    )
    .bind(id)
    .bind(state.name())
    .bind(said.map(|said| said.server))
    .bind(said.map(|said| said.answer))
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// It was not tried after all: whoever comes next may, at once.
pub async fn give_back(tx: &mut WriteTx, id: &str) -> Result<(), StoreError> {
    query(
        "UPDATE mail_outbox SET claimed_until = NULL, attempts = attempts - 1 WHERE mail_id = $1 AND state = 'queued'",
    )
    .bind(id)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// It is tried again at `next`.
pub async fn retry(tx: &mut WriteTx, id: &str, said: Said<'_>, next: UnixTime) -> Result<(), StoreError> {
    query(
        "UPDATE mail_outbox SET server = $2, answer = $3, next_at = $4, claimed_until = NULL
          WHERE mail_id = $1 AND state = 'queued'",
    )
    .bind(id)
    .bind(said.server)
    .bind(said.answer)
    .bind(next.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

const REMEMBERED: &str =
    "SELECT mail_id, member_id, kind, recipient, state, attempts, created_at, next_at, finished_at,
    expires_at, server, answer, CAST(CASE WHEN content IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_content,
    merged FROM mail_outbox ";

/// `None` for a state that only a newer version knows.
fn remembered(row: &Row) -> Result<Option<Remembered>, StoreError> {
    let id: String = row.try_get("mail_id")?;
    let state: String = row.try_get("state")?;
    let Some(state) = State::ALL.into_iter().find(|s| s.name() == state) else { return Ok(None) };
    let time = |column: &str| row.try_get::<Option<i64>>(column).map(|t| t.map(UnixTime));
    Ok(Some(Remembered {
        member: row.try_get::<Option<String>>("member_id")?.map(MemberId),
        kind: row.try_get("kind")?,
        recipient: row.try_get("recipient")?,
        state,
        attempts: number(row, "attempts")?,
        merged: number(row, "merged")?,
        created_at: UnixTime(row.try_get("created_at")?),
        next_at: UnixTime(row.try_get("next_at")?),
        finished_at: time("finished_at")?,
        expires_at: time("expires_at")?,
        server: row.try_get("server")?,
        answer: row.try_get("answer")?,
        has_content: row.try_get::<i64>("has_content")? == 1,
        id,
    }))
}

pub async fn by_id(db: &mut impl Reads, id: &str) -> Result<Option<Remembered>, StoreError> {
    let sql = const_format::concatcp!(REMEMBERED, "WHERE mail_id = $1");
    let row = query(sql).bind(id).fetch_optional(db.connection()).await?;
    row.as_ref().map(remembered).transpose().map(Option::flatten)
}

/// Whose mails are looked for: a member's, and those to their address that were for everybody who has it.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    pub member: &'a MemberId,
    pub recipient_key: &'a str,
}

/// The latest mails, of one member or of all, in one state or in any, newest first.
pub async fn latest(
    db: &mut impl Reads,
    recipient: Option<Recipient<'_>>,
    state: Option<State>,
    most: u32,
) -> Result<Vec<Remembered>, StoreError> {
    let sql = const_format::concatcp!(
        REMEMBERED,
        "WHERE ($1 = '' OR member_id = $1 OR (member_id IS NULL AND recipient_key = $4)) AND ($2 = '' OR state = $2)
          ORDER BY created_at DESC, mail_id LIMIT $3"
    );
    let rows = query(sql)
        .bind(recipient.map_or("", |recipient| recipient.member.as_str()))
        .bind(state.map_or("", State::name))
        .bind(i64::from(most))
        .bind(recipient.map_or("", |recipient| recipient.recipient_key))
        .fetch_all(db.connection())
        .await?;
    rows.iter().filter_map(|row| remembered(row).transpose()).collect()
}

/// Tries a mail again now, as if it were new; `false` if it was sent, or what it says is gone or of no use any more.
pub async fn resend(tx: &mut WriteTx, id: &str, now: UnixTime) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE mail_outbox SET state = 'queued', next_at = $2, resent_at = $2, attempts = 0, finished_at = NULL,
                claimed_until = CASE WHEN state = 'queued' THEN claimed_until ELSE NULL END
          WHERE mail_id = $1 AND state IN ('queued', 'refused', 'given_up') AND content IS NOT NULL
            AND (expires_at IS NULL OR expires_at > $2)",
    )
    .bind(id)
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    Ok(done == 1)
}
