//! `[user_ids]`: what a user ID may look like.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::member::user_id::UserIdRules;

/// What a user ID may look like. IDs come from the society; nobody chooses one alone.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserIds {
    /// The fewest characters.
    pub min_length: u32,
    /// The most characters.
    pub max_length: u32,
    /// The symbols that may stand beside half-width letters and digits, out of the 32 of ASCII.
    pub symbols: String,
    /// Whether `Hanako` and `hanako` are two members. Changing this with members in the database needs a new import.
    pub case_sensitive: bool,
}

impl Default for UserIds {
    fn default() -> Self {
        UserIds { min_length: 3, max_length: 64, symbols: "-._@+".into(), case_sensitive: false }
    }
}

impl From<&UserIds> for UserIdRules {
    fn from(settings: &UserIds) -> Self {
        UserIdRules {
            min_length: settings.min_length,
            max_length: settings.max_length,
            symbols: settings.symbols.clone(),
            case_sensitive: settings.case_sensitive,
        }
    }
}
