//! SQLite: statements run where they are asked for, and transactions that end side by side share one durable commit.
//!
//! One connection writes. Whoever gets it opens a transaction, or joins the one that is open by a savepoint. Done, it leaves
//! its changes there and waits; the committing thread, which stands in the same queue, commits all of them at once, and
//! nobody is answered before (`docs/decisions/shared-commits.md`).

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rusqlite::types::Value as Held;
use rusqlite::{CachedStatement, Connection, ToSql, types::ToSqlOutput};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{sleep, timeout};

use super::engine;
use super::outage::{Cause, Outages};
use super::sql::{Error, Query, Value};

/// How long a request waits for a connection before it is told that the provider is busy.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is asked whether somebody else still holds what is needed.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
/// So many steps of SQLite's machine take some 100 µs.
const STEPS: std::ffi::c_int = 10_000;

/// How each connection is set up. WAL lets readers and the writer go on side by side; `synchronous = FULL` makes a commit
/// durable before it is acknowledged.
pub(super) const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
                                  PRAGMA secure_delete = FAST;";

type Outcome = Result<(), Cause>;

tokio::task_local! {
    /// What this task has seen without writing: its answer waits until that is durable.
    static RESTS_ON: StdMutex<Option<oneshot::Receiver<Outcome>>>;
}

/// Does `work`; returns when everything that it has seen is durable, or with what kept that from being so.
pub(super) async fn on_firm_ground<F: Future>(work: F) -> Result<F::Output, Error> {
    RESTS_ON
        .scope(StdMutex::default(), async {
            let done = work.await;
            let rests_on = RESTS_ON.with(|rests_on| rests_on.lock().unwrap_or_else(PoisonError::into_inner).take());
            match rests_on {
                Some(waits) => durable(waits).await.map(|()| done),
                None => Ok(done),
            }
        })
        .await
}

async fn durable(waits: oneshot::Receiver<Outcome>) -> Result<(), Error> {
    match waits.await {
        Ok(outcome) => outcome.map_err(Error::NotCommitted),
        Err(_) => Err(Error::Failed),
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub statement: Duration,
    pub lock: Duration,
}

/// The database's file.
#[derive(Clone)]
pub(super) struct File {
    readers: Arc<Readers>,
    room: Arc<Mutex<Room>>,
    /// Asks the committing thread; it ends when nobody can ask any more.
    commits: mpsc::Sender<()>,
    outages: Arc<Outages>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("sqlite::File").finish_non_exhaustive()
    }
}

struct Readers {
    path: PathBuf,
    times: Times,
    idle: StdMutex<Vec<One>>,
    places: Arc<Semaphore>,
}

/// Where writers come in one at a time.
struct Room {
    /// Until the store is closed.
    connection: Option<One>,
    /// Those whose changes are in the open transaction and who wait for it to be durable.
    waiting: Vec<oneshot::Sender<Outcome>>,
}

/// One connection.
struct One {
    raw: Box<Connection>,
    /// When the statement that runs is to end, in milliseconds since `born`.
    end: Arc<AtomicU64>,
    born: Instant,
    times: Times,
}

impl One {
    fn open(path: &Path, times: Times) -> rusqlite::Result<One> {
        let raw = Box::new(Connection::open(path)?);
        // While it is opened; later whoever needs something asks again instead of holding up a thread.
        raw.busy_timeout(Duration::from_secs(10))?;
        raw.execute_batch(PRAGMAS)?;
        raw.busy_timeout(Duration::ZERO)?;
        raw.set_prepared_statement_cache_capacity(256);
        let (end, born) = (Arc::new(AtomicU64::new(u64::MAX)), Instant::now());
        let seen = Arc::clone(&end);
        let is_over = move || millis(born.elapsed()) > seen.load(Ordering::Relaxed);
        raw.progress_handler(STEPS, Some(is_over))?;
        Ok(One { raw, end, born, times })
    }

    /// Runs something now, on this thread, until the time for a statement is over.
    fn now<T>(&mut self, run: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        self.end.store(millis(self.born.elapsed() + self.times.statement), Ordering::Relaxed);
        run(&self.raw)
    }

    /// The same; what another process holds is waited for, as long as nothing is held here.
    async fn run<T>(&mut self, mut run: impl FnMut(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let began = Instant::now();
        loop {
            match self.now(&mut run) {
                Err(error) if is_busy(&error) && self.raw.is_autocommit() && began.elapsed() < self.times.lock => {
                    sleep(BETWEEN_LOOKS).await;
                }
                done => return done,
            }
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked))
}

impl File {
    pub(super) fn open(path: &Path, times: Times, readers: u32, outages: Arc<Outages>) -> rusqlite::Result<File> {
        let room = Room { connection: Some(One::open(path, times)?), waiting: Vec::new() };
        let readers = Readers {
            path: path.to_owned(),
            times,
            idle: StdMutex::new(vec![One::open(path, times)?]),
            places: Arc::new(Semaphore::new(readers.max(1) as usize)),
        };
        let room = Arc::new(Mutex::new(room));
        let (commits, asked) = mpsc::channel();
        let (committing, told) =
            (Committing { room: Arc::clone(&room), path: path.to_owned(), times }, Arc::clone(&outages));
        std::thread::Builder::new()
            .name("sqlite-commits".into())
            .spawn(move || committing.keep_on(&asked, &told))
            .map_err(|_| rusqlite::Error::InvalidQuery)?;
        Ok(File { readers: Arc::new(readers), room, commits, outages })
    }

