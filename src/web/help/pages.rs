//! `/help`, `/help/faq`, `/help/faq/ID`, `/help/guide` and `/help/search`: the help for members who come to the provider
//! itself.

use axum::response::Response;
use serde::Serialize;

use super::HelpSnapshot;
use super::api::search::{LONGEST_QUERY, SECTIONS};
use crate::actions::help::count_feedback::count_vote;
use crate::actions::help::digest;
use crate::domain::help::faq::{Category, Question};
use crate::domain::help::guide::Section;
use crate::i18n::Locale;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;
use crate::web::request::named::Named;

/// How many questions a search shows.
const HITS: usize = 10;

/// `/help`: what help there is.
#[derive(Clone, Debug, Serialize)]
pub struct HelpPage {
    pub categories: Vec<TextLink>,
    pub sections: Vec<TextLink>,
}

/// `/help/faq`: all questions by category; the answers open in place.
#[derive(Clone, Debug, Serialize)]
pub struct FaqPage {
    pub categories: Vec<Category>,
}

/// `/help/faq/ID`: one question with its answer.
#[derive(Clone, Debug, Serialize)]
pub struct QuestionPage {
    pub category: TextLink,
    pub question: Question,
    pub related: Vec<TextLink>,
    /// Whether this browser has said already whether the answer helped.
    pub voted: bool,
}

/// `/help/guide`: the whole guide.
#[derive(Clone, Debug, Serialize)]
pub struct GuidePage {
    pub sections: Vec<Section>,
}

/// `/help/search`: what was found.
#[derive(Clone, Debug, Serialize)]
pub struct SearchPage {
    pub query: String,
    pub hits: Vec<Hit>,
    pub sections: Vec<Hit>,
}

/// Something found, with the words of the query marked.
#[derive(Clone, Debug, Serialize)]
pub struct Hit {
    pub id: String,
    pub title_html: String,
    pub snippet_html: String,
    pub locale: String,
}

/// A category, question or section, to be linked.
#[derive(Clone, Debug, Serialize)]
pub struct TextLink {
    pub id: String,
    pub title: String,
    /// The language of the title: another than the page's where the translation is missing.
    pub locale: String,
}

impl HelpSnapshot {
    pub fn help_page(&self, locale: &Locale) -> HelpPage {
        let help = self.help_in(locale);
        HelpPage {
            categories: help.categories.iter().map(TextLink::from).collect(),
            sections: help.guide.iter().map(TextLink::from).collect(),
        }
    }

    pub fn faq_page(&self, locale: &Locale) -> FaqPage {
        FaqPage { categories: self.help_in(locale).categories.clone() }
    }

    /// `None`: there is no such question.
    pub fn question_page(&self, locale: &Locale, id: &str, voted: bool) -> Option<QuestionPage> {
        let help = self.help_in(locale);
        let (category, question) = help.question(id)?;
        let related = question.related.iter().filter_map(|id| help.question(id)).map(|(_, other)| other.into());
        Some(QuestionPage { category: category.into(), question: question.clone(), related: related.collect(), voted })
    }

    pub fn guide_page(&self, locale: &Locale) -> GuidePage {
        GuidePage { sections: self.help_in(locale).guide.clone() }
    }

    pub fn search_page(&self, locale: &Locale, query: &str) -> SearchPage {
        let help = self.help_in(locale);
        let (questions, found) = help.search(query);
        let (sections, found_sections) = help.search_guide(query);
        let hits = questions.iter().take(HITS).map(|(_, question)| Hit {
            id: question.id.clone(),
            title_html: found.title(&question.question).html(),
            snippet_html: found.snippet(&question.answer.text).html(),
            locale: question.locale.clone(),
        });
        let sections = sections.iter().take(SECTIONS).map(|section| Hit {
            id: section.id.clone(),
            title_html: found_sections.title(&section.title).html(),
            snippet_html: found_sections.snippet(&section.body.text).html(),
            locale: section.locale.clone(),
        });
        SearchPage { query: query.to_owned(), hits: hits.collect(), sections: sections.collect() }
    }
}

