//! One connection: how long its peer may take to send a request and to read the answer, and how much memory a request may
//! hold before it is whole.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::places::Place;

/// The largest head of a request: what a proxy in front lets through, with what it adds.
pub const LARGEST_HEAD: usize = 65_536;
/// What a request may hold without asking; nearly all need less.
const EACH: usize = 8_192;
/// What all requests that are not whole yet may hold beyond that, together. Beyond it, large requests are cut off until
/// others have ended; small ones go on.
const TOGETHER: usize = 8 * 1_024 * 1_024;

/// What all connections share.
pub struct Terms {
    /// How long a request's head, and then its body, may take once begun.
    pub receive_timeout: Duration,
    /// How long an answer may take once the peer has stopped reading as fast as we write.
    pub send_timeout: Duration,
    held: AtomicUsize,
}

impl Terms {
    pub fn new(receive_timeout: Duration, send_timeout: Duration) -> Terms {
        Terms { receive_timeout, send_timeout, held: AtomicUsize::new(0) }
    }
}

/// A connection, as both its stream and its requests see it.
pub struct Connection {
    pub peer: SocketAddr,
    pub place: Place,
    terms: Arc<Terms>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    phase: Phase,
    /// Bytes of the request in progress.
    received: usize,
    /// How many of them are counted in [`Terms::held`].
    held: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    /// A request's head, or body, has been on its way since.
    Receiving(Instant),
    Working,
    Answering,
}

impl Connection {
    pub fn new(peer: SocketAddr, place: Place, terms: Arc<Terms>) -> Arc<Connection> {
        let state = Mutex::new(State { phase: Phase::Idle, received: 0, held: 0 });
        Arc::new(Connection { peer, place, terms, state })
    }

    /// A request's head is here, its body may not be.
    pub fn head_received(&self) {
        self.state(|state| state.phase = Phase::Receiving(Instant::now()));
        self.place.waits();
    }

    /// From here on the peer is not waited for.
    pub fn whole_request_received(&self) {
        self.state(|state| state.phase = Phase::Working);
        self.place.works();
    }

    /// The answer is about to be sent. Whether the connection had to buffer much: then it is not kept, and its buffers go.
    pub fn answered(&self) -> bool {
        self.place.waits();
        let (was_large, held) = self.state(|state| {
            let before = *state;
            *state = State { phase: Phase::Answering, received: 0, held: 0 };
            (before.received > EACH, before.held)
        });
        self.terms.held.fetch_sub(held, Ordering::Relaxed);
        was_large
    }

    fn received(&self, bytes: usize) -> io::Result<()> {
        let (begins, more) = self.state(|state| {
            let begins = matches!(state.phase, Phase::Idle | Phase::Answering);
            if begins {
                state.phase = Phase::Receiving(Instant::now());
            }
            state.received += bytes;
            let more = state.received.saturating_sub(EACH) - state.held;
            state.held += more;
            (begins, more)
        });
        if begins {
            self.place.waits();
        }
        if self.terms.held.fetch_add(more, Ordering::Relaxed) + more > TOGETHER {
            return Err(io::Error::other("requests that are not whole yet hold too much memory"));
        }
        Ok(())
    }

    /// Until when the peer must have sent what it has begun.
    fn receiving_until(&self) -> Option<Instant> {
        match self.state(|state| state.phase) {
            Phase::Receiving(since) => Some(since + self.terms.receive_timeout),
            _ => None,
        }
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.terms.held.fetch_sub(self.state(|state| state.held), Ordering::Relaxed);
    }
}

/// The connection's bytes.
pub struct Stream {
    tcp: TcpStream,
    connection: Arc<Connection>,
    receiving: Timer,
    sending: Timer,
}

/// Made when it is needed first: most connections never keep us waiting.
#[derive(Default)]
struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    until: Option<Instant>,
}

impl Timer {
    /// Whether the time is up. Otherwise the task is woken when it is.
    fn is_over(&mut self, until: Instant, cx: &mut Context<'_>) -> bool {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if self.until != Some(until) {
            self.until = Some(until);
            sleep.as_mut().reset(until);
        }
        sleep.as_mut().poll(cx).is_ready()
    }
}

impl Stream {
    pub fn new(tcp: TcpStream, connection: Arc<Connection>) -> Stream {
        Stream { tcp, connection, receiving: Timer::default(), sending: Timer::default() }
    }

    /// `written` is what writing came to: whether that takes too long by now.
    fn in_time<T>(&mut self, written: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_pending() {
            let begun = || Instant::now() + self.connection.terms.send_timeout;
            let until = self.sending.until.unwrap_or_else(begun);
            if self.sending.is_over(until, cx) {
                return Poll::Ready(Err(too_slow("the peer does not read the answer")));
            }
        }
        written
    }
}

fn too_slow(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let this = &mut *self;
        match Pin::new(&mut this.tcp).poll_read(cx, into) {
            Poll::Ready(Ok(())) => {
                let bytes = into.filled().len() - before;
                Poll::Ready(if bytes == 0 { Ok(()) } else { this.connection.received(bytes) })
            }
            Poll::Pending => match this.connection.receiving_until() {
                Some(until) if this.receiving.is_over(until, cx) => {
                    Poll::Ready(Err(too_slow("the peer does not send the rest of its request")))
                }
                _ => Poll::Pending,
            },
            failed => failed,
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.in_time(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.in_time(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    /// Called when nothing is left to be written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sending.until = None;
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
