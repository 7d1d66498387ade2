//! `[database]`: where everything is kept.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where everything is kept: one SQLite file, or a PostgreSQL database that several nodes share.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` (relative to the folder that Sekisho is started in) or `postgres://USER:PASSWORD@HOST/NAME`.
    pub url: String,
    /// A file whose content is the URL, for a password that must not stand in the settings. Wins over `url`.
    pub url_file: Option<PathBuf>,
    /// The most connections that are open at once (for SQLite: for reading; one more writes).
    pub max_connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Database { url: "sqlite:data/sekisho.db".into(), url_file: None, max_connections: 8 }
    }
}
