//! `[passwords]`: which passwords are taken, and how they are kept.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Findings;
pub use crate::domain::login::password_policy::Argon2Cost;
use crate::domain::login::password_policy::{CharacterClass, PasswordPolicy};
use crate::domain::unix_time::Span;

/// Which passwords are taken, and how they are kept. Pages, help and the server's check all read this.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// The fewest characters. Below 8, NIST SP 800-63B calls a password too short whatever else protects it.
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "characters"))]
    pub min_length: u32,
    /// The most characters.
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "characters"))]
    pub max_length: u32,
    /// Classes of which at least one character each must appear: `lower`, `upper`, `digit`, `symbol`.
    pub required_classes: Vec<CharacterClass>,
    /// Refuse the passwords that attackers try first, from the list that comes with Sekisho.
    pub refuse_common: bool,
    /// A file with further passwords that are refused, such as the society's own names: one a line, whatever their case.
    #[schemars(extend("format" = "path"))]
    pub blocklist_file: Option<PathBuf>,
    /// How many former passwords are refused beside the present one, which always is. Each costs a hash at every change.
    #[schemars(range(max = 24), extend("x-unit" = "passwords"))]
    pub history: u32,
    /// How old a password may become: at the next login after that, the member must change it. Left out: as old as it
    /// likes, which NIST SP 800-63B recommends. At least a day. Logins with a passkey are not asked.
    pub max_age: Option<Span>,
    /// How long an initial password from the society may be used.
    #[schemars(extend("x-at-least" = "1s"))]
    pub initial_lifetime: Span,
    /// How long the link to a new password is good that is mailed to members who forgot theirs.
    #[schemars(extend("x-at-least" = "1m"))]
    pub reset_link_lifetime: Span,
    /// A file with 32 random bytes in base64url that go into every hash (a pepper), so that a copy of the database alone is
    /// worth no guess. Hashes without it still count and are renewed at the next login. DANGER: without this file nobody can
    /// log in with a password; keep a copy apart from the database's backups. Several nodes share it.
    #[schemars(extend("format" = "path"))]
    pub pepper_file: Option<PathBuf>,
    /// Files of peppers that stored hashes may still have, after another has taken their place.
    #[schemars(extend("items" = serde_json::json!({ "type": "string", "format": "path" })))]
    pub previous_pepper_files: Vec<PathBuf>,
    pub argon2: Argon2Cost,
    /// How many passwords are hashed at once; 0: as many as the machine has cores. Each takes `argon2.memory_kib`.
    #[schemars(range(max = 1024), extend("x-unit" = "threads"))]
    pub hashing_threads: u32,
    /// How many more may wait for a hashing thread, a quarter of them on known devices only; beyond that the answer is 503
    /// with `Retry-After`.
    #[schemars(range(min = 1, max = 100_000), extend("x-unit" = "attempts"))]
    pub hashing_queue: u32,
}

impl Default for Passwords {
    fn default() -> Self {
        Passwords {
            min_length: 8,
            max_length: 64,
            required_classes: Vec::new(),
            refuse_common: true,
            blocklist_file: None,
            history: 0,
            max_age: None,
            initial_lifetime: Span::days(30),
            reset_link_lifetime: Span::minutes(30),
            pepper_file: None,
            previous_pepper_files: Vec::new(),
            argon2: Argon2Cost::default(),
            hashing_threads: 0,
            hashing_queue: 64,
        }
    }
}

/// What all hashing threads together may take: more is a slip of the pen rather than a machine.
const MOST_HASHING_MEMORY_GIB: u64 = 64;

impl Passwords {
    pub(super) fn check(&self, findings: &mut Findings) {
        findings.require(
            self.min_length <= self.max_length,
            &["passwords.min_length", "passwords.max_length"],
            format!("passwords.min_length ({}) is above passwords.max_length ({})", self.min_length, self.max_length),
            "lower the one or raise the other",
        );
        findings.require(
            u32::try_from(self.required_classes.len()).is_ok_and(|classes| classes <= self.max_length),
            &["passwords.required_classes", "passwords.max_length"],
            "passwords.required_classes asks for more characters than passwords.max_length allows",
            "raise passwords.max_length",
        );
        findings.require(
            self.max_age.is_none_or(|age| age >= Span::days(1)),
            &["passwords.max_age"],
            "passwords.max_age is less than a day: members would do nothing but choose passwords",
            "write how old a password may become, such as \"365d\", or leave the setting out",
        );
        let Argon2Cost { memory_kib, parallelism, .. } = self.argon2;
        findings.require(
            memory_kib / 8 >= parallelism,
            &["passwords.argon2.memory_kib", "passwords.argon2.parallelism"],
            format!("passwords.argon2.memory_kib ({memory_kib}) is too little for {parallelism} lanes"),
            "give each lane of passwords.argon2.parallelism at least 8 KiB",
        );
        let gib = u64::from(memory_kib) * u64::from(self.hashing_threads) / (1024 * 1024);
        findings.require(
            gib <= MOST_HASHING_MEMORY_GIB,
            &["passwords.argon2.memory_kib", "passwords.hashing_threads"],
            format!("passwords.argon2.memory_kib in each of passwords.hashing_threads comes to {gib} GiB"),
            format!("lower one of them, to {MOST_HASHING_MEMORY_GIB} GiB together at most"),
        );
    }
}

impl From<&Passwords> for PasswordPolicy {
    fn from(settings: &Passwords) -> Self {
        PasswordPolicy {
            min_length: settings.min_length,
            max_length: settings.max_length,
            required_classes: settings.required_classes.clone(),
            refuse_common: settings.refuse_common || settings.blocklist_file.is_some(),
            history: settings.history,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(change: impl FnOnce(&mut Passwords)) -> usize {
        let mut passwords = Passwords::default();
        change(&mut passwords);
        let mut findings = Findings::default();
        passwords.check(&mut findings);
        findings.len()
    }

    #[test]
    fn the_shortest_password_is_not_longer_than_the_longest() {
        assert_eq!(problems(|p| p.min_length = 64), 0);
        assert_eq!(problems(|p| p.min_length = 65), 1);
    }

    #[test]
    fn a_password_has_room_for_every_required_class() {
        let classes = vec![CharacterClass::Lower, CharacterClass::Digit];
        assert_eq!(problems(|p| (p.min_length, p.max_length, p.required_classes) = (1, 2, classes.clone())), 0);
        assert_eq!(problems(|p| (p.min_length, p.max_length, p.required_classes) = (1, 1, classes)), 1);
    }

    #[test]
    fn a_password_lasts_a_day_at_least() {
        assert_eq!(problems(|p| p.max_age = Some(Span::days(1))), 0);
        assert_eq!(problems(|p| p.max_age = Some(Span::hours(23))), 1);
    }

    #[test]
    fn every_argon2_cost_that_passes_is_one_that_argon2_takes() {
        for (memory_kib, parallelism) in [(8, 1), (2_040, 255), (7, 1), (15, 2), (2_039, 255)] {
            let cost = Argon2Cost { memory_kib, iterations: 1, parallelism };
            let taken = argon2::Params::new(memory_kib, 1, parallelism, None).is_ok();
            assert_eq!(problems(|p| p.argon2 = cost) == 0, taken, "{cost:?}");
        }
    }

    #[test]
    fn hashing_takes_no_more_memory_than_a_machine_has() {
        assert_eq!(problems(|p| (p.argon2.memory_kib, p.hashing_threads) = (1_048_576, 64)), 0);
        assert_eq!(problems(|p| (p.argon2.memory_kib, p.hashing_threads) = (1_048_576, 65)), 1);
    }
}
