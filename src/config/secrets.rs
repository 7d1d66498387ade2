//! `[secrets]`: the key that everything secret is sealed with.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Findings;

/// The key that everything secret in the database is sealed with.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// A file with 32 random bytes in base64url. Made at the first start if it is missing and the database is new; keep a
    /// copy of it apart from the database's backups, for without it they can't be used. Several nodes share one key.
    #[schemars(extend("format" = "path"))]
    pub master_key_file: PathBuf,
}

impl Default for Secrets {
    fn default() -> Self {
        Secrets { master_key_file: "data/master.key".into() }
    }
}

impl Secrets {
    pub(super) fn check(&self, findings: &mut Findings) {
        findings.require(
            self.master_key_file.file_name().is_some(),
            &["secrets.master_key_file"],
            "secrets.master_key_file names no file",
            "write its path, such as data/master.key",
        );
    }
}
