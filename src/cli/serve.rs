//! `sekisho serve`: the provider, until it is told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, demo, service_manager};
use crate::actions::ActionError;
use crate::actions::help::publish;
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
    for warning in app.settings.warnings() {
        tracing::warn!("{warning}");
    }
    until_stopped(app, listener, HangUp::Reloads, || Ok(())).await
}

/// What a process is told by SIGHUP: service managers mean one thing, a terminal that closes the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HangUp {
    /// Read keys and help again; settings need a restart.
    Reloads,
    Stops,
}

/// Serves with what runs beside the requests, until this process is told to stop. Tells by `ready` when it begins.
pub(super) async fn until_stopped(
    app: App,
    listener: TcpListener,
    hang_up: HangUp,
    ready: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    signing_keys::ensure(&app).await?;
    password_hashes::measure_others(&app).await?;
    let web = WebState::new(app.clone())?;
    web.help.current().await;
    let hung_up = signal(SignalKind::hangup())?;
    let mut beside = jobs::start(&app);
    let stop = match hang_up {
        HangUp::Stops => told_to_stop(Some(hung_up))?,
        HangUp::Reloads => {
            beside.spawn(reload_when_told(app.clone(), hung_up));
            told_to_stop(None)?
        }
    };
    let limits = Arc::clone(&web.limits);
    beside.spawn(jobs::every("forget idle callers", Span::minutes(1), move || {
        limits.forget_idle();
        std::future::ready(Ok::<(), ActionError>(()))
    }));
    // The pages of a login open answers from what is at hand.
    let help = Arc::clone(&web.help);
    beside.spawn(jobs::every("look at the help", Span::seconds(1), move || {
        let help = Arc::clone(&help);
        async move {
            help.current().await;
            Ok::<(), ActionError>(())
        }
    }));
    let address: SocketAddr = listener.local_addr()?;
    tracing::info!(%address, issuer = app.settings.issuer(), "ready");
    ready()?;
    service_manager::tell("READY=1");
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

/// Ready when a service manager (SIGTERM) or somebody at the keyboard (SIGINT) asks for it, or whoever else is named.
fn told_to_stop(mut other: Option<Signal>) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        let other = async {
            match &mut other {
                Some(other) => drop(other.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = other => {}
        }
        service_manager::tell("STOPPING=1");
        tracing::info!("stopping");
    })
}

/// Reads the signing keys and the help again at every SIGHUP.
async fn reload_when_told(app: App, mut hung_up: Signal) {
    while hung_up.recv().await.is_some() {
        if let Err(error) = app.reload_keys().await {
            tracing::error!("told to read again (SIGHUP), but the signing keys can't be read: {error}");
        }
        match publish::reload(&app).await {
            Ok(_) => tracing::info!("keys and help are read again (SIGHUP); other settings need a restart"),
            Err(error) => tracing::error!("told to read again (SIGHUP), but the help stays as it was: {error}"),
        }
    }
}
