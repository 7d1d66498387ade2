//! The servers under load, each a process of its own: `sekisho serve`, and the bare one that it is compared with.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use reqwest::Client;
use sekisho::config::Settings;
use tokio::net::TcpListener;

use crate::Result;

/// The least that an HTTP request can cost. This program does it when it has started itself.
pub async fn serve_hello(address: SocketAddr) -> Result<()> {
    let app = Router::new().route("/", get(async || "hello"));
    Ok(axum::serve(TcpListener::bind(address).await?, app).await?)
}

/// A server process, ready. It ends when this is dropped.
pub struct Server {
    process: Child,
    pub address: String,
    /// From the start of the process to its first answer.
    pub start_to_ready: Duration,
}

impl Server {
    /// The provider, on a database that exists. Its log goes into a file, as it would on a real machine.
    pub async fn provider(connection: &Client, folder: &Path, settings: &Settings) -> Result<Server> {
        let (listen, address) = free_address().await?;
        let mut settings = settings.clone();
        settings.issuer = address.parse()?;
        settings.http.listen = listen;
        let file = folder.join("sekisho.toml");
        std::fs::write(&file, toml::to_string(&settings)?)?;
        let log = folder.join("server.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        command.arg("--config").arg(file).arg("serve").stderr(File::options().create(true).append(true).open(&log)?);
        Server::start(&mut command, address, connection, "/health/ready").await.map_err(|error| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            format!("{error}\n{said}").into()
        })
    }

    pub async fn hello(connection: &Client) -> Result<Server> {
        let (listen, address) = free_address().await?;
        let mut command = Command::new(std::env::current_exe()?);
        Server::start(command.arg("hello").arg(listen.to_string()), address, connection, "/").await
    }

    /// npm oidc-provider; `make bench` has installed it.
    pub async fn peer(connection: &Client) -> Result<Server> {
        let (listen, address) = free_address().await?;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peer");
        let mut command = Command::new("node");
        command.current_dir(folder).arg("server.mjs").arg(listen.port().to_string()).stderr(Stdio::null());
        Server::start(&mut command, address, connection, "/.well-known/openid-configuration").await
    }

    async fn start(command: &mut Command, address: String, connection: &Client, answers: &str) -> Result<Server> {
        let started = Instant::now();
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut server = Server { process, address, start_to_ready: Duration::ZERO };
        let question = format!("{}{answers}", server.address);
        while !connection.get(&question).send().await.is_ok_and(|answer| answer.status().is_success()) {
            if let Some(status) = server.process.try_wait()? {
                return Err(format!("the server ended before it was ready, with {status}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.start_to_ready = started.elapsed();
        Ok(server)
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// On loopback, to listen on and as a URL.
async fn free_address() -> Result<(SocketAddr, String)> {
    let listen = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    Ok((listen, format!("http://{listen}")))
}
