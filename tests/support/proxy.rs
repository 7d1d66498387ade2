//! Stands between the provider and a database server, and lets the server be gone or silent.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Open,
    /// Connections are closed, and new ones as soon as they are there.
    Cut,
    /// Nothing comes through.
    Silent,
}

pub struct Proxy {
    pub port: u16,
    line: watch::Sender<Line>,
}

impl Proxy {
    pub fn to(port: u16) -> Proxy {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let own = listener.local_addr().unwrap().port();
        let (line, seen) = watch::channel(Line::Open);
        tokio::spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, port, seen.clone()));
            }
        });
        Proxy { port: own, line }
    }

    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn connect(near: TcpStream, port: u16, mut line: watch::Receiver<Line>) {
    if *line.borrow() == Line::Cut {
        return;
    }
    let far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = pass(near_in, far_out, line.clone()) => {}
        () = pass(far_in, near_out, line.clone()) => {}
        _ = line.wait_for(|line| *line == Line::Cut) => {}
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>) {
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if line.wait_for(|line| *line == Line::Open).await.is_err() || to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
