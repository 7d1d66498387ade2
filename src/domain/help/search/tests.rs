use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use url::Url;

use super::*;
use crate::domain::help::{HelpContent, HelpFile, LocalHelp};

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/config/help");

fn shipped() -> HelpContent {
    fn files(folder: &'static Dir<'static>) -> Vec<HelpFile> {
        let here = folder.files().map(|file| HelpFile {
            path: file.path().to_string_lossy().into_owned(),
            content: file.contents().to_owned(),
        });
        here.chain(folder.dirs().flat_map(files)).collect()
    }
    let values = crate::domain::help::tests::values();
    let values = BTreeMap::from([("ja".to_owned(), values.clone()), ("en".to_owned(), values)]);
    let base = Url::parse("https://id.example.jp/").expect("a URL");
    HelpContent::from_files(&files(&SHIPPED), &values, &base).expect("the shipped help is sound")
}

fn ids<'a>(help: &'a LocalHelp, query: &str) -> Vec<&'a str> {
    help.search(query).0.iter().map(|(_, question)| question.id.as_str()).collect()
}

/// An index of these titles, tags and answers.
fn index(entries: &[(&str, &str, &str)]) -> Index {
    let tags: Vec<Vec<String>> = entries.iter().map(|(_, tag, _)| vec![(*tag).to_owned()]).collect();
    let entries = entries.iter().zip(&tags).map(|((title, _, answer), tags)| Entry { title, tags, answer });
    Index::of(entries, Synonyms::default())
}

#[test]
fn members_find_answers_in_their_own_words() {
    let content = shipped();
    for (locale, query, expected) in [
        ("ja", "スマホを変えた", "device-changed-or-lost"),
        ("ja", "スマホ なくした", "device-changed-or-lost"),
        ("ja", "機種変", "device-changed-or-lost"),
        ("ja", "携帯を落とした", "device-changed-or-lost"),
        ("ja", "パスワード忘れた", "password-forgotten"),
        ("ja", "ぱすわーどわすれた", "password-forgotten"),
        ("ja", "ﾊﾟｽﾜｰﾄﾞを忘れました", "password-forgotten"),
        ("ja", "PWを忘れた", "password-forgotten"),
        ("ja", "ＩＤがわからない", "user-id-unknown"),
        ("ja", "ユーザIDを忘れた", "user-id-unknown"),
        ("ja", "メールが来ない", "mail-not-received"),
        ("ja", "迷惑メール", "mail-not-received"),
        ("ja", "差出人のアドレス", "sender-addresses"),
        ("ja", "パスワードがロック", "password-locked"),
        ("ja", "アカウント ロック", "account-locked"),
        ("ja", "パスワードの文字数", "password-policy"),
        ("ja", "使える記号", "password-policy"),
        ("ja", "6桁を入れてもログインできない", "otp-not-accepted"),
        ("ja", "無効なユーザIDまたはパスワードです", "invalid-credentials"),
        ("ja", "セキュリティキーの登録が無効です", "security-key-invalid"),
        ("ja", "指紋 QR", "passkey-qr-not-read"),
        ("ja", "スキャンできませんか", "app-qr-not-read"),
        ("ja", "2台のスマホ", "several-devices"),
        ("ja", "名前が違う", "user-name-differs"),
        ("ja", "PCで使いたい", "pc-use"),
        ("ja", "認証方法 切り替え", "change-method"),
        ("ja", "古い端末を消したい", "remove-device"),
        ("en", "forgot password", "password-forgotten"),
        ("en", "forgoten pasword", "password-forgotten"),
        ("en", "new phone", "device-changed-or-lost"),
        ("en", "lost my mobile", "device-changed-or-lost"),
        ("en", "email does not arrive", "mail-not-received"),
        ("en", "account locked", "account-locked"),
        ("en", "authentcator two phones", "several-devices"),
        ("en", "password length", "password-policy"),
        ("en", "security key", "security-key-invalid"),
        ("en", "PC", "pc-use"),
        ("en", "wrong name", "user-name-differs"),
    ] {
        let found = ids(content.in_locale(locale), query);
        let place = found.iter().position(|id| *id == expected);
        assert!(place.is_some_and(|place| place < 3), "{query}: {expected} is not among the first of {found:?}");
    }
}

