//! `sekisho serve`: the provider, until it is told to stop.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, demo};
use crate::actions::member::password_hashes;
use crate::actions::member::password_hashes::MissingPepper;
use crate::actions::protocol::signing_keys;
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Settings, SettingsSource};
use crate::domain::unix_time::Span;
use crate::web::serve::{listen, serve};
use crate::web::state::WebState;
use crate::{jobs, telemetry};

pub(super) async fn run(source: &SettingsSource) -> Result<(), Failure> {
    let settings = Settings::load(source)?;
    if settings.demo {
        return Err(Failure::refused(
            "these are settings of the demo (demo = true), whose passwords everyone knows. Take `demo` out of the settings \
             to serve members, or run `sekisho demo`",
        ));
    }
    telemetry::start(&settings.log.filter, settings.log.format.into());
    // The port comes first: where another server holds it, the database stays as that one knows it. Whoever connects
    // from here on waits until everything is ready.
    let listener = listen(settings.http.listen).await?;
    let app = App::start(settings, Clock::System).await?;
    if demo::is_in(&app).await? {
        return Err(Failure::refused(
            "this database was filled by `sekisho demo`, whose passwords everyone knows. Set database.url to another one",
        ));
    }
    let missing = password_hashes::missing_peppers(&app).await?;
    if !missing.is_empty() {
        let all: Vec<_> = missing.iter().map(MissingPepper::in_words).collect();
        return Err(Failure::refused(all.join("\n")));
    }
    until_stopped(app, listener, || Ok(())).await
}

/// Serves with what runs beside the requests, until this process is told to stop. Tells by `ready` when it begins.
pub(super) async fn until_stopped(
    app: App,
    listener: TcpListener,
    ready: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    signing_keys::ensure(&app).await?;
    password_hashes::measure_others(&app).await?;
    let web = WebState::new(app.clone())?;
    web.help.current().await;
    let stop = told_to_stop()?;
    let mut beside = jobs::start(&app);
    let limits = Arc::clone(&web.limits);
    beside.spawn(jobs::every("forget idle callers", Span::minutes(1), move || {
        limits.forget_idle();
        std::future::ready(Ok::<(), Infallible>(()))
    }));
    // The pages of a login open answers from what is at hand.
    let help = Arc::clone(&web.help);
    beside.spawn(jobs::every("look at the help", Span::seconds(1), move || {
        let help = Arc::clone(&help);
        async move {
            help.current().await;
            Ok::<(), Infallible>(())
        }
    }));
    let address: SocketAddr = listener.local_addr()?;
    tracing::info!(%address, issuer = app.settings.issuer(), "ready");
    ready()?;
    serve(listener, web, stop).await?;
    app.stopping.cancel();
    beside.shutdown().await;
    app.verbs.close();
    // What was begun for connections that are gone.
    if tokio::time::timeout(app.settings.http.shutdown_grace.as_duration(), app.verbs.wait()).await.is_err() {
        tracing::warn!(verbs = app.verbs.len(), "stopped before everything that was begun had ended");
    }
    app.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Ready when a service manager (SIGTERM) or somebody at the keyboard (SIGINT) asks for it.
fn told_to_stop() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
}
