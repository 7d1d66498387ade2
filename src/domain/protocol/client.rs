//! A relying party as registered (RFC 7591, OpenID Dynamic Client Registration 1.0), typed and checked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a client must send so that a stolen authorization code is of no use (RFC 9700, 2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PkcePolicy {
    /// PKCE with S256 in every request. The only choice for public clients.
    Required,
    /// PKCE, or a `nonce`: for confidential clients whose library knows no PKCE.
    OrNonce,
    /// Neither is demanded: weak; for the conformance suite, which sends requests without both.
    Optional,
}
