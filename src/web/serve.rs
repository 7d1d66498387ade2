//! Accepting connections, and stopping: no request that was begun is cut off before its grace has passed.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use super::routes::router;
use super::state::WebState;

const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{address} is taken by another program. Stop that one, or set http.listen to another port")]
    PortTaken { address: SocketAddr },
    #[error("{address} can't be listened on: {reason}")]
    Listen { address: SocketAddr, reason: std::io::Error },
}

pub async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|reason| match reason.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::PortTaken { address },
        _ => ServeError::Listen { address, reason },
    })
}

/// Serves until `stop` is ready, then finishes what was begun, for as long as the settings allow. A connection that sends
/// its request too slowly, or none at all, is closed.
pub async fn serve(
    listener: TcpListener,
    web: WebState,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let settings = web.app.settings.http.clone();
    let router = router(web);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(settings.header_timeout.as_duration());
    let room = Arc::new(Semaphore::new(settings.max_connections as usize));
    let connections = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, stream, peer) = tokio::select! {
            () = &mut stop => break,
            (place, accepted) = accepted => match accepted {
                Ok((stream, peer)) => (place, stream, peer),
                Err(error) => {
                    // Out of file descriptors, say: others may be given back soon.
                    tracing::warn!("a connection can't be accepted: {error}");
                    tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
                    continue;
                }
            },
        };
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("connection: {error}");
            }
            drop(place);
        });
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(settings.shutdown_grace.as_duration()) => {}
    }
    Ok(())
}
