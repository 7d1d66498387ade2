//! Which passwords are taken (product.md 1.3; NIST SP 800-63B-4, 3.1.1), and what hashing one costs.
//!
//! The same list of [`PasswordRule`]s is shown before anything is typed and, cut down to the broken ones, answers what
//! was typed, so that the two can't differ. The words for each rule stand in the translations.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::member::user_id::{self, UserId};
use crate::domain::secret::Secret;

/// The symbols of printable ASCII: all 32 are taken.
pub const SYMBOLS: &str = r##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##;

/// A class of characters of which a password may have to contain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CharacterClass {
    Lower,
    Upper,
    Digit,
    Symbol,
}

/// The cost of one Argon2id hash (RFC 9106). Changing it renews a member's hash at the next login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Argon2Cost {
    /// Memory for one hash. Less than the default makes stolen hashes cheaper to guess.
    #[schemars(range(min = 8, max = 1_048_576), extend("x-unit" = "KiB"))]
    pub memory_kib: u32,
    /// Passes over the memory.
    #[schemars(range(min = 1, max = 1000), extend("x-unit" = "passes"))]
    pub iterations: u32,
    /// Lanes; each needs at least 8 KiB of the memory.
    #[schemars(range(min = 1, max = 255), extend("x-unit" = "lanes"))]
    pub parallelism: u32,
}

impl Default for Argon2Cost {
    fn default() -> Self {
        Argon2Cost { memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
}

/// Which passwords are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest characters.
    pub min_length: u32,
    /// The most characters.
    pub max_length: u32,
    /// Classes of which at least one character each must appear.
    pub required_classes: Vec<CharacterClass>,
    /// Whether the passwords of a list are refused: those that attackers try first, the operator's own.
    pub refuse_common: bool,
    /// How many former passwords are refused beside the present one.
    pub history: u32,
}

/// One rule of the policy, with what a page needs to say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum PasswordRule {
    /// Fewer characters than `min` are too short.
    MinLength { min: u32 },
    /// More characters than `max` are too long.
    MaxLength { max: u32 },
    /// Half-width letters, digits and these symbols; no space, nothing else.
    AllowedCharacters { symbols: &'static str },
    /// At least one character of this class.
    RequiredClass { class: CharacterClass },
    /// Not the user ID, in whatever case and width.
    NotUserId,
    /// Not one of the passwords that attackers try first.
    NotCommon,
    /// Neither the present one nor one of the last `former` before it.
    NotBefore { former: u32 },
}

/// A password as typed, as the policy and the hash take it: `¥` (U+00A5) is `\` (U+005C), for that is what the key with
/// this sign on a Japanese keyboard types elsewhere. Nothing else is changed, least of all trimmed.
pub fn normalise_password(typed: &str) -> Secret<String> {
    // As much room as it can need, so that growing leaves no copy of a part behind.
    let mut password = String::with_capacity(typed.len());
    password.extend(typed.chars().map(|c| if c == '\u{A5}' { '\\' } else { c }));
    Secret::new(password)
}

impl PasswordPolicy {
    /// The policy, rule by rule, in the order in which a reader wants it.
    pub fn rules(&self) -> Vec<PasswordRule> {
        let mut rules = vec![
            PasswordRule::MinLength { min: self.min_length },
            PasswordRule::MaxLength { max: self.max_length },
            PasswordRule::AllowedCharacters { symbols: SYMBOLS },
        ];
        rules.extend(self.required_classes.iter().map(|&class| PasswordRule::RequiredClass { class }));
        rules.push(PasswordRule::NotUserId);
        if self.refuse_common {
            rules.push(PasswordRule::NotCommon);
        }
        rules.push(PasswordRule::NotBefore { former: self.history });
        rules
    }

