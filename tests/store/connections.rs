//! Connections go back to the pool clean, or not at all.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use sekisho::store::outage::Cause;
use sekisho::store::sql::query;
use sekisho::store::{Limits, Reads as _, Store, StoreError};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::support::disk::Disk;
use crate::support::postgres::Cluster;

/// Nothing here waits for this to pass.
const PATIENCE: Duration = Duration::from_secs(20);

pub fn limits(seconds: u64) -> Limits {
    let span = Duration::from_secs(seconds);
    Limits { max_connections: 2, statement: span, lock: span, idle_in_transaction: span }
}

pub async fn on_sqlite() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let store = Store::open(&url, limits(1)).await.unwrap();
    store.migrate().await.unwrap();
    (folder, store)
}

async fn write(store: &Store) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    query("INSERT INTO write_probes (node, written_at) VALUES ('a', 0) ON CONFLICT (node) DO UPDATE SET written_at = write_probes.written_at + 1")
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

/// What the server says of the connections that are not this one.
async fn sessions(looking: &mut PgConnection, condition: &'static str) -> i64 {
    let sql = format!(
        "SELECT COUNT(*) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND ({condition})"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(looking).await.unwrap()
}

async fn until_none(looking: &mut PgConnection, condition: &'static str) {
    let gone = async {
        while sessions(looking, condition).await > 0 {
            yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.unwrap_or_else(|_| panic!("there are still sessions with {condition}"));
}

/// SQLite rolls a transaction back by itself when its COMMIT finds no room; a ROLLBACK then fails.
#[tokio::test]
async fn a_commit_that_finds_the_disk_full_ends_no_later_one() {
    let Some(disk) = Disk::for_test("connections::a_commit_that_finds_the_disk_full_ends_no_later_one") else { return };
    let store = Store::open(&format!("sqlite:{}", disk.path().join("a.db").display()), limits(1)).await.unwrap();
    store.migrate().await.unwrap();
    for _ in 0..2 {
        disk.fill();
        for _ in 0..3 {
            // A little may still fit into the log.
            while write(&store).await.is_ok() {}
            let full = write(&store).await.unwrap_err();
            assert!(matches!(full, StoreError::Busy(Cause::DiskFull)), "{full}");
        }
        disk.make_room();
        for _ in 0..3 {
            write(&store).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_transaction_in_which_a_statement_failed_is_not_committed() {
    let (_folder, store) = on_sqlite().await;
    let url = Cluster::shared().new_database().await;
    let on_postgres = Store::open(&url, limits(5)).await.unwrap();
    on_postgres.migrate().await.unwrap();
    for store in [store, on_postgres] {
        let mut tx = store.write().await.unwrap();
        let wrong = "INSERT INTO write_probes (node, written_at) VALUES ('b', NULL)";
        query(wrong).execute(tx.connection()).await.unwrap_err();
        assert!(tx.commit().await.is_err());
        write(&store).await.unwrap();
    }
}

#[tokio::test]
async fn a_sqlite_file_that_another_program_holds_is_busy_and_then_free() {
    let (folder, store) = on_sqlite().await;
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let other = Store::open(&url, limits(1)).await.unwrap();
    let holding = other.write().await.unwrap();
    let busy = write(&store).await.unwrap_err();
    assert!(matches!(busy, StoreError::Busy(Cause::Locked)), "{busy}");
    drop(holding);
    write(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_is_dropped_leaves_no_transaction_open() {
    let url = Cluster::shared().new_database().await;
    let store = Store::open(&url, limits(60)).await.unwrap();
    store.migrate().await.unwrap();
    let mut looking = PgConnection::connect(&url).await.unwrap();
    // At each await: while a connection is had, while BEGIN goes out, while it comes back, during a statement, at the end.
    for cut_at in 1.. {
        let ended = {
            let mut begun = pin!(async {
                let mut tx = store.write().await?;
                query("SELECT 1").execute(tx.connection()).await?;
                tx.commit().await
            });
            let mut awaits = 0;
            poll_fn(|context| match begun.as_mut().poll(context) {
                Poll::Ready(outcome) => {
                    outcome.unwrap();
                    Poll::Ready(true)
                }
                Poll::Pending => {
                    awaits += 1;
                    if awaits == cut_at { Poll::Ready(false) } else { Poll::Pending }
                }
            })
            .await
        };
        // Whoever has the connection next would end it.
        until_none(&mut looking, "state LIKE 'idle in transaction%'").await;
        if ended {
            break;
        }
    }
    write(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_hangs_ends_as_busy() {
    let url = Cluster::shared().new_database().await;
    let limits = Limits { lock: Duration::from_millis(500), ..limits(1) };
    let store = Store::open(&url, limits).await.unwrap();
    store.migrate().await.unwrap();
    let mut tx = store.write().await.unwrap();
    let slow = StoreError::from(query("SELECT pg_sleep(60)").execute(tx.connection()).await.unwrap_err());
    assert!(matches!(slow, StoreError::Busy(Cause::TooSlow)), "{slow}");
    drop(tx);
    let mut reader = store.reader().await.unwrap();
    let slow = StoreError::from(query("SELECT pg_sleep(60)").execute(reader.connection()).await.unwrap_err());
    assert!(matches!(slow, StoreError::Busy(Cause::TooSlow)), "{slow}");

    let mut looking = PgConnection::connect(&url).await.unwrap();
    let mut holding = looking.begin().await.unwrap();
    sqlx::query("LOCK TABLE write_probes").execute(&mut *holding).await.unwrap();
    let locked = write(&store).await.unwrap_err();
    assert!(matches!(locked, StoreError::Busy(Cause::Locked)), "{locked}");
    until_none(&mut holding, "wait_event_type = 'Lock'").await;
    holding.rollback().await.unwrap();
    write(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_whose_caller_is_gone_ends_in_the_database() {
    let url = Cluster::shared().new_database().await;
    let store = Store::open(&url, limits(60)).await.unwrap();
    let mut looking = PgConnection::connect(&url).await.unwrap();
    let sleeping = "query LIKE 'SELECT pg_sleep%' AND state = 'active'";
    for writes in [false, true] {
        let store = store.clone();
        let caller = tokio::spawn(async move {
            let sleep = query("SELECT pg_sleep(600)");
            if writes {
                let mut tx = store.write().await.unwrap();
                sleep.execute(tx.connection()).await.unwrap();
            } else {
                let mut reader = store.reader().await.unwrap();
                sleep.execute(reader.connection()).await.unwrap();
            }
        });
        while sessions(&mut looking, sleeping).await == 0 {
            yield_now().await;
        }
        caller.abort();
        until_none(&mut looking, sleeping).await;
        until_none(&mut looking, "state LIKE 'idle in transaction%'").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_connection_is_told_how_long_to_wait() {
    let url = Cluster::shared().new_database().await;
    let store = Store::open(&url, limits(7)).await.unwrap();
    let mut both = [store.reader().await.unwrap(), store.reader().await.unwrap()];
    for reader in &mut both {
        for name in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
            let row = query("SELECT current_setting($1)").bind(name).fetch_one(reader.connection()).await.unwrap();
            assert_eq!(row.try_get::<String>(0).unwrap(), "7s", "{name}");
        }
    }
}
