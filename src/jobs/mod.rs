//! What runs beside the requests, each at its own pace. What fails is logged and tried again the next time; all of it may
//! run on several nodes at once.

pub mod clean_up;

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::actions::ActionError;
use crate::actions::login::tell_of_password_locks::tell_of_password_locks;
use crate::actions::mail::send_mail;
use crate::actions::member::answer_recovery_requests::answer_recovery_requests;
use crate::actions::member::password_hashes;
use crate::actions::protocol::signing_keys;
use crate::app::App;
use crate::domain::unix_time::Span;
use crate::random;

/// Starts everything; it stops when the set is dropped.
pub fn start(app: &App) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    let clean_up = with(app.clone(), |app| async move { clean_up::run_if_steady(&app).await });
    jobs.spawn(every("clean up", Span::minutes(1), clean_up));
    let watch = with(app.clone(), |app| async move {
        app.clock_watch.look(app.now());
        Ok::<(), ActionError>(())
    });
    jobs.spawn(every("watch the clock", Span::seconds(10), watch));
    let reload = with(app.clone(), |app| async move { app.reload_keys().await });
    jobs.spawn(every("read the signing keys", Span::minutes(1), reload));
    let rotate = with(app.clone(), |app| async move { signing_keys::ensure(&app).await });
    jobs.spawn(every("rotate the signing keys", Span::hours(1), rotate));
    let measure = with(app.clone(), |app| async move { password_hashes::measure(&app).await });
    jobs.spawn(every("measure the password hashes", Span::minutes(1), measure));
    jobs.spawn(send_mail::keep_sending(app.clone()));
    let answer = with(app.clone(), |app| async move { answer_recovery_requests(&app).await });
    jobs.spawn(at_chance("answer members who can't log in", answer));
    let tell = with(app.clone(), |app| async move { tell_of_password_locks(&app).await });
    jobs.spawn(at_chance("tell of password locks", tell));
    jobs
}

/// `work` with an app of its own each time.
fn with<F>(app: App, mut work: impl FnMut(App) -> F) -> impl FnMut() -> F {
    move || work(app.clone())
}

/// That the database can't be used the log says by itself, once.
fn log(job: &'static str, error: &ActionError, again: &str) {
    if !error.is_busy() {
        tracing::error!(job, "{error}; it is tried again {again}");
    }
}

/// Does `work` again and again after pauses drawn by chance, of two seconds on average: what it does for members only shows
/// nobody by its time which request it follows.
async fn at_chance<T, F: Future<Output = Result<T, ActionError>>>(name: &'static str, mut work: impl FnMut() -> F) {
    loop {
        tokio::time::sleep(Duration::from_millis(500 + u64::from(random::below(3_000)))).await;
        if let Err(error) = work().await {
            log(name, &error, "soon");
        }
    }
}

/// Does `work` again and again, for the first time when `pause` has passed: what must be done at once, the start does.
pub async fn every<E: Into<ActionError>, F: Future<Output = Result<(), E>>>(
    name: &'static str,
    pause: Span,
    mut work: impl FnMut() -> F,
) {
    let mut ticks = interval_at(Instant::now() + pause.as_duration(), pause.as_duration());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = work().await {
            log(name, &error.into(), &format!("in {pause}"));
        }
    }
}
