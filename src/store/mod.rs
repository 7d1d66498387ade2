//! The only place that speaks SQL: one file per noun, one text for both databases.
//!
//! A common dialect keeps it so: `$n` parameters, `TEXT` and `BIGINT` columns, no booleans (a nullable `…_at` says more),
//! `INSERT … ON CONFLICT … RETURNING` and `UPDATE … WHERE <the state expected> … RETURNING` for what may happen once.
//! [`Reader`] can only read; [`WriteTx`] is a transaction that is lost unless it is committed.

mod carried;
mod engine;
pub mod help;
pub mod login;
pub mod mail;
pub mod member;
mod migrations;
pub mod outage;
mod postgres;
mod probe;
pub mod protocol;
mod registry;
pub mod retention;
pub mod sql;
mod sqlite;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::Notify;

use engine::Engine;
pub use engine::{OpenError, Version};
use outage::{Cause, Outages};
use probe::Probe;
use registry::Registry;
use sql::Statement;

/// How long a start waits for the migrations of another.
const MIGRATION_PATIENCE: Duration = Duration::from_secs(60);

/// The database, open and of the right version. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
    limits: Limits,
    outages: Arc<Outages>,
    registry: Arc<Registry>,
    probe: Probe,
}

/// How many connections there may be, and how long they wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub max_connections: u32,
    /// For the end of a statement.
    pub statement: Duration,
    /// For what somebody else holds.
    pub lock: Duration,
    /// For the next statement of a transaction.
    pub idle_in_transaction: Duration,
}

/// A connection on loan.
#[derive(Debug)]
enum Lease {
    Sqlite(sqlite::Lease),
    Postgres(postgres::Lease),
}

impl Lease {
    fn statement(&mut self) -> Statement<'_> {
        match self {
            Lease::Sqlite(lease) => Statement::Sqlite(lease),
            Lease::Postgres(lease) => Statement::Postgres(lease),
        }
    }
}

/// A connection for reading.
#[derive(Debug)]
pub struct Reader {
    lease: Lease,
    registry: Arc<Registry>,
}

/// A transaction that may write. Dropped without [`WriteTx::commit`], it leaves no trace.
#[derive(Debug)]
pub struct WriteTx {
    lease: Lease,
    outages: Arc<Outages>,
    registry: Arc<Registry>,
    /// What is held in memory is not what this transaction would read.
    changes_registry: bool,
    /// Told when it is committed.
    wakes: Vec<Arc<Notify>>,
}

/// What can be read from: a [`Reader`], or a [`WriteTx`] that sees its own changes.
pub trait Reads: Send {
    #[doc(hidden)]
    fn connection(&mut self) -> Statement<'_>;
    /// What is held in memory, where that is as good as what would be read.
    #[doc(hidden)]
    fn registry(&self) -> Option<Arc<Registry>>;
    /// Whether all that is read here was committed: only that is held in memory.
    #[doc(hidden)]
    fn reads_what_stands(&self) -> bool;
}

impl Reads for Reader {
    fn connection(&mut self) -> Statement<'_> {
        self.lease.statement()
    }

    fn registry(&self) -> Option<Arc<Registry>> {
        Some(Arc::clone(&self.registry))
    }

    fn reads_what_stands(&self) -> bool {
        true
    }
}

