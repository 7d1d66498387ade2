//! Connections that are slow, idle or many: they are closed in time, hold little, and shut nobody out.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sekisho::domain::unix_time::Span;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::app::HANAKO;
use crate::support::{Engine, TestApp, on_both_engines};

/// Longer than any timeout under test.
const SOON: Duration = Duration::from_secs(30);

fn server(app: &TestApp) -> SocketAddr {
    app.issuer.replace("http://localhost", "127.0.0.1").parse().unwrap()
}

/// From an address of this machine: the whole of 127.0.0.0/8 is.
async fn connect(app: &TestApp, from: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.bind(SocketAddr::new(IpAddr::from(from), 0)).unwrap();
    socket.connect(server(app)).await.unwrap()
}

async fn begun(app: &TestApp, from: [u8; 4], what: &str) -> TcpStream {
    let mut connection = connect(app, from).await;
    connection.write_all(what.as_bytes()).await.unwrap();
    connection
}

/// Everything that comes until the other side closes.
async fn rest(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(SOON, connection.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "still open, after {:?}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of a request that is whole.
async fn status_of(connection: &mut TcpStream, request: &str) -> String {
    connection.write_all(request.as_bytes()).await.unwrap();
    timeout(SOON, answer(connection)).await.unwrap().expect("an answer")
}

/// Reads one answer whole: its status. `None` if the connection is closed before.
async fn answer(connection: &mut TcpStream) -> Option<String> {
    let (mut read, mut more) = (Vec::new(), [0; 4_096]);
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                return Some(text[9..12].to_owned());
            }
        }
        match connection.read(&mut more).await {
            Ok(0) | Err(_) => return None,
            Ok(bytes) => read.extend_from_slice(&more[..bytes]),
        }
    }
}

const SLOW_HEAD: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ";
const SLOW_BODY: &str = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ngrant_type=";
const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";

on_both_engines! {
    async fn a_head_or_a_body_that_stops_coming_ends_its_connection(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.http.receive_timeout = Span::seconds(1)).await;
        for slow in [SLOW_HEAD, SLOW_BODY] {
            let mut connection = begun(&app, [127, 0, 0, 1], slow).await;
            let answer = rest(&mut connection).await;
            assert!(!answer.contains(" 200 "), "{answer}");
        }
        // The second request of a connection, too; and idleness is no slowness.
        let mut kept = connect(&app, [127, 0, 0, 1]).await;
        assert_eq!(status_of(&mut kept, LIVE).await, "200");
        let mut other = begun(&app, [127, 0, 0, 1], SLOW_HEAD).await;
        rest(&mut other).await;
        kept.write_all(LIVE.as_bytes()).await.unwrap();
        kept.write_all(SLOW_HEAD.as_bytes()).await.unwrap();
        assert_eq!(rest(&mut kept).await.matches(" 200 OK").count(), 1);
    }

    async fn a_peer_that_reads_nothing_is_closed(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.http.send_timeout = Span::seconds(1)).await;
        let connection = connect(&app, [127, 0, 0, 1]).await;
        let request = b"GET /help/v1/questions HTTP/1.1\r\nHost: x\r\n\r\n";
        let asks_on_and_on = async {
            loop {
                connection.writable().await.unwrap();
                match connection.try_write(request) {
                    Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
                    _ => {}
                }
            }
        };
        assert!(timeout(SOON, asks_on_and_on).await.is_ok(), "still open");
    }

    async fn an_address_at_its_cap_closes_its_own_idlest_connection(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.http.max_connections_per_address = 5).await;
        let mut kept = connect(&app, [127, 0, 0, 3]).await;
        assert_eq!(status_of(&mut kept, LIVE).await, "200");
        let mut slow = Vec::new();
        for _ in 0..5 {
            slow.push(begun(&app, [127, 0, 0, 2], SLOW_HEAD).await);
        }
        let mut sixth = connect(&app, [127, 0, 0, 2]).await;
        assert_eq!(status_of(&mut sixth, LIVE).await, "200");
        let mut answered = 0;
        for connection in &mut slow {
            let _ = connection.write_all(b"x\r\n\r\n").await;
            answered += usize::from(timeout(SOON, answer(connection)).await.unwrap().is_some());
        }
        assert_eq!(answered, 4, "one made room, the others are as they were");
        assert_eq!(status_of(&mut kept, LIVE).await, "200", "and so is who has nothing to do with it");
    }

    async fn a_trusted_proxy_is_bound_by_the_total_alone(engine: Engine) {
        let app = TestApp::start_with(engine, |s| {
            s.http.max_connections_per_address = 2;
            s.http.trusted_proxies = vec!["127.0.0.2/32".parse().unwrap()];
        })
        .await;
        let mut all = Vec::new();
        for _ in 0..10 {
            let mut connection = connect(&app, [127, 0, 0, 2]).await;
            assert_eq!(status_of(&mut connection, LIVE).await, "200");
            all.push(connection);
        }
        for connection in &mut all {
            assert_eq!(status_of(connection, LIVE).await, "200");
        }
    }

    async fn members_log_in_while_every_place_is_held_by_the_slow(engine: Engine) {
        let app = TestApp::start_with(engine, |s| {
            s.http.max_connections = 40;
            s.http.max_connections_per_address = 30;
        })
        .await;
        let mut slow = Vec::new();
        for at in 0..200_u8 {
            let what = [SLOW_HEAD, SLOW_BODY, ""][usize::from(at % 3)];
            slow.push(begun(&app, [127, 0, 0, 2 + at % 7], what).await);
        }
        app.visitor_logged_in(HANAKO).await;
    }

    async fn what_large_requests_hold_together_is_bounded_and_small_ones_go_on(engine: Engine) {
        let app = TestApp::start_with(engine, |s| {
            s.http.receive_timeout = Span::minutes(10);
            s.http.max_connections_per_address = 200;
        })
        .await;
        let large = format!("{SLOW_HEAD}{}", "x".repeat(50_000));
        let mut slow = Vec::new();
        for at in 0..500_u16 {
            let mut connection = connect(&app, [127, 0, 0, 2 + u8::try_from(at % 7).unwrap()]).await;
            // It may be cut off at once.
            let _ = connection.write_all(large.as_bytes()).await;
            slow.push(connection);
        }
        let ends = slow.iter_mut().map(|connection| Box::pin(answer(connection)));
        let cut_off = timeout(SOON, futures::future::select_all(ends)).await;
        assert_eq!(cut_off.expect("all are held").0, None);
        app.visitor_logged_in(HANAKO).await;
    }

    async fn a_head_has_its_bounds_and_a_large_one_ends_its_connection(engine: Engine) {
        let app = TestApp::start(engine).await;
        let request = |bytes: usize| format!("GET /health/live HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "x".repeat(bytes));
        let mut connection = connect(&app, [127, 0, 0, 1]).await;
        assert_eq!(status_of(&mut connection, &request(4_000)).await, "200");
        let mut connection = begun(&app, [127, 0, 0, 1], &request(40_000)).await;
        assert!(rest(&mut connection).await.starts_with("HTTP/1.1 200"), "its buffers go with it");
        let mut connection = connect(&app, [127, 0, 0, 1]).await;
        assert_eq!(status_of(&mut connection, &request(65_536)[..65_536]).await, "431");
    }
}
