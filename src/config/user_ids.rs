//! `[user_ids]`: what a user ID may look like.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a user ID may look like. IDs come from the society; nobody chooses one alone.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserIds {
    /// The fewest characters.
    pub min_length: u32,
    /// The most characters.
    pub max_length: u32,
    /// The characters that may stand beside half-width letters and digits.
    pub symbols: String,
    /// Whether `Hanako` and `hanako` are two members. Changing this with members in the database needs a new import.
    pub case_sensitive: bool,
}

impl Default for UserIds {
    fn default() -> Self {
        UserIds { min_length: 3, max_length: 64, symbols: "-._@+".into(), case_sensitive: false }
    }
}
