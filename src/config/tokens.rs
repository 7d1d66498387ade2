//! `[tokens]`: how long what is issued lasts, and how signing keys change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Findings;
use crate::domain::unix_time::Span;

/// How long what is issued to relying parties lasts, and how signing keys change.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// How long an authorization code may be redeemed.
    #[schemars(extend("x-at-least" = "1s", "x-at-most" = "60s"))]
    pub code_lifetime: Span,
    /// How long an access token is valid.
    #[schemars(extend("x-at-least" = "1s"))]
    pub access_token_lifetime: Span,
    /// How long an ID token is valid.
    #[schemars(extend("x-at-least" = "1s"))]
    pub id_token_lifetime: Span,
    /// A refresh token that is not used for this long ends.
    #[schemars(extend("x-at-least" = "1s"))]
    pub refresh_idle: Span,
    /// The whole chain of refresh tokens from one login ends after this long.
    #[schemars(extend("x-at-least" = "1s"))]
    pub refresh_absolute: Span,
    /// How long the last refresh token gives the same answer again, for a client that lost it. After that, or once the
    /// answer has been used, presenting it again ends the whole chain.
    #[schemars(extend("x-at-most" = "60s"))]
    pub refresh_grace: Span,
    /// The age at which a signing key is followed by a new one.
    #[schemars(extend("x-at-least" = "1s"))]
    pub key_rotation: Span,
    /// How long a new signing key is published before it signs: at least as long as relying parties cache the key set.
    #[schemars(extend("x-at-least" = "1s"))]
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

impl Tokens {
    pub(super) fn check(&self, findings: &mut Findings) {
        findings.require(
            self.refresh_idle <= self.refresh_absolute,
            &["tokens.refresh_idle", "tokens.refresh_absolute"],
            format!(
                "tokens.refresh_idle ({}) is longer than tokens.refresh_absolute ({})",
                self.refresh_idle, self.refresh_absolute
            ),
            "shorten the one or lengthen the other",
        );
        findings.require(
            self.key_published_before_use < self.key_rotation,
            &["tokens.key_published_before_use", "tokens.key_rotation"],
            format!(
                "tokens.key_published_before_use ({}) leaves a key no time to sign before tokens.key_rotation ({})",
                self.key_published_before_use, self.key_rotation
            ),
            "shorten the one or lengthen the other",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_refresh_tokens_end_within_their_chain_and_keys_sign_before_they_retire() {
        let problems = |tokens: Tokens| {
            let mut findings = Findings::default();
            tokens.check(&mut findings);
            findings.len()
        };
        assert_eq!(problems(Tokens { refresh_idle: Span::days(180), ..Tokens::default() }), 0);
        assert_eq!(problems(Tokens { refresh_idle: Span::days(181), ..Tokens::default() }), 1);
        assert_eq!(problems(Tokens { key_rotation: Span::hours(25), ..Tokens::default() }), 0);
        assert_eq!(problems(Tokens { key_rotation: Span::hours(24), ..Tokens::default() }), 1);
    }
}
