//! `[help]`: the FAQ and the guide that portals display.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The FAQ and the guide that portals display.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Help {
    /// A folder with `ja/`, `en/`, … of Markdown files that takes the place of the content that comes with Sekisho.
    pub folder: Option<PathBuf>,
    /// Origins of portals whose pages may read `/help/v1` by script (CORS), such as `https://portal.example.jp`. Empty: any;
    /// the content is public and no cookie is sent along.
    pub allowed_origins: Vec<String>,
}
