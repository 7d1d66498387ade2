//! `/help`, `/help/faq`, `/help/faq/ID` and `/help/guide`: the help for members who come to the provider itself.

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;

use super::HelpSite;
use crate::domain::help::LocalHelp;
use crate::domain::help::faq::{Category, Question};
use crate::domain::help::guide::Section;
use crate::i18n::Locale;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

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
}

/// `/help/guide`: the whole guide.
#[derive(Clone, Debug, Serialize)]
pub struct GuidePage {
    pub sections: Vec<Section>,
}

/// A category, question or section, to be linked.
#[derive(Clone, Debug, Serialize)]
pub struct TextLink {
    pub id: String,
    pub title: String,
    /// The language of the title: another than the page's where the translation is missing.
    pub locale: String,
}

impl HelpSite {
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
    pub fn question_page(&self, locale: &Locale, id: &str) -> Option<QuestionPage> {
        let help = self.help_in(locale);
        let (category, question) = help.question(id)?;
        let related = question.related.iter().filter_map(|id| help.question(id)).map(|(_, other)| other.into());
        Some(QuestionPage { category: category.into(), question: question.clone(), related: related.collect() })
    }

    pub fn guide_page(&self, locale: &Locale) -> GuidePage {
        GuidePage { sections: self.help_in(locale).guide.clone() }
    }

    fn help_in(&self, locale: &Locale) -> &LocalHelp {
        self.content.in_locale(locale.tag())
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
        };
        vec![
            ("with-related", page(vec![TextLink::from(&samples::question("account-locked"))])),
            ("alone", page(Vec::new())),
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
pub async fn index(visit: Visit) -> Response {
    let page = visit.site.help.help_page(visit.locale());
    visit.page(&page)
}

/// `/help/faq`: every category with its questions.
pub async fn faq(visit: Visit) -> Response {
    let page = visit.site.help.faq_page(visit.locale());
    visit.page(&page)
}

/// `/help/faq/{id}`: one question.
pub async fn question(visit: Visit, Path(id): Path<String>) -> Response {
    match visit.site.help.question_page(visit.locale(), &id) {
        Some(page) => visit.page(&page),
        None => visit.trouble(Trouble::page(ErrorKind::NotFound)),
    }
}

/// `/help/guide`: what there is, and what it needs.
pub async fn guide(visit: Visit) -> Response {
    let page = visit.site.help.guide_page(visit.locale());
    visit.page(&page)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use scraper::{Html, Selector};

    use super::*;
    use crate::config::Settings;
    use crate::domain::unix_time::UnixTime;
    use crate::i18n::Catalogue;
    use crate::web::brand::Brand;
    use crate::web::page::{Chrome, Pages};

    fn site(settings: &Settings) -> (Arc<Catalogue>, HelpSite) {
        let catalogue = Arc::new(Catalogue::load().expect("the translations are whole"));
        let site = HelpSite::load(settings, Arc::clone(&catalogue), UnixTime(0)).expect("the shipped help is sound");
        (catalogue, site)
    }

    fn rendered<P: PageTemplate>(catalogue: &Arc<Catalogue>, locale: Locale, page: &P) -> Html {
        let chrome = Chrome {
            owner: String::new(),
            notice: None,
            locale,
            csrf: "csrf".into(),
            service_name: "Portal".into(),
            society_name: "Society".into(),
            inquiry_url: None,
            application: None,
            here: String::new(),
        };
        let pages = Pages::load(Arc::clone(catalogue), Arc::new(|_, _| None), Brand::default())
            .expect("the templates are whole");
        Html::parse_document(&pages.render(&chrome, page).expect("a page"))
    }

    #[test]
    fn every_question_opens_in_place_and_has_a_page_of_its_own() {
        let (catalogue, site) = site(&Settings::default());
        for locale in catalogue.locales() {
            let html = rendered(&catalogue, locale, &site.faq_page(&locale));
            let details = Selector::parse("details").expect("a selector");
            let parts = ["summary", ".answer", "a[href^='/help/faq/']"].map(|part| Selector::parse(part).expect("one"));
            let mut count = 0;
            for element in html.select(&details) {
                let id = element.attr("id").expect("an id");
                assert!(parts.iter().all(|part| element.select(part).next().is_some()), "{id}");
                let page = site.question_page(&locale, id).expect("it has a page");
                assert!(!page.related.is_empty(), "{id}");
                let alone = rendered(&catalogue, locale, &page);
                assert_eq!(alone.select(&parts[1]).count(), 1, "{id}");
                count += 1;
            }
            assert_eq!(count, 20);
            assert!(site.question_page(&locale, "no-such-question").is_none());
        }
    }

    #[test]
    fn the_inquiry_form_is_linked_where_an_answer_names_it() {
        let mut settings = Settings::default();
        settings.society.inquiry_url = Some("https://society.example.jp/inquiry".parse().expect("a URL"));
        let (catalogue, site) = site(&settings);
        let link = Selector::parse(".answer a[href='https://society.example.jp/inquiry']").expect("a selector");
        for locale in catalogue.locales() {
            let page = site.question_page(&locale, "account-locked").expect("it is there");
            assert_eq!(rendered(&catalogue, locale, &page).select(&link).count(), 1);
        }
    }
}