    /// Every rule that a new password breaks, in the order of [`rules`](Self::rules); none: it is taken. Expects what
    /// [`normalise_password`] made. Whether it was used before, only the hashes tell.
    pub fn broken(&self, password: &Secret<String>, user_id: &UserId, common: &CommonPasswords) -> Vec<PasswordRule> {
        let password = password.expose();
        let length = password.chars().count();
        let is_broken = |rule: &PasswordRule| match *rule {
            PasswordRule::MinLength { min } => length < min as usize,
            PasswordRule::MaxLength { max } => length > max as usize,
            PasswordRule::AllowedCharacters { .. } => !password.chars().all(|c| c.is_ascii_graphic()),
            PasswordRule::RequiredClass { class } => !password.chars().any(|c| class.contains(c)),
            PasswordRule::NotUserId => user_id::same_in_any_case(password, user_id.as_str()),
            PasswordRule::NotCommon => common.contains(password),
            PasswordRule::NotBefore { .. } => false,
        };
        self.rules().into_iter().filter(is_broken).collect()
    }
}

impl CharacterClass {
    fn contains(self, c: char) -> bool {
        match self {
            CharacterClass::Lower => c.is_ascii_lowercase(),
            CharacterClass::Upper => c.is_ascii_uppercase(),
            CharacterClass::Digit => c.is_ascii_digit(),
            CharacterClass::Symbol => c.is_ascii_punctuation(),
        }
    }
}

/// The passwords that attackers try first.
#[derive(Clone, Debug)]
pub struct CommonPasswords {
    /// In lower case and sorted.
    list: Vec<Cow<'static, str>>,
}

impl CommonPasswords {
    /// The list that comes with Sekisho, `config/common-passwords.txt`.
    pub fn shipped() -> CommonPasswords {
        let text = include_str!("../../../config/common-passwords.txt");
        CommonPasswords::sorted(lines(text).map(Cow::Borrowed).collect())
    }

    /// The list of the operator's own file, and with `shipped` that as well.
    pub fn with_own(text: &str, shipped: bool) -> CommonPasswords {
        let mut list = if shipped { CommonPasswords::shipped().list } else { Vec::new() };
        list.extend(lines(text).map(|line| Cow::Owned(line.to_ascii_lowercase())));
        CommonPasswords::sorted(list)
    }

    fn sorted(mut list: Vec<Cow<'static, str>>) -> CommonPasswords {
        list.sort_unstable();
        CommonPasswords { list }
    }

    /// Compares without regard to case, and without copying the password.
    fn contains(&self, password: &str) -> bool {
        let lower = || password.bytes().map(|b| b.to_ascii_lowercase());
        self.list.binary_search_by(|entry| entry.bytes().cmp(lower())).is_ok()
    }
}

/// One password a line, in any order; lines that start with `#! `, or are `#!`, are comments.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("#! ") && *line != "#!")
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use CharacterClass::*;
    use PasswordRule::*;

    static COMMON: LazyLock<CommonPasswords> = LazyLock::new(CommonPasswords::shipped);
    const ALLOWED: PasswordRule = AllowedCharacters { symbols: SYMBOLS };

    fn policy() -> PasswordPolicy {
        PasswordPolicy { min_length: 8, max_length: 64, required_classes: Vec::new(), refuse_common: true, history: 0 }
    }

    fn broken_for(policy: &PasswordPolicy, typed: &str) -> Vec<PasswordRule> {
        let user_id = UserId::stored("Hanako.Yamada".into());
        policy.broken(&normalise_password(typed), &user_id, &COMMON)
    }

    fn broken(typed: &str) -> Vec<PasswordRule> {
        broken_for(&policy(), typed)
    }

