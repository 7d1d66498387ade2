//! How long rows are kept: one table for all tables, and the clean-up that goes by it.
//!
//! What has become of no use is deleted in batches of some milliseconds, with pauses in between in which others write. A
//! column that is written often has no index for this: `review_at` says when a row is looked at again. It is fixed when the
//! row is made and moved on by the clean-up alone.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::sql::query;
use super::{Reads, Store, StoreError};
use crate::domain::unix_time::{Span, UnixTime};

/// How long rows are kept where the settings decide it.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub now: UnixTime,
    pub known_devices: Span,
    pub mails: Span,
    pub account_events: Span,
    pub password_failures: Span,
    /// Counts from here on are locks that stand until staff lift them.
    pub locked_from: u32,
    /// How many user IDs that belong to nobody are remembered.
    pub unknown_ids: u32,
}

/// What holds for a table.
enum Kept {
    /// Until something else is deleted or replaces it: it does not grow by itself.
    Stays,
    Goes(&'static [Rule]),
}

struct Rule {
    /// The columns of its primary key.
    key: &'static str,
    /// Which rows are due; `$1` is the limit, `$2` the count from which failures are a lock.
    due: &'static str,
    limit: Limit,
    done: Done,
}

enum Limit {
    Time(fn(&Terms) -> UnixTime),
    /// Of the newest so many, the time of the one that follows.
    Beyond(fn(&Terms) -> u32, &'static str),
}

enum Done {
    Delete,
    Set(&'static str),
}

const fn expired(key: &'static str) -> Rule {
    Rule { key, due: "expires_at < $1", limit: Limit::Time(|terms| terms.now), done: Done::Delete }
}

const fn older(key: &'static str, due: &'static str, than: fn(&Terms) -> UnixTime) -> Rule {
    Rule { key, due, limit: Limit::Time(than), done: Done::Delete }
}

/// Every table, in the order of the clean-up.
const TABLES: &[(&str, Kept)] = &[
    ("logins", Kept::Goes(&[expired("login_digest")])),
    ("email_codes", Kept::Goes(&[expired("place")])),
    ("password_links", Kept::Goes(&[expired("link_digest")])),
    ("lost_methods", Kept::Goes(&[expired("member_id")])),
    ("revoked_access_tokens", Kept::Goes(&[expired("token_id")])),
    ("used_webauthn_challenges", Kept::Goes(&[expired("challenge_digest")])),
    ("initial_access_tokens", Kept::Goes(&[expired("token_digest")])),
    ("signing_keys", Kept::Goes(&[older("key_id", "published_until < $1", |terms| terms.now)])),
    (
        "authorization_grants",
        Kept::Goes(&[
            Rule {
                key: "grant_id",
                due: "review_at < $1 AND kept_until >= $1",
                limit: Limit::Time(|terms| terms.now),
                done: Done::Set("review_at = kept_until"),
            },
            older("grant_id", "review_at < $1 AND kept_until < $1", |terms| terms.now),
        ]),
    ),
    (
        // A grant needs its session's row; without grants, an expired session says nothing any more.
        "browser_sessions",
        Kept::Goes(&[
            Rule {
                key: "session_id",
                due: "review_at < $1 AND (expires_at >= $1 OR EXISTS
                        (SELECT 1 FROM authorization_grants g WHERE g.session_id = browser_sessions.session_id))",
                limit: Limit::Time(|terms| terms.now),
                done: Done::Set("review_at = CASE WHEN expires_at >= $1 THEN expires_at ELSE $1 + 86400 END"),
            },
            older(
                "session_id",
                "review_at < $1 AND expires_at < $1 AND NOT EXISTS
                   (SELECT 1 FROM authorization_grants g WHERE g.session_id = browser_sessions.session_id)",
                |terms| terms.now,
            ),
        ]),
    ),
    (
        "known_devices",
        Kept::Goes(&[older("device_digest, member_id", "last_at < $1", |terms| terms.now - terms.known_devices)]),
    ),
    (
        "password_failures",
        Kept::Goes(&[
            older("account_key, device", "last_at < $1 AND failures < $2", |terms| terms.now - terms.password_failures),
            Rule {
                key: "account_key, device",
                due: "member_id IS NULL AND last_at <= $1",
                limit: Limit::Beyond(
                    |terms| terms.unknown_ids,
                    "SELECT last_at FROM password_failures WHERE member_id IS NULL ORDER BY last_at DESC LIMIT 1 OFFSET $1",
                ),
                done: Done::Delete,
            },
        ]),
    ),
    ("account_events", Kept::Goes(&[older("event_id", "at < $1", |terms| terms.now - terms.account_events)])),
    (
        "mail_outbox",
        Kept::Goes(&[
            Rule {
                key: "mail_id",
                due: "content IS NOT NULL AND state <> 'queued' AND expires_at <= $1",
                limit: Limit::Time(|terms| terms.now),
                done: Done::Set("content = NULL"),
            },
            older("mail_id", "created_at < $1 AND state <> 'queued'", |terms| terms.now - terms.mails),
        ]),
    ),
    ("member_notices", Kept::Goes(&[older("notice_id", "created_at < $1", |terms| terms.now - terms.mails)])),
    ("recovery_requests", Kept::Goes(&[expired("request_id")])),
    ("help_misses", Kept::Goes(&[older("locale, query", "last_at < $1", |terms| terms.now - Span::days(180))])),
    ("write_probes", Kept::Goes(&[older("node", "written_at < $1", |terms| terms.now - Span::days(1))])),
    ("members", Kept::Stays),                    // until staff delete them
    ("member_passwords", Kept::Stays),           // goes with its member
    ("password_history", Kept::Stays),           // so many of each member; the oldest goes when one is added
    ("one_time_password_failures", Kept::Stays), // one of each member
    ("totp_devices", Kept::Stays),               // goes with its member
    ("recovery_codes", Kept::Stays),             // new ones replace those before
    ("passkey_users", Kept::Stays),              // goes with its member
    ("passkeys", Kept::Stays),                   // goes with its member
    ("consents", Kept::Stays),                   // one of each member for each client, until it is withdrawn
    ("resource_servers", Kept::Stays),           // until staff remove it
    ("resource_scopes", Kept::Stays),            // goes with its resource server
    ("clients", Kept::Stays),                    // until staff or the client itself remove it
    ("password_costs", Kept::Stays),             // one of each kind of hash
    ("password_peppers", Kept::Stays),           // one of each pepper
    ("help_revisions", Kept::Stays),             // the history of what staff wrote
    ("help_drafts", Kept::Stays),                // until they are published or discarded
    ("help_generation", Kept::Stays),            // one row
    ("help_versions", Kept::Stays),              // one of each content that staff or a version published
    ("help_votes", Kept::Stays),                 // one of each question in each language
    ("clean_up_runs", Kept::Stays),              // one row
    ("compatibility", Kept::Stays),              // one row
    ("migrations", Kept::Stays),                 // one of each
    ("registry", Kept::Stays),                   // one row
];

/// The first batch of a table; later ones go by the time that it took.
const FIRST: u32 = 50;
/// What a batch may hold up others.
const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_millis(20);
/// More than so many rows of a table are not counted.
const COUNTED: i64 = 100_000;

/// The next batch, after one that took so long.
fn next_size(size: u32, took: Duration) -> u32 {
    if took < SHORT {
        (size * 2).min(2_000)
    } else if took > LONG {
        (size / 2).max(10)
    } else {
        size
    }
}

/// What a round of the clean-up has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanUp {
    pub ended_at: UnixTime,
    pub deleted: i64,
    /// What was due and is left for the next round.
    pub backlog: i64,
}

impl Store {
    /// One round: deletes what nobody can use any more, for `longest` at most. What is left waits for the next round.
    pub async fn clean_up(&self, terms: &Terms, longest: Duration) -> Result<CleanUp, StoreError> {
        let began = Instant::now();
        let mut done = CleanUp { ended_at: terms.now, deleted: 0, backlog: 0 };
        for (table, rule) in rules() {
            let Some(limit) = self.limit(rule, terms).await? else { continue };
            let mut size = FIRST;
            while began.elapsed() < longest {
                let started = Instant::now();
                let rows = self.batch(table, rule, limit, terms, size).await?;
                if matches!(rule.done, Done::Delete) {
                    done.deleted += i64::try_from(rows).unwrap_or(i64::MAX);
                }
                if rows < u64::from(size) {
                    break;
                }
                let took = started.elapsed();
                size = next_size(size, took);
                sleep(took.max(SHORT)).await;
            }
        }
        if began.elapsed() >= longest {
            done.backlog = self.backlog(terms).await?;
        }
        self.note_clean_up(&done).await?;
        Ok(done)
    }

