//! Texts as they are compared: half and full width, capital and small letters, hiragana and katakana, accents and long
//! vowel marks make no difference. Where each letter came from is kept, so that what was found can be marked.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// How many combining marks of one letter count. No language needs more; a tower of them costs nothing further.
const MARKS: usize = 4;

/// What letters make up a word together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters of a script that puts spaces between words.
    Word,
    Digits,
    /// Letters of a script without spaces: kana, kanji and the like.
    Bigrams,
    Break,
}

/// A letter as it is compared.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub letter: char,
    pub kind: Kind,
    /// Hiragana as it was written: most of it is grammar.
    pub is_weak: bool,
    /// Where it stands in the original, in bytes.
    pub at: Range<usize>,
}

/// A text as it is compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Folded {
    pub letters: Vec<Letter>,
}

impl Folded {
    /// The first `most` letters of `text`.
    pub fn of(text: &str, most: usize) -> Folded {
        let mut folded = Folded::default();
        let mut rest = text.char_indices().peekable();
        while let Some((from, base)) = rest.next() {
            if folded.letters.len() >= most {
                break;
            }
            let mut cluster = String::from(base);
            let mut to = from + base.len_utf8();
            let mut marks = 0;
            while let Some((at, mark)) = rest.next_if(|(_, next)| is_mark(*next)) {
                to = at + mark.len_utf8();
                marks += 1;
                if marks <= MARKS {
                    cluster.push(mark);
                }
            }
            folded.push(&cluster, from..to);
        }
        folded.letters.truncate(most);
        folded
    }

    fn push(&mut self, cluster: &str, at: Range<usize>) {
        for letter in cluster.nfkc() {
            if is_invisible(letter) {
                continue;
            }
            // サーバー and サーバ, and marks that stand in for ー.
            if is_long_mark(letter) && self.letters.last().is_some_and(|last| is_kana(last.letter)) {
                if let Some(last) = self.letters.last_mut() {
                    last.at.end = at.end;
                }
                continue;
            }
            let is_weak = ('\u{3041}'..='\u{309f}').contains(&letter);
            for lower in letter.to_lowercase() {
                if is_combining_mark(lower) {
                    continue;
                }
                let letter = bare(as_hiragana(lower));
                self.letters.push(Letter { letter, kind: kind(letter), is_weak, at: at.clone() });
            }
        }
    }

    pub fn text(&self) -> String {
        self.letters.iter().map(|letter| letter.letter).collect()
    }

    /// Runs of letters of one kind; what stands between words is left out.
    pub fn runs(&self) -> impl Iterator<Item = &[Letter]> {
        self.letters
            .chunk_by(|left, right| left.kind == right.kind)
            .filter(|run| run.first().is_some_and(|first| first.kind != Kind::Break))
    }
}

/// Combining marks, and the half-width marks of voiced kana.
fn is_mark(letter: char) -> bool {
    is_combining_mark(letter) || matches!(letter, '\u{ff9e}' | '\u{ff9f}')
}

/// Takes no place on the screen.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_long_mark(letter: char) -> bool {
    matches!(letter, 'ー' | '-' | '~' | '〜' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '─')
}

/// Katakana are hiragana by now.
fn is_kana(letter: char) -> bool {
    ('\u{3041}'..='\u{309f}').contains(&letter)
}

fn as_hiragana(letter: char) -> char {
    match letter {
        'ァ'..='ヶ' | 'ヽ' | 'ヾ' => char::from_u32(u32::from(letter) - 0x60).unwrap_or(letter),
        other => other,
    }
}

/// Without its accent, if it is a letter of a script with spaces; が stays が.
fn bare(letter: char) -> char {
    if letter.is_ascii() || kind(letter) != Kind::Word {
        return letter;
    }
    std::iter::once(letter).nfd().next().unwrap_or(letter)
}

fn kind(letter: char) -> Kind {
    match letter {
        '\u{3041}'..='\u{30ff}'
        | '々'
        | '〆'
        | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{e00}'..='\u{e7f}' => match letter {
            '・' | '゠' => Kind::Break,
            _ => Kind::Bigrams,
        },
        letter if letter.is_numeric() => Kind::Digits,
        letter if letter.is_alphabetic() => Kind::Word,
        _ => Kind::Break,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        Folded::of(text, 1_000).text()
    }

    #[test]
    fn spellings_that_mean_the_same_are_the_same() {
        for (one, other) in [
            ("パスワード", "ﾊﾟｽﾜｰﾄﾞ"),
            ("パスワード", "ぱすわーど"),
            ("パスワード", "パスワ－ド"),
            ("サーバー", "サーバ"),
            ("サーバー", "サ−バ−"),
            ("ＩＤ", "id"),
            ("Café", "cafe"),
            ("cafe\u{301}", "CAFÉ"),
            ("６桁", "6桁"),
            ("ガ", "カ\u{3099}"),
            ("pass\u{200b}word", "password"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("はば"), folded("はは"), "voiced marks tell words apart");
    }

    #[test]
    fn each_letter_knows_where_it_stood() {
        let text = "Ａﾊﾟー㍿";
        let places: Vec<&str> = Folded::of(text, 100).letters.iter().map(|letter| &text[letter.at.clone()]).collect();
        assert_eq!(places, ["Ａ", "ﾊﾟー", "㍿", "㍿", "㍿", "㍿"]);
    }

    #[test]
    fn a_tower_of_marks_is_one_letter() {
        let tower = format!("e{}", "\u{301}".repeat(100_000));
        assert_eq!(folded(&tower), "e");
    }

    #[test]
    fn words_numbers_and_japanese_are_told_apart() {
        let folded = Folded::of("Android9以上、6桁のPW・ID", 100);
        let runs: Vec<String> = folded.runs().map(|run| run.iter().map(|letter| letter.letter).collect()).collect();
        assert_eq!(runs, ["android", "9", "以上", "6", "桁の", "pw", "id"]);
    }
}
