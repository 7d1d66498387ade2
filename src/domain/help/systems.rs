//! `systems.toml`: which systems and browsers are recommended, and what works on which version. The guide and the FAQ quote
//! it as live values, so that they can't contradict each other.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::front_matter::{Source, lines_before};
use super::live_values::escaped;
use super::{FIRST_LOCALE, HelpProblem};

/// A text in each language.
type Words = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    headings: Headings,
    #[serde(default)]
    browser: Vec<Browser>,
    android: System,
    ios: System,
    apps: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Headings {
    device: Words,
    browsers: Words,
    version: Words,
    works: Words,
    notes: Words,
    yes: Words,
    no: Words,
    or_later: Words,
    or_earlier: Words,
    separator: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Browser {
    device: Words,
    browsers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct System {
    /// From this version on it is recommended.
    recommended: u32,
    version: Vec<Spanned<Version>>,
}

/// One row: versions from `from` to `to`, both counted; either may be left open.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    from: Option<u32>,
    to: Option<u32>,
    works: bool,
    note: Words,
}

/// What help texts quote, in the words of one language.
#[derive(Clone, Debug, Default)]
pub struct SystemsInWords {
    pub browsers: String,
    pub android: String,
    pub ios: String,
    /// `10以上`
    pub android_recommended: String,
    pub ios_recommended: String,
    pub apps: String,
}

/// Reads the file into the words of `locales`.
pub(super) fn read(
    source: &Source<'_>,
    locales: &[&str],
) -> Result<BTreeMap<String, SystemsInWords>, Vec<HelpProblem>> {
    let file: File = source.parse(source.text, 1).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    for (name, system) in [("android", &file.android), ("ios", &file.ios)] {
        for problem in gaps(name, system) {
            let line = 1 + lines_before(source.text, problem.0);
            problems.push(HelpProblem { file: source.path.to_owned(), line, what: problem.1 });
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(locales.iter().map(|locale| ((*locale).to_owned(), file.in_words(locale))).collect())
}

/// Newest first, each row ending where the one above begins, the first open above and the last below.
fn gaps(name: &str, system: &System) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    let mut expected: Option<u32> = None;
    for (place, row) in system.version.iter().enumerate() {
        let Version { from, to, works, .. } = row.get_ref();
        let mut refuse = |what: String| problems.push((row.span().start, what));
        if *to != expected {
            refuse(match expected {
                Some(expected) => format!("{name}: this row must end with version {expected} (to = {expected})"),
                None => format!("{name}: the first row is the newest: it has no \"to\""),
            });
        }
        let is_last = place + 1 == system.version.len();
        match from {
            Some(from) if !is_last => expected = Some(from.saturating_sub(1)),
            None if is_last => {}
            Some(_) => refuse(format!("{name}: the last row is for everything older: it has no \"from\"")),
            None => refuse(format!("{name}: this row needs \"from\"")),
        }
        if !works && from.is_some_and(|from| from >= system.recommended) {
            refuse(format!("{name}: version {} is recommended but does not work", system.recommended));
        }
    }
    problems
}

fn in_locale<'a>(words: &'a Words, locale: &str) -> &'a str {
    words.get(locale).or_else(|| words.get(FIRST_LOCALE)).map_or("", String::as_str)
}

impl File {
    fn in_words(&self, locale: &str) -> SystemsInWords {
        let headings = &self.headings;
        let say = |words| escaped(in_locale(words, locale));
        let separator = in_locale(&headings.separator, locale);
        let rows =
            self.browser.iter().map(|browser| vec![say(&browser.device), escaped(&browser.browsers.join(separator))]);
        SystemsInWords {
            browsers: table(&[say(&headings.device), say(&headings.browsers)], rows),
            android: self.versions(&self.android, locale),
            ios: self.versions(&self.ios, locale),
            android_recommended: self.later(self.android.recommended, locale),
            ios_recommended: self.later(self.ios.recommended, locale),
            apps: self.apps.join(separator),
        }
    }

    fn versions(&self, system: &System, locale: &str) -> String {
        let headings = &self.headings;
        let say = |words| escaped(in_locale(words, locale));
        let rows = system.version.iter().map(|row| {
            let Version { from, to, works, note } = row.get_ref();
            let version = match (from, to) {
                (Some(from), None) => self.later(*from, locale),
                (None, Some(to)) => in_locale(&headings.or_earlier, locale).replace("{n}", &to.to_string()),
                (Some(from), Some(to)) if from != to => format!("{from}–{to}"),
                (Some(only), _) => only.to_string(),
                (None, None) => String::new(),
            };
            vec![escaped(&version), say(if *works { &headings.yes } else { &headings.no }), say(note)]
        });
        table(&[say(&headings.version), say(&headings.works), say(&headings.notes)], rows)
    }

    fn later(&self, version: u32, locale: &str) -> String {
        in_locale(&self.headings.or_later, locale).replace("{n}", &version.to_string())
    }
}

fn table(headings: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let rule = format!("|{}", "---|".repeat(headings.len()));
    [line(headings), rule].into_iter().chain(rows.map(|row| line(&row))).collect::<Vec<_>>().join("\n")
}
