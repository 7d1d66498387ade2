//! `[user_ids]`: what a user ID may look like.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Findings;
use crate::domain::member::user_id::UserIdRules;

/// What a user ID may look like. IDs come from the society; nobody chooses one alone.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserIds {
    /// The fewest characters.
    #[schemars(range(min = 1, max = 255), extend("x-unit" = "characters"))]
    pub min_length: u32,
    /// The most characters.
    #[schemars(range(min = 1, max = 255), extend("x-unit" = "characters"))]
    pub max_length: u32,
    /// The characters that may stand beside half-width letters and digits; empty for none.
    pub symbols: String,
    /// Whether `Hanako` and `hanako` are two members. Changing this with members in the database needs a new import.
    pub case_sensitive: bool,
}

impl Default for UserIds {
    fn default() -> Self {
        UserIds { min_length: 3, max_length: 64, symbols: "-._@+".into(), case_sensitive: false }
    }
}

impl UserIds {
    pub(super) fn check(&self, findings: &mut Findings) {
        findings.require(
            self.min_length <= self.max_length,
            &["user_ids.min_length", "user_ids.max_length"],
            format!("user_ids.min_length ({}) is above user_ids.max_length ({})", self.min_length, self.max_length),
            "lower the one or raise the other",
        );
        findings.require(
            self.symbols.bytes().all(|b| b.is_ascii_punctuation()),
            &["user_ids.symbols"],
            "user_ids.symbols has something other than half-width symbols",
            "write only symbols; letters and digits are always allowed, spaces and full-width characters never",
        );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_half_width_signs_without_spaces() {
        for (symbols, problems) in [("", 0), ("-._@+", 0), ("- .", 1), ("abc", 1), ("＠", 1), ("\t", 1)] {
            let mut findings = Findings::default();
            UserIds { symbols: symbols.into(), ..UserIds::default() }.check(&mut findings);
            assert_eq!(findings.len(), problems, "{symbols:?}");
        }
    }

    #[test]
    fn the_shortest_user_id_is_not_longer_than_the_longest() {
        let mut findings = Findings::default();
        UserIds { min_length: 9, max_length: 8, ..UserIds::default() }.check(&mut findings);
        assert_eq!(findings.len(), 1);
    }
}
