//! What the process says of itself, on standard error. No secret, no token, no personal data: members are named by their
//! random identifiers, requests by a reference that error pages show too.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// Starts logging. A filter that can't be understood is replaced by `info`, and the log says so.
pub fn start(filter: &str, format: Format) {
    let (filter, mistake) = match EnvFilter::try_new(filter) {
        Ok(filter) => (filter, None),
        Err(mistake) => (EnvFilter::new("info"), Some(mistake)),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        Format::Text => builder.try_init(),
        Format::Json => builder.json().try_init(),
    };
    if started.is_ok()
        && let Some(mistake) = mistake
    {
        tracing::warn!("log.filter is not understood and \"info\" is used instead: {mistake}");
    }
}
