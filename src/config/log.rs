//! `[log]`: what the process says of itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the process says of itself, on standard error. Never a secret, a token or a member's data.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// Which events: `info`, `debug`, or per part, such as `info,sekisho::web=debug`.
    pub filter: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Log { format: LogFormat::Text, filter: "info,sqlx=warn,hyper=warn".into() }
    }
}