    async fn limit(&self, rule: &Rule, terms: &Terms) -> Result<Option<i64>, StoreError> {
        match &rule.limit {
            Limit::Time(limit) => Ok(Some(limit(terms).0)),
            Limit::Beyond(kept, newest) => {
                let mut reader = self.reader().await?;
                let row = query(*newest).bind(i64::from(kept(terms))).fetch_optional(reader.connection()).await?;
                Ok(row.map(|row| row.try_get(0)).transpose()?)
            }
        }
    }

    async fn batch(&self, table: &str, rule: &Rule, limit: i64, terms: &Terms, size: u32) -> Result<u64, StoreError> {
        let (key, due) = (rule.key, rule.due);
        let those = format!("WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {due} LIMIT {size})");
        let sql = match rule.done {
            Done::Delete => format!("DELETE FROM {table} {those}"),
            Done::Set(change) => format!("UPDATE {table} SET {change} {those}"),
        };
        let mut tx = self.write().await?;
        let mut query = query(sql).bind(limit);
        if due.contains("$2") {
            query = query.bind(i64::from(terms.locked_from));
        }
        let rows = query.execute(tx.connection()).await?;
        tx.commit().await?;
        Ok(rows)
    }

    /// How many rows are due to go.
    pub async fn backlog(&self, terms: &Terms) -> Result<i64, StoreError> {
        let mut due = 0;
        for (table, rule) in rules().filter(|(_, rule)| matches!(rule.done, Done::Delete)) {
            let Some(limit) = self.limit(rule, terms).await? else { continue };
            let sql =
                format!("SELECT COUNT(*) FROM (SELECT 1 AS one FROM {table} WHERE {} LIMIT {COUNTED}) due", rule.due);
            let mut query = query(sql).bind(limit);
            if rule.due.contains("$2") {
                query = query.bind(i64::from(terms.locked_from));
            }
            let mut reader = self.reader().await?;
            due += query.fetch_one(reader.connection()).await?.try_get::<i64>(0)?;
        }
        Ok(due)
    }

