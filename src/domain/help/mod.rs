//! The help that portals display (product.md, 3): the FAQ and the guide, made from files and the settings.
//!
//! The files of a language lie in a folder named by its tag: `categories.toml`, `synonyms.toml`, `faq/ID.md`,
//! `guide/ID.md`, `images/NAME`; `systems.toml` beside them is for all languages. Which questions there are, in which order
//! and category, is said by the Japanese files alone; the others translate the words. What a language lacks is shown in
//! Japanese. Everything is read and checked once, when it is loaded: a mistake names its line.

pub mod faq;
mod fill;
mod front_matter;
pub mod guide;
pub mod images;
pub mod live_values;
pub mod markdown;
pub mod search;
pub mod systems;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::DeserializeOwned;
use toml::Spanned;
use url::Url;

use faq::{Category, Question};
use front_matter::Source;
use guide::Section;
use images::Image;
use live_values::LiveValues;
use markdown::Around;
use search::{Entry, Found, Index, Synonyms};

/// The language that says what there is, and that stands in where another has no translation.
pub const FIRST_LOCALE: &str = "ja";

/// The file for all languages.
const SYSTEMS: &str = "systems.toml";

/// One file of the help content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpFile {
    /// Relative to the content's folder, with `/` between: `ja/faq/password-locked.md`.
    pub path: String,
    pub content: Vec<u8>,
}

/// All help in all languages, rendered.
#[derive(Clone, Debug)]
pub struct HelpContent {
    /// The Japanese help, which stands in for that of every language that there is none in.
    first: LocalHelp,
    /// The help in the other languages.
    others: BTreeMap<String, LocalHelp>,
    /// The pictures that texts show, by the hash in their address.
    images: BTreeMap<String, Image>,
    /// Paths of the translations that are missing; the Japanese text stands in.
    pub untranslated: Vec<String>,
}

/// The help for readers of one language.
#[derive(Clone, Debug)]
pub struct LocalHelp {
    pub categories: Vec<Category>,
    pub guide: Vec<Section>,
    /// Where each question stands: its category and its place there.
    places: BTreeMap<String, (usize, usize)>,
    /// The same, in the order of the index.
    in_order: Vec<(usize, usize)>,
    questions: Index,
    sections: Index,
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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

/// Whether a path is that of a text, which can be edited; pictures can't.
pub fn is_text_path(path: &str) -> bool {
    let Some((locale, rest)) = path.split_once('/') else { return path == SYSTEMS };
    let is_entry = |kind: &str| rest.strip_prefix(kind).and_then(|name| name.strip_suffix(".md")).is_some_and(is_slug);
    let is_tag = !locale.is_empty() && locale.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_tag && (matches!(rest, "categories.toml" | "synonyms.toml") || is_entry("faq/") || is_entry("guide/"))
}

/// The files of one language, sorted by what they are.
#[derive(Default)]
struct Files<'a> {
    categories: Option<Source<'a>>,
    synonyms: Option<Source<'a>>,
    faq: BTreeMap<&'a str, Source<'a>>,
    guide: BTreeMap<&'a str, Source<'a>>,
    images: BTreeMap<String, Image>,
}

/// Reads files and collects what is wrong with them, so that all mistakes are told at once.
struct Reader<'a> {
    base: &'a Url,
    live_values: &'a BTreeMap<String, LiveValues>,
    /// Of each language, as its texts name them.
    images: BTreeMap<String, BTreeMap<String, Image>>,
    problems: Vec<HelpProblem>,
    untranslated: Vec<String>,
}

impl HelpContent {
    /// Reads the content for the languages of `live_values`, whose `systems` are filled in here. Relative links are led to
    /// `base`, the provider's address.
    pub fn from_files(
        files: &[HelpFile],
        live_values: &BTreeMap<String, LiveValues>,
        base: &Url,
    ) -> Result<HelpContent, HelpProblems> {
        let mut live_values = live_values.clone();
        let mut problems = Vec::new();
        if let Err(mut found) = fill_in_systems(files, &mut live_values) {
            problems.append(&mut found);
        }
        let mut reader =
            Reader { base, live_values: &live_values, images: BTreeMap::new(), problems, untranslated: Vec::new() };
        let mut sorted = reader.sort(files);
        reader.collect_images(&mut sorted);
        let first_files = sorted.remove(FIRST_LOCALE).unwrap_or_default();
        let first_categories = faq::read(&mut reader, &first_files.categories, &first_files.faq);
        let first_guide = guide::read(&mut reader, &first_files.guide);
        let mut others = BTreeMap::new();
        for locale in live_values.keys().filter(|locale| *locale != FIRST_LOCALE) {
            let files = sorted.remove(locale.as_str()).unwrap_or_default();
            reader.refuse_strays(&files.faq, &first_files.faq);
            reader.refuse_strays(&files.guide, &first_files.guide);
            let categories = faq::translate(&mut reader, &first_categories, locale, &files.categories, &files.faq);
            let guide = guide::translate(&mut reader, &first_guide, locale, &files.guide);
            let synonyms = reader.synonyms(&files.synonyms);
            others.insert(locale.clone(), LocalHelp::of(categories, guide, synonyms));
        }
        let synonyms = reader.synonyms(&first_files.synonyms);
        if reader.problems.is_empty() {
            let first = LocalHelp::of(first_categories, first_guide, synonyms);
            let images = reader.images.into_values().flatten().map(|(_, image)| (image.hash.clone(), image)).collect();
            return Ok(HelpContent { first, others, images, untranslated: reader.untranslated });
        }
        reader.problems.sort();
        reader.problems.dedup();
        Err(HelpProblems(reader.problems))
    }

