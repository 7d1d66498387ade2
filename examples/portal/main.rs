//! An example portal: a relying party that leaves logging in to an OpenID Connect provider.
//!
//! ```sh
//! PORTAL_ISSUER=http://localhost:8080 cargo run --example portal     # then open http://localhost:8090
//! ```
//!
//! Read `portal.rs` first (the pages and the login), then `provider.rs` (what is asked of the provider, and how its
//! answers are checked), `session.rs` (what is kept per browser) and `help.rs` (the help menu).

use std::env;
use std::error::Error;

use tokio::net::TcpListener;

#[path = "portal.rs"]
mod portal;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    tracing_subscriber::fmt().with_target(false).init();

    let port: u16 = setting("PORTAL_PORT", "8090").parse()?;
    let config = portal::Config {
        url: setting("PORTAL_URL", &format!("http://localhost:{port}")).parse()?,
        issuer: setting("PORTAL_ISSUER", "http://localhost:8080"),
        client_id: setting("PORTAL_CLIENT_ID", "portal"),
        client_secret: setting("PORTAL_CLIENT_SECRET", "Demo-portal-secret-1"),
    };

    // Loopback only, as this is an example; a real portal stands behind its web server or load balancer.
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    tracing::info!("the portal is at {} and asks {} who its visitors are", config.url, config.issuer);
    axum::serve(listener, portal::router(config)?).with_graceful_shutdown(asked_to_stop()).await?;
    Ok(())
}

fn setting(name: &str, default: &str) -> String {
    env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
}

/// Ctrl-C, or the signal that `make run` and service managers send.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