    async fn note_clean_up(&self, done: &CleanUp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query(
            "INSERT INTO clean_up_runs (one, ended_at, deleted, backlog) VALUES ('clean_up', $1, $2, $3)
             ON CONFLICT (one) DO UPDATE
                SET ended_at = excluded.ended_at, deleted = excluded.deleted, backlog = excluded.backlog",
        )
        .bind(done.ended_at.0)
        .bind(done.deleted)
        .bind(done.backlog)
        .execute(tx.connection())
        .await?;
        tx.commit().await
    }
}

/// The last round of any node; `None`: there was none yet.
pub async fn last_clean_up(db: &mut impl Reads) -> Result<Option<CleanUp>, StoreError> {
    let row = query("SELECT ended_at, deleted, backlog FROM clean_up_runs WHERE one = 'clean_up'")
        .fetch_optional(db.connection())
        .await?;
    row.map(|row| {
        Ok(CleanUp {
            ended_at: UnixTime(row.try_get("ended_at")?),
            deleted: row.try_get("deleted")?,
            backlog: row.try_get("backlog")?,
        })
    })
    .transpose()
}

fn rules() -> impl Iterator<Item = (&'static str, &'static Rule)> {
    TABLES.iter().flat_map(|(table, kept)| {
        let rules: &'static [Rule] = match kept {
            Kept::Goes(rules) => rules,
            Kept::Stays => &[],
        };
        rules.iter().map(move |rule| (*table, rule))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_is_named_here_once() {
        let made: BTreeSet<String> = crate::store::engine::statements()
            .iter()
            .flat_map(|sql| sql.split("CREATE TABLE ").skip(1))
            .map(|rest| rest.split([' ', '(']).next().unwrap().to_owned())
            .collect();
        assert!(made.len() > 20, "{made:?}");
        let named: Vec<String> = TABLES.iter().map(|(table, _)| (*table).to_owned()).collect();
        let once: BTreeSet<String> = named.iter().cloned().collect();
        assert_eq!(once.len(), named.len(), "a table is named twice");
        assert_eq!(once, made, "say in store/retention.rs how long the rows of each table are kept");
        for (table, kept) in TABLES {
            if let Kept::Goes(rules) = kept {
                assert!(rules.iter().any(|rule| matches!(rule.done, Done::Delete)), "{table}");
            }
        }
    }

    /// PostgreSQL writes a row without touching its indexes when none of their columns has changed.
    #[test]
    fn nothing_that_a_refresh_changes_has_an_index() {
        let statements = crate::store::engine::statements();
        let indexes = statements
            .iter()
            .flat_map(|sql| sql.split(';'))
            .filter(|sql| sql.contains("INDEX") && sql.contains(" ON authorization_grants "));
        let mut seen = 0;
        for index in indexes {
            seen += 1;
            for column in ["refresh_generation", "refreshed_at", "kept_until"] {
                assert!(!index.contains(column), "{index}");
            }
        }
        assert!(seen > 2);
    }

    #[test]
    fn batches_become_as_large_as_some_milliseconds_allow() {
        assert_eq!(next_size(50, Duration::from_millis(1)), 100);
        assert_eq!(next_size(50, Duration::from_millis(10)), 50);
        assert_eq!(next_size(50, Duration::from_millis(30)), 25);
        assert_eq!(next_size(2_000, Duration::ZERO), 2_000);
        assert_eq!(next_size(10, Duration::from_secs(1)), 10);
    }
}
