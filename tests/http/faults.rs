//! The database is full, gone, held, silent or read only, while members log in and applications refresh: nobody gets a wrong
//! answer, ready tells the truth, and service comes back by itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sekisho::app::App;
use sekisho::config::{Quota, Settings};
use sekisho::domain::unix_time::Span;
use sekisho::jobs::clean_up;
use sqlx::Connection as _;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::app::HANAKO;
use crate::support::disk::Disk;
use crate::support::proxy::{Line, Proxy};
use crate::support::relying_party::{RelyingParty, text};
use crate::support::visitor::Answer;
use crate::support::{Engine, TestApp, on_both_engines};

/// Nothing here waits for this to pass.
const PATIENCE: Duration = Duration::from_secs(40);

/// Many members behind one address, who type their passwords again until they are in.
fn impatient(settings: &mut Settings) {
    let plenty = Quota { per_minute: 1_000_000, burst: 100_000 };
    settings.rate_limits.pages_by_address = plenty;
    settings.rate_limits.token_by_address = plenty;
    settings.locks.password.threshold = 100;
    settings.database.statement_timeout = Span::seconds(2);
    settings.database.lock_timeout = Span::seconds(1);
}

/// What the members and the application have seen.
#[derive(Default)]
struct Seen {
    served: watch::Sender<usize>,
    busy: watch::Sender<usize>,
    /// Pages that were opened before the clock was set may have expired since.
    pages_expire: AtomicBool,
    is_over: AtomicBool,
}

