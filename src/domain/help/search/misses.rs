//! What is kept of queries that found nothing, so that staff see which answers are missing. Nothing of a query that may say
//! something about a person: what looks like an address, a number, an ID or a password is not kept.

use unicode_normalization::UnicodeNormalization as _;

use super::fold::{Folded, Kind};

/// How much is kept of one, in letters.
const LONGEST: usize = 40;
/// Longer ones are stories, and stories are about people.
const LONGEST_LOOKED_AT: usize = 80;

/// The query as it is counted: folded, its words with single spaces between. `None`: it is not kept.
pub fn kept_of_miss(query: &str) -> Option<String> {
    let text: String = query.nfkc().take(LONGEST_LOOKED_AT + 1).collect();
    if text.chars().count() > LONGEST_LOOKED_AT || text.chars().any(char::is_control) || looks_personal(&text) {
        return None;
    }
    let words: Vec<String> =
        Folded::of(&text, LONGEST).runs().map(|run| run.iter().map(|letter| letter.letter).collect()).collect();
    Some(words.join(" ")).filter(|kept| kept.chars().count() >= 2)
}

fn looks_personal(text: &str) -> bool {
    let letters = Folded::of(text, LONGEST_LOOKED_AT).letters;
    let digits = letters.iter().filter(|letter| letter.kind == Kind::Digits).count();
    let mixed = letters.windows(2).any(|pair| {
        let kinds = pair.iter().map(|letter| letter.kind);
        kinds.clone().eq([Kind::Word, Kind::Digits]) || kinds.eq([Kind::Digits, Kind::Word])
    });
    // `hanako.kenpo`, `Sagami-bay`: signs between letters.
    let ascii: Vec<char> = text.chars().collect();
    let joined = ascii.windows(3).any(|three| {
        matches!(three, [left, sign, right] if left.is_ascii_alphanumeric() && right.is_ascii_alphanumeric()
            && sign.is_ascii_punctuation() && *sign != '\'')
    });
    text.contains('@') || digits > 2 || mixed || joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_about_a_person_is_not_kept() {
        for query in [
            "hanako@example.jp",
            "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ",
            "090-1234-5678",
            "０９０１２３４５６７８",
            "記号 12 番号 345",
            "hanako01",
            "hanako.kenpo",
            "Sagami-bay",
            "P@ssword",
            "A1",
            "",
            "?",
            "鍵",
            "a\u{0}b",
        ] {
            assert_eq!(kept_of_miss(query), None, "{query}");
        }
        assert_eq!(kept_of_miss(&"あ".repeat(81)), None);
    }

    #[test]
    fn a_question_is_kept_however_it_was_written() {
        for query in ["保険証　の　再発行", " 保険証 の 再発行？ ", "保険証・の・再発行"] {
            assert_eq!(kept_of_miss(query).as_deref(), Some("保険証 の 再発行"), "{query}");
        }
        assert_eq!(kept_of_miss("Can't print").as_deref(), Some("can t print"));
        assert_eq!(kept_of_miss(&"ア".repeat(60)).map(|kept| kept.chars().count()), Some(40));
    }
}
