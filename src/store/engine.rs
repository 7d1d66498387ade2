//! The only file that knows which database is behind the store: opening it, migrations, and telling its errors apart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};

use super::migrations::MIGRATIONS;
use super::outage::{Cause, Outages};
use super::sql::{self, Statement, query};
use super::sqlite::{self, File, Times};
use super::{Limits, Reads, Store, StoreError, WriteTx};

/// What the migrations say.
#[cfg(test)]
pub(super) fn statements() -> Vec<&'static str> {
    MIGRATIONS.iter().map(|migration| migration.sql).collect()
}

/// How long a request waits for a connection before it is told that the provider is busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the connections come from.
#[derive(Clone, Debug)]
pub(super) enum Engine {
    Sqlite(File),
    Postgres(PgPool),
}

/// Numbers of migrations: the last one that the database has seen (0: it has no tables yet), the last one that this
/// program knows, and the least that a program must know to use the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    pub database: i64,
    pub program: i64,
    pub oldest: i64,
}

impl Version {
    /// Whether this program may use the tables as they are: a newer version may have added to them.
    pub fn is_usable(&self) -> bool {
        self.database <= self.program || self.oldest <= self.program
    }
}

/// Why the database can't be used. The message says what to do; it never shows the URL's password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("database.url must begin with \"sqlite:\" or \"postgres://\"")]
    UnknownEngine,
    #[error(
        "the folder {folder} for the database can't be made: {reason}. Make it, or set database.url to another place"
    )]
    Folder { folder: PathBuf, reason: std::io::Error },
    #[error(
        "the database file {file} can't be opened for writing: {reason}. Check the owner and rights of the file and its folder"
    )]
    File { file: PathBuf, reason: String },
    #[error(
        "{file} is not a Sekisho database, or it is damaged: {reason}. Nothing was changed; restore a backup or set database.url to another file"
    )]
    NotADatabase { file: PathBuf, reason: String },
    #[error("PostgreSQL can't be reached: {0}. Check database.url and that the server runs")]
    Unreachable(String),
    #[error(
        "the database was made by a newer version of Sekisho (migration {0}) and can't be used by this one any more, which leaves it untouched. Start the newer version, or restore a backup of before the upgrade"
    )]
    Newer(i64),
    #[error(
        "migration {0} in the database differs from the one of this version; it was changed by hand or by another program"
    )]
    Changed(i64),
    #[error("the disk that holds the database is full; free some space and start again")]
    DiskFull,
    #[error("the database could not be brought up to this version: {0}")]
    Migration(String),
}

pub(super) async fn open(url: &str, limits: Limits) -> Result<Store, OpenError> {
    if let Some(path) = sqlite_path(url) {
        open_sqlite(path, limits)
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        open_postgres(url, limits).await
    } else {
        Err(OpenError::UnknownEngine)
    }
}

/// Every connection is told how long to wait, so that nothing hangs for ever whatever happens to the caller.
async fn open_postgres(url: &str, limits: Limits) -> Result<Store, OpenError> {
    let unreachable = |e| OpenError::Unreachable(without_url(&e));
    try_once(url).await.map_err(unreachable)?;
    let patience = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
        limits.statement.as_millis(),
        limits.lock.as_millis(),
        limits.idle_in_transaction.as_millis(),
    );
    let options = PgPoolOptions::new().acquire_timeout(PATIENCE).max_connections(limits.max_connections).after_connect(
        move |connection, _| {
            let patience = patience.clone();
            Box::pin(async move {
                connection.execute(AssertSqlSafe(patience)).await?;
                // A statement ends when its caller is gone, also while it waits for a lock. Since PostgreSQL 14, and not
                // on every system: without it, the statement's own time ends it.
                let _ = connection.execute("SET client_connection_check_interval = 1000").await;
                Ok(())
            })
        },
    );
    let pool = options.connect(url).await.map_err(unreachable)?;
    Ok(Store::new(Engine::Postgres(pool), limits, Arc::default()))
}

/// A plain path, whatever signs it holds.
fn sqlite_path(url: &str) -> Option<&str> {
    url.strip_prefix("sqlite:").map(|rest| rest.trim_start_matches("//"))
}

/// The file behind a `sqlite:` URL.
pub(super) fn sqlite_file(url: &str) -> Option<PathBuf> {
    sqlite_path(url).map(PathBuf::from)
}

