//! What runs beside the requests, each at its own pace. What fails is logged and tried again the next time; all of it may
//! run on several nodes at once.

pub mod clean_up;

use std::fmt::Display;
use std::future::Future;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::actions::login::tell_of_locks;
use crate::actions::mail::send_mail;
use crate::actions::member::{password_hashes, recovery};
use crate::actions::protocol::signing_keys;
use crate::app::App;
use crate::domain::unix_time::Span;

/// Starts everything; it stops when the set is dropped.
pub fn start(app: &App) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    let clean_up = with(app.clone(), |app| async move { clean_up::run(&app).await });
    jobs.spawn(every("clean up", Span::minutes(1), clean_up));
    let reload = with(app.clone(), |app| async move { app.reload_keys().await });
    jobs.spawn(every("read the signing keys", Span::minutes(1), reload));
    let rotate = with(app.clone(), |app| async move { signing_keys::ensure(&app).await });
    jobs.spawn(every("rotate the signing keys", Span::hours(1), rotate));
    let measure = with(app.clone(), |app| async move { password_hashes::measure(&app).await });
    jobs.spawn(every("measure the password hashes", Span::minutes(1), measure));
    jobs.spawn(tell_of_locks::keep_telling(app.clone()));
    jobs.spawn(send_mail::keep_sending(app.clone()));
    jobs.spawn(recovery::keep_answering(app.clone()));
    jobs
}

/// `work` with an app of its own each time.
fn with<F>(app: App, mut work: impl FnMut(App) -> F) -> impl FnMut() -> F {
    move || work(app.clone())
}

/// Does `work` again and again, for the first time when `pause` has passed: what must be done at once, the start does.
pub async fn every<E: Display, F: Future<Output = Result<(), E>>>(
    name: &'static str,
    pause: Span,
    mut work: impl FnMut() -> F,
) {
    let mut ticks = interval_at(Instant::now() + pause.as_duration(), pause.as_duration());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = work().await {
            tracing::error!(job = name, "{error}; it is tried again in {pause}");
        }
    }
}
