//! The command line: one file a command. Answers go to standard output, what went wrong to standard error with exit code
//! 1; clap itself answers what it can't understand, with exit code 2.

mod client;
mod client_metadata;
mod config;
mod demo;
mod doctor;
mod help;
mod key;
mod mail;
mod member;
mod migrate;
mod named_files;
mod output;
mod resource;
mod serve;
mod service_manager;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use serde_json::{Value, json};

use crate::actions::ActionError;
use crate::actions::member::members::AddError;
use crate::actions::protocol::register_client::RegisterError;
use crate::actions::protocol::signing_keys;
use crate::app::{App, StartError};
use crate::clock::Clock;
use crate::config::{Problems, Settings, SettingsSource};
use crate::crypto::master_key::MasterKeyError;
use crate::domain::actor::Actor;
use crate::store::{OpenError, StoreError};
use crate::web::serve::ServeError;
use crate::web::state::WebStateError;
use output::Output;

/// Sekisho: an OpenID Connect identity provider for member portals.
#[derive(Parser)]
#[command(name = "sekisho", version, max_term_width = 100, arg_required_else_help = true)]
// `sekisho help` is about the help that members read; `--help` is about the program.
#[command(disable_help_subcommand = true)]
struct CommandLine {
    /// The settings file [default: the one in SEKISHO_CONFIG, else config/sekisho.toml if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Answer with JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the provider until it is told to stop (SIGTERM, Ctrl-C)
    Serve,
    /// Runs a provider for trying out, with members and clients whose passwords everyone knows
    Demo(demo::Demo),
    /// Brings the database up to this version, as `serve` does when it starts
    Migrate,
    /// Registers relying parties and looks after them
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// Registers resource servers: the interfaces that access tokens are for
    #[command(subcommand)]
    Resource(resource::ResourceCommand),
    /// Adds members and helps those who can't log in
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// Says what became of mails, and sends again what did not arrive
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// Shows and rotates the keys that tokens are signed with
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Checks and publishes the FAQ and the guide that portals display
    #[command(subcommand)]
    Help(help::HelpCommand),
    /// Checks and shows the settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Checks this installation and says what is wrong with it; changes nothing
    Doctor,
    /// Prints what makes a shell complete commands and options
    ///
    /// For bash: sekisho completions bash > /etc/bash_completion.d/sekisho
    Completions { shell: clap_complete::Shell },
}

/// Why a command failed: one message that names what, where and how to mend it.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Settings(#[from] Problems),
    /// Files that the settings name, one line each.
    #[error("{}", .0.join("\n"))]
    Files(Vec<String>),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    WebState(#[from] WebStateError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Action(#[from] ActionError),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error(transparent)]
    AddMember(#[from] AddError),
    #[error("the answer can't be written: {0}")]
    Write(#[from] io::Error),
    /// The command can't be done as asked.
    #[error("{0}")]
    Refused(String),
    /// All there is to say was said in the answer.
    #[error("")]
    Answered,
}

impl Failure {
    fn refused(message: impl Into<String>) -> Failure {
        Failure::Refused(message.into())
    }
}

/// Makes `?` reach [`Failure`] from the errors that another already holds.
macro_rules! from_inner {
    ($($inner:ty => $outer:ident),* $(,)?) => {$(
        impl From<$inner> for Failure {
            fn from(error: $inner) -> Self {
                Failure::$outer(error.into())
            }
        }
    )*};
}

from_inner!(OpenError => Start, MasterKeyError => Start, StoreError => Action);

impl From<config::ConfigError> for Failure {
    fn from(error: config::ConfigError) -> Self {
        match error {
            config::ConfigError::Problems(problems) => Failure::Settings(problems),
            config::ConfigError::Files(problems) => Failure::Files(problems),
            config::ConfigError::Write(error) => Failure::Write(error),
        }
    }
}

/// Does what the arguments of this process say.
pub fn main() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(mistake) => {
            // What the arguments say can't be known, but whether a program reads the answer can.
            if !mistake.use_stderr() || !std::env::args_os().any(|argument| argument == "--json") {
                mistake.exit();
            }
            let text = mistake.to_string();
            let what = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            complain(&json!({ "error": what }));
            return ExitCode::from(2);
        }
    };
    let is_json = line.json;
    let failure = match run(line) {
        Ok(()) => return ExitCode::SUCCESS,
        // Whoever read the answer has seen enough (`sekisho client list | head`).
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(Failure::Answered) => return ExitCode::FAILURE,
        Err(failure) => failure,
    };
    if is_json {
        complain(&failure.as_json())
    } else {
        complain(&failure)
    }
    ExitCode::FAILURE
}

/// Where standard error is closed too, the exit code says it all.
fn complain(message: &impl fmt::Display) {
    use io::Write as _;
    let _ = writeln!(io::stderr(), "{message}");
}

impl Failure {
    /// For programs: `error` is the message that people get; mistakes in the settings stand one by one beside it.
    fn as_json(&self) -> Value {
        let problems: Vec<Value> = match self {
            Failure::Settings(Problems(problems)) => problems
                .iter()
                .map(|problem| json!({ "place": problem.place.to_string(), "what": problem.what, "fix": problem.fix }))
                .collect(),
            Failure::Files(problems) => problems.iter().map(|what| json!({ "what": what })).collect(),
            _ => return json!({ "error": self.to_string() }),
        };
        json!({ "error": self.to_string(), "problems": problems })
    }
}

/// Whoever runs a command, by the name of their account on this machine; behind sudo, by their own.
fn actor() -> Actor {
    let name = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    Actor::CommandLine(name.filter(|name| !name.is_empty()))
}

fn run(line: CommandLine) -> Result<(), Failure> {
    let source = SettingsSource::of_process(line.config);
    let out = Output::new(line.json);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|reason| Failure::refused(format!("no threads can be started: {reason}")))?;
    runtime.block_on(async {
        match line.command {
            Command::Serve => serve::run(&source).await,
            Command::Demo(demo) => demo.run().await,
            Command::Migrate => migrate::run(&source, out).await,
            Command::Client(command) => command.run(&open(&source).await?, out).await,
            Command::Resource(command) => command.run(&open(&source).await?, out).await,
            Command::Member(command) => command.run(&source, out).await,
            Command::Mail(command) => command.run(&open(&source).await?, out).await,
            Command::Key(command) => command.run(&open(&source).await?, out).await,
            Command::Help(command) => command.run(&open(&source).await?, out).await,
            Command::Config(command) => Ok(config::run(command, &source, out, &mut io::stdout().lock())?),
            Command::Doctor => doctor::run(&source, out).await,
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut CommandLine::command(), "sekisho", &mut io::stdout().lock());
                Ok(())
            }
        }
    })
}

/// The app of the settings, for one command; a server may run beside it.
async fn open(source: &SettingsSource) -> Result<App, Failure> {
    let app = App::start(Settings::load(source)?, Clock::System).await?;
    // With a key in the database from the start, another master key is always recognised.
    signing_keys::ensure(&app).await?;
    Ok(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }
}