fn open_sqlite(path: &str, limits: Limits) -> Result<Store, OpenError> {
    let file = PathBuf::from(path);
    if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
        make_private_folder(folder).map_err(|reason| OpenError::Folder { folder: folder.to_owned(), reason })?;
    }
    check_writable(&file)?;
    let failed = |e: rusqlite::Error| sqlite_open_error(&file, e);
    // The question makes SQLite read, and so open the files that it needs next to the database.
    let first = rusqlite::Connection::open(&file).map_err(failed)?;
    let question = const_format::concatcp!(sqlite::PRAGMAS, " SELECT COUNT(*) FROM sqlite_master");
    first.busy_timeout(PATIENCE).and_then(|()| first.execute_batch(question)).map_err(failed)?;
    drop(first);
    let (outages, times) = (Arc::<Outages>::default(), Times { statement: limits.statement, lock: limits.lock });
    let opened = File::open(&file, times, limits.max_connections, Arc::clone(&outages)).map_err(failed)?;
    Ok(Store::new(Engine::Sqlite(opened), limits, outages))
}

/// Opens one connection and closes it again. A pool would try for half a minute and not tell why it did not succeed.
async fn try_once(url: &str) -> Result<(), sqlx::Error> {
    PgConnection::connect(url).await?.close().await
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes the file if it is missing (readable by its owner only), and asks for the right to write to it and beside it:
/// SQLite itself would only complain at the first change.
fn check_writable(file: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |e: std::io::Error| match e.raw_os_error() {
        Some(NO_SPACE) => OpenError::DiskFull,
        _ => OpenError::File { file: file.to_owned(), reason: e.to_string() },
    };
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file).map(drop).map_err(failed)
}

/// `ENOSPC` on every system that Sekisho runs on.
const NO_SPACE: i32 = 28;

fn sqlite_open_error(file: &Path, error: rusqlite::Error) -> OpenError {
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            OpenError::NotADatabase { file: file.to_owned(), reason }
        }
        _ if cause(&sql::Error::Sqlite(error)) == Some(Cause::DiskFull) => OpenError::DiskFull,
        _ => OpenError::File { file: file.to_owned(), reason },
    }
}

/// sqlx's messages name host and user but not the password; a URL that can't be read is not repeated.
fn without_url(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(_) => "database.url can't be understood".into(),
        other => other.to_string(),
    }
}

/// Why the tables could not be brought up to this version.
pub(super) fn failed(error: StoreError) -> OpenError {
    match error {
        StoreError::Busy(Cause::DiskFull) => OpenError::DiskFull,
        other => OpenError::Migration(other.to_string()),
    }
}

/// Whoever comes second to a migration that another node is at waits for it.
const LOCK: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
                    SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock(7236837524)";

/// Brings the tables up to this version, all of it or nothing.
pub(super) async fn migrate(mut tx: WriteTx) -> Result<(), OpenError> {
    if let lock @ Statement::Postgres(_) = tx.connection() {
        lock.batch(LOCK).await.map_err(|e| failed(e.into()))?;
    }
    let found = version(&mut tx).await.map_err(failed)?;
    if !found.is_usable() {
        return Err(OpenError::Newer(found.database));
    }
    let applied = if found.database == 0 { Vec::new() } else { applied(&mut tx).await.map_err(failed)? };
    for migration in MIGRATIONS.iter() {
        match applied.iter().find(|(number, _)| *number == migration.number) {
            Some((number, digest)) if *digest != migration.digest() => return Err(OpenError::Changed(*number)),
            Some(_) => {}
            None => {
                tx.connection().batch(migration.sql).await.map_err(|e| failed(e.into()))?;
                query("INSERT INTO migrations (number, name, digest) VALUES ($1, $2, $3)")
                    .bind(migration.number)
                    .bind(migration.name)
                    .bind(migration.digest())
                    .execute(tx.connection())
                    .await
                    .map_err(|e| failed(e.into()))?;
            }
        }
    }
    tx.commit().await.map_err(failed)
}

/// Number and digest of every migration that the database has seen.
async fn applied(db: &mut impl Reads) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = query("SELECT number, digest FROM migrations").fetch_all(db.connection()).await?;
    rows.iter().map(|row| Ok((row.try_get("number")?, row.try_get("digest")?))).collect()
}

pub(super) async fn has_table(db: &mut impl Reads, table: &'static str) -> Result<bool, StoreError> {
    let sql = match db.connection() {
        Statement::Sqlite(_) => "SELECT COUNT(*) FROM sqlite_master WHERE name = $1",
        Statement::Postgres(_) => {
            "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1"
        }
    };
    Ok(query(sql).bind(table).fetch_one(db.connection()).await?.try_get::<i64>(0)? > 0)
}

