//! `[passwords]`: which passwords are taken, and how they are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::domain::login::password_policy::Argon2Cost;
use crate::domain::login::password_policy::{CharacterClass, PasswordPolicy};
use crate::domain::unix_time::Span;

/// Which passwords are taken, and how they are kept. Pages, help and the server's check all read this.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// The fewest characters.
    pub min_length: u32,
    /// The most characters.
    pub max_length: u32,
    /// Classes of which at least one character each must appear: `lower`, `upper`, `digit`, `symbol`.
    pub required_classes: Vec<CharacterClass>,
    /// Refuse the passwords that attackers try first, from the list that comes with Sekisho.
    pub refuse_common: bool,
    /// How long an initial password from the society may be used.
    pub initial_lifetime: Span,
    pub argon2: Argon2Cost,
    /// How many passwords are hashed at once; 0: as many as the machine has cores. Each takes `argon2.memory_kib`.
    pub hashing_threads: u32,
    /// How many more may wait for a hashing thread; beyond that the answer is 503 with `Retry-After`.
    pub hashing_queue: u32,
}

impl Default for Passwords {
    fn default() -> Self {
        Passwords {
            min_length: 8,
            max_length: 64,
            required_classes: Vec::new(),
            refuse_common: true,
            initial_lifetime: Span::days(30),
            argon2: Argon2Cost::default(),
            hashing_threads: 0,
            hashing_queue: 64,
        }
    }
}

impl From<&Passwords> for PasswordPolicy {
    fn from(settings: &Passwords) -> Self {
        PasswordPolicy {
            min_length: settings.min_length,
            max_length: settings.max_length,
            required_classes: settings.required_classes.clone(),
            refuse_common: settings.refuse_common,
        }
    }
}
