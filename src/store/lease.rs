//! A connection on loan, and how it goes back: clean, or not at all.
//!
//! What may have gone wrong with a connection is known to whoever used it, so it is judged here and not by the pool. The pool
//! would take back a connection that is still inside a transaction: on SQLite when the database has ended the transaction
//! by itself (a full disk) and the ROLLBACK that follows fails; on PostgreSQL when the caller was dropped while BEGIN was
//! under way. Every later transaction would fail on the first, and see rows of long ago on the second.

use std::fmt;
use std::io::{Error as IoError, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, Stream};
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, Either, Error, Execute, Executor, SqlStr};
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep, timeout};

use super::engine;
use super::outage::Outages;

/// How long a connection may take to become clean before it is closed instead.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection on loan from a pool.
pub(super) struct Lease {
    /// There until it goes back.
    connection: Option<PoolConnection<Any>>,
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

    fn too_long(&mut self) -> Error {
        let error = Error::Io(IoError::new(ErrorKind::TimedOut, "no answer to a statement"));
        self.note(&error);
        error
    }
}

impl Lease {
    pub(super) fn new(connection: PoolConnection<Any>, outages: Arc<Outages>, longest: Duration) -> Lease {
        let watch = Watch { outages, longest, failed: false, broken: false };
        Lease { connection: Some(connection), in_transaction: false, watch }
    }

    pub(super) fn statement(&mut self) -> Statement<'_> {
        Statement { connection: self.connection.as_deref_mut(), watch: &mut self.watch }
    }

    /// Begins a transaction. Whoever is dropped while this goes on leaves it to be rolled back.
    pub(super) async fn begin(&mut self, how: &'static str) -> Result<(), Error> {
        self.in_transaction = true;
        self.statement().execute(how).await.map(drop)
    }

    /// Makes lasting what was written. PostgreSQL would answer the COMMIT of a transaction in which something has failed
    /// with a ROLLBACK, and call that a success.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        if self.watch.failed {
            return Err(Error::Protocol("a statement of this transaction has failed: it can't be committed".into()));
        }
        let outcome = self.statement().execute("COMMIT").await;
        match outcome {
            Ok(_) => self.in_transaction = false,
            // Nobody knows what it is in now.
            Err(_) => self.watch.broken = true,
        }
        outcome.map(drop)
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
async fn put_back(mut connection: PoolConnection<Any>, in_transaction: bool, is_broken: bool) {
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

/// What a statement is run with: it ends in time, and what it tells about the connection is noted.
pub struct Statement<'c> {
    connection: Option<&'c mut AnyConnection>,
    watch: &'c mut Watch,
}

impl fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement").finish_non_exhaustive()
    }
}

/// A future that ends in time.
async fn in_time<T>(watch: &mut Watch, answer: BoxFuture<'_, Result<T, Error>>) -> Result<T, Error> {
    match timeout(watch.longest, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            watch.note(&error);
            Err(error)
        }
        Err(_) => Err(watch.too_long()),
    }
}

/// Rows that end in time, all together.
struct InTime<'e, T> {
    rows: Option<BoxStream<'e, Result<T, Error>>>,
    end: Pin<Box<Sleep>>,
    watch: &'e mut Watch,
}

impl<T> Stream for InTime<'_, T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(rows) = &mut this.rows else { return Poll::Ready(None) };
        match rows.as_mut().poll_next(context) {
            Poll::Ready(Some(Err(error))) => {
                this.rows = None;
                this.watch.note(&error);
                Poll::Ready(Some(Err(error)))
            }
            Poll::Ready(more) => Poll::Ready(more),
            Poll::Pending => match this.end.as_mut().poll(context) {
                Poll::Ready(()) => {
                    this.rows = None;
                    Poll::Ready(Some(Err(this.watch.too_long())))
                }
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl<'c> Executor<'c> for Statement<'c> {
    type Database = Any;

    fn fetch_many<'e, 'q, E>(self, query: E) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let rows = self.connection.map(|connection| connection.fetch_many(query));
        Box::pin(InTime { rows, end: Box::pin(sleep(self.watch.longest)), watch: self.watch })
    }

    fn fetch_optional<'e, 'q, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'c: 'e,
        'q: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let Some(connection) = self.connection else { return Box::pin(async { Err(Error::PoolClosed) }) };
        Box::pin(in_time(self.watch, connection.fetch_optional(query)))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [AnyTypeInfo]) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'c: 'e,
    {
        let Some(connection) = self.connection else { return Box::pin(async { Err(Error::PoolClosed) }) };
        Box::pin(in_time(self.watch, connection.prepare_with(sql, parameters)))
    }
}