impl From<&Category> for TextLink {
    fn from(category: &Category) -> TextLink {
        TextLink { id: category.id.clone(), title: category.title.clone(), locale: category.locale.clone() }
    }
}

impl From<&Question> for TextLink {
    fn from(question: &Question) -> TextLink {
        TextLink { id: question.id.clone(), title: question.question.clone(), locale: question.locale.clone() }
    }
}

impl From<&Section> for TextLink {
    fn from(section: &Section) -> TextLink {
        TextLink { id: section.id.clone(), title: section.title.clone(), locale: section.locale.clone() }
    }
}

impl PageTemplate for HelpPage {
    const TEMPLATE: &'static str = "help/index.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let categories = vec![TextLink::from(&samples::category("login")), TextLink::from(&samples::category("mail"))];
        let sections = vec![TextLink::from(&samples::section("main-functions"))];
        vec![
            ("full", HelpPage { categories, sections: sections.clone() }),
            ("no-questions", HelpPage { categories: Vec::new(), sections }),
        ]
    }
}

impl PageTemplate for FaqPage {
    const TEMPLATE: &'static str = "help/faq.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let categories = vec![samples::category("login"), samples::category("mail")];
        vec![("full", FaqPage { categories }), ("empty", FaqPage { categories: Vec::new() })]
    }
}

impl PageTemplate for QuestionPage {
    const TEMPLATE: &'static str = "help/question.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |related| QuestionPage {
            category: TextLink::from(&samples::category("login")),
            question: samples::question("pc-use"),
            related,
            voted: false,
        };
        vec![
            ("with-related", page(vec![TextLink::from(&samples::question("account-locked"))])),
            ("alone", page(Vec::new())),
            ("voted", QuestionPage { voted: true, ..page(Vec::new()) }),
        ]
    }
}

impl PageTemplate for GuidePage {
    const TEMPLATE: &'static str = "help/guide.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let sections = vec![samples::section("main-functions"), samples::section("contact")];
        vec![("full", GuidePage { sections })]
    }
}

impl PageTemplate for SearchPage {
    const TEMPLATE: &'static str = "help/search.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let hit = |id: &str| Hit {
            id: id.into(),
            title_html: "<mark>Title</mark> &lt;b&gt;".into(),
            snippet_html: "… a <mark>snippet</mark> &amp; more".into(),
            locale: "ja".into(),
        };
        let page = |hits, sections| SearchPage { query: "a <b> & \"more\"".into(), hits, sections };
        vec![
            ("found", page(vec![hit("pc-use"), hit("account-locked")], vec![hit("contact")])),
            ("questions-alone", page(vec![hit("pc-use")], Vec::new())),
            ("guide-alone", page(Vec::new(), vec![hit("contact")])),
            ("nothing-found", page(Vec::new(), Vec::new())),
            ("nothing-asked", SearchPage { query: String::new(), ..page(Vec::new(), Vec::new()) }),
        ]
    }
}

/// Content for the samples, in a language that some of the pages are not in.
mod samples {
    use crate::domain::help::faq::{Category, Question};
    use crate::domain::help::guide::Section;
    use crate::domain::help::markdown::Body;

    pub fn category(id: &str) -> Category {
        let questions = ["one", "two"].map(|which| question(&format!("{id}-{which}")));
        Category {
            id: id.into(),
            title: format!("Title <b> & more: {id}"),
            locale: "ja".into(),
            questions: questions.into(),
        }
    }

    pub fn question(id: &str) -> Question {
        Question {
            id: id.into(),
            question: "Question <b> & more?".into(),
            answer: body(),
            related: Vec::new(),
            tags: Vec::new(),
            locale: "ja".into(),
        }
    }

    pub fn section(id: &str) -> Section {
        Section { id: id.into(), title: format!("Section <b> & more: {id}"), body: body(), locale: "ja".into() }
    }

    fn body() -> Body {
        Body {
            markdown: "An answer.".into(),
            html:
                "<p>An answer.</p><table><thead><tr><th>A</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
                    .into(),
            text: "An answer.".into(),
        }
    }
}