impl Seen {
    /// Whether it was served. What is neither service nor "busy, come back" is a wrong answer.
    #[track_caller]
    fn note(&self, answer: &Answer) -> bool {
        let is_busy = match answer.location() {
            Some(to) => to.contains("error=temporarily_unavailable"),
            None => answer.status == 503,
        };
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some(), "{}: {}", answer.url, answer.body);
            assert!(
                answer.error_code().is_some() || answer.json()["error"] == "temporarily_unavailable",
                "{}",
                answer.body
            );
        }
        let is_expired =
            self.pages_expire.load(Ordering::SeqCst) && answer.error_code().as_deref() == Some("flow_expired");
        let is_served = !is_busy && (answer.status == 200 || answer.status == 303 || is_expired);
        assert!(is_busy || is_served, "{} {}: {}", answer.url, answer.status, answer.body);
        let counter = if is_busy { &self.busy } else { &self.served };
        counter.send_modify(|count| *count += 1);
        is_served
    }

    /// When so many more have been busy, or served.
    async fn until_more(&self, counter: &watch::Sender<usize>, more: usize) {
        let mut counted = counter.subscribe();
        let enough = *counted.borrow() + more;
        let reached = counted.wait_for(|count| *count >= enough);
        timeout(PATIENCE, reached).await.expect("it goes on as before").unwrap();
    }

    /// When they have been busy for so long; a page that needs no database may be served meanwhile.
    async fn until_busy_for(&self, time: Duration) {
        let began = Instant::now();
        while began.elapsed() < time {
            self.until_more(&self.busy, 1).await;
        }
    }

    async fn members(&self, app: &TestApp, rp: &RelyingParty) {
        while !self.is_over.load(Ordering::SeqCst) {
            let visitor = app.visitor();
            let page = visitor.follow(&rp.authorize_url(&[])).await;
            if !self.note(&page) {
                continue;
            }
            let answer = visitor.log_in(&page, HANAKO.0, HANAKO.1).await;
            if !self.note(&answer) {
                // As people do: a password whose login could not be written down counts as tried.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// The last token that was given out stays good.
    async fn application(&self, rp: &RelyingParty, first: String) {
        let mut token = first;
        while !self.is_over.load(Ordering::SeqCst) {
            let answer = rp.refresh(&token).await;
            if self.note(&answer) {
                token = text(&answer, "refresh_token");
            }
        }
        let answer = rp.refresh(&token).await.expect_status(200);
        rp.userinfo(&text(&answer, "access_token")).await.expect_status(200);
    }
}

async fn refresh_token(app: &TestApp, rp: &RelyingParty) -> String {
    let code = rp.code(&app.visitor(), HANAKO, &[("scope", "openid email offline_access")]).await;
    text(&rp.redeem(&code).await.expect_status(200), "refresh_token")
}

async fn until_ready(app: &TestApp, status: u16) -> Answer {
    let reached = async {
        loop {
            let answer = app.visitor().get("/health/ready").await;
            if answer.status == status {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("ready does not become {status}"))
}

/// Members and an application before, during and after a fault.
async fn under_load<A: Future, B: Future>(app: &TestApp, begin: impl FnOnce() -> A, end: impl FnOnce(A::Output) -> B) {
    under_load_for(Duration::ZERO, app, begin, end).await;
}

/// The same with a fault of so long.
async fn under_load_for<A: Future, B: Future>(
    time: Duration,
    app: &TestApp,
    begin: impl FnOnce() -> A,
    end: impl FnOnce(A::Output) -> B,
) {
    let rp = app.relying_party().await;
    let (first, second) = (refresh_token(app, &rp).await, refresh_token(app, &rp).await);
    let seen = Seen::default();
    let fault = async {
        seen.until_more(&seen.served, 6).await;
        until_ready(app, 200).await;
        let going_on = begin().await;
        seen.until_more(&seen.busy, 6).await;
        let told = until_ready(app, 503).await;
        assert_eq!(told.json()["status"], "not ready", "{}", told.body);
        seen.until_more(&seen.busy, 2).await;
        seen.until_busy_for(time).await;
        end(going_on).await;
        until_ready(app, 200).await;
        seen.until_more(&seen.served, 12).await;
        seen.is_over.store(true, Ordering::SeqCst);
    };
    tokio::join!(
        fault,
        seen.members(app, &rp),
        seen.members(app, &rp),
        seen.application(&rp, first),
        seen.application(&rp, second)
    );
    app.visitor_logged_in(HANAKO).await;
}

/// Between the provider and its PostgreSQL.
async fn behind_a_proxy() -> (TestApp, Proxy) {
    let mut proxy = None;
    let app = TestApp::start_with(Engine::Postgres, |settings| {
        impatient(settings);
        let mut url: url::Url = settings.database.url.parse().unwrap();
        let between = Proxy::to(url.port().unwrap());
        url.set_port(Some(between.port)).unwrap();
        settings.database.url = url.into();
        proxy = Some(between);
    })
    .await;
    (app, proxy.unwrap())
}

on_both_engines! {
    async fn rows_that_somebody_holds_are_busy_and_then_free(engine: Engine) {
        let app = TestApp::start_with(engine, impatient).await;
        let mut connection = app.connection().await;
        let hold = match engine {
            Engine::Sqlite => "BEGIN EXCLUSIVE",
            Engine::Postgres => "BEGIN; LOCK TABLE browser_sessions, authorization_grants, write_probes",
        };
        under_load(
            &app,
            || async {
                sqlx::raw_sql(hold).execute(&mut connection).await.unwrap();
                connection
            },
            |mut connection| async move {
                sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.unwrap();
            },
        )
        .await;
    }

    /// Also the pages and the endpoints that only read, and those of a client's own.
    async fn every_endpoint_says_busy_when_the_database_is_held(engine: Engine) {
        let app = TestApp::start_with(engine, impatient).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let token = refresh_token(&app, &rp).await;
        let code = rp.code(&app.visitor(), HANAKO, &[]).await;
        let mut connection = app.connection().await;
        let hold = match engine {
            Engine::Sqlite => "BEGIN EXCLUSIVE",
            Engine::Postgres => {
                "BEGIN; LOCK TABLE browser_sessions, authorization_grants, revoked_access_tokens, known_devices, password_failures"
            }
        };
        sqlx::raw_sql(hold).execute(&mut connection).await.unwrap();
        let seen = Seen::default();
        let page = app.visitor();
        let login = page.follow(&rp.authorize_url(&[])).await;
        let (revocation, authorization) = ([("token", token.as_str())], rp.authorize_url(&[]));
        let (refreshed, redeemed, revoked, posted, again) = tokio::join!(
            rp.refresh(&token),
            rp.redeem(&code),
            rp.request("/revoke", &revocation),
            page.log_in(&login, HANAKO.0, HANAKO.1),
            visitor.get(&authorization),
        );
        for answer in [refreshed, redeemed, revoked, posted, again] {
            assert!(!seen.note(&answer), "{}: {}", answer.url, answer.body);
        }
    }
}

on_both_engines! {
    async fn nothing_is_deleted_for_a_while_after_the_clock_was_set(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (hours, left) in [(0, 0), (25, 1)] {
            app.execute("INSERT INTO revoked_access_tokens (token_id, expires_at) VALUES ('old', 1)").await;
            // For a node that has run a while, the test's clock, which stands still, has been set already.
            let node = App::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
            app.advance(Span::hours(hours));
            clean_up::run_if_steady(&node).await.unwrap();
            assert_eq!(app.rows("revoked_access_tokens").await, left);
        }
    }

    /// Nobody is turned away, tokens are issued and taken, and who asks whether the provider is ready is told of the step.
    async fn the_clock_may_be_set_back_an_hour_and_forward_a_day(engine: Engine) {
        let app = TestApp::start_with(engine, impatient).await;
        let rp = app.relying_party().await;
        let token = refresh_token(&app, &rp).await;
        let seen = Seen::default();
        seen.pages_expire.store(true, Ordering::SeqCst);
        let steps = async {
            seen.until_more(&seen.served, 6).await;
            until_ready(&app, 200).await;
            app.app.clock.set_back(Span::hours(1));
            seen.until_more(&seen.served, 12).await;
            let told = until_ready(&app, 200).await.json()["clock"]["set_by_seconds"].as_i64().unwrap();
            assert!((-3_700..=-3_599).contains(&told), "{told}");
            refresh_token(&app, &rp).await;
            app.advance(Span::hours(25));
            seen.until_more(&seen.served, 12).await;
            let told = until_ready(&app, 200).await.json()["clock"]["set_by_seconds"].as_i64().unwrap();
            assert!((89_900..=90_001).contains(&told), "{told}");
            refresh_token(&app, &rp).await;
            seen.is_over.store(true, Ordering::SeqCst);
        };
        tokio::join!(steps, seen.members(&app, &rp), seen.application(&rp, token));
        assert_eq!(*seen.busy.borrow(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_ends_and_service_returns_on_sqlite() {
    let Some(disk) = Disk::for_test("faults::a_full_disk_ends_and_service_returns_on_sqlite") else { return };
    let app = TestApp::start_with(Engine::Sqlite, |settings| {
        impatient(settings);
        settings.database.url = format!("sqlite:{}", disk.path().join("a.db").display());
    })
    .await;
    under_load(&app, || async { disk.fill() }, |()| async { disk.make_room() }).await;
}

/// As the server says it: in the middle of a transaction, and at its commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_ends_and_service_returns_on_postgres() {
    for (kind, timing) in [("TRIGGER", ""), ("CONSTRAINT TRIGGER", "DEFERRABLE INITIALLY DEFERRED")] {
        let app = TestApp::start_with(Engine::Postgres, impatient).await;
        let mut connection = app.connection().await;
        let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END$$";
        sqlx::raw_sql(full).execute(&mut connection).await.unwrap();
        let tables = ["browser_sessions", "authorization_grants", "write_probes"];
        let begin: String = tables
            .iter()
            .map(|table| {
                format!("CREATE {kind} full_disk AFTER INSERT OR UPDATE ON {table} {timing} FOR EACH ROW EXECUTE FUNCTION full_disk();")
            })
            .collect();
        let end: String = tables.iter().map(|table| format!("DROP TRIGGER full_disk ON {table};")).collect();
        under_load(
            &app,
            || async {
                sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(&mut connection).await.unwrap();
                connection
            },
            |mut connection| async move {
                sqlx::raw_sql(sqlx::AssertSqlSafe(end)).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_comes_back_and_so_does_service() {
    let (app, proxy) = behind_a_proxy().await;
    under_load(&app, || async { proxy.set(Line::Cut) }, |()| async { proxy.set(Line::Open) }).await;
}

on_both_engines! {
    async fn a_database_that_was_away_for_a_minute_is_used_again_at_once(engine: Engine) {
        const MINUTE: Duration = Duration::from_secs(60);
        match engine {
            Engine::Sqlite => {
                let app = TestApp::start_with(engine, impatient).await;
                let mut connection = app.connection().await;
                let hold = async || {
                    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut connection).await.unwrap();
                    connection
                };
                let release = |connection: sqlx::AnyConnection| async move { connection.close().await.unwrap() };
                under_load_for(MINUTE, &app, hold, release).await;
            }
            Engine::Postgres => {
                let (app, proxy) = behind_a_proxy().await;
                let (cut, open) = (async || proxy.set(Line::Cut), |()| async { proxy.set(Line::Open) });
                under_load_for(MINUTE, &app, cut, open).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_silent_is_busy_and_not_waited_for_for_ever() {
    let (app, proxy) = behind_a_proxy().await;
    under_load(&app, || async { proxy.set(Line::Silent) }, |()| async { proxy.set(Line::Open) }).await;
}

/// As a standby is that has not taken over yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_read_only_is_busy_until_it_takes_over() {
    let app = TestApp::start_with(Engine::Postgres, impatient).await;
    let mut connection = app.connection().await;
    let name = app.app.settings.database.url.rsplit('/').next().unwrap().to_owned();
    let begin = format!(
        r#"ALTER DATABASE "{name}" SET default_transaction_read_only = on;
           SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"#
    );
    let end = format!(r#"ALTER DATABASE "{name}" RESET default_transaction_read_only"#);
    under_load(
        &app,
        || async {
            sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(&mut connection).await.unwrap();
            connection
        },
        |mut connection| async move {
            sqlx::raw_sql(sqlx::AssertSqlSafe(end)).execute(&mut connection).await.unwrap();
        },
    )
    .await;
}