    pub(super) async fn reader(&self) -> Result<Lease, Error> {
        let place = timeout(PATIENCE, Arc::clone(&self.readers.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(Error::NoConnection) };
        let idle = self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let one = match idle {
            Some(one) => one,
            None => One::open(&self.readers.path, self.readers.times)?,
        };
        let held = Hold::Reads { one: Some(one), readers: Arc::clone(&self.readers), _place: place };
        Ok(Lease { held, failed: false, cause: None, outages: Arc::clone(&self.outages) })
    }

    /// The transaction of one writer.
    pub(super) async fn write(&self) -> Result<Lease, Error> {
        let Ok(mut room) = timeout(PATIENCE, Arc::clone(&self.room).lock_owned()).await else {
            return Err(Error::NoConnection);
        };
        let Some(connection) = &mut room.connection else { return Err(Error::NoConnection) };
        let joins = !connection.raw.is_autocommit();
        let begin = if joins { "SAVEPOINT one" } else { "BEGIN IMMEDIATE" };
        connection.run(|raw| statement(raw, begin)?.raw_execute()).await?;
        let held = Hold::Writes { room: Some(room), joins, commits: self.commits.clone() };
        Ok(Lease { held, failed: false, cause: None, outages: Arc::clone(&self.outages) })
    }

    /// Waits for whoever writes. With its last connection SQLite puts the log away.
    pub(super) async fn close(&self) {
        self.readers.places.close();
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.room.lock().await.close();
    }
}

/// Cached: statements are asked for again and again.
fn statement<'c>(raw: &'c Connection, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
    raw.prepare_cached(sql)
}

/// A connection on loan.
pub struct Lease {
    held: Hold,
    /// A statement has failed: what was begun is not committed.
    failed: bool,
    /// Why, if it passes.
    cause: Option<Cause>,
    outages: Arc<Outages>,
}

enum Hold {
    Reads { one: Option<One>, readers: Arc<Readers>, _place: OwnedSemaphorePermit },
    Writes { room: Option<OwnedMutexGuard<Room>>, joins: bool, commits: mpsc::Sender<()> },
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("sqlite::Lease").finish_non_exhaustive()
    }
}

impl Lease {
    fn connection(&mut self) -> Result<&mut One, Error> {
        match &mut self.held {
            Hold::Reads { one, .. } => one.as_mut(),
            Hold::Writes { room, .. } => room.as_mut().and_then(|room| room.connection.as_mut()),
        }
        .ok_or(Error::Failed)
    }

    fn noted<T>(&mut self, outcome: rusqlite::Result<T>) -> Result<T, Error> {
        outcome.map_err(|error| {
            self.failed = true;
            let error = Error::Sqlite(error);
            self.cause = engine::cause(&error);
            if let Some(cause) = self.cause {
                self.outages.failed(cause, &error);
            }
            error
        })
    }

    pub(super) async fn execute(&mut self, query: &Query<'_>) -> Result<u64, Error> {
        let changed = self.connection()?.run(|raw| {
            let mut statement = statement(raw, &query.sql)?;
            bind(&mut statement, &query.values)?;
            statement.raw_execute()
        });
        let changed = changed.await;
        Ok(self.noted(changed)? as u64)
    }

    pub(super) async fn fetch(&mut self, query: &Query<'_>, most: usize) -> Result<Vec<Row>, Error> {
        let rows = self.connection()?.run(|raw| {
            let mut statement = statement(raw, &query.sql)?;
            bind(&mut statement, &query.values)?;
            let names: Arc<[Box<str>]> = statement.column_names().into_iter().map(Box::from).collect();
            let mut found = Vec::new();
            let mut rows = statement.raw_query();
            // The last step of a statement that writes is what makes it whole, so it is taken to its end.
            while let Some(row) = rows.next()? {
                if found.len() < most {
                    let values = (0..names.len()).map(|place| row.get(place)).collect::<Result<_, _>>()?;
                    found.push(Row { names: Arc::clone(&names), values });
                }
            }
            Ok(found)
        });
        let rows = rows.await;
        self.noted(rows)
    }

    /// A migration, which takes as long as it takes.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let connection = self.connection()?;
        connection.end.store(u64::MAX, Ordering::Relaxed);
        let done = connection.raw.execute_batch(sql);
        self.noted(done)
    }

    /// Leaves what was written in the open transaction, and returns when that is durable.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        let Hold::Writes { room, joins, commits } = &mut self.held else { return Ok(()) };
        let Some(mut held) = room.take() else { return Err(Error::Failed) };
        if *joins && let Some(connection) = &mut held.connection {
            let released = connection.now(|raw| statement(raw, "RELEASE one")?.raw_execute());
            if let Err(error) = released {
                *room = Some(held);
                return self.noted(Err(error));
            }
        }
        let (committed, waits) = oneshot::channel();
        held.waiting.push(committed);
        drop(held);
        // The thread is there as long as somebody can ask.
        let _ = commits.send(());
        durable(waits).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match &mut self.held {
            Hold::Reads { one, readers, .. } => {
                if let Some(one) = one.take().filter(|_| !readers.places.is_closed()) {
                    readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                }
            }
            Hold::Writes { room, joins, .. } => {
                let Some(mut held) = room.take() else { return };
                held.undo(*joins, self.cause.unwrap_or(Cause::DatabaseTrouble));
            }
        }
    }
}

