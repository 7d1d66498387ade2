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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TranslatedFront {
    question: Spanned<String>,
}

/// The FAQ of the first language. Categories without a question are left out.
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
        if !titles.iter().any(|title| title.id.get_ref() == front.category.get_ref()) {
            let what = format!("categories.toml has no category \"{}\"", front.category.get_ref());
            reader.problem(source, source.line_of_front_matter(front.category.span().start), &what);
        }
        for related in &front.related {
            if related.get_ref() == id || !files.contains_key(related.get_ref().as_str()) {
                let what = format!("related: there is no other question \"{}\"", related.get_ref());
                reader.problem(source, source.line_of_front_matter(related.span().start), &what);
            }
        }
        let related = front.related.into_iter().map(Spanned::into_inner).collect();
        let id = (*id).to_owned();
        let question = Question { id, question, answer, related, locale: FIRST_LOCALE.to_owned() };
        questions.push((front.order, front.category.into_inner(), question));
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
    let known: BTreeSet<&str> =
        first.iter().flat_map(|category| &category.questions).map(|question| question.id.as_str()).collect();
    reader.refuse_strays(files, &known);
    let titles = categories.as_ref().map_or_else(Vec::new, |source| read_titles(reader, source));
    first
        .iter()
        .map(|category| {
            let title = titles.iter().find(|title| *title.id.get_ref() == category.id);
            if title.is_none() {
                reader.untranslated.push(format!("{locale}/categories.toml: {}", category.id));
            }
            Category {
                id: category.id.clone(),
                title: title.map_or(&category.title, |title| &title.title).clone(),
                locale: title.map_or(FIRST_LOCALE, |_| locale).to_owned(),
                questions: category
                    .questions
                    .iter()
                    .map(|question| translate_question(reader, question, locale, files))
                    .collect(),
            }
        })
        .collect()
}

fn translate_question(
    reader: &mut Reader<'_>,
    first: &Question,
    locale: &str,
    files: &BTreeMap<&str, Source<'_>>,
) -> Question {
    let Some(source) = files.get(first.id.as_str()) else {
        reader.untranslated.push(format!("{locale}/faq/{}.md", first.id));
        return first.clone();
    };
    let translated = reader
        .entry::<TranslatedFront>(source)
        .and_then(|(front, answer)| Some((reader.title(source, &front.question)?, answer)));
    match translated {
        Some((question, answer)) => Question {
            id: first.id.clone(),
            question,
            answer,
            related: first.related.clone(),
            locale: locale.to_owned(),
        },
        None => first.clone(),
    }
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