    /// The help for readers of `locale`, else the Japanese one.
    pub fn in_locale(&self, locale: &str) -> &LocalHelp {
        self.others.get(locale).unwrap_or(&self.first)
    }

    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.images.values()
    }

    /// The picture at an address.
    pub fn image(&self, hash: &str, name: &str) -> Option<&Image> {
        self.images.get(hash).filter(|image| image.name == name)
    }
}

fn fill_in_systems(files: &[HelpFile], live_values: &mut BTreeMap<String, LiveValues>) -> Result<(), Vec<HelpProblem>> {
    let problem = |what: &str| vec![HelpProblem { file: SYSTEMS.to_owned(), line: 0, what: what.to_owned() }];
    let file = files.iter().find(|file| file.path == SYSTEMS).ok_or_else(|| problem("is missing"))?;
    let source = Source::of(file).ok_or_else(|| problem("is not UTF-8"))?;
    let locales: Vec<&str> = live_values.keys().map(String::as_str).collect();
    let mut systems = systems::read(&source, &locales)?;
    for (locale, values) in live_values {
        values.systems = systems.remove(locale).unwrap_or_default();
    }
    Ok(())
}

impl LocalHelp {
    fn of(categories: Vec<Category>, guide: Vec<Section>, synonyms: Synonyms) -> LocalHelp {
        let in_order: Vec<(usize, usize)> = categories
            .iter()
            .enumerate()
            .flat_map(|(category, held)| (0..held.questions.len()).map(move |question| (category, question)))
            .collect();
        let entries = categories.iter().flat_map(|category| &category.questions).map(|question| Entry {
            title: &question.question,
            tags: &question.tags,
            answer: &question.answer.text,
        });
        let questions = Index::of(entries, synonyms.clone());
        let entries =
            guide.iter().map(|section| Entry { title: &section.title, tags: &[], answer: &section.body.text });
        let sections = Index::of(entries, synonyms);
        let ids = categories.iter().flat_map(|category| &category.questions).map(|question| question.id.clone());
        let places = ids.zip(in_order.iter().copied()).collect();
        LocalHelp { categories, guide, places, in_order, questions, sections }
    }

    /// The question `id` and its category.
    pub fn question(&self, id: &str) -> Option<(&Category, &Question)> {
        self.at(*self.places.get(id)?)
    }

    pub fn section(&self, id: &str) -> Option<&Section> {
        self.guide.iter().find(|section| section.id == id)
    }

    fn at(&self, (category, question): (usize, usize)) -> Option<(&Category, &Question)> {
        let category = self.categories.get(category)?;
        Some((category, category.questions.get(question)?))
    }

    /// Questions that answer a query, best first, and what shows why.
    pub fn search(&self, query: &str) -> (Vec<(&Category, &Question)>, Found) {
        let found = self.questions.search(query);
        let places = found.entries.iter().filter_map(|entry| self.at(*self.in_order.get(*entry)?));
        (places.collect(), found)
    }

    /// Sections of the guide, likewise.
    pub fn search_guide(&self, query: &str) -> (Vec<&Section>, Found) {
        let found = self.sections.search(query);
        (found.entries.iter().filter_map(|entry| self.guide.get(*entry)).collect(), found)
    }
}

