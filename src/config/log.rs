//! `[log]`: what the process says of itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::problems::Findings;

/// What the process says of itself, on standard error. Never a secret, a token or a member's data.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// How a line is written: for people or for log collectors.
    pub format: LogFormat,
    /// Which events: `info`, `debug`, or per part, such as `info,sekisho::web=debug`.
    pub filter: String,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Plain lines, for people.
    Text,
    /// One JSON object a line, for log collectors.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Log { format: LogFormat::Text, filter: "info,sqlx=warn,hyper=warn".into() }
    }
}

impl Log {
    pub(super) fn check(&self, findings: &mut Findings) {
        findings.require(
            EnvFilter::try_new(&self.filter).is_ok(),
            &["log.filter"],
            "log.filter is not a list of levels",
            "write a level (error, warn, info, debug, trace) and exceptions from it, such as info,sekisho::web=debug",
        );
    }
}

impl From<LogFormat> for crate::telemetry::Format {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => crate::telemetry::Format::Text,
            LogFormat::Json => crate::telemetry::Format::Json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_names_no_level_is_refused() {
        for (filter, problems) in [("info", 0), ("info,sekisho::web=debug", 0), ("info,sekisho=loud", 1), ("a=b=c", 1)]
        {
            let mut findings = Findings::default();
            Log { filter: filter.into(), ..Log::default() }.check(&mut findings);
            assert_eq!(findings.len(), problems, "{filter}");
        }
    }
}