    #[test]
    fn the_lengths_are_8_to_64_characters_both_included() {
        assert_eq!(broken(&"xK".repeat(4)), []);
        assert_eq!(broken(&"xK".repeat(32)), []);
        assert_eq!(broken("xKxKxKx"), [MinLength { min: 8 }]);
        assert_eq!(broken(&("xK".repeat(32) + "x")), [MaxLength { max: 64 }]);
        assert_eq!(broken(""), [MinLength { min: 8 }]);
    }

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert_eq!(broken("パスワードだ"), [MinLength { min: 8 }, ALLOWED]);
        assert_eq!(broken(&"あ".repeat(64)), [ALLOWED]);
    }

    #[test]
    fn all_32_symbols_letters_and_digits_are_taken() {
        assert_eq!(SYMBOLS.chars().count(), 32);
        assert_eq!(broken(SYMBOLS), []);
        for c in '\u{21}'..='\u{7E}' {
            assert_eq!(broken(&format!("xK2-qP7w{c}")), [], "{c}");
            assert_eq!(SYMBOLS.contains(c), !c.is_ascii_alphanumeric(), "{c}");
        }
    }

    #[test]
    fn a_yen_sign_is_a_backslash() {
        assert_eq!(normalise_password("a¥b\\c").expose(), "a\\b\\c");
        assert_eq!(broken("xK2-qP7w¥"), []);
    }

    #[test]
    fn nothing_but_the_yen_sign_is_changed() {
        for typed in [" xK2-qP7w ", "ｘＫ２", "\u{FFE5}", "e\u{301}", ""] {
            assert_eq!(normalise_password(typed).expose(), typed);
        }
    }

    #[test]
    fn spaces_controls_and_anything_outside_ascii_are_refused() {
        for typed in [
            "xK2 qP7w",
            " xK2-qP7w",
            "xK2-qP7w\t",
            "xK2-qP7w\u{7F}",
            "ｘＫ２－ｑＰ７ｗ",
            "xK2-qP7w\u{FFE5}",
            "xK2-qP7é",
            "xK2-qP7w\u{200B}",
        ] {
            assert_eq!(broken(typed), [ALLOWED], "{typed:?}");
        }
    }

    #[test]
    fn the_user_id_is_refused_in_any_case_and_width() {
        for typed in ["Hanako.Yamada", "HANAKO.yamada"] {
            assert_eq!(broken(typed), [NotUserId]);
        }
        for typed in ["Ｈａｎａｋｏ．Ｙａｍａｄａ", "hanako.yamada\u{3000}", "hanako.\u{200B}yamada"] {
            assert_eq!(broken(typed), [ALLOWED, NotUserId], "{typed:?}");
        }
        assert_eq!(broken("Hanako.Yamada1"), []);
    }

    #[test]
    fn each_required_class_that_is_missing_is_named() {
        let policy = PasswordPolicy { required_classes: vec![Lower, Upper, Digit, Symbol], ..policy() };
        assert_eq!(broken_for(&policy, "xK2-qP7w"), []);
        for (typed, class) in [("XK2-QP7W", Lower), ("xk2-qp7w", Upper), ("xKb-qPgw", Digit), ("xK2xqP7w", Symbol)] {
            assert_eq!(broken_for(&policy, typed), [RequiredClass { class }]);
        }
        assert_eq!(broken_for(&policy, "xqwkvbzj"), [Upper, Digit, Symbol].map(|class| RequiredClass { class }));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case_unless_the_operator_allows_them() {
        for typed in ["password", "PassWord", "12345678", "QWERTYUIOP"] {
            assert_eq!(broken(typed), [NotCommon]);
            assert_eq!(broken_for(&PasswordPolicy { refuse_common: false, ..policy() }, typed), []);
        }
        assert_eq!(broken("passwordy"), []);
    }

    #[test]
    fn every_broken_rule_is_named_at_once_in_the_order_shown_before() {
        let policy = PasswordPolicy { min_length: 80, max_length: 2, required_classes: vec![Digit], ..policy() };
        let user_id = UserId::stored("ひ #x".into());
        let common = CommonPasswords::with_own("ひ #x", false);
        let all = policy.broken(&normalise_password("ひ #X"), &user_id, &common);
        let rules = policy.rules();
        assert_eq!(all, rules[..rules.len() - 1]);
        assert_eq!(rules.last(), Some(&NotBefore { former: 0 }), "which the hashes tell");
        assert_eq!(all.len(), 6);
    }

    #[test]
    fn rules_are_handed_to_pages_with_their_numbers() {
        let json = serde_json::to_value(policy().rules()).unwrap();
        assert_eq!(json[0], serde_json::json!({ "rule": "min_length", "min": 8 }));
        assert_eq!(json[1], serde_json::json!({ "rule": "max_length", "max": 64 }));
        let class = serde_json::to_value(RequiredClass { class: Digit }).unwrap();
        assert_eq!(class, serde_json::json!({ "rule": "required_class", "class": "digit" }));
    }

    #[test]
    fn the_shipped_list_holds_only_what_could_otherwise_be_taken() {
        let list = CommonPasswords::shipped().list;
        assert_eq!(list.len(), 10_000);
        for entry in &list {
            assert!(entry.len() >= 8 && entry.bytes().all(|b| b.is_ascii_graphic()), "{entry:?}");
            assert_eq!(**entry, entry.to_ascii_lowercase());
        }
        assert!(list.is_sorted_by(|a, b| a < b), "no password stands twice");
    }

    #[test]
    fn comments_in_a_list_are_not_passwords_but_lines_with_a_hash_are() {
        let common = CommonPasswords::with_own("#! origin\n#!\n#hashtag1\n\n#!bang-no-space\n", false);
        assert!(common.contains("#HashTag1") && common.contains("#!bang-no-space"));
        assert!(!common.contains("#! origin") && !common.contains("#!") && !common.contains(""));
        assert!(!common.contains("password1"));
    }

    #[test]
    fn an_own_list_is_added_to_the_shipped_one_whatever_its_case() {
        let common = CommonPasswords::with_own("Kenpo-Kyoto\r\n", true);
        assert!(common.contains("kenpo-kyoto") && common.contains("KENPO-KYOTO") && common.contains("password1"));
    }
}
