//! What a user ID may look like, and which typed texts mean the same ID (product.md 1.2; Unicode UAX #15, NFKC).
//!
//! An ID holds printable ASCII only, so once a typed text is in half-width forms (`typed.rs`) and lower case no lookalike
//! spelling is left: full-width letters, a long vowel mark for a hyphen, the Kelvin sign or a pasted zero-width space all
//! lead to the one key under which a member is stored. The key is unique in the database; the ID as displayed is not looked up.

use serde::Serialize;

use super::typed::{half_width, is_invisible};

/// The longest key, in characters. An ID is always shorter than that, so a text that was cut matches nobody's.
const LONGEST_KEY: usize = 256;

/// A user ID as displayed, as the society wrote it: `Hanako.Yamada`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct UserId(String);

/// What a user ID is found by, and what failures are counted under, also for IDs that don't exist. At most 256
/// characters, none of them a control character, whatever was typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserIdKey(String);

/// What a user ID may look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserIdRules {
    /// The fewest characters; an ID has at least one.
    pub min_length: u32,
    /// The most characters; an ID has at most 255.
    pub max_length: u32,
    /// The ASCII symbols allowed beside half-width letters and digits. Other characters in here allow nothing.
    pub symbols: String,
    /// Whether `Hanako` and `hanako` are two members.
    pub case_sensitive: bool,
}

/// Why a new user ID is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "problem")]
pub enum UserIdProblem {
    #[error("the user ID has fewer than {min} characters")]
    TooShort { min: u32 },
    #[error("the user ID has more than {max} characters")]
    TooLong { max: u32 },
    /// One for each different character, in the order of their appearance.
    #[error("the user ID contains {character:?}, which is neither a half-width letter or digit nor an allowed symbol")]
    NotAllowed { character: char },
}

