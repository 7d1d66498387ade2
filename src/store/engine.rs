//! The only file that knows which database is behind the store: opening it, migrations, and telling its errors apart.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _};

use super::migrations::MIGRATIONS;
use super::outage::Cause;
use super::{Limits, Store, StoreError};

/// What the migrations say.
#[cfg(test)]
pub(super) fn statements() -> Vec<&'static str> {
    MIGRATIONS.iter().map(|migration| migration.sql.as_str()).collect()
}

/// How long a request waits for a connection before it is told that the provider is busy.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// How a transaction begins that will write. On SQLite the right to write is taken at once: of transactions that
    /// read first and want to write later, all but one would fail.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        }
    }
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
    install_default_drivers();
    if let Some(path) = sqlite_path(url) {
        open_sqlite(path, limits).await
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        open_postgres(url, limits).await
    } else {
        Err(OpenError::UnknownEngine)
    }
}

/// Every connection is told how long to wait, so that nothing hangs for ever whatever happens to the caller.
async fn open_postgres(url: &str, limits: Limits) -> Result<Store, OpenError> {
    let unreachable = |e| OpenError::Unreachable(without_url(&e));
    try_once(url, "").await.map_err(unreachable)?;
    let patience = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
        limits.statement.as_millis(),
        limits.lock.as_millis(),
        limits.idle_in_transaction.as_millis(),
    );
    let options = AnyPoolOptions::new()
        .acquire_timeout(PATIENCE)
        .max_connections(limits.max_connections)
        .after_connect(move |connection, _| {
            let patience = patience.clone();
            Box::pin(async move {
                connection.execute(AssertSqlSafe(patience)).await?;
                // A statement ends when its caller is gone, also while it waits for a lock. Since PostgreSQL 14, and not
                // on every system: without it, the statement's own time ends it.
                let _ = connection.execute("SET client_connection_check_interval = 1000").await;
                Ok(())
            })
        });
    let pool = options.connect(url).await.map_err(unreachable)?;
    Ok(Store::new(pool.clone(), pool, Engine::Postgres, limits))
}

/// A plain path, whatever signs it holds.
fn sqlite_path(url: &str) -> Option<&str> {
    url.strip_prefix("sqlite:").map(|rest| rest.trim_start_matches("//"))
}

/// The file behind a `sqlite:` URL.
pub(super) fn sqlite_file(url: &str) -> Option<PathBuf> {
    sqlite_path(url).map(PathBuf::from)
}

/// The path as sqlx takes it: in an address, where `?` would begin parameters and `%2F` would stand for `/`.
fn sqlite_url(path: &str) -> String {
    let mut url = "sqlite:".to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

/// One connection writes, several read. WAL lets them go on side by side; `synchronous = FULL` makes a commit durable
/// before it is acknowledged.
async fn open_sqlite(path: &str, limits: Limits) -> Result<Store, OpenError> {
    let file = PathBuf::from(path);
    if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
        make_private_folder(folder).map_err(|reason| OpenError::Folder { folder: folder.to_owned(), reason })?;
    }
    check_writable(&file)?;
    let failed = |e: sqlx::Error| sqlite_open_error(&file, &e);
    let url = sqlite_url(path);
    // The question makes SQLite read, and so open the files that it needs beside the database.
    try_once(&url, const_format::concatcp!(PRAGMAS, " SELECT COUNT(*) FROM sqlite_master")).await.map_err(failed)?;
    let pragmas = format!("{PRAGMAS} PRAGMA busy_timeout = {};", limits.lock.as_millis());
    let options = || {
        let pragmas = pragmas.clone();
        // A file does not hang up, so no connection is asked whether it still lives: that takes as long as a question.
        AnyPoolOptions::new()
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |connection, _| {
                let pragmas = pragmas.clone();
                Box::pin(async move { connection.execute(AssertSqlSafe(pragmas)).await.map(|_| ()) })
            })
    };
    let write = options().max_connections(1).connect(&url).await.map_err(failed)?;
    let read = options().max_connections(limits.max_connections.max(1)).connect(&url).await.map_err(failed)?;
    Ok(Store::new(read, write, Engine::Sqlite, limits))
}

/// How each connection to SQLite is set up. The time is that of the start; then the settings say how long to wait.
const PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                       PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST;";

