//! `[sessions]`: how long a login lasts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::unix_time::Span;

/// How long a login lasts in a browser.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Ends when it has not been used for this long.
    pub idle: Span,
    /// Ends this long after the login in any case.
    pub absolute: Span,
    /// How long a login may take, from the portal's request to the last step.
    pub login_time_limit: Span,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions { idle: Span::hours(1), absolute: Span::hours(12), login_time_limit: Span::minutes(30) }
    }
}