impl UserId {
    /// An ID that the database gave back. It passed [`UserIdRules::check`] once, under the rules of that day.
    pub fn stored(text: String) -> UserId {
        UserId(text)
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl UserIdKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl UserIdRules {
    /// What was meant by what was typed: half-width, without surrounding white space and invisible characters.
    pub fn understand(&self, typed: &str) -> String {
        understood(typed).take(LONGEST_KEY).collect()
    }

    /// The key of the member who was meant, or would be if there were one. Never fails.
    pub fn lookup_key(&self, typed: &str) -> UserIdKey {
        UserIdKey(if self.case_sensitive {
            self.understand(typed)
        } else {
            caseless(typed).take(LONGEST_KEY).collect()
        })
    }

    /// Whether a new member may have this ID, exactly as it stands; every reason against it otherwise. An import that
    /// wants to forgive full-width letters checks [`understand`](Self::understand)'s answer instead.
    pub fn check(&self, id: &str) -> Result<UserId, Vec<UserIdProblem>> {
        let min = self.min_length.max(1);
        let max = self.max_length.min(LONGEST_KEY as u32 - 1);
        let mut problems = Vec::new();
        let length = id.chars().count();
        if length < min as usize {
            problems.push(UserIdProblem::TooShort { min });
        }
        if length > max as usize {
            problems.push(UserIdProblem::TooLong { max });
        }
        for character in id.chars().filter(|&c| !self.allows(c)) {
            let problem = UserIdProblem::NotAllowed { character };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        if problems.is_empty() { Ok(UserId(id.to_owned())) } else { Err(problems) }
    }

    fn allows(&self, c: char) -> bool {
        c.is_ascii_alphanumeric() || (c.is_ascii_punctuation() && self.symbols.contains(c))
    }
}

/// Whether two texts are one user ID when spelling, width and case are set aside, as the password policy asks. Copies
/// neither of them, for one may be a password.
pub fn same_in_any_case(one: &str, other: &str) -> bool {
    caseless(one).eq(caseless(other))
}

fn understood(typed: &str) -> impl Iterator<Item = char> {
    let core = typed.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
    half_width(core).filter(|c| !c.is_control())
}

/// Lower case is all the case folding that ASCII needs.
fn caseless(typed: &str) -> impl Iterator<Item = char> {
    understood(typed).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> UserIdRules {
        UserIdRules { min_length: 3, max_length: 64, symbols: "-._@+".into(), case_sensitive: false }
    }

    #[test]
    fn every_spelling_of_an_id_has_the_same_key() {
        let key = rules().lookup_key("kosmo.hanako-1");
        for typed in [
            "KOSMO.Hanako-1",
            "ｋｏｓｍｏ．ｈａｎａｋｏ－１",
            "ＫＯＳＭＯ．ＨＡＮＡＫＯ－１",
            " kosmo.hanako-1\t\r\n",
            "\u{3000}kosmo.hanako-1\u{3000}",
            "\u{200B}\u{3000}\u{FEFF}kosmo.hanako-1\u{A0}\u{200B}",
            "kos\u{200D}mo.\u{AD}hana\u{2060}ko-1",
            "\u{202E}kosmo.hanako-1\u{0}",
            "\u{212A}o\u{17F}mo.hanako-1",
            "𝐤𝐨𝐬𝐦𝐨.ⓗⓐⓝⓐⓚⓞ-¹",
            "kosmo。hanakoー1",
            "ｋｏｓｍｏ｡ｈａｎａｋｏｰ１",
            "kosmo．hanako−1",
            "kosmo.hanako‐①",
        ] {
            assert_eq!(rules().lookup_key(typed), key, "{typed:?}");
        }
    }

    #[test]
    fn different_ids_have_different_keys() {
        let key = rules().lookup_key("hanako");
        for typed in ["hanak0", "hanako.", "h anako", "hanakо", "hánako", "hanak", "", "hanako・", "はなこ"] {
            assert_ne!(rules().lookup_key(typed), key, "{typed:?}");
        }
    }

    #[test]
    fn what_was_typed_keeps_its_case_until_it_becomes_a_key() {
        assert_eq!(rules().understand("　Ｈａｎａｋｏ＿１ "), "Hanako_1");
        assert_eq!(rules().lookup_key("　Ｈａｎａｋｏ＿１ ").as_str(), "hanako_1");
    }

    #[test]
    fn where_case_counts_only_the_case_tells_ids_apart() {
        let rules = UserIdRules { case_sensitive: true, ..rules() };
        assert_ne!(rules.lookup_key("Hanako"), rules.lookup_key("hanako"));
        assert_eq!(rules.lookup_key("Ｈanako "), rules.lookup_key("Hanako"));
    }

    #[test]
    fn a_key_is_its_own_key() {
        for typed in ["Hanako", "ｈａｎａｋｏ", "\u{212A}ELVIN", "山田花子", "ﾊﾅｺ", "Éa\u{301}"] {
            let key = rules().lookup_key(typed);
            assert_eq!(rules().lookup_key(key.as_str()), key, "{typed:?}");
        }
    }

    #[test]
    fn endless_input_gives_a_bounded_key_that_is_nobodys() {
        let rules = UserIdRules { max_length: u32::MAX, ..rules() };
        for typed in ["a".repeat(1_000_000), "\u{FDFA}".repeat(100_000), "İ".repeat(300)] {
            assert_eq!(rules.lookup_key(&typed).as_str().chars().count(), 256);
        }
        let longest = "a".repeat(255);
        assert!(rules.check(&longest).is_ok());
        assert_ne!(rules.lookup_key(&"a".repeat(1_000)), rules.lookup_key(&longest));
        assert_eq!(rules.check(&"a".repeat(256)), Err(vec![UserIdProblem::TooLong { max: 255 }]));
    }

    #[test]
    fn ids_within_the_rules_are_kept_as_written() {
        for id in ["abc", "Hanako.Yamada_1@kosmo+x-y", &"z".repeat(64)] {
            assert_eq!(rules().check(id).map(|id| id.as_str().to_owned()), Ok(id.to_owned()));
        }
    }

    #[test]
    fn every_problem_of_an_id_is_named_once() {
        use UserIdProblem::*;
        assert_eq!(rules().check(""), Err(vec![TooShort { min: 3 }]));
        assert_eq!(rules().check("a!"), Err(vec![TooShort { min: 3 }, NotAllowed { character: '!' }]));
        assert_eq!(rules().check(&"a".repeat(65)), Err(vec![TooLong { max: 64 }]));
        assert_eq!(
            rules().check("花ｋo花 \u{200B}"),
            Err(['花', 'ｋ', ' ', '\u{200B}'].map(|character| NotAllowed { character }).to_vec())
        );
    }

    #[test]
    fn an_empty_id_is_refused_even_without_a_least_length() {
        let rules = UserIdRules { min_length: 0, ..rules() };
        assert_eq!(rules.check(""), Err(vec![UserIdProblem::TooShort { min: 1 }]));
    }

    #[test]
    fn symbols_outside_ascii_can_not_be_allowed() {
        let rules = UserIdRules { symbols: "＠é ".into(), ..rules() };
        for id in ["abc＠", "abcé", "abc ", "a bc"] {
            assert!(rules.check(id).is_err(), "{id}");
        }
    }
}
