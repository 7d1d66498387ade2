//! The translations under `templates/locales/`, in Fluent, and which of them a reader wants. A language is a folder there,
//! named by its tag (BCP 47); adding one needs nothing else. All are part of the program.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Datelike as _, Timelike as _};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;
use include_dir::{Dir, include_dir};
use serde::Serialize;

use crate::domain::unix_time::{Span, UnixTime};

static LOCALES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/locales");

/// The first language: the one that others are measured against, and the one for readers who name none that we have.
const FIRST: &str = "ja";

/// Times are shown in the society's zone. Japan has one, without summer time.
const ZONE: Span = Span::hours(9);

/// How many language ranges of one request are looked at.
const MAX_RANGES: usize = 32;

/// An argument of a text: a word or a number.
pub type Value<'a> = FluentValue<'a>;

/// One of the languages that the catalogue holds. Only a [`Catalogue`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Locale(&'static str);

impl Locale {
    /// The language tag, such as `ja` or `en`.
    pub fn tag(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The translations cannot be used as they are: an error of whoever wrote them, met when the program starts.
#[derive(Debug, thiserror::Error)]
pub enum I18nError {
    #[error("templates/locales/{locale} is not named by a language tag such as \"en\"")]
    Tag { locale: String },
    #[error("templates/locales/{file}: {problem}")]
    File { file: String, problem: String },
    #[error("templates/locales/{locale} lacks what templates/locales/{FIRST} has: {}", keys.join(", "))]
    MissingKeys { locale: String, keys: Vec<String> },
    #[error("templates/locales/{FIRST} is missing or empty")]
    NoFirstLanguage,
}

struct Language {
    locale: Locale,
    bundle: FluentBundle<FluentResource>,
    /// Every `message` and `message.attribute`.
    keys: BTreeSet<String>,
}

/// All texts in all languages.
pub struct Catalogue {
    first: Locale,
    /// Japanese first, then by tag.
    languages: Vec<Language>,
}

impl Catalogue {
    /// Reads every language. Fails on what cannot be read and when a language lacks a text that Japanese has.
    pub fn load() -> Result<Catalogue, I18nError> {
        let mut languages = LOCALES.dirs().map(Language::load).collect::<Result<Vec<_>, _>>()?;
        languages.sort_by_key(|language| (language.locale.0 != FIRST, language.locale));
        let first =
            languages.first().filter(|language| language.locale.0 == FIRST).ok_or(I18nError::NoFirstLanguage)?;
        for language in &languages {
            let keys: Vec<String> = first.keys.difference(&language.keys).cloned().collect();
            if !keys.is_empty() {
                return Err(I18nError::MissingKeys { locale: language.locale.to_string(), keys });
            }
        }
        Ok(Catalogue { first: first.locale, languages })
    }

    /// The languages, Japanese first.
    pub fn locales(&self) -> impl Iterator<Item = Locale> {
        self.languages.iter().map(|language| language.locale)
    }

    /// The language for a reader. First what the request asks for (`ui_locales`, OpenID Connect Core 1.0, 3.1.2.1: tags
    /// with spaces between, best first), then what the reader chose before, then what the browser prefers
    /// (`Accept-Language`, RFC 9110, 12.5.4), then Japanese.
    pub fn negotiate(&self, ui_locales: Option<&str>, chosen: Option<&str>, accept_language: Option<&str>) -> Locale {
        let asked = ui_locales.unwrap_or_default().split_ascii_whitespace();
        let preferred = by_quality(accept_language.unwrap_or_default());
        asked.take(MAX_RANGES).chain(chosen).chain(preferred).find_map(|range| self.lookup(range)).unwrap_or(self.first)
    }

    /// RFC 4647, 3.4: `en-GB-oxendict` is tried whole, then as `en-GB`, then as `en`. Java and POSIX write `en_GB` and
    /// `en_GB.UTF-8`, and so do relying parties that pass on what they find.
    fn lookup(&self, range: &str) -> Option<Locale> {
        let range = range.trim().replace('_', "-");
        let mut tag = range.split(['.', '@']).next()?;
        loop {
            if let Some(found) = self.locales().find(|locale| locale.0.eq_ignore_ascii_case(tag)) {
                return Some(found);
            }
            tag = tag.rsplit_once('-')?.0;
        }
    }

    /// The text `key` (`message` or `message.attribute`) in the reader's language. A text that is missing is a mistake
    /// that tests find; a reader then sees the key, and the log says so.
    pub fn text(&self, locale: &Locale, key: &str, args: &[(&str, Value<'_>)]) -> String {
        self.find(locale, key, args).unwrap_or_else(|problem| {
            tracing::warn!(key, locale = locale.0, problem, "a text cannot be shown");
            key.to_owned()
        })
    }

    /// The text, or what is wrong with it: unknown, or in want of an argument.
    pub(crate) fn find(&self, locale: &Locale, key: &str, args: &[(&str, Value<'_>)]) -> Result<String, String> {
        let language = self.languages.iter().find(|language| language.locale == *locale).ok_or("unknown language")?;
        let (message, attribute) = match key.split_once('.') {
            Some((message, attribute)) => (message, Some(attribute)),
            None => (key, None),
        };
        let message = language.bundle.get_message(message).ok_or("unknown text")?;
        let pattern = match attribute {
            Some(name) => message.get_attribute(name).map(|attribute| attribute.value()),
            None => message.value(),
        };
        let args: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut errors = Vec::new();
        let text = language.bundle.format_pattern(pattern.ok_or("unknown text")?, Some(&args), &mut errors);
        match errors.first() {
            None => Ok(text.into_owned()),
            Some(error) => Err(error.to_string()),
        }
    }

    /// A moment as the reader's language writes it, in the society's zone: 22 November 2026, 10:42.
    pub fn date_time(&self, locale: &Locale, at: UnixTime) -> String {
        let local = DateTime::from_timestamp((at + ZONE).0, 0).unwrap_or_default();
        self.text(
            locale,
            "date-time",
            &[
                ("year", local.year().into()),
                ("month", local.month().into()),
                ("day", local.day().into()),
                ("hour", format!("{:02}", local.hour()).into()),
                ("minute", format!("{:02}", local.minute()).into()),
            ],
        )
    }
}

impl Language {
    fn load(folder: &'static Dir<'static>) -> Result<Language, I18nError> {
        let name = folder.path().to_string_lossy().into_owned();
        let tag = folder.path().to_str().and_then(|tag| Some((tag, tag.parse().ok()?)));
        let (tag, identifier) = tag.ok_or(I18nError::Tag { locale: name })?;
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        // The marks would stand between the letters of IDs and addresses that members copy.
        bundle.set_use_isolating(false);
        let mut keys = BTreeSet::new();
        for file in folder.files() {
            let wrong = |problem| I18nError::File { file: file.path().to_string_lossy().into_owned(), problem };
            let source = file.contents_utf8().ok_or_else(|| wrong("not UTF-8".into()))?;
            let resource = FluentResource::try_new(source.into())
                .map_err(|(_, errors)| wrong(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
            keys.extend(resource.entries().flat_map(keys_of));
            bundle
                .add_resource(resource)
                .map_err(|errors| wrong(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
        }
        Ok(Language { locale: Locale(tag), bundle, keys })
    }
}

fn keys_of(entry: &Entry<&str>) -> Vec<String> {
    let Entry::Message(message) = entry else { return Vec::new() };
    let attributes = message.attributes.iter().map(|attribute| format!("{}.{}", message.id.name, attribute.id.name));
    message.value.iter().map(|_| message.id.name.to_owned()).chain(attributes).collect()
}

/// The ranges of an `Accept-Language` header, best first; those with `q=0` and those that make no sense are left out.
fn by_quality(header: &str) -> Vec<&str> {
    let mut ranges: Vec<(f32, &str)> = header
        .split(',')
        .take(MAX_RANGES)
        .filter_map(|item| {
            let (range, parameter) = item.split_once(';').unwrap_or((item, "q=1"));
            let quality: f32 = parameter.trim().strip_prefix("q=")?.parse().ok()?;
            (quality > 0.0 && quality <= 1.0).then_some((quality, range.trim()))
        })
        .collect();
    ranges.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    ranges.into_iter().map(|(_, range)| range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        Catalogue::load().expect("the translations are whole")
    }

    #[test]
    fn no_language_has_a_text_that_japanese_lacks() {
        let catalogue = catalogue();
        let japanese = &catalogue.languages[0];
        for language in &catalogue.languages {
            let extra: Vec<&String> = language.keys.difference(&japanese.keys).collect();
            assert!(extra.is_empty(), "{}: {extra:?}", language.locale);
        }
    }

    #[test]
    fn the_request_comes_before_the_choice_and_the_choice_before_the_browser() {
        let catalogue = catalogue();
        for (ui_locales, chosen, accept_language, expected) in [
            (Some("en"), Some("ja"), Some("ja"), "en"),
            (None, Some("en"), Some("ja"), "en"),
            (None, None, Some("en"), "en"),
            (None, None, None, "ja"),
            (Some("fr-FR en-GB ja"), None, None, "en"),
            (Some("EN-us"), None, None, "en"),
            (Some("en_US"), None, None, "en"),
            (Some("fr_FR en_GB.UTF-8"), None, None, "en"),
            (None, Some("en_US"), Some("ja"), "en"),
            (None, None, Some("en_US,ja;q=0.5"), "en"),
            (Some("fr de"), Some("en"), None, "en"),
            (Some("../../etc e- -"), Some(""), Some(";;,"), "ja"),
        ] {
            let locale = catalogue.negotiate(ui_locales, chosen, accept_language);
            assert_eq!(locale.tag(), expected, "{ui_locales:?} {chosen:?} {accept_language:?}");
        }
    }

    #[test]
    fn the_browsers_languages_are_weighed() {
        let catalogue = catalogue();
        for (header, expected) in [
            ("en-US,en;q=0.9,ja;q=0.8", "en"),
            ("en;q=0.5, ja;q=0.9", "ja"),
            ("en;q=0, fr", "ja"),
            ("fr, en;q=0.1", "en"),
            ("*, en;q=0.5", "en"),
            ("en;q=NaN, en;q=7", "ja"),
        ] {
            assert_eq!(catalogue.negotiate(None, None, Some(header)).tag(), expected, "{header}");
        }
    }

    #[test]
    fn an_unknown_text_shows_its_key_and_arguments_carry_no_marks() {
        let catalogue = catalogue();
        let english = catalogue.negotiate(Some("en"), None, None);
        assert_eq!(catalogue.text(&english, "no-such-text", &[]), "no-such-text");
        assert!(catalogue.text(&english, "signing-in-to", &[("name", "Ledger".into())]).contains("Ledger"));
        assert!(catalogue.find(&english, "signing-in-to", &[]).is_err());
        assert!(!catalogue.text(&english, "signing-in-to", &[("name", "Ledger".into())]).contains('\u{2068}'));
    }

    #[test]
    fn moments_are_written_as_the_language_does_in_the_societys_zone() {
        let catalogue = catalogue();
        let japanese = catalogue.negotiate(None, None, None);
        let english = catalogue.negotiate(Some("en"), None, None);
        let at = UnixTime(1_795_311_720); // 2026-11-22T01:42:00Z
        assert_eq!(catalogue.date_time(&japanese, at), "2026年11月22日 10:42");
        assert_eq!(catalogue.date_time(&english, at), "22 November 2026, 10:42");
        assert_eq!(catalogue.date_time(&english, UnixTime(1_709_218_740)), "29 February 2024, 23:59");
        assert_eq!(catalogue.date_time(&english, UnixTime(1_709_218_800)), "1 March 2024, 00:00");
    }
}
