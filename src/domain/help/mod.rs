//! The help that portals display (product rule 3): the FAQ and the guide, made from Markdown files and the settings.
//!
//! The files of a language lie in a folder named by its tag: `categories.toml`, `faq/ID.md`, `guide/ID.md`. Which
//! questions there are, in which order and category, is said by the Japanese files alone; the others translate the words.
//! What a language lacks is shown in Japanese. Everything is read and checked once, at start: a mistake names its line.

pub mod faq;
mod front_matter;
pub mod guide;
pub mod live_values;
pub mod markdown;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::DeserializeOwned;
use url::Url;

use faq::Category;
use front_matter::Source;
use guide::Section;
use live_values::LiveValues;

/// The language that says what there is, and that stands in where another has no translation.
pub const FIRST_LOCALE: &str = "ja";

/// One file of the help content.
#[derive(Clone, Debug)]
pub struct HelpFile {
    /// Relative to the content's folder, with `/` between: `ja/faq/password-locked.md`.
    pub path: String,
    pub text: String,
}

/// All help in all languages, rendered.
#[derive(Clone, Debug)]
pub struct HelpContent {
    /// The Japanese help, which stands in for that of every language that there is none in.
    first: LocalHelp,
    /// The help in the other languages.
    others: BTreeMap<String, LocalHelp>,
    /// Paths of the translations that are missing; the Japanese text stands in.
    pub untranslated: Vec<String>,
}

/// The help for readers of one language.
#[derive(Clone, Debug)]
pub struct LocalHelp {
    pub categories: Vec<Category>,
    pub guide: Vec<Section>,
}

/// What is wrong in one place of the help content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HelpProblem {
    pub file: String,
    /// Counted from 1; 0 if it concerns the file as a whole.
    pub line: usize,
    pub what: String,
}

/// The content cannot be used: everything that is wrong with it, in the order of the files.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the help content has mistakes:{}", .0.iter().map(|problem| format!("\n  {problem}")).collect::<String>())]
pub struct HelpProblems(pub Vec<HelpProblem>);

impl fmt::Display for HelpProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}: {}", self.file, self.what),
        }
    }
}

/// The files of one language, sorted by what they are.
#[derive(Default)]
struct Files<'a> {
    categories: Option<Source<'a>>,
    faq: BTreeMap<&'a str, Source<'a>>,
    guide: BTreeMap<&'a str, Source<'a>>,
}

/// Reads files and collects what is wrong with them, so that all mistakes are told at once.
struct Reader<'a> {
    base: &'a Url,
    live_values: &'a BTreeMap<String, LiveValues>,
    problems: Vec<HelpProblem>,
    untranslated: Vec<String>,
}

impl HelpContent {
    /// Reads the content for the languages of `live_values`. Relative links are led to `base`, the provider's address.
    pub fn from_files(
        files: &[HelpFile],
        live_values: &BTreeMap<String, LiveValues>,
        base: &Url,
    ) -> Result<HelpContent, HelpProblems> {
        let mut reader = Reader { base, live_values, problems: Vec::new(), untranslated: Vec::new() };
        let mut sorted = reader.sort(files);
        let first_files = sorted.remove(FIRST_LOCALE).unwrap_or_default();
        let first = LocalHelp {
            categories: faq::read(&mut reader, &first_files.categories, &first_files.faq),
            guide: guide::read(&mut reader, &first_files.guide),
        };
        let mut others = BTreeMap::new();
        for locale in live_values.keys().filter(|locale| *locale != FIRST_LOCALE) {
            let files = sorted.remove(locale.as_str()).unwrap_or_default();
            let translated = LocalHelp {
                categories: faq::translate(&mut reader, &first.categories, locale, &files.categories, &files.faq),
                guide: guide::translate(&mut reader, &first.guide, locale, &files.guide),
            };
            others.insert(locale.clone(), translated);
        }
        if reader.problems.is_empty() {
            return Ok(HelpContent { first, others, untranslated: reader.untranslated });
        }
        reader.problems.sort();
        Err(HelpProblems(reader.problems))
    }

    /// The help for readers of `locale`, else the Japanese one.
    pub fn in_locale(&self, locale: &str) -> &LocalHelp {
        self.others.get(locale).unwrap_or(&self.first)
    }
}

