//! `[sessions]`: how long a login lasts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Findings;
use crate::domain::unix_time::Span;

/// How long a login lasts in a browser.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Ends when it has not been used for this long.
    #[schemars(extend("x-at-least" = "1s"))]
    pub idle: Span,
    /// Ends this long after the login in any case.
    #[schemars(extend("x-at-least" = "1s"))]
    pub absolute: Span,
    /// How long a login may take, from the portal's request to the last step.
    #[schemars(extend("x-at-least" = "1s"))]
    pub login_time_limit: Span,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions { idle: Span::hours(1), absolute: Span::hours(12), login_time_limit: Span::minutes(30) }
    }
}

impl Sessions {
    pub(super) fn check(&self, findings: &mut Findings) {
        findings.require(
            self.idle <= self.absolute,
            &["sessions.idle", "sessions.absolute"],
            format!("sessions.idle ({}) is longer than sessions.absolute ({})", self.idle, self.absolute),
            "shorten the one or lengthen the other",
        );
    }
}
