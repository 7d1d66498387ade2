//! What was meant by what a Japanese keyboard has typed: IDs and addresses are ASCII, and an input method that is still on
//! makes other signs of its keys (JIS X 6002; Unicode UAX #15, NFKC, which knows the full-width forms but not these).

use unicode_normalization::UnicodeNormalization as _;

/// The text in half-width letters, digits and signs, without anything invisible. White space stays.
pub fn half_width(typed: &str) -> impl Iterator<Item = char> {
    // Before and after: NFKC makes some of these signs out of others, and tears some of them apart.
    typed.chars().filter(|&c| !is_invisible(c)).map(sign).nfkc().map(sign)
}

/// The ASCII sign whose key makes this one, or that a phone makes "smart".
fn sign(c: char) -> char {
    match c {
        // Long vowel mark, hyphens, dashes, minus, and the line that some conversions offer.
        'ー' | 'ｰ' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | '\u{2501}' | '\u{FE58}' => '-',
        '。' | '｡' => '.',
        '、' | '､' => ',',
        '・' | '･' => '/',
        '「' | '｢' => '[',
        '」' | '｣' => ']',
        '¥' | '￥' => '\\',
        '¦' | '￤' => '|',
        '〜' | '\u{223C}' | '‾' | '￣' => '~',
        '“' | '”' | '„' | '〝' | '〞' | '〟' => '"',
        '’' | '′' => '\'',
        // An input method makes it of this key; as a quotation mark it would begin a word, where no ID has one.
        '‘' => '`',
        other => other,
    }
}

/// Characters that show nothing: controls (PostgreSQL can't even store U+0000) and Unicode's
/// Default_Ignorable_Code_Point (UAX #44), among them the zero-width ones. White space is none of them.
pub fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(typed: &str) -> String {
        half_width(typed).collect()
    }

    #[test]
    fn every_printable_ascii_sign_is_itself_and_found_by_its_full_width_form() {
        for code in 0x21_u32..=0x7E {
            let ascii = char::from_u32(code).unwrap();
            let full_width = char::from_u32(code + 0xFEE0).unwrap();
            assert_eq!(meant(&ascii.to_string()), ascii.to_string());
            assert_eq!(meant(&full_width.to_string()), ascii.to_string(), "{full_width}");
        }
        assert_eq!(meant("a\u{3000}b"), "a b");
    }

    #[test]
    fn every_sign_that_an_input_method_makes_of_a_key_is_that_key() {
        for (key, signs) in [
            ("-", "ーｰ－−‐‑‒–—―─━﹘﹣⁃"),
            (".", "。｡．﹒︒"),
            (",", "、､，﹐︑"),
            ("/", "・･／"),
            ("[", "「｢［"),
            ("]", "」｣］"),
            ("\\", "¥￥＼﹨"),
            ("|", "｜¦￤"),
            ("~", "〜～∼‾￣"),
            ("\"", "“”„＂〝〞〟"),
            ("'", "’′＇"),
            ("`", "‘｀"),
            ("@", "＠﹫"),
            ("_", "＿"),
            ("+", "＋﹢⁺"),
            ("1", "１①¹𝟏"),
        ] {
            for sign in signs.chars() {
                assert_eq!(meant(&sign.to_string()), key, "{sign} U+{:04X}", u32::from(sign));
                let typed = format!("ｈａｎａ{sign}ko");
                assert_eq!(meant(&typed), format!("hana{key}ko"), "{typed}");
            }
        }
    }

    #[test]
    fn what_was_understood_is_understood_the_same_again() {
        for typed in ["ハナコ", "ﾊﾅｺｰ", "が\u{3099}", "=\u{338}", "ー\u{338}。\u{3099}", "\u{FDFA}", "‾a\u{305}"]
        {
            let once = meant(typed);
            assert_eq!(meant(&once), once, "{typed:?}");
        }
    }
}