pub(super) async fn version(db: &mut impl Reads) -> Result<Version, StoreError> {
    let program = MIGRATIONS.iter().map(|migration| migration.number).max().unwrap_or(0);
    if !has_table(db, "migrations").await? {
        return Ok(Version { database: 0, program, oldest: 0 });
    }
    let last = query("SELECT COALESCE(MAX(number), 0) FROM migrations").fetch_one(db.connection()).await?;
    let database: i64 = last.try_get(0)?;
    let sql = "SELECT oldest_migration FROM compatibility WHERE one = 'tables'";
    let oldest = match has_table(db, "compatibility").await? {
        true => query(sql).fetch_optional(db.connection()).await?,
        false => None,
    };
    Ok(Version { database, program, oldest: oldest.map_or(Ok(database), |row| row.try_get(0))? })
}

/// Whether the database can't be used for the moment, and why; `None`: it can, and the statement was wrong.
pub(super) fn cause(error: &sql::Error) -> Option<Cause> {
    match error {
        sql::Error::Sqlite(error) => match error.sqlite_error() {
            Some(error) => cause_of(&error.extended_code.to_string()),
            None => None,
        },
        sql::Error::Postgres(error) => cause_in_postgres(error),
        sql::Error::NoConnection => Some(Cause::NoConnection),
        sql::Error::NoAnswer => Some(Cause::NoAnswer),
        sql::Error::NotCommitted(cause) => Some(*cause),
        sql::Error::Failed | sql::Error::NoRow | sql::Error::Column(_) | sql::Error::Encode(_) => None,
    }
}

fn cause_in_postgres(error: &sqlx::Error) -> Option<Cause> {
    match error {
        sqlx::Error::Database(error) => cause_of(&error.code()?),
        sqlx::Error::PoolTimedOut => Some(Cause::NoConnection),
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Some(Cause::NoAnswer),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Some(Cause::ConnectionBroke),
        _ => None,
    }
}

/// SQLite's codes are numbers (the low byte is the kind, <https://sqlite.org/rescode.html>), PostgreSQL's have five places
/// (the first two are the class, <https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn cause_of(code: &str) -> Option<Cause> {
    const SHMSIZE: u32 = 4874;
    if code.len() < 5 {
        let code: u32 = code.parse().ok()?;
        return match code & 0xff {
            _ if code == SHMSIZE => Some(Cause::DiskFull),
            13 => Some(Cause::DiskFull),
            // BUSY, LOCKED
            5 | 6 => Some(Cause::Locked),
            8 => Some(Cause::ReadOnly),
            // INTERRUPT: by its end of time
            9 => Some(Cause::TooSlow),
            // NOMEM, IOERR, CANTOPEN, PROTOCOL
            7 | 10 | 14 | 15 => Some(Cause::DatabaseTrouble),
            _ => None,
        };
    }
    match code {
        "53100" => Some(Cause::DiskFull),
        "25006" => Some(Cause::ReadOnly),
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => Some(Cause::Locked),
        "57014" => Some(Cause::TooSlow),
        // idle_in_transaction_session_timeout, transaction_timeout, idle_session_timeout
        "25P03" | "25P04" | "57P05" => Some(Cause::ConnectionBroke),
        _ => match code.get(..2)? {
            // The connection; the server shuts down or starts up.
            "08" | "57" => Some(Cause::ConnectionBroke),
            // Resources, system errors, internal errors
            "53" | "58" | "XX" => Some(Cause::DatabaseTrouble),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_is_wrong_by_its_code() {
        for (code, cause) in [
            ("13", Some(Cause::DiskFull)),
            ("4874", Some(Cause::DiskFull)),
            ("53100", Some(Cause::DiskFull)),
            ("5", Some(Cause::Locked)),
            ("517", Some(Cause::Locked)),
            ("55P03", Some(Cause::Locked)),
            ("40P01", Some(Cause::Locked)),
            ("1032", Some(Cause::ReadOnly)),
            ("25006", Some(Cause::ReadOnly)),
            ("778", Some(Cause::DatabaseTrouble)),
            ("57014", Some(Cause::TooSlow)),
            ("57P01", Some(Cause::ConnectionBroke)),
            ("08006", Some(Cause::ConnectionBroke)),
            ("53300", Some(Cause::DatabaseTrouble)),
            // A statement or a row that is wrong: a constraint, a syntax, a table that is missing.
            ("1", None),
            ("1555", None),
            ("787", None),
            ("23505", None),
            ("42P01", None),
        ] {
            assert_eq!(cause_of(code), cause, "{code}");
        }
    }
}
