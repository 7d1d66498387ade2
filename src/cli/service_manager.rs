//! Telling the service manager how far this process is (sd_notify(3): one datagram to the socket in `NOTIFY_SOCKET`).

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// Tells `state`, such as `READY=1`. Nothing happens where nobody wants to know.
pub(super) fn tell(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(Path::new(&socket), state) {
        tracing::warn!("the service manager can't be told {state}: {error}");
    }
}

fn send(socket: &Path, state: &str) -> io::Result<()> {
    UnixDatagram::unbound()?.send_to(state.as_bytes(), socket).map(drop)
}
