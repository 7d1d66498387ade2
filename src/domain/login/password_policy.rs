//! Which passwords are taken (product rule: 8 to 64 half-width characters, never the user ID, not a common one).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A class of characters of which a password may have to contain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CharacterClass {
    Lower,
    Upper,
    Digit,
    Symbol,
}
