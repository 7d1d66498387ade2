//! Clean-up: in small batches, with others in between, and with a backlog that can be seen.

use std::collections::BTreeSet;
use std::time::Duration;

use sekisho::domain::unix_time::{Span, UnixTime};
use sekisho::store::retention::{Terms, last_clean_up};
use sekisho::store::sql::query;
use sekisho::store::{Limits, Reads as _, Store};
use tempfile::TempDir;

use crate::support::postgres::Cluster;
use crate::support::{Engine, on_both_engines};

const NOW: UnixTime = UnixTime(1_790_000_000);
const TERMS: Terms = Terms {
    now: NOW,
    known_devices: Span::days(1),
    mails: Span::days(1),
    account_events: Span::days(1),
    password_failures: Span::days(1),
    locked_from: 5,
    unknown_ids: 3,
};
const LONG: Duration = Duration::from_secs(60);

async fn store(engine: Engine) -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = match engine {
        Engine::Sqlite => format!("sqlite:{}", folder.path().join("a.db").display()),
        Engine::Postgres => Cluster::shared().new_database().await,
    };
    let limits = Limits { max_connections: 4, statement: LONG, lock: LONG, idle_in_transaction: LONG };
    let store = Store::open(&url, limits).await.unwrap();
    store.migrate().await.unwrap();
    (folder, store)
}

async fn execute(store: &Store, sql: &'static str) {
    let mut tx = store.write().await.unwrap();
    query(sql).execute(tx.connection()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn rows(store: &Store, of: &'static str) -> i64 {
    let mut reader = store.reader().await.unwrap();
    let sql = format!("SELECT COUNT(*) FROM {of}");
    query(sql).fetch_one(reader.connection()).await.unwrap().try_get(0).unwrap()
}

/// 30,000 that have expired, and one that has not.
async fn fill(store: &Store) {
    let many = "INSERT INTO revoked_access_tokens (token_id, expires_at)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
        SELECT 'token ' || CAST(i AS TEXT), i FROM n";
    execute(store, many).await;
    execute(store, "INSERT INTO revoked_access_tokens (token_id, expires_at) VALUES ('young', 1790000001)").await;
}

on_both_engines! {
    async fn others_write_while_a_large_backlog_goes(engine: Engine) {
        let (_folder, store) = store(engine).await;
        fill(&store).await;
        let clean_up = store.clean_up(&TERMS, LONG);
        let mut left = BTreeSet::new();
        let others = async {
            loop {
                execute(&store, "INSERT INTO write_probes (node, written_at) VALUES ('a', 1790000000)
                    ON CONFLICT (node) DO UPDATE SET written_at = excluded.written_at").await;
                left.insert(rows(&store, "revoked_access_tokens").await);
            }
        };
        let done = tokio::select! {
            done = clean_up => done.unwrap(),
            _ = others => unreachable!(),
        };
        assert_eq!((done.deleted, done.backlog), (30_000, 0));
        assert_eq!(rows(&store, "revoked_access_tokens").await, 1, "what has not expired stays");
        assert!(left.len() >= 5, "others wrote when so many were left: {left:?}");
        assert_eq!(last_clean_up(&mut store.reader().await.unwrap()).await.unwrap(), Some(done));
    }

    async fn what_a_round_does_not_get_to_is_left_for_the_next_and_told(engine: Engine) {
        let (_folder, store) = store(engine).await;
        assert_eq!(last_clean_up(&mut store.reader().await.unwrap()).await.unwrap(), None);
        fill(&store).await;
        let done = store.clean_up(&TERMS, Duration::ZERO).await.unwrap();
        assert_eq!((done.deleted, done.backlog), (0, 30_000));
        assert_eq!(last_clean_up(&mut store.reader().await.unwrap()).await.unwrap(), Some(done));
    }

    async fn failures_go_when_they_are_old_and_no_lock(engine: Engine) {
        let (_folder, store) = store(engine).await;
        execute(&store, "INSERT INTO members (member_id, user_id, user_id_key, role, profile, created_at, updated_at)
            VALUES ('m', 'm', 'm', 'member', '{}', 0, 0)").await;
        execute(&store, "INSERT INTO password_failures (account_key, device, member_id, failures, last_at) VALUES
            ('old', '', 'm', 4, 1789900000), ('young', '', 'm', 4, 1789999999), ('locked', '', 'm', 5, 1),
            ('n1', '', NULL, 1, 1789999991), ('n2', '', NULL, 1, 1789999992), ('n3', '', NULL, 1, 1789999993),
            ('n4', '', NULL, 1, 1789999994), ('n5', '', NULL, 1, 1789999995)").await;
        store.clean_up(&TERMS, LONG).await.unwrap();
        assert_eq!(rows(&store, "password_failures WHERE account_key IN ('young', 'locked', 'n3', 'n4', 'n5')").await, 5);
        assert_eq!(rows(&store, "password_failures").await, 5);
    }

    async fn requests_of_members_who_can_not_log_in_go_when_they_expire(engine: Engine) {
        let (_folder, store) = store(engine).await;
        execute(&store, "INSERT INTO recovery_requests (request_id, stage, wanted, user_id_key, address, address_key, language,
            attempts, created_at, next_at, expires_at) VALUES
            ('old', 'asked', 'password', 'a', 'a', 'a', 'ja', 0, 1, 1, 1789999999),
            ('young', 'asked', 'password', 'b', 'b', 'b', 'ja', 0, 1, 1, 1790000001)").await;
        store.clean_up(&TERMS, LONG).await.unwrap();
        assert_eq!(rows(&store, "recovery_requests WHERE request_id = 'young'").await, 1);
        assert_eq!(rows(&store, "recovery_requests").await, 1);
    }

    async fn account_events_go_after_their_time(engine: Engine) {
        let (_folder, store) = store(engine).await;
        execute(&store, "INSERT INTO members (member_id, user_id, user_id_key, role, profile, created_at, updated_at)
            VALUES ('m', 'm', 'm', 'member', '{}', 0, 0)").await;
        execute(&store, r#"INSERT INTO account_events (event_id, member_id, event, actor, at, place) VALUES
            ('old', 'm', '{}', 'job', 1789900000, 0), ('young', 'm', '{}', 'job', 1789999999, 0)"#).await;
        store.clean_up(&TERMS, LONG).await.unwrap();
        assert_eq!(rows(&store, "account_events WHERE event_id = 'young'").await, 1);
        assert_eq!(rows(&store, "account_events").await, 1);
    }
}
