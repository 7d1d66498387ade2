//! `GET /help/v1/search`: questions, and sections of the guide, that answer a query in the reader's own words.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::answer::Request;
use super::documents::{Document, Named, named_category, question_url, section_url};
use super::inside;
use super::problem::Problem;
use crate::domain::help::search::Marked;
use crate::web::state::WebState;

/// The longest query, in characters.
pub(in crate::web::help) const LONGEST_QUERY: usize = 200;
const USUAL_LIMIT: usize = 10;
const LARGEST_LIMIT: usize = 50;
/// How many sections of the guide are shown.
pub(in crate::web::help) const SECTIONS: usize = 3;

#[derive(Serialize)]
struct FoundJson<'a> {
    locale: &'a str,
    query: &'a str,
    /// How many questions there are, shown or not.
    total: usize,
    hits: Vec<HitJson<'a>>,
    guide: Vec<SectionJson<'a>>,
}

#[derive(Serialize)]
struct HitJson<'a> {
    #[serde(flatten)]
    named: Named<'a>,
    language: &'a str,
    title_html: String,
    title_marks: Vec<[usize; 2]>,
    category: Named<'a>,
    snippet: SnippetJson,
    url: String,
}

#[derive(Serialize)]
struct SectionJson<'a> {
    #[serde(flatten)]
    named: Named<'a>,
    language: &'a str,
    title_html: String,
    title_marks: Vec<[usize; 2]>,
    snippet: SnippetJson,
    url: String,
}

#[derive(Serialize)]
struct SnippetJson {
    text: String,
    html: String,
    marks: Vec<[usize; 2]>,
}

impl From<Marked> for SnippetJson {
    fn from(marked: Marked) -> SnippetJson {
        SnippetJson { html: marked.html(), marks: marked.utf16_marks(), text: marked.text }
    }
}

pub(super) async fn get(State(web): State<WebState>, request: Request) -> Result<Response, Problem> {
    web.limits.help_search(request.address).map_err(Problem::too_often)?;
    let request = request.only(&["q", "locale", "limit"])?;
    let limit = limit(request.parameter("limit"))?;
    let query = request.parameter("q").map(str::trim).filter(|query| !query.is_empty());
    let query = query.ok_or_else(|| Problem::of("q", "There is nothing to look for.", "Send q=WORDS."))?;
    if query.chars().nth(LONGEST_QUERY).is_some() {
        let fix = format!("Send {LONGEST_QUERY} characters at most.");
        return Err(Problem::of("q", "This is too long to look for.", fix));
    }
    let (locale, issuer) = (request.locale.tag(), web.app.settings.issuer());
    let (questions, found) = request.help().search(query);
    let (sections, found_sections) = request.help().search_guide(query);
    if questions.is_empty() && sections.is_empty() {
        web.help.note_miss(locale, query);
    }
    let hits = questions.iter().take(limit).map(|(category, question)| {
        let title = found.title(&question.question);
        HitJson {
            named: Named { id: &question.id, title: &question.question },
            language: &question.locale,
            title_html: title.html(),
            title_marks: title.utf16_marks(),
            category: named_category(category),
            snippet: found.snippet(&question.answer.text).into(),
            url: question_url(issuer, &question.id, locale),
        }
    });
    let guide = sections.iter().take(SECTIONS).map(|section| {
        let title = found_sections.title(&section.title);
        SectionJson {
            named: Named { id: &section.id, title: &section.title },
            language: &section.locale,
            title_html: title.html(),
            title_marks: title.utf16_marks(),
            snippet: found_sections.snippet(&section.body.text).into(),
            url: section_url(issuer, &section.id, locale),
        }
    });
    let json = FoundJson { locale, query, total: questions.len(), hits: hits.collect(), guide: guide.collect() };
    let document = Document::unique(&json, locale).map_err(|error| inside(&error))?;
    Ok(request.document(&document))
}

fn limit(asked: Option<&str>) -> Result<usize, Problem> {
    let Some(asked) = asked else { return Ok(USUAL_LIMIT) };
    asked.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit)).ok_or_else(|| {
        Problem::of("limit", "This is no number of hits.", format!("Send a whole number from 1 to {LARGEST_LIMIT}."))
    })
}