impl LocalHelp {
    /// The question `id` and its category.
    pub fn question(&self, id: &str) -> Option<(&Category, &faq::Question)> {
        self.categories
            .iter()
            .find_map(|category| Some((category, category.questions.iter().find(|question| question.id == id)?)))
    }
}

impl Reader<'_> {
    /// Sorts the files by language and kind. A file that would be passed over is a mistake: most likely a slip in its name.
    fn sort<'f>(&mut self, files: &'f [HelpFile]) -> BTreeMap<&'f str, Files<'f>> {
        let mut sorted: BTreeMap<&str, Files<'_>> = BTreeMap::new();
        for file in files {
            let source = Source::of(file);
            let Some((locale, rest)) = file.path.split_once('/') else {
                self.problem(&source, 0, "lies outside of a language's folder, such as ja/");
                continue;
            };
            if !self.live_values.contains_key(locale) {
                self.problem(&source, 0, &format!("{locale} is not one of the languages under templates/locales/"));
                continue;
            }
            let of_locale = sorted.entry(locale).or_default();
            let id = |kind: &str| rest.strip_prefix(kind)?.strip_suffix(".md").filter(|id| !id.contains('/'));
            let wrong_id = "the file's name must be small letters and digits with single hyphens between, then .md";
            if rest == "categories.toml" {
                of_locale.categories = Some(source);
            } else if let Some(id) = id("faq/") {
                if !is_slug(id) {
                    self.problem(&source, 0, wrong_id);
                }
                of_locale.faq.insert(id, source);
            } else if let Some(id) = id("guide/") {
                if !is_slug(id) {
                    self.problem(&source, 0, wrong_id);
                }
                of_locale.guide.insert(id, source);
            } else {
                self.problem(&source, 0, "is none of categories.toml, faq/ID.md, guide/ID.md");
            }
        }
        sorted
    }

    fn problem(&mut self, source: &Source<'_>, line: usize, what: &str) {
        self.problems.push(HelpProblem { file: source.path.to_owned(), line, what: what.to_owned() });
    }

    fn missing(&mut self, path: &str, what: &str) {
        self.problems.push(HelpProblem { file: path.to_owned(), line: 0, what: what.to_owned() });
    }

    /// The front matter and the rendered body of a Markdown file; `None` once its mistakes are noted.
    fn entry<F: DeserializeOwned>(&mut self, source: &Source<'_>) -> Option<(F, markdown::Body)> {
        let values = self.live_values.get(source.locale())?;
        let read = source.front_matter().and_then(|parts| {
            let filled = values.fill_markdown(parts.body).map_err(|wrong| wrong.in_file(source, parts.body_line))?;
            Ok((source.parse(parts.front, 2)?, filled))
        });
        match read {
            Ok((_, body)) if body.trim().is_empty() => {
                self.problem(source, 0, "has no text after the front matter");
                None
            }
            Ok((front, body)) => Some((front, markdown::Body::render(body, self.base))),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// A title from a front matter, its live values as plain words.
    fn title(&mut self, source: &Source<'_>, title: &toml::Spanned<String>) -> Option<String> {
        let line = source.line_of_front_matter(title.span().start);
        let values = self.live_values.get(source.locale())?;
        match values.fill_plain(title.get_ref()) {
            Ok(title) if title.trim().is_empty() => {
                self.problem(source, line, "the title is empty");
                None
            }
            Ok(title) => Some(title),
            Err(wrong) => {
                self.problems.push(wrong.in_file(source, line));
                None
            }
        }
    }

    /// Notes translations of what the first language does not have.
    fn refuse_strays(&mut self, files: &BTreeMap<&str, Source<'_>>, known: &BTreeSet<&str>) {
        for (_, source) in files.iter().filter(|(id, _)| !known.contains(*id)) {
            let what = format!("translates a file that {FIRST_LOCALE}/ does not have");
            self.problem(source, 0, &what);
        }
    }
}

/// Small letters and digits, single hyphens between, 64 at most: stable in a URL and as an element's id.
fn is_slug(id: &str) -> bool {
    id.len() <= 64
        && id
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
