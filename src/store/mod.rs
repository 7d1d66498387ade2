//! The only place that speaks SQL: one file per noun, one text for both databases.
//!
//! A common dialect keeps it so: `$n` parameters, `TEXT` and `BIGINT` columns, no booleans (a nullable `…_at` says more),
//! `INSERT … ON CONFLICT … RETURNING` and `UPDATE … WHERE <the state expected> … RETURNING` for what may happen once.
//! [`Reader`] can only read; [`WriteTx`] is a transaction that is lost unless it is committed.

mod carried;
mod engine;
pub mod help;
mod lease;
pub mod login;
pub mod mail;
pub mod member;
mod migrations;
pub mod outage;
mod probe;
pub mod protocol;
pub mod retention;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::AnyPool;
use tokio::sync::Notify;

use engine::Engine;
pub use engine::{OpenError, Version};
use lease::{Lease, Statement};
use outage::{Cause, Outages};
use probe::Probe;

/// The database, open and of the right version. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    read: AnyPool,
    write: AnyPool,
    engine: Engine,
    limits: Limits,
    outages: Arc<Outages>,
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

/// A connection for reading.
#[derive(Debug)]
pub struct Reader(Lease);

/// A transaction that may write. Dropped without [`WriteTx::commit`], it leaves no trace.
#[derive(Debug)]
pub struct WriteTx {
    lease: Lease,
    outages: Arc<Outages>,
    /// Told when it is committed.
    wakes: Vec<Arc<Notify>>,
}

/// What can be read from: a [`Reader`], or a [`WriteTx`] that sees its own changes.
pub trait Reads: Send {
    #[doc(hidden)]
    fn connection(&mut self) -> Statement<'_>;
}

impl Reads for Reader {
    fn connection(&mut self) -> Statement<'_> {
        self.0.statement()
    }
}

impl Reads for WriteTx {
    fn connection(&mut self) -> Statement<'_> {
        self.lease.statement()
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
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
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

    fn new(read: AnyPool, write: AnyPool, engine: Engine, limits: Limits) -> Store {
        Store { read, write, engine, limits, outages: Arc::default(), probe: Probe::new() }
    }

    /// Brings the tables up to this version, under a lock where several nodes start at once.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        engine::migrate(&self.write, self.engine).await
    }

    /// Whether there are any tables yet.
    pub async fn is_new(&self) -> Result<bool, StoreError> {
        engine::is_new(&self.write, self.engine).await
    }

    /// How far the tables have been brought, without bringing them further.
    pub async fn version(&self) -> Result<Version, StoreError> {
        engine::version(&self.write, self.engine).await
    }

    /// The file behind a `sqlite:` URL; `None` for a database on a server.
    pub fn file(url: &str) -> Option<PathBuf> {
        engine::sqlite_file(url)
    }

    pub async fn reader(&self) -> Result<Reader, StoreError> {
        Ok(Reader(self.lend(&self.read).await?))
    }

    pub async fn write(&self) -> Result<WriteTx, StoreError> {
        let mut lease = self.lend(&self.write).await?;
        lease.begin(self.engine.begin()).await?;
        Ok(WriteTx { lease, outages: Arc::clone(&self.outages), wakes: Vec::new() })
    }

    /// A database that lets nobody in is one that can't be used, whatever it gives as its reason.
    async fn lend(&self, pool: &AnyPool) -> Result<Lease, StoreError> {
        match pool.acquire().await {
            Ok(connection) => {
                // The database ends a statement by itself; this is for one that can't even do that.
                let longest = self.limits.statement + Duration::from_secs(2);
                Ok(Lease::new(connection, Arc::clone(&self.outages), longest))
            }
            Err(error) => {
                let cause = engine::cause(&error).unwrap_or(Cause::NoConnection);
                self.outages.failed(cause, &error);
                Err(StoreError::Busy(cause))
            }
        }
    }

    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

impl WriteTx {
    pub async fn commit(self) -> Result<(), StoreError> {
        self.lease.commit().await?;
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
    serde_json::to_string(value).map_err(|e| StoreError::Database(sqlx::Error::Encode(Box::new(e))))
}