impl Reader<'_> {
    /// Sorts the files by language and kind. A file that would be passed over is a mistake: most likely a slip in its name.
    fn sort<'f>(&mut self, files: &'f [HelpFile]) -> BTreeMap<&'f str, Files<'f>> {
        let mut sorted: BTreeMap<&str, Files<'_>> = BTreeMap::new();
        for file in files.iter().filter(|file| file.path != SYSTEMS) {
            let Some((locale, rest)) = file.path.split_once('/') else {
                self.missing(&file.path, "lies outside of a language's folder, such as ja/");
                continue;
            };
            if !self.live_values.contains_key(locale) {
                self.missing(&file.path, &format!("{locale} is not one of the languages under templates/locales/"));
                continue;
            }
            let of_locale = sorted.entry(locale).or_default();
            if let Some(name) = rest.strip_prefix("images/") {
                match Image::read(name, &file.content) {
                    Ok(image) => drop(of_locale.images.insert(rest.to_owned(), image)),
                    Err(what) => self.missing(&file.path, &what),
                }
                continue;
            }
            let Some(source) = Source::of(file) else {
                self.missing(&file.path, "is not UTF-8");
                continue;
            };
            let id = |kind: &str| rest.strip_prefix(kind)?.strip_suffix(".md").filter(|id| !id.contains('/'));
            let wrong_id = "the file's name must be small letters and digits with single hyphens between, then .md";
            if rest == "categories.toml" {
                of_locale.categories = Some(source);
            } else if rest == "synonyms.toml" {
                of_locale.synonyms = Some(source);
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
                self.problem(
                    &source,
                    0,
                    "is none of categories.toml, synonyms.toml, faq/ID.md, guide/ID.md, images/NAME",
                );
            }
        }
        sorted
    }

    /// A language without a picture of its own shows the Japanese one.
    fn collect_images(&mut self, sorted: &mut BTreeMap<&str, Files<'_>>) {
        let first = sorted.get(FIRST_LOCALE).map(|files| files.images.clone()).unwrap_or_default();
        for locale in self.live_values.keys() {
            let mut images = first.clone();
            images.extend(
                sorted.get_mut(locale.as_str()).map(|files| std::mem::take(&mut files.images)).unwrap_or_default(),
            );
            self.images.insert(locale.clone(), images);
        }
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
        let nothing = BTreeMap::new();
        let around = Around { base: self.base, images: self.images.get(source.locale()).unwrap_or(&nothing) };
        let read = source.front_matter().map_err(|problem| vec![problem]).and_then(|parts| {
            let front = source.parse(parts.front, 2).map_err(|problem| vec![problem])?;
            let filled =
                values.fill_markdown(parts.body).map_err(|wrong| vec![wrong.in_file(source, parts.body_line)])?;
            if parts.body.trim().is_empty() {
                let what = "has no text after the front matter".to_owned();
                return Err(vec![HelpProblem { file: source.path.to_owned(), line: 0, what }]);
            }
            let body = markdown::Body::render(&filled.text, around).map_err(|refused| {
                let problem = |(at, what)| {
                    let line = parts.body_line + filled.line_of(at);
                    HelpProblem { file: source.path.to_owned(), line, what }
                };
                refused.into_iter().map(problem).collect::<Vec<_>>()
            })?;
            Ok((front, body))
        });
        read.map_err(|mut problems| self.problems.append(&mut problems)).ok()
    }

    /// A title from a front matter, its live values as plain words.
    fn title(&mut self, source: &Source<'_>, title: &Spanned<String>) -> Option<String> {
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

    fn tags(&mut self, source: &Source<'_>, tags: Vec<Spanned<String>>) -> Vec<String> {
        for tag in &tags {
            if tag.get_ref().trim().is_empty() || tag.get_ref().len() > 100 {
                self.problem(
                    source,
                    source.line_of_front_matter(tag.span().start),
                    "tags: one has no letters or too many",
                );
            }
        }
        tags.into_iter().map(Spanned::into_inner).collect()
    }

    fn holds(&mut self, source: &Source<'_>, condition: Option<&Spanned<String>>) -> bool {
        let (Some(condition), Some(values)) = (condition, self.live_values.get(source.locale())) else { return true };
        values.holds(condition.get_ref()).unwrap_or_else(|what| {
            self.problem(source, source.line_of_front_matter(condition.span().start), &format!("when: {what}"));
            true
        })
    }

    fn synonyms(&mut self, source: &Option<Source<'_>>) -> Synonyms {
        let read = source.as_ref().map_or_else(|| Ok(Synonyms::default()), Synonyms::read);
        read.unwrap_or_else(|mut problems| {
            self.problems.append(&mut problems);
            Synonyms::default()
        })
    }

    /// Notes translations of what the first language does not have.
    fn refuse_strays(&mut self, files: &BTreeMap<&str, Source<'_>>, first: &BTreeMap<&str, Source<'_>>) {
        let known: BTreeSet<&str> = first.keys().copied().collect();
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
mod corpus;
#[cfg(test)]
mod tests;
