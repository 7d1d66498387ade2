//! `[passwords]`: which passwords are taken, and how they are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::login::password_policy::CharacterClass;
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

/// The cost of one Argon2id hash (RFC 9106). Raising it upgrades a member's hash at the next login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

impl Default for Argon2Cost {
    fn default() -> Self {
        Argon2Cost { memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
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
