//! The frequently asked questions: categories in the order of `categories.toml`, questions in the order of their files.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::front_matter::{Source, lines_before};
use super::markdown::Body;
use super::{FIRST_LOCALE, Reader, is_slug};

/// Questions about one subject.
#[derive(Clone, Debug, Serialize)]
pub struct Category {
    pub id: String,
    pub title: String,
    /// The language of the title: another than the reader's where the translation is missing.
    pub locale: String,
    pub questions: Vec<Question>,
}

/// A question and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    /// Never changes: portals and error pages link to it.
    pub id: String,
    /// Plain text.
    pub question: String,
    pub answer: Body,
    /// IDs of questions that readers of this one may look for.
    pub related: Vec<String>,
    /// Words by which it is found that it does not hold.
    pub tags: Vec<String>,
    /// The language of question and answer: another than the reader's where the translation is missing.
    pub locale: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Categories {
    category: Vec<CategoryTitle>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryTitle {
    id: Spanned<String>,
    title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    question: Spanned<String>,
    category: Spanned<String>,
    order: u32,
    #[serde(default)]
    related: Vec<Spanned<String>>,
    #[serde(default)]
    tags: Vec<Spanned<String>>,
    /// A condition: where it does not hold, there is no such question.
    when: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TranslatedFront {
    question: Spanned<String>,
    #[serde(default)]
    tags: Vec<Spanned<String>>,
}

/// The FAQ of the first language. Categories without a question are left out, and so are questions whose condition does
/// not hold.
pub(super) fn read(
    reader: &mut Reader<'_>,
    categories: &Option<Source<'_>>,
    files: &BTreeMap<&str, Source<'_>>,
) -> Vec<Category> {
    let Some(source) = categories else {
        reader.missing(&format!("{FIRST_LOCALE}/categories.toml"), "is missing");
        return Vec::new();
    };
    let titles = read_titles(reader, source);
    let mut questions: Vec<(u32, String, Question)> = Vec::new();
    for (id, source) in files {
        let Some((front, answer)) = reader.entry::<Front>(source) else { continue };
        let Some(question) = reader.title(source, &front.question) else { continue };
        let tags = reader.tags(source, front.tags);
        let is_there = reader.holds(source, front.when.as_ref());
        if !titles.iter().any(|title| title.id.get_ref() == front.category.get_ref()) {
            let what = format!("categories.toml has no category \"{}\"", front.category.get_ref());
            reader.problem(source, source.line_of_front_matter(front.category.span().start), &what);
        }
        for (at, related) in front.related.iter().enumerate() {
            let line = source.line_of_front_matter(related.span().start);
            if related.get_ref() == id || !files.contains_key(related.get_ref().as_str()) {
                let what = format!("related: there is no other question \"{}\"", related.get_ref());
                reader.problem(source, line, &what);
            }
            if front.related.iter().take(at).any(|earlier| earlier.get_ref() == related.get_ref()) {
                reader.problem(source, line, &format!("related: \"{}\" is there twice", related.get_ref()));
            }
        }
        let related = front.related.into_iter().map(Spanned::into_inner).collect();
        let id = (*id).to_owned();
        let question = Question { id, question, answer, related, tags, locale: FIRST_LOCALE.to_owned() };
        if is_there {
            questions.push((front.order, front.category.into_inner(), question));
        }
    }
    let known: BTreeSet<String> = questions.iter().map(|(.., question)| question.id.clone()).collect();
    for (.., question) in &mut questions {
        question.related.retain(|id| known.contains(id));
    }
    // The files come by id, so that equal orders keep one arrangement.
    questions.sort_by_key(|(order, _, _)| *order);
    let mut categories = Vec::new();
    for title in titles {
        let id = title.id.into_inner();
        let of_category: Vec<Question> =
            questions.extract_if(.., |(_, category, _)| *category == id).map(|(_, _, question)| question).collect();
        if !of_category.is_empty() {
            let locale = FIRST_LOCALE.to_owned();
            categories.push(Category { id, title: title.title, locale, questions: of_category });
        }
    }
    categories
}

/// The FAQ in another language.
pub(super) fn translate(
    reader: &mut Reader<'_>,
    first: &[Category],
    locale: &str,
    categories: &Option<Source<'_>>,
    files: &BTreeMap<&str, Source<'_>>,
) -> Vec<Category> {
    let titles = categories.as_ref().map_or_else(Vec::new, |source| read_titles(reader, source));
    // All of them are read, also those of questions that are not there now: a mistake must show before a setting changes.
    let mut translated = BTreeMap::new();
    for (id, source) in files {
        let Some((front, answer)) = reader.entry::<TranslatedFront>(source) else { continue };
        let Some(question) = reader.title(source, &front.question) else { continue };
        let tags = reader.tags(source, front.tags);
        translated.insert(*id, (question, answer, tags));
    }
    first
        .iter()
        .map(|category| {
            let title = titles.iter().find(|title| *title.id.get_ref() == category.id);
            if title.is_none() {
                reader.untranslated.push(format!("{locale}/categories.toml: {}", category.id));
            }
            let questions = category.questions.iter().map(|first| match translated.remove(first.id.as_str()) {
                Some((question, answer, tags)) => Question {
                    id: first.id.clone(),
                    question,
                    answer,
                    related: first.related.clone(),
                    tags,
                    locale: locale.to_owned(),
                },
                None => {
                    if !files.contains_key(first.id.as_str()) {
                        reader.untranslated.push(format!("{locale}/faq/{}.md", first.id));
                    }
                    first.clone()
                }
            });
            Category {
                id: category.id.clone(),
                title: title.map_or(&category.title, |title| &title.title).clone(),
                locale: title.map_or(FIRST_LOCALE, |_| locale).to_owned(),
                questions: questions.collect(),
            }
        })
        .collect()
}

fn read_titles(reader: &mut Reader<'_>, source: &Source<'_>) -> Vec<CategoryTitle> {
    let titles = match source.parse::<Categories>(source.text, 1) {
        Ok(categories) => categories.category,
        Err(problem) => {
            reader.problems.push(problem);
            return Vec::new();
        }
    };
    let mut seen = BTreeSet::new();
    for CategoryTitle { id, title } in &titles {
        let line = 1 + lines_before(source.text, id.span().start);
        if !is_slug(id.get_ref()) {
            reader.problem(source, line, "the id must be small letters and digits with single hyphens between");
        }
        if !seen.insert(id.get_ref()) {
            reader.problem(source, line, &format!("the category \"{}\" is there twice", id.get_ref()));
        }
        if title.trim().is_empty() {
            reader.problem(source, line, &format!("the category \"{}\" has no title", id.get_ref()));
        }
    }
    titles
}
