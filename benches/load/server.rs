//! Both ends of a server process: what it does, and how it is started, awaited and ended.
//!
//! It says its address on standard output and serves until its standard input is closed, which happens when the load test
//! ends, however that happens.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use reqwest::Client;
use sekisho::actions::signing_keys;
use sekisho::app::App;
use sekisho::clock::Clock;
use sekisho::config::Settings;
use sekisho::telemetry;
use sekisho::web::serve;
use sekisho::web::site::Site;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::Result;

/// The provider, put together as `sekisho serve` does it.
pub async fn serve(mut settings: Settings) -> Result<()> {
    telemetry::start(&settings.log);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = announced(&listener)?;
    settings.issuer = address.parse()?;
    let app = App::start(settings.checked()?, Clock::System).await?;
    signing_keys::ensure(&app).await?;
    serve::serve(listener, Site::new(app)?, input_closed()).await?;
    Ok(())
}

pub async fn hello() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announced(&listener)?;
    let app = Router::new().route("/", get(async || "hello"));
    Ok(axum::serve(listener, app).with_graceful_shutdown(input_closed()).await?)
}

/// Connections wait in the listener's queue until somebody accepts them, so the address may be told before.
fn announced(listener: &TcpListener) -> Result<String> {
    let address = format!("http://{}", listener.local_addr()?);
    println!("{address}");
    Ok(address)
}

async fn input_closed() {
    let (closed, is_closed) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = closed.send(());
    });
    let _ = is_closed.await;
}

/// A server process. It ends when this is dropped.
pub struct Server {
    process: Child,
    started: Instant,
    pub address: String,
}

impl Server {
    /// The provider, on a database that exists. Its log goes into a file, as it would on a real machine.
    pub fn provider(folder: &Path, database_url: &str) -> Result<Server> {
        let log = File::options().create(true).append(true).open(folder.join("server.log"))?;
        let mut command = Command::new(std::env::current_exe()?);
        Server::spawn(command.arg("serve").arg(folder).arg(database_url).stderr(log))
    }

    pub fn hello() -> Result<Server> {
        Server::spawn(Command::new(std::env::current_exe()?).arg("hello"))
    }

    fn spawn(command: &mut Command) -> Result<Server> {
        let started = Instant::now();
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        let output = process.stdout.take().ok_or("the server has no standard output")?;
        BufReader::new(output).read_line(&mut address)?;
        Ok(Server { process, started, address: address.trim().to_owned() })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the provider can work, and says how long that took from the start of the process.
    pub async fn ready(&self, connection: &Client) -> Result<Duration> {
        connection.get(format!("{}/health/ready", self.address)).send().await?.error_for_status()?;
        Ok(self.started.elapsed())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
