//! Whether answers helped, and what was sought in vain: counts, and nothing about who.

use crate::domain::unix_time::UnixTime;
use crate::store::sql::query;
use crate::store::{Reads, StoreError, WriteTx};

/// What readers said of one answer in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Votes {
    pub question: String,
    pub locale: String,
    pub helpful: i64,
    pub unhelpful: i64,
    pub last_at: UnixTime,
}

/// A query that found nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    pub query: String,
    pub locale: String,
    pub misses: i64,
    pub last_at: UnixTime,
}

pub async fn vote(
    tx: &mut WriteTx,
    question: &str,
    locale: &str,
    is_helpful: bool,
    now: UnixTime,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO help_votes (question_id, locale, helpful, unhelpful, last_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (question_id, locale) DO UPDATE SET helpful = help_votes.helpful + excluded.helpful,
             unhelpful = help_votes.unhelpful + excluded.unhelpful, last_at = excluded.last_at",
    )
    .bind(question)
    .bind(locale)
    .bind(i64::from(is_helpful))
    .bind(i64::from(!is_helpful))
    .bind(now.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The answers that helped least first.
pub async fn votes(db: &mut impl Reads) -> Result<Vec<Votes>, StoreError> {
    let rows = query(
        "SELECT question_id, locale, helpful, unhelpful, last_at FROM help_votes
          ORDER BY unhelpful DESC, helpful, question_id, locale",
    )
    .fetch_all(db.connection())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Votes {
                question: row.try_get("question_id")?,
                locale: row.try_get("locale")?,
                helpful: row.try_get("helpful")?,
                unhelpful: row.try_get("unhelpful")?,
                last_at: UnixTime(row.try_get("last_at")?),
            })
        })
        .collect()
}

/// Counts queries that found nothing: in which language, what, and how often since the last time.
pub async fn count_misses(tx: &mut WriteTx, misses: &[(String, String, i64)], now: UnixTime) -> Result<(), StoreError> {
    for (locale, words, count) in misses {
        query(
            "INSERT INTO help_misses (locale, query, misses, last_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (locale, query) DO UPDATE SET misses = help_misses.misses + excluded.misses,
                 last_at = excluded.last_at",
        )
        .bind(locale)
        .bind(words)
        .bind(*count)
        .bind(now.0)
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}

/// Drops what was sought least and longest ago, beyond `most` rows; how many went.
pub async fn bound_misses(tx: &mut WriteTx, most: u32) -> Result<u64, StoreError> {
    let gone = query(
        "DELETE FROM help_misses WHERE (locale, query) NOT IN
           (SELECT kept.locale, kept.query FROM (SELECT locale, query FROM help_misses
              ORDER BY misses DESC, last_at DESC, locale, query LIMIT $1) kept)",
    )
    .bind(i64::from(most))
    .execute(tx.connection())
    .await?;
    Ok(gone)
}

/// What was sought most first.
pub async fn misses(db: &mut impl Reads, most: u32) -> Result<Vec<Miss>, StoreError> {
    let rows = query(
        "SELECT locale, query, misses, last_at FROM help_misses ORDER BY misses DESC, last_at DESC, locale, query LIMIT $1",
    )
    .bind(i64::from(most))
    .fetch_all(db.connection())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Miss {
                query: row.try_get("query")?,
                locale: row.try_get("locale")?,
                misses: row.try_get("misses")?,
                last_at: UnixTime(row.try_get("last_at")?),
            })
        })
        .collect()
}

/// How many different queries are kept.
pub async fn miss_count(db: &mut impl Reads) -> Result<i64, StoreError> {
    Ok(query("SELECT COUNT(*) FROM help_misses").fetch_one(db.connection()).await?.try_get(0)?)
}
