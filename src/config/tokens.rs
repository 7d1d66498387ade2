//! `[tokens]`: how long what is issued lasts, and how signing keys change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::unix_time::Span;

/// How long what is issued to relying parties lasts, and how signing keys change.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// An authorization code; at most 60 s.
    pub code_lifetime: Span,
    pub access_token_lifetime: Span,
    pub id_token_lifetime: Span,
    /// A refresh token that is not used for this long ends.
    pub refresh_idle: Span,
    /// The whole chain of refresh tokens from one login ends after this long.
    pub refresh_absolute: Span,
    /// How long the last refresh token gives the same answer again, for a client that lost it. After that, or once the
    /// answer has been used, presenting it again ends the whole chain.
    pub refresh_grace: Span,
    /// The age at which a signing key is followed by a new one.
    pub key_rotation: Span,
    /// How long a new signing key is published before it signs: at least as long as relying parties cache the key set.
    pub key_published_before_use: Span,
}

impl Default for Tokens {
    fn default() -> Self {
        Tokens {
            code_lifetime: Span::seconds(60),
            access_token_lifetime: Span::minutes(10),
            id_token_lifetime: Span::minutes(10),
            refresh_idle: Span::days(30),
            refresh_absolute: Span::days(180),
            refresh_grace: Span::seconds(10),
            key_rotation: Span::days(90),
            key_published_before_use: Span::hours(24),
        }
    }
}
