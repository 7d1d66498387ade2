//! Recovery codes: for members whose phone is lost. Each is twelve letters without those that look alike, some 58 random
//! bits, printed in three groups.

use unicode_normalization::UnicodeNormalization as _;

/// The letters of a code: none that look alike on paper.
pub const ALPHABET: &[u8; 30] = b"abcdefghjkmnpqrstuvwxyz2345678";

/// Letters of a code.
pub const LETTERS: usize = 12;

/// How many a member gets at a time.
pub const AT_A_TIME: usize = 10;

/// A code of these letters' places in the alphabet.
pub fn of_places(places: &[u32; LETTERS]) -> String {
    let letter = |place: &u32| ALPHABET.get(*place as usize % ALPHABET.len()).copied().map_or('a', char::from);
    places.iter().map(letter).collect()
}

/// As it is shown and printed.
pub fn for_reading(code: &str) -> String {
    let mut groups = Vec::new();
    let mut rest = code;
    while let Some((group, more)) = rest.split_at_checked(4).filter(|(group, _)| !group.is_empty()) {
        groups.push(group);
        rest = more;
    }
    groups.join("-")
}

/// What somebody typed: width, case, spaces and hyphens make no difference. `None` if it can't be a code.
pub fn understand(typed: &str) -> Option<String> {
    if typed.len() > 200 {
        return None;
    }
    let code: String = typed.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    (code.len() == LETTERS && code.bytes().all(|b| ALPHABET.contains(&b))).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_back_however_it_is_typed() {
        let code = of_places(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 28, 29]);
        let shown = for_reading(&code);
        assert_eq!(shown, "abcd-efgh-jk78");
        for typed in [shown.as_str(), "ABCD EFGH JK78", " abcdefghjk78 ", "ＡＢＣＤ－ｅｆｇｈ－ｊｋ７８"]
        {
            assert_eq!(understand(typed).as_deref(), Some(code.as_str()), "{typed}");
        }
        for typed in ["", "abcd-efgh-jk7", "abcd-efgh-jk789", "abcd-efgh-jk70", &"a".repeat(1_000)] {
            assert_eq!(understand(typed), None, "{typed}");
        }
    }
}
