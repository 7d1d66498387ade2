//! The keys that tokens are signed with, as they are stored, and their algorithms (RFC 7518, 3.1).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::unix_time::UnixTime;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what every relying party understands (OpenID Connect Core 1.0, 15.1).
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256: small and fast; signs access tokens.
    #[serde(rename = "ES256")]
    Es256,
}

impl Algorithm {
    pub const ALL: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::Es256];

    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
        }
    }

    pub fn from_name(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// A key as it is stored.
#[derive(Clone, Debug)]
pub struct StoredKey {
    pub id: String,
    pub algorithm: Algorithm,
    pub public_jwk: Value,
    /// JSON, sealed for `signing_keys.private_jwk.<id>`.
    pub private_jwk: String,
    pub created_at: UnixTime,
    pub signs_from: UnixTime,
    /// When a successor has taken over: the time until which relying parties may still need it.
    pub published_until: Option<UnixTime>,
}

/// The public half of a key that is not used here.
#[derive(Clone, Debug)]
pub struct PublishedKey {
    pub public_jwk: Value,
    pub published_until: Option<UnixTime>,
}
