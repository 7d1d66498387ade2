//! PostgreSQL: a connection on loan, and how it goes back: clean, or not at all.
//!
//! What may have gone wrong with a connection is known to whoever used it, so it is judged here and not by the pool. The pool
//! would take back a connection that is still inside a transaction, when the caller was dropped while BEGIN was under way:
//! every later reader would see rows of long ago.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Executor as _, Postgres};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::engine;
use super::outage::Outages;
use super::sql::{Error, Query, Value};

/// How long a connection may take to become clean before it is closed instead.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection on loan from a pool.
pub struct Lease {
    /// There until it goes back.
    connection: Option<PoolConnection<Postgres>>,
    /// Or may be: BEGIN was sent.
    in_transaction: bool,
    watch: Watch,
}

/// What is noticed about a connection while it is used.
struct Watch {
    outages: Arc<Outages>,
    /// The longest that a statement may take; the database ends it a little sooner by itself, if it still can.
    longest: Duration,
    /// A statement has failed.
    failed: bool,
    /// The connection is not to be used again.
    broken: bool,
}

impl Watch {
    fn note(&mut self, error: &Error) {
        self.failed = true;
        if let Some(cause) = engine::cause(error) {
            self.broken |= !cause.spares_connection();
            self.outages.failed(cause, error);
        }
    }
}

impl Lease {
    pub(super) fn new(connection: PoolConnection<Postgres>, outages: Arc<Outages>, longest: Duration) -> Lease {
        let watch = Watch { outages, longest, failed: false, broken: false };
        Lease { connection: Some(connection), in_transaction: false, watch }
    }

    /// Runs something that ends in time, and notes what it tells about the connection.
    async fn run<'c, T, F>(&'c mut self, run: impl FnOnce(&'c mut PgConnection) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, sqlx::Error>> + 'c,
    {
        let Some(connection) = self.connection.as_deref_mut() else { return Err(Error::Failed) };
        let outcome = match timeout(self.watch.longest, run(connection)).await {
            Ok(outcome) => outcome.map_err(Error::Postgres),
            Err(_) => Err(Error::NoAnswer),
        };
        if let Err(error) = &outcome {
            self.watch.note(error);
        }
        outcome
    }

    pub(super) async fn execute(&mut self, query: Query<'_>) -> Result<u64, Error> {
        Ok(self.run(|connection| connection.execute(prepared(query))).await?.rows_affected())
    }

    pub(super) async fn fetch_optional(&mut self, query: Query<'_>) -> Result<Option<PgRow>, Error> {
        self.run(|connection| connection.fetch_optional(prepared(query))).await
    }

    pub(super) async fn fetch_all(&mut self, query: Query<'_>) -> Result<Vec<PgRow>, Error> {
        self.run(|connection| connection.fetch_all(prepared(query))).await
    }

    /// However long it takes, on this loan.
    pub(super) async fn at_length(&mut self, sql: &'static str) -> Result<(), Error> {
        self.watch.longest = Duration::MAX;
        self.batch(sql).await
    }

    async fn batch(&mut self, sql: &'static str) -> Result<(), Error> {
        self.run(|connection| connection.execute(sql)).await.map(drop)
    }

    /// Begins a transaction. Whoever is dropped while this goes on leaves it to be rolled back.
    pub(super) async fn begin(&mut self) -> Result<(), Error> {
        self.in_transaction = true;
        self.batch("BEGIN").await
    }

    /// Makes lasting what was written. PostgreSQL would answer the COMMIT of a transaction in which something has failed
    /// with a ROLLBACK, and call that a success.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        if self.watch.failed {
            return Err(Error::Failed);
        }
        let outcome = self.batch("COMMIT").await;
        match outcome {
            Ok(()) => self.in_transaction = false,
            // Nobody knows what it is in now.
            Err(_) => self.watch.broken = true,
        }
        outcome
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(put_back(connection, self.in_transaction, self.watch.broken))),
            Err(_) => drop(connection.detach()),
        }
    }
}

/// Back to its pool if it is clean; else it is closed and the pool makes another.
async fn put_back(mut connection: PoolConnection<Postgres>, in_transaction: bool, is_broken: bool) {
    connection.close_on_drop();
    if is_broken {
        return;
    }
    if in_transaction && !matches!(timeout(PATIENCE, connection.execute("ROLLBACK")).await, Ok(Ok(_))) {
        return;
    }
    // The pool asks whether it still lives, and might wait for ever.
    let _ = timeout(PATIENCE, connection.return_to_pool()).await;
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}

/// A statement as sqlx takes it.
type Prepared<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

fn prepared<'q>(query: Query<'q>) -> Prepared<'q> {
    let prepared = sqlx::query(AssertSqlSafe(query.sql));
    query.values.into_iter().fold(prepared, |prepared, value| match value {
        Value::Int(int) => prepared.bind(int),
        Value::Text(text) => prepared.bind(text),
        Value::Bytes(bytes) => prepared.bind(bytes.map(Cow::into_owned)),
    })
}