impl Reads for WriteTx {
    fn connection(&mut self) -> Statement<'_> {
        self.lease.statement()
    }

    fn registry(&self) -> Option<Arc<Registry>> {
        (!self.changes_registry).then(|| Arc::clone(&self.registry))
    }

    fn reads_what_stands(&self) -> bool {
        false
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{table}.{column} of {row} holds something that this version can't read")]
    Corrupt { table: &'static str, column: &'static str, row: String },
    /// It passes: whoever asks again later may be served. The log has it already.
    #[error("the database can't be used for the moment: {0}")]
    Busy(Cause),
    #[error("the {0} exists already")]
    Exists(&'static str),
    #[error("database: {0}")]
    Database(sql::Error),
}

impl From<sql::Error> for StoreError {
    fn from(error: sql::Error) -> Self {
        match engine::cause(&error) {
            Some(cause) => StoreError::Busy(cause),
            None => StoreError::Database(error),
        }
    }
}

impl Store {
    /// Opens the database at `url` (`sqlite:PATH` or `postgres://…`), making the SQLite file if it is missing.
    pub async fn open(url: &str, limits: Limits) -> Result<Store, OpenError> {
        engine::open(url, limits).await
    }

    fn new(engine: Engine, limits: Limits, outages: Arc<Outages>) -> Store {
        Store { engine, limits, outages, registry: Arc::default(), probe: Probe::new() }
    }

    /// Brings the tables up to this version, under a lock where several nodes start at once.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        let began = Instant::now();
        let tx = loop {
            match self.write().await {
                Ok(tx) => break tx,
                // Another process may be at it.
                Err(StoreError::Busy(Cause::Locked)) if began.elapsed() < MIGRATION_PATIENCE => {}
                Err(error) => return Err(engine::failed(error)),
            }
        };
        engine::migrate(tx).await
    }

    /// Whether there are any tables yet.
    pub async fn is_new(&self) -> Result<bool, StoreError> {
        Ok(!engine::has_table(&mut self.reader().await?, "members").await?)
    }

    /// How far the tables have been brought, without bringing them further.
    pub async fn version(&self) -> Result<Version, StoreError> {
        engine::version(&mut self.reader().await?).await
    }

    /// The file behind a `sqlite:` URL; `None` for a database on a server.
    pub fn file(url: &str) -> Option<PathBuf> {
        engine::sqlite_file(url)
    }

    pub async fn reader(&self) -> Result<Reader, StoreError> {
        let lease = match &self.engine {
            Engine::Sqlite(file) => Lease::Sqlite(self.lent(file.reader().await)?),
            Engine::Postgres(pool) => Lease::Postgres(Box::pin(self.lend(pool)).await?),
        };
        Ok(Reader { lease, registry: Arc::clone(&self.registry) })
    }

    pub async fn write(&self) -> Result<WriteTx, StoreError> {
        let lease = match &self.engine {
            // The right to write is taken at once: of transactions that read first and want to write later, all but
            // one would fail.
            Engine::Sqlite(file) => Lease::Sqlite(self.lent(file.write().await)?),
            Engine::Postgres(pool) => {
                let mut lease = Box::pin(self.lend(pool)).await?;
                Box::pin(lease.begin()).await?;
                Lease::Postgres(lease)
            }
        };
        let (outages, registry) = (Arc::clone(&self.outages), Arc::clone(&self.registry));
        Ok(WriteTx { lease, outages, registry, changes_registry: false, wakes: Vec::new() })
    }

    async fn lend(&self, pool: &PgPool) -> Result<postgres::Lease, StoreError> {
        // The database ends a statement by itself; this is for one that can't even do that.
        let longest = self.limits.statement + Duration::from_secs(2);
        let lent = pool.acquire().await.map_err(sql::Error::Postgres);
        Ok(postgres::Lease::new(self.lent(lent)?, Arc::clone(&self.outages), longest))
    }

    /// A database that lets nobody in is one that can't be used, whatever it gives as its reason.
    fn lent<T>(&self, lent: Result<T, sql::Error>) -> Result<T, StoreError> {
        lent.map_err(|error| {
            let cause = engine::cause(&error).unwrap_or(Cause::NoConnection);
            self.outages.failed(cause, &error);
            StoreError::Busy(cause)
        })
    }

    /// Forgets what is held in memory: what was changed by hand in the database counts at once.
    pub fn forget(&self) {
        self.registry.forget();
    }

    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(file) => file.close().await,
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

impl WriteTx {
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.lease {
            Lease::Sqlite(lease) => lease.commit().await?,
            Lease::Postgres(lease) => Box::pin(lease.commit()).await?,
        }
        if self.changes_registry {
            self.registry.forget();
        }
        self.outages.worked();
        for waiting in self.wakes {
            waiting.notify_one();
        }
        Ok(())
    }

    /// Wakes who waits for what is written here, once it can be seen.
    pub fn wake_after_commit(&mut self, waiting: &Arc<Notify>) {
        self.wakes.push(Arc::clone(waiting));
    }
}

/// Does `work`, and returns when everything that it has seen is as durable as what it wrote itself: on SQLite, transactions
/// that end side by side share a commit.
pub async fn on_firm_ground<F: Future>(work: F) -> Result<F::Output, StoreError> {
    Ok(sqlite::on_firm_ground(work).await?)
}

/// Reads a JSON column; `None` if it holds an object that only a newer version understands, which is no damage.
fn from_json_if_known<T: serde::de::DeserializeOwned>(
    text: &str,
    table: &'static str,
    column: &'static str,
    row: &str,
) -> Result<Option<T>, StoreError> {
    match from_json(text, table, column, row) {
        Ok(value) => Ok(Some(value)),
        Err(damage) => match serde_json::from_str(text) {
            Ok(serde_json::Value::Object(_)) => Ok(None),
            _ => Err(damage),
        },
    }
}

/// Reads a JSON column, or says which row of which table is damaged.
fn from_json<T: serde::de::DeserializeOwned>(
    text: &str,
    table: &'static str,
    column: &'static str,
    row: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { table, column, row: row.to_owned() })
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Database(sql::Error::Encode(e)))
}
