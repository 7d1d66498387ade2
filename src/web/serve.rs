//! Accepting connections, and stopping: no request that was begun is cut off before its grace has passed.

mod connection;
mod places;

use std::future::{Future, poll_fn};
use std::io::Write as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::response::Response;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use super::routes::router;
use super::state::WebState;
use connection::{Connection, LARGEST_HEAD, Stream, Terms};
use places::Places;

const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(20);
/// Files beside connections: the database's, the log, what is read now and then.
const OTHER_FILES: u64 = 256;
const NO_PLACE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

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
/// its request too slowly, reads its answer too slowly, or does nothing at all is closed; when there are too many, the
/// idlest of whoever has most makes room (see [`places`]).
pub async fn serve(
    listener: TcpListener,
    web: WebState,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let settings = web.app.settings.http.clone();
    let router = router(web);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(settings.header_timeout.as_duration()).max_buf_size(LARGEST_HEAD);
    let most = connections_allowed(settings.max_connections);
    let places = Places::new(most, settings.max_connections_per_address as usize, settings.trusted_proxies.clone());
    let terms = Terms::new(settings.receive_timeout.as_duration(), settings.send_timeout.as_duration());
    let terms = Arc::new(terms);
    let most_of_body = settings.max_body_bytes;
    let connections = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, say.
                    places.make_room();
                    tracing::warn!("a connection can't be accepted: {error}");
                    tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
                    continue;
                }
            },
        };
        let Some(place) = places.take(peer.ip()) else {
            refuse(stream);
            continue;
        };
        let connection = Connection::new(peer, place, Arc::clone(&terms));
        let (router, of_requests) = (router.clone(), Arc::clone(&connection));
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            answer(router.clone(), Arc::clone(&of_requests), request, most_of_body)
        });
        let stream = Stream::new(stream, Arc::clone(&connection));
        let served = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            tokio::select! {
                ended = served => if let Err(error) = ended {
                    tracing::debug!("connection: {error}");
                },
                () = connection.place.sent_away() => tracing::debug!("connection: closed to make room"),
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(settings.shutdown_grace.as_duration()) => {}
    }
    Ok(())
}

/// The body is read whole before anybody looks at the request: what a handler has begun never waits for a peer, and a peer
/// that is slow holds no handler.
async fn answer(
    router: Router,
    connection: Arc<Connection>,
    request: hyper::Request<Incoming>,
    most: usize,
) -> Result<Response, hyper::Error> {
    let (parts, incoming) = request.into_parts();
    if !incoming.is_end_stream() {
        connection.head_received();
    }
    let body = whole(incoming, most).await?;
    connection.whole_request_received();
    let mut request = hyper::Request::from_parts(parts, Body::from(body));
    request.extensions_mut().insert(ConnectInfo(connection.peer));
    // In a box, as every connection keeps room for this future, and few are at work.
    let Ok(mut response) = Box::pin(router.oneshot(request)).await;
    if connection.answered() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Of a body that is longer than handlers take, as much as they need to refuse it.
async fn whole(mut incoming: Incoming, most: usize) -> Result<Vec<u8>, hyper::Error> {
    let mut body = Vec::new();
    while body.len() <= most
        && let Some(frame) = poll_fn(|cx| Pin::new(&mut incoming).poll_frame(cx)).await
    {
        if let Ok(data) = frame?.into_data() {
            body.extend_from_slice(&data);
        }
    }
    Ok(body)
}

/// Every place is taken by a request that is being worked on.
fn refuse(stream: TcpStream) {
    // A fresh connection takes so few bytes at once; if not, it is closed without them.
    let told = stream.into_std().and_then(|mut stream| stream.write(NO_PLACE));
    tracing::debug!(?told, "connection: refused, as all are busy");
}

/// As many as the settings say, if the system lets this process open as many files; it is asked for all that it may give.
fn connections_allowed(wanted: u32) -> usize {
    let needed = u64::from(wanted) + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    let mut allowed = limit.current.unwrap_or(u64::MAX);
    if allowed < needed {
        let more = limit.maximum.map_or(needed, |most| most.min(needed));
        if setrlimit(Resource::Nofile, Rlimit { current: Some(more), maximum: limit.maximum }).is_ok() {
            allowed = more;
        }
    }
    if allowed < needed {
        tracing::warn!(
            files = allowed,
            "this process may open too few files for http.max_connections: raise its limit (LimitNOFILE, ulimit -n)"
        );
    }
    usize::try_from(needed.min(allowed).saturating_sub(OTHER_FILES).max(1)).unwrap_or(usize::MAX)
}