/// Opens one connection and closes it again. A pool would try for half a minute and not tell why it did not succeed.
async fn try_once(url: &str, sql: &'static str) -> Result<(), sqlx::Error> {
    let mut connection = AnyConnection::connect(url).await?;
    connection.execute(sql).await?;
    connection.close().await
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

fn sqlite_open_error(file: &Path, error: &sqlx::Error) -> OpenError {
    let reason = error.to_string();
    match error.as_database_error() {
        Some(e) if is_disk_full(e) => OpenError::DiskFull,
        // SQLITE_CORRUPT and SQLITE_NOTADB
        Some(e) if matches!(e.code().as_deref(), Some("11" | "26")) => {
            OpenError::NotADatabase { file: file.to_owned(), reason }
        }
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

pub(super) async fn migrate(pool: &AnyPool, engine: Engine) -> Result<(), OpenError> {
    let failed = |e: sqlx::Error| match e.as_database_error() {
        Some(d) if is_disk_full(d) => OpenError::DiskFull,
        _ => OpenError::Migration(e.to_string()),
    };
    let mut connection = pool.acquire().await.map_err(failed)?;
    // It may take long, and another node may be at it: this connection waits, and then it goes.
    connection.close_on_drop();
    let waits = match engine {
        Engine::Sqlite => "PRAGMA busy_timeout = 60000",
        Engine::Postgres => "SET statement_timeout = 0; SET lock_timeout = 0",
    };
    connection.execute(waits).await.map_err(failed)?;
    let found = version_of(&mut connection, engine).await.map_err(failed)?;
    if !found.is_usable() {
        return Err(OpenError::Newer(found.database));
    }
    match MIGRATIONS.run(&mut *connection).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMismatch(version)) => Err(OpenError::Changed(version)),
        Err(MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _)) => Err(failed(e)),
        Err(other) => Err(OpenError::Migration(other.to_string())),
    }
}

pub(super) async fn is_new(pool: &AnyPool, engine: Engine) -> Result<bool, StoreError> {
    Ok(!has_table(&mut *pool.acquire().await?, engine, "members").await?)
}

async fn has_table(connection: &mut AnyConnection, engine: Engine, table: &'static str) -> Result<bool, sqlx::Error> {
    let sql = match engine {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE name = $1",
        Engine::Postgres => "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
    };
    let (tables,): (i64,) = sqlx::query_as(sql).bind(table).fetch_one(connection).await?;
    Ok(tables > 0)
}

pub(super) async fn version(pool: &AnyPool, engine: Engine) -> Result<Version, StoreError> {
    Ok(version_of(&mut *pool.acquire().await?, engine).await?)
}

async fn version_of(connection: &mut AnyConnection, engine: Engine) -> Result<Version, sqlx::Error> {
    let program = MIGRATIONS.iter().map(|m| m.version).max().unwrap_or(0);
    if !has_table(connection, engine, "_sqlx_migrations").await? {
        return Ok(Version { database: 0, program, oldest: 0 });
    }
    let sql = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations";
    let (database,): (i64,) = sqlx::query_as(sql).fetch_one(&mut *connection).await?;
    if !has_table(connection, engine, "compatibility").await? {
        return Ok(Version { database, program, oldest: database });
    }
    let sql = "SELECT oldest_migration FROM compatibility WHERE one = 'tables'";
    let oldest: Option<(i64,)> = sqlx::query_as(sql).fetch_optional(connection).await?;
    Ok(Version { database, program, oldest: oldest.map_or(database, |(oldest,)| oldest) })
}

/// SQLITE_FULL, SQLITE_IOERR_SHMSIZE (its index of the log can't grow), or PostgreSQL's `disk_full`.
fn is_disk_full(error: &dyn DatabaseError) -> bool {
    error.code().as_deref().and_then(cause_of) == Some(Cause::DiskFull)
}

/// Whether the database can't be used for the moment, and why; `None`: it can, and the statement was wrong.
pub(super) fn cause(error: &sqlx::Error) -> Option<Cause> {
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
            // NOMEM, INTERRUPT, IOERR, CANTOPEN, PROTOCOL
            7 | 9 | 10 | 14 | 15 => Some(Cause::DatabaseTrouble),
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
