//! On SQLite, writers that come side by side share a commit: nobody is answered before it, and nobody loses by it what is
//! theirs.

use futures::future::join_all;
use sekisho::store::outage::Cause;
use sekisho::store::sql::query;
use sekisho::store::{Reads, Store, StoreError, WriteTx, on_firm_ground};
use tokio::task::yield_now;

use crate::connections::{limits, on_sqlite};
use crate::support::disk::Disk;

async fn add(tx: &mut WriteTx, node: &str) -> Result<(), StoreError> {
    query("INSERT INTO write_probes (node, written_at) VALUES ($1, 0)").bind(node).execute(tx.connection()).await?;
    Ok(())
}

async fn has(db: &mut impl Reads, node: &str) -> bool {
    let found = query("SELECT node FROM write_probes WHERE node = $1").bind(node).fetch_optional(db.connection()).await;
    found.unwrap().is_some()
}

/// Writes a row; whoever has waited meanwhile joins.
async fn write(store: &Store, node: &str) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    add(&mut tx, node).await?;
    yield_now().await;
    tx.commit().await
}

#[tokio::test]
async fn whoever_is_answered_finds_their_changes_and_those_of_nobody_who_gave_up() {
    let (_folder, store) = on_sqlite().await;
    let writers = (0..40).map(|number| {
        let store = store.clone();
        async move {
            let node = number.to_string();
            if number % 4 == 3 {
                let mut tx = store.write().await.unwrap();
                add(&mut tx, &node).await.unwrap();
                return;
            }
            write(&store, &node).await.unwrap();
            assert!(has(&mut store.reader().await.unwrap(), &node).await, "{node} is not there, but was acknowledged");
        }
    });
    join_all(writers).await;
    let mut reader = store.reader().await.unwrap();
    for number in 0..40 {
        assert_eq!(has(&mut reader, &number.to_string()).await, number % 4 != 3, "{number}");
    }
}

#[tokio::test]
async fn what_is_not_committed_yet_is_seen_by_writers_who_join_and_by_no_reader() {
    let (_folder, store) = on_sqlite().await;
    let joins = async {
        let mut tx = store.write().await.unwrap();
        let seen = has(&mut tx, "first").await;
        let read = has(&mut store.reader().await.unwrap(), "first").await;
        (seen, read)
    };
    let (first, (seen, read)) = tokio::join!(write(&store, "first"), joins);
    first.unwrap();
    assert!(seen && !read);
}

#[tokio::test]
async fn a_mistake_of_one_costs_the_others_nothing() {
    let (_folder, store) = on_sqlite().await;
    let twice = async {
        let mut tx = store.write().await.unwrap();
        add(&mut tx, "first").await.unwrap_err();
        tx.commit().await.unwrap_err();
    };
    let (first, (), third) = tokio::join!(write(&store, "first"), twice, write(&store, "third"));
    first.unwrap();
    third.unwrap();
    let mut reader = store.reader().await.unwrap();
    assert!(has(&mut reader, "first").await && has(&mut reader, "third").await);
}

/// Also who only read, and would have answered by it.
#[tokio::test]
async fn a_commit_that_fails_is_an_answer_to_all_who_rest_on_it() {
    let Some(disk) = Disk::for_test("shared_commits::a_commit_that_fails_is_an_answer_to_all_who_rest_on_it") else {
        return;
    };
    let url = format!("sqlite:{}", disk.path().join("a.db").display());
    let store = Store::open(&url, limits(1)).await.unwrap();
    store.migrate().await.unwrap();
    disk.fill();
    // A little may still fit into the log.
    let mut fitting = 0;
    while write(&store, &format!("before {fitting}")).await.is_ok() {
        fitting += 1;
    }
    let reads = on_firm_ground(async {
        let mut tx = store.write().await.unwrap();
        has(&mut tx, "first").await
    });
    let (first, read, third) = tokio::join!(write(&store, "first"), reads, write(&store, "third"));
    for outcome in [first.err(), read.err(), third.err()] {
        assert!(matches!(outcome, Some(StoreError::Busy(Cause::DiskFull))), "{outcome:?}");
    }

    disk.make_room();
    let (first, third) = tokio::join!(write(&store, "first"), write(&store, "third"));
    first.unwrap();
    third.unwrap();
    let mut reader = store.reader().await.unwrap();
    assert!(has(&mut reader, "first").await && has(&mut reader, "third").await);
}