#[test]
fn every_question_finds_itself_first() {
    let content = shipped();
    for locale in ["ja", "en"] {
        let help = content.in_locale(locale);
        for question in help.categories.iter().flat_map(|category| &category.questions) {
            let found = ids(help, &question.question);
            assert_eq!(found.first(), Some(&question.id.as_str()), "{locale}: {}", question.question);
        }
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let content = shipped();
    for query in ["健康診断の予約", "インフルエンザ予防接種", "xyzzyplugh", "🍣", "", "   ", "？？？", "\u{301}\u{301}"]
    {
        assert_eq!(ids(content.in_locale("ja"), query), [""; 0], "{query}");
    }
    assert_eq!(ids(content.in_locale("en"), "influenza vaccination"), [""; 0]);
}

#[test]
fn a_question_counts_more_than_its_tags_and_these_more_than_the_answer() {
    let index = index(&[
        ("別の質問", "他の言葉", "保険証はここにあります。"),
        ("別の質問", "保険証", "答えです。"),
        ("保険証について", "他の言葉", "答えです。"),
        ("関係のない質問", "", "関係のない答え。"),
    ]);
    assert_eq!(index.search("保険証").entries, [2, 1, 0]);
}

#[test]
fn slips_are_forgiven_by_the_length_of_the_word() {
    let index = index(&[("authenticator", "", "x"), ("lock", "", "x"), ("pin", "", "x"), ("other", "", "x")]);
    for (query, found) in [
        ("autenticatr", Some(0)),
        ("authentciator", Some(0)),
        ("authen", Some(0)),
        ("lokc", Some(1)),
        ("locked", Some(1)),
        ("loxx", None),
        ("pim", None),
        ("autxxxxcator", None),
    ] {
        assert_eq!(index.search(query).entries.first().copied(), found, "{query}");
    }
}

#[test]
fn what_was_found_is_marked_and_nothing_becomes_markup() {
    let index = index(&[("パスワード <b>と</b> ﾊﾟｽﾜｰﾄﾞ", "", "x"), ("その他", "", "x")]);
    let found = index.search("ぱすわーど");
    let title = found.title("パスワード <b>と</b> ﾊﾟｽﾜｰﾄﾞ");
    assert_eq!(title.html(), "<mark>パスワード</mark> &lt;b&gt;と&lt;/b&gt; <mark>ﾊﾟｽﾜｰﾄﾞ</mark>");
    assert_eq!(title.utf16_marks(), [[0, 5], [15, 22]]);
}

#[test]
fn a_snippet_is_cut_around_the_words_that_were_sought() {
    let answer = format!("{}ここに保険証があります。{}", "前置きです。".repeat(40), "続きです。".repeat(40));
    let index = index(&[("質問", "", &answer), ("他", "", "なし")]);
    let snippet = index.search("保険証").snippet(&answer);
    assert!(snippet.html().contains("<mark>保険証</mark>"), "{}", snippet.html());
    assert!(snippet.text.starts_with('…') && snippet.text.ends_with('…'), "{}", snippet.text);
    assert!(snippet.text.chars().count() < 100, "{}", snippet.text);
    let from_the_start = index.search("質問").snippet(&answer);
    assert!(from_the_start.text.starts_with("前置き"), "{}", from_the_start.text);
}

#[test]
fn hostile_queries_cost_no_more_than_others() {
    let content = shipped();
    for query in [
        "あ".repeat(1_000_000),
        "a".repeat(1_000_000),
        format!("a{}", "\u{301}".repeat(1_000_000)),
        "\0\u{1b}[2J\u{202e}".repeat(100_000),
        "ﷺ".repeat(1_000_000),
        "パスワード ".repeat(100_000),
        "<script>alert(1)</script>".repeat(10_000),
        "aaaaaaaab ".repeat(100_000),
    ] {
        let help = content.in_locale("ja");
        let (hits, found) = help.search(&query);
        for (_, question) in hits {
            assert!(!found.title(&question.question).html().contains("<script"));
        }
    }
}

#[test]
fn synonyms_are_checked() {
    use crate::domain::help::HelpFile;
    use crate::domain::help::front_matter::Source;
    for (text, line, word) in [
        ("[[group]]\nwords = [\"one\"]", 2, "two words"),
        ("[[group]]\nwords = [\"one\", \"ＯＮＥ\"]", 2, "there already"),
        ("[[group]]\nwords = [\"a\", \"b\"]\n[[group]]\nwords = [\"c\",\n\"B\"]", 5, "there already"),
        ("[[group]]\nwords = [\"a\", \"・\"]", 2, "letters"),
        ("[[group]]\nword = [\"a\"]", 2, "word"),
    ] {
        let file = HelpFile { path: "ja/synonyms.toml".into(), content: text.into() };
        let problems = Synonyms::read(&Source::of(&file).expect("text")).expect_err(text);
        assert!(problems.iter().any(|p| p.line == line && p.what.contains(word)), "{text}: {problems:?}");
    }
}
