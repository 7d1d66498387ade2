//! How long a search in the help takes, with far more questions than any portal has. `cargo bench --bench help_search`.
//!
//! The questions are the shipped ones, over and over, each time with other words among theirs, so that the index is as large
//! and as uneven as that of 10,000 real ones.

#![expect(clippy::print_stdout, reason = "a program whose answer is a table")]

use std::time::{Duration, Instant};

use sekisho::actions::help::{build, files};
use sekisho::config::Settings;
use sekisho::domain::help::search::{Entry, Index, Synonyms};
use sekisho::i18n::Catalogue;

const QUESTIONS: usize = 10_000;
const ROUNDS: usize = 50;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let content = build(&files::shipped(), &Settings::default(), &Catalogue::load()?)?;
    println!("{QUESTIONS} questions; times of one search\n");
    println!("| language | query | found | median | slowest of {ROUNDS} |");
    println!("|---|---|--:|--:|--:|");
    for (locale, queries) in [
        (
            "ja",
            vec![
                "スマホを変えた".to_owned(),
                "パスワード".to_owned(),
                "「ワンタイムパスワードが正しくありません」と表示されます".to_owned(),
                "ぱすわーどわすれた".to_owned(),
                "あ".repeat(1_000_000),
                "パスワードのログイン認証端末".repeat(10_000),
            ],
        ),
        (
            "en",
            vec![
                "forgotten password".to_owned(),
                "authentcator aplication rejcted".to_owned(),
                "e".repeat(1_000_000),
                "passwrod authentciator registred devics ".repeat(10_000),
            ],
        ),
    ] {
        let help = content.in_locale(locale);
        let shipped: Vec<_> = help.categories.iter().flat_map(|category| &category.questions).collect();
        let texts: Vec<(String, String)> = shipped
            .iter()
            .cycle()
            .take(QUESTIONS)
            .enumerate()
            .map(|(n, question)| {
                // Other words in each, in letters of both scripts.
                let kanji: String =
                    (0..6).filter_map(|i| char::from_u32(0x4e00 + ((n * 31 + i * 977) % 6_000) as u32)).collect();
                let word: String = (0..7).map(|i| char::from(b'a' + ((n / 7 + i * n + i) % 26) as u8)).collect();
                (format!("{} {kanji}", question.question), format!("{} {word} {kanji}", question.answer.text))
            })
            .collect();
        let started = Instant::now();
        let entries = texts.iter().map(|(title, answer)| Entry { title, tags: &[], answer });
        let index = Index::of(entries, Synonyms::default());
        let built = started.elapsed();
        for query in &queries {
            let mut times: Vec<Duration> = Vec::new();
            let mut found = 0;
            for _ in 0..ROUNDS {
                let started = Instant::now();
                let hits = index.search(query);
                for entry in hits.entries.iter().take(10) {
                    if let Some((title, answer)) = texts.get(*entry) {
                        std::hint::black_box((hits.title(title), hits.snippet(answer)));
                    }
                }
                times.push(started.elapsed());
                found = hits.entries.len();
            }
            times.sort();
            let (median, slowest) = (times.get(ROUNDS / 2), times.last());
            let shown: String = query.chars().take(30).collect();
            println!(
                "| {locale} | {shown} | {found} | {:.2?} | {:.2?} |",
                median.unwrap_or(&built),
                slowest.unwrap_or(&built)
            );
        }
        println!("| {locale} | (making the index) | | {built:.2?} | |");
    }
    Ok(())
}