/// `/help`: where to look.
pub async fn index(browser: BrowserRequest) -> Response {
    let help = browser.web.help.current().await;
    let page = help.help_page(browser.locale());
    browser.page(&page)
}

/// `/help/faq`: every category with its questions.
pub async fn faq(browser: BrowserRequest) -> Response {
    let help = browser.web.help.current().await;
    let page = help.faq_page(browser.locale());
    browser.page(&page)
}

/// `/help/faq/{id}`: one question.
pub async fn question(browser: BrowserRequest, Named(id): Named) -> Response {
    let help = browser.web.help.current().await;
    let voted = has_voted(browser.help_votes(), &id);
    match help.question_page(browser.locale(), &id, voted) {
        Some(page) => browser.page(&page),
        None => browser.page_error(PageError::page(ErrorKind::NotFound)),
    }
}

/// `/help/guide`: what there is, and what it needs.
pub async fn guide(browser: BrowserRequest) -> Response {
    let help = browser.web.help.current().await;
    let page = help.guide_page(browser.locale());
    browser.page(&page)
}

/// `/help/search`: what answers a query. Of one that is too long the beginning counts.
pub async fn search(browser: BrowserRequest) -> Response {
    if let Err(exceeded) = browser.web.limits.help_search(browser.address) {
        return browser.page_error(exceeded.into());
    }
    let help = browser.web.help.current().await;
    let query: String = browser.query.get("q").unwrap_or_default().trim().chars().take(LONGEST_QUERY).collect();
    let page = help.search_page(browser.locale(), &query);
    if page.hits.is_empty() && page.sections.is_empty() && !query.is_empty() {
        browser.web.help.note_miss(browser.locale().tag(), &query);
    }
    browser.page(&page)
}

/// `POST /help/faq/{id}/votes`: whether the answer helped. The browser remembers that it has said so.
pub async fn vote(Named(id): Named, OwnForm { mut browser, fields }: OwnForm) -> Response {
    if let Err(exceeded) = browser.web.limits.help_vote(browser.address) {
        return browser.page_error(exceeded.into());
    }
    let help = browser.web.help.current().await;
    let helpful = match fields.get("helpful") {
        Some("yes") => true,
        Some("no") => false,
        _ => return browser.page_error(PageError::page(ErrorKind::RequestInvalid)),
    };
    if help.help_in(browser.locale()).question(&id).is_none() {
        return browser.page_error(PageError::page(ErrorKind::NotFound));
    }
    if !has_voted(browser.help_votes(), &id) {
        if let Err(error) = count_vote(&browser.web.app, &id, browser.locale().tag(), helpful).await {
            return browser.page_error(error.into());
        }
        let votes = with_vote(browser.help_votes(), &id);
        browser.remember_help_votes(&votes);
    }
    browser.redirect(&format!("/help/faq/{id}#vote"))
}

/// Of how many answers a browser remembers that it has voted.
const VOTES: usize = 24;

/// What stands for an answer in the browser's cookie: it tells nobody anything and is short.
fn vote_mark(id: &str) -> String {
    digest(id.as_bytes()).chars().take(4).collect()
}

fn has_voted(votes: &str, id: &str) -> bool {
    votes.split('.').any(|mark| mark == vote_mark(id))
}

fn with_vote(votes: &str, id: &str) -> String {
    let mut marks: Vec<String> = votes
        .split('.')
        .filter(|mark| mark.len() == 4 && mark.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')))
        .map(str::to_owned)
        .collect();
    marks.push(vote_mark(id));
    let from = marks.len().saturating_sub(VOTES);
    marks.split_off(from).join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_remembers_its_latest_votes_and_nothing_else() {
        let mut votes = "hostile value; x=y".to_owned();
        for n in 0..40 {
            votes = with_vote(&votes, &format!("question-{n}"));
        }
        assert!(votes.len() <= 128 && !votes.contains(';'), "{votes}");
        assert!(has_voted(&votes, "question-39") && !has_voted(&votes, "question-0"));
    }
}
