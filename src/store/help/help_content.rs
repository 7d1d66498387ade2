//! What staff have made of the help: revisions of single files, drafts, and the generation that tells nodes to read again.

use crate::domain::unix_time::UnixTime;
use crate::store::sql::{Row, query};
use crate::store::{Reads, StoreError, WriteTx};

/// A file as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub path: String,
    /// 1, 2, 3 of each path.
    pub number: i64,
    /// `None`: back to the file that comes with Sekisho or lies in the folder.
    pub content: Option<String>,
    /// Of that file at the time; empty where there was none.
    pub base_digest: String,
    pub author: String,
    pub note: String,
    pub published_at: UnixTime,
}

/// A file that somebody is writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub path: String,
    pub content: String,
    pub author: String,
    pub changed_at: UnixTime,
}

/// How often something was published.
pub async fn generation(db: &mut impl Reads) -> Result<i64, StoreError> {
    let row = query("SELECT generation FROM help_generation WHERE one = 'help'").fetch_one(db.connection()).await?;
    Ok(row.try_get(0)?)
}

/// Tells every node to read the help again. `false`: somebody else has done so since `seen`, and nothing was changed.
pub async fn next_generation(tx: &mut WriteTx, seen: i64) -> Result<bool, StoreError> {
    let done = query("UPDATE help_generation SET generation = generation + 1 WHERE one = 'help' AND generation = $1")
        .bind(seen)
        .execute(tx.connection())
        .await?;
    Ok(done == 1)
}

/// The last revision of every path, by path.
pub async fn in_force(db: &mut impl Reads) -> Result<Vec<Revision>, StoreError> {
    let rows = query(
        "SELECT r.path, r.number, r.content, r.base_digest, r.author, r.note, r.published_at FROM help_revisions r
          WHERE r.number = (SELECT MAX(l.number) FROM help_revisions l WHERE l.path = r.path)
          ORDER BY r.path",
    )
    .fetch_all(db.connection())
    .await?;
    rows.iter().map(revision).collect()
}

/// All revisions of a path, newest first.
pub async fn history(db: &mut impl Reads, path: &str) -> Result<Vec<Revision>, StoreError> {
    let rows = query(
        "SELECT path, number, content, base_digest, author, note, published_at FROM help_revisions
          WHERE path = $1 ORDER BY number DESC",
    )
    .bind(path)
    .fetch_all(db.connection())
    .await?;
    rows.iter().map(revision).collect()
}

fn revision(row: &Row) -> Result<Revision, StoreError> {
    Ok(Revision {
        path: row.try_get("path")?,
        number: row.try_get("number")?,
        content: row.try_get("content")?,
        base_digest: row.try_get("base_digest")?,
        author: row.try_get("author")?,
        note: row.try_get("note")?,
        published_at: UnixTime(row.try_get("published_at")?),
    })
}

/// Adds a revision. Its number must be the next one.
pub async fn insert(tx: &mut WriteTx, revision: &Revision) -> Result<(), StoreError> {
    query(
        "INSERT INTO help_revisions (path, number, content, base_digest, author, note, published_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&revision.path)
    .bind(revision.number)
    .bind(&revision.content)
    .bind(&revision.base_digest)
    .bind(&revision.author)
    .bind(&revision.note)
    .bind(revision.published_at.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub async fn drafts(db: &mut impl Reads) -> Result<Vec<Draft>, StoreError> {
    let rows = query("SELECT path, content, author, changed_at FROM help_drafts ORDER BY path")
        .fetch_all(db.connection())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Draft {
                path: row.try_get("path")?,
                content: row.try_get("content")?,
                author: row.try_get("author")?,
                changed_at: UnixTime(row.try_get("changed_at")?),
            })
        })
        .collect()
}

/// Puts a draft in place of the one of the same path.
pub async fn save_draft(tx: &mut WriteTx, draft: &Draft) -> Result<(), StoreError> {
    query(
        "INSERT INTO help_drafts (path, content, author, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (path) DO UPDATE SET content = excluded.content, author = excluded.author,
                                          changed_at = excluded.changed_at",
    )
    .bind(&draft.path)
    .bind(&draft.content)
    .bind(&draft.author)
    .bind(draft.changed_at.0)
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether there was one.
pub async fn discard_draft(tx: &mut WriteTx, path: &str) -> Result<bool, StoreError> {
    let gone = query("DELETE FROM help_drafts WHERE path = $1").bind(path).execute(tx.connection()).await?;
    Ok(gone == 1)
}

/// When a content was first seen, by any node. Two contents never have the same time.
pub async fn since(tx: &mut WriteTx, digest: &str, now: UnixTime) -> Result<UnixTime, StoreError> {
    let found = "SELECT since FROM help_versions WHERE digest = $1";
    if let Some(row) = query(found).bind(digest).fetch_optional(tx.connection()).await? {
        return Ok(UnixTime(row.try_get(0)?));
    }
    let latest = query("SELECT COALESCE(MAX(since), 0) FROM help_versions").fetch_one(tx.connection()).await?;
    let latest: i64 = latest.try_get(0)?;
    query("INSERT INTO help_versions (digest, since) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING")
        .bind(digest)
        .bind(now.0.max(latest + 1))
        .execute(tx.connection())
        .await?;
    let row = query(found).bind(digest).fetch_one(tx.connection()).await?;
    Ok(UnixTime(row.try_get(0)?))
}
