//! Accepting connections, and stopping: no request that was begun is cut off before its grace has passed.

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::routes::router;
use super::site::Site;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{address} is taken by another program. Stop that one, or set http.listen to another port")]
    PortTaken { address: SocketAddr },
    #[error("{address} can't be listened on: {reason}")]
    Listen { address: SocketAddr, reason: std::io::Error },
    #[error("serving failed: {0}")]
    Serve(std::io::Error),
}

pub async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|reason| match reason.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::PortTaken { address },
        _ => ServeError::Listen { address, reason },
    })
}

/// Serves until `stop` is ready, then finishes what was begun, for as long as the settings allow.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let grace = site.app.settings.http.shutdown_grace.as_duration();
    let app = router(site).into_make_service_with_connect_info::<SocketAddr>();
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let signal = async move {
        stop.await;
        let _ = stopping.send(true);
    };
    let server = axum::serve(listener, app).with_graceful_shutdown(signal);
    let too_long = async move {
        if stopped.wait_for(|stopping| *stopping).await.is_ok() {
            tokio::time::sleep(grace).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = server.into_future() => served.map_err(ServeError::Serve),
        () = too_long => Ok(()),
    }
}