impl Room {
    /// Takes back what one writer has written, and nothing of the others'.
    fn undo(&mut self, joins: bool, cause: Cause) {
        let Some(connection) = &mut self.connection else { return };
        // A failure may have ended the whole transaction, and with it what the others wait for.
        if !connection.raw.is_autocommit() {
            let undo: &[&str] = if joins { &["ROLLBACK TO one", "RELEASE one"] } else { &["ROLLBACK"] };
            let undone: rusqlite::Result<()> =
                undo.iter().try_for_each(|sql| connection.now(|raw| statement(raw, sql)?.raw_execute()).map(drop));
            if undone.is_ok() {
                self.rest_on_others();
                return;
            }
            // Nobody knows what is in it now.
            let _ = connection.now(|raw| statement(raw, "ROLLBACK")?.raw_execute());
        }
        self.answer(Err(cause));
    }

    /// What this writer has seen may be what others wrote, which is not durable yet.
    fn rest_on_others(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let _ = RESTS_ON.try_with(|rests_on| {
            let (committed, waits) = oneshot::channel();
            self.waiting.push(committed);
            rests_on.lock().unwrap_or_else(PoisonError::into_inner).replace(waits);
        });
    }

    /// Commits what is left, if the program stops before the committing thread has had its turn.
    fn close(&mut self) {
        if let Some(connection) = self.connection.take()
            && !self.waiting.is_empty()
        {
            let outcome = connection.raw.execute_batch("COMMIT").map_err(|_| Cause::DatabaseTrouble);
            self.answer(outcome);
        }
    }

    fn answer(&mut self, outcome: Outcome) {
        for waiting in self.waiting.drain(..) {
            // Whoever has gone needs no answer.
            let _ = waiting.send(outcome);
        }
    }
}

/// Commits for all.
struct Committing {
    room: Arc<Mutex<Room>>,
    path: PathBuf,
    times: Times,
}

impl Committing {
    fn keep_on(&self, asked: &mpsc::Receiver<()>, outages: &Outages) {
        while asked.recv().is_ok() {
            // Behind all who wait already: their changes are in it.
            let mut room = self.room.blocking_lock();
            if !room.waiting.is_empty() {
                let outcome = self.commit(&mut room, outages);
                room.answer(outcome);
            }
        }
    }

    fn commit(&self, room: &mut Room, outages: &Outages) -> Outcome {
        let Some(connection) = &mut room.connection else { return Err(Cause::NoConnection) };
        let Err(error) = connection.raw.execute_batch("COMMIT") else { return Ok(()) };
        let error = Error::Sqlite(error);
        let cause = engine::cause(&error).unwrap_or(Cause::DatabaseTrouble);
        outages.failed(cause, &error);
        // Nobody knows what it is in now: SQLite may have ended the transaction by itself, or may be unable to.
        let _ = connection.raw.execute_batch("ROLLBACK");
        if !connection.raw.is_autocommit() {
            match One::open(&self.path, self.times) {
                Ok(another) => room.connection = Some(another),
                Err(error) => outages.failed(Cause::DatabaseTrouble, &error),
            }
        }
        Err(cause)
    }
}

/// A row, out of the statement that found it.
#[derive(Debug)]
pub struct Row {
    pub(super) names: Arc<[Box<str>]>,
    pub(super) values: Vec<Held>,
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Value::Int(int) => int.to_sql(),
            Value::Text(text) => match text {
                Some(text) => (**text).to_sql(),
                None => rusqlite::types::Null.to_sql(),
            },
            Value::Bytes(bytes) => match bytes {
                Some(bytes) => (**bytes).to_sql(),
                None => rusqlite::types::Null.to_sql(),
            },
        }
    }
}

/// `$2` may stand before `$1`: SQLite counts in the order in which they come, so each is bound by its name.
fn bind(statement: &mut CachedStatement<'_>, values: &[Value<'_>]) -> rusqlite::Result<()> {
    for (number, value) in values.iter().enumerate() {
        let name = NAMES.get(number).copied().unwrap_or_default();
        let Some(place) = statement.parameter_index(name)? else {
            return Err(rusqlite::Error::InvalidParameterName(name.to_owned()));
        };
        statement.raw_bind_parameter(place, value)?;
    }
    Ok(())
}

const NAMES: [&str; 32] = [
    "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$16", "$17",
    "$18", "$19", "$20", "$21", "$22", "$23", "$24", "$25", "$26", "$27", "$28", "$29", "$30", "$31", "$32",
];
