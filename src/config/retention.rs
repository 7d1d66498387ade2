//! `[retention]`: how long is remembered what happened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::unix_time::Span;

/// How long is remembered what happened. What is of no use any more goes by itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// How long members and staff see what happened to an account.
    #[schemars(extend("x-at-least" = "1d"))]
    pub account_events: Span,
    /// How long wrong passwords in a row are remembered when no more follow. A lock stands for as long as `locks` says.
    #[schemars(extend("x-at-least" = "1d"))]
    pub password_failures: Span,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { account_events: Span::days(730), password_failures: Span::days(90) }
    }
}
