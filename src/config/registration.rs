//! `[registration]`: whether relying parties may register themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::protocol::client::PkcePolicy;

/// Whether relying parties may register themselves (OpenID Dynamic Client Registration 1.0, RFC 7591).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// `off`, `initial_access_token` (staff hand out a token for each registration) or `open` (anyone: trials only).
    pub mode: RegistrationMode,
    /// What registered confidential clients must send against stolen codes: `required` (PKCE), `or_nonce` (PKCE or a
    /// nonce) or `optional` (needed by the conformance suite, whose requests have neither). Public ones always need PKCE.
    pub pkce: PkcePolicy,
    /// The most clients that may register themselves.
    pub max_clients: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    Off,
    InitialAccessToken,
    Open,
}

impl Default for Registration {
    fn default() -> Self {
        Registration { mode: RegistrationMode::Off, pkce: PkcePolicy::Required, max_clients: 1_000 }
    }
}
