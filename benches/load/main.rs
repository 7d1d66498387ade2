//! The load test: how many requests the provider answers for each second of CPU time that its process takes, beside what
//! the machine itself can do (product.md, 6). `cargo bench --bench load`; docs/performance.md says how to read it.
//!
//! The provider is `sekisho serve`, in a process of its own. Rounds are repeated and every thing is measured once in each,
//! so that a busy machine slows yardstick and provider alike; medians are shown. Nothing is asserted: figures are for
//! people to judge.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose answer is a table")]

mod browser;
mod figures;
mod journeys;
mod machine;
#[path = "../../tests/support/postgres.rs"]
#[allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "shared with the tests, which stop when something is wrong"
)]
mod postgres;
mod process;
mod server;
mod society;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use sekisho::config::{EmailAddress, Quota, RateLimits, SecondFactor, Settings};

use figures::Figures;
use journeys::Journey;
use server::Server;
use society::Society;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

#[derive(Parser)]
#[command(name = "load", about = "Requests per CPU-second of the provider, beside what the machine can do")]
struct Arguments {
    /// How often everything is measured; the table shows medians.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long each measurement of a round lasts.
    #[arg(long, default_value_t = 4.0, value_name = "SECONDS")]
    seconds: f64,
    /// How many keep-alive connections ask at the same time.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// How many browser sessions are alive in the database.
    #[arg(long, default_value_t = 100_000)]
    sessions: usize,
    /// PostgreSQL (its server's programs must be installed) in place of SQLite.
    #[arg(long)]
    postgres: bool,
    /// Next to npm oidc-provider, in the same rounds (`benches/peer`, installed by `make bench`).
    #[arg(long)]
    peer: bool,
    /// Measure nothing but this, for a profiler.
    #[arg(long, value_enum)]
    only: Option<Journey>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

/// What this program is when it has started itself.
#[derive(Subcommand)]
enum Role {
    /// An HTTP server that does nothing.
    #[command(hide = true)]
    Hello { address: SocketAddr },
}

#[tokio::main]
async fn main() -> Result<()> {
    // `cargo test --all-targets` runs this too, with arguments that are meant for tests.
    let for_us = |argument: String| matches!(argument.as_str(), "--bench" | "--help" | "hello");
    if !std::env::args().any(for_us) {
        println!("nothing measured: run `cargo bench --bench load`");
        return Ok(());
    }
    let arguments = Arguments::parse();
    match arguments.role {
        Some(Role::Hello { address }) => server::serve_hello(address).await,
        None => measure(&arguments).await,
    }
}

/// The defaults, but for limits that one address under load would meet at once.
fn settings(folder: &Path, database_url: String) -> Settings {
    let plenty = Quota { per_minute: 60_000_000, burst: 1_000_000 };
    let mut settings = Settings::default();
    // What is measured is the password and the protocol; a second factor would wait for its mail.
    settings.authentication.second_factor = SecondFactor::Off;
    settings.authentication.email_address = EmailAddress::Optional;
    settings.mail.folder = folder.join("mail");
    settings.database.url = database_url;
    settings.secrets.master_key_file = folder.join("master.key");
    settings.rate_limits = RateLimits {
        login_by_address: plenty,
        login_by_account: plenty,
        attempts_by_browser: plenty,
        recovery_by_address: plenty,
        token_by_address: plenty,
        failures_by_client: plenty,
        notices_by_client: plenty,
        pages_by_address: plenty,
        help_by_address: plenty,
        help_searches_by_address: plenty,
        help_votes_by_address: plenty,
    };
    settings
}

async fn measure(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database_url = match arguments.postgres {
        true => postgres::Cluster::shared().new_database().await,
        false => format!("sqlite:{}", folder.path().join("sekisho.db").display()),
    };
    let settings = settings(folder.path(), database_url.clone());
    let argon2 = settings.passwords.argon2;
    progress("preparing the database");
    let society = Arc::new(Society::found(settings.clone(), arguments.sessions).await?);

    let mut figures = Figures::new(argon2, arguments.sessions);
    let connection = browser::connection()?;
    let start = async || Server::provider(&connection, folder.path(), &settings).await;
    for _ in 0..arguments.rounds {
        figures.start_to_ready.push(start().await?.start_to_ready);
    }
    let provider = start().await?;
    figures.idle_kib = process::resident_kib(provider.id())?;
    let hello = Server::hello(&connection).await?;
    let peer = match arguments.peer {
        true => {
            progress("starting the peer");
            let server = Server::peer(&connection).await?;
            let society = Arc::new(Society::of_peer(&server.address).await?);
            Some((server, society))
        }
        false => None,
    };

    let span = Duration::from_secs_f64(arguments.seconds);
    for round in 1..=arguments.rounds {
        for journey in Journey::ALL.into_iter().filter(|j| arguments.only.is_none_or(|only| only == *j)) {
            progress(&format!("round {round} of {}: {}", arguments.rounds, journey.name()));
            let server = if journey == Journey::Hello { &hello } else { &provider };
            let rate = journeys::rate(journey, server, &society, arguments.connections, span).await?;
            figures.note(journey, rate);
            if let Some((server, society)) = peer.as_ref().filter(|_| Journey::SHARED.contains(&journey)) {
                progress(&format!("round {round} of {}: {} at the peer", arguments.rounds, journey.name()));
                figures
                    .note_peer(journey, journeys::rate(journey, server, society, arguments.connections, span).await?);
            }
        }
        if arguments.only.is_none() {
            progress(&format!("round {round} of {}: the machine itself", arguments.rounds));
            figures.es256.push(machine::es256(span)?);
            figures.rs256.push(machine::rs256(span)?);
            figures.argon2id.push(machine::argon2id(argon2, span)?);
            figures.durable_write.push(machine::durable_write(folder.path(), &database_url, span).await?);
        }
    }
    figures.loaded_kib = process::resident_kib(provider.id())?;
    progress("");
    println!("{figures}");
    Ok(())
}

/// One line that is written over, apart from the table.
fn progress(doing: &str) {
    eprint!("\r\x1b[K{doing}");
}
