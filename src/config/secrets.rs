//! `[secrets]`: the key that everything secret is sealed with.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The key that everything secret in the database is sealed with.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// A file with 32 random bytes in base64url. Made at the first start if it is missing and the database is new; keep a
    /// copy of it apart from the database's backups, for without it they can't be used. Several nodes share one key.
    pub master_key_file: PathBuf,
}

impl Default for Secrets {
    fn default() -> Self {
        Secrets { master_key_file: "data/master.key".into() }
    }
}
