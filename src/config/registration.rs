//! `[registration]`: whether relying parties may register themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::protocol::client::PkcePolicy;

/// Whether relying parties may register themselves (OpenID Dynamic Client Registration 1.0, RFC 7591).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// Who may register a client over the network.
    pub mode: RegistrationMode,
    /// What registered confidential clients must send against stolen codes; public clients always need PKCE.
    pub pkce: PkcePolicy,
    /// The most clients that may register themselves.
    #[schemars(range(min = 1), extend("x-unit" = "clients"))]
    pub max_clients: u32,
}

/// Who may register a client over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    /// Nobody.
    Off,
    /// Whoever presents a token that staff have handed out, one token for each registration.
    InitialAccessToken,
    /// Anyone: for trials only.
    Open,
}

impl Default for Registration {
    fn default() -> Self {
        Registration { mode: RegistrationMode::Off, pkce: PkcePolicy::Required, max_clients: 1_000 }
    }
}
