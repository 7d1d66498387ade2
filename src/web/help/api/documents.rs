//! The answers in one language, ready to be sent.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::HeaderValue;
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::help::LocalHelp;
use crate::domain::help::faq::{Category, Question};
use crate::domain::help::guide::Section;
use crate::domain::help::markdown::Body;
use crate::i18n::{Catalogue, Locale};
use crate::web::help::component;
use crate::web::help::error::HelpError;
use crate::web::prepared::Prepared;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::web::help) enum Form {
    Json,
    JsonLd,
    Html,
    Markdown,
    Text,
}

impl Form {
    /// In the order in which they are preferred.
    pub const ALL: [Form; 5] = [Form::Json, Form::JsonLd, Form::Html, Form::Markdown, Form::Text];

    /// For the query.
    pub const fn name(self) -> &'static str {
        match self {
            Form::Json => "json",
            Form::JsonLd => "jsonld",
            Form::Html => "html",
            Form::Markdown => "markdown",
            Form::Text => "text",
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Form::Json => "application/json",
            Form::JsonLd => "application/ld+json",
            Form::Html => "text/html",
            Form::Markdown => "text/markdown",
            Form::Text => "text/plain",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Form::Json => "application/json",
            Form::JsonLd => "application/ld+json",
            Form::Html => "text/html; charset=utf-8",
            Form::Markdown => "text/markdown; charset=utf-8",
            Form::Text => "text/plain; charset=utf-8",
        }
    }
}

/// One answer, ready to be sent.
pub(in crate::web::help) struct Document {
    pub body: Prepared,
    pub form: Form,
    pub language: Option<HeaderValue>,
}

/// The answers in one language.
pub(in crate::web::help) struct Documents {
    pub categories: Document,
    pub category: BTreeMap<String, Document>,
    pub questions: Document,
    pub question: BTreeMap<String, BTreeMap<Form, Document>>,
    pub faq_json_ld: Document,
    pub guide: Document,
    pub section: BTreeMap<String, Document>,
    pub component: Document,
}

/// A question or category by its name.
#[derive(Serialize)]
pub(super) struct Named<'a> {
    pub id: &'a str,
    pub title: &'a str,
}

#[derive(Serialize)]
struct CategoryJson<'a> {
    #[serde(flatten)]
    named: Named<'a>,
    /// Of the title.
    language: &'a str,
    url: String,
    questions: Vec<Named<'a>>,
}

#[derive(Serialize)]
struct QuestionJson<'a> {
    #[serde(flatten)]
    named: Named<'a>,
    language: &'a str,
    category: Named<'a>,
    answer: &'a Body,
    related: Vec<Named<'a>>,
    url: String,
}

#[derive(Serialize)]
struct SectionJson<'a> {
    #[serde(flatten)]
    named: Named<'a>,
    language: &'a str,
    body: &'a Body,
    url: String,
}

/// One thing, with the language that was answered in.
#[derive(Serialize)]
struct One<'a, T> {
    locale: &'a str,
    #[serde(flatten)]
    one: &'a T,
}

impl Documents {
    pub fn of(help: &LocalHelp, locale: &Locale, catalogue: &Catalogue, issuer: &str) -> Result<Documents, HelpError> {
        let tag = locale.tag();
        let mut categories = Vec::new();
        let mut category = BTreeMap::new();
        let mut questions = Vec::new();
        let mut question = BTreeMap::new();
        let mut entities = Vec::new();
        for one in &help.categories {
            let as_json = CategoryJson {
                named: named_category(one),
                language: &one.locale,
                url: format!("{issuer}/help/faq?ui_locales={tag}#category-{}", one.id),
                questions: one.questions.iter().map(named_question).collect(),
            };
            category.insert(one.id.clone(), Document::json(&One { locale: tag, one: &as_json }, tag)?);
            categories.push(as_json);
            for asked in &one.questions {
                let as_json = QuestionJson {
                    named: named_question(asked),
                    language: &asked.locale,
                    category: named_category(one),
                    answer: &asked.answer,
                    related: asked
                        .related
                        .iter()
                        .filter_map(|id| help.question(id))
                        .map(|(_, other)| named_question(other))
                        .collect(),
                    url: question_url(issuer, &asked.id, tag),
                };
                let entity = question_json_ld(asked, &as_json.url);
                let title = catalogue.text(locale, "help-faq-heading", &[]);
                let page = faq_json_ld(&title, &asked.locale, vec![entity.clone()]);
                let forms = [
                    Document::json(&One { locale: tag, one: &as_json }, tag)?,
                    Document::new(page.into(), Form::JsonLd, Some(tag))?,
                    Document::new(html(asked).into(), Form::Html, Some(tag))?,
                    Document::new(markdown(asked).into(), Form::Markdown, Some(tag))?,
                    Document::new(text(asked).into(), Form::Text, Some(tag))?,
                ];
                question
                    .insert(asked.id.clone(), forms.into_iter().map(|document| (document.form, document)).collect());
                entities.push(entity);
                questions.push(as_json);
            }
        }
        let sections: Vec<SectionJson<'_>> =
            help.guide.iter().map(|section| section_json(section, issuer, tag)).collect();
        let section = sections
            .iter()
            .map(|section| Ok((section.named.id.to_owned(), Document::json(&One { locale: tag, one: section }, tag)?)));
        let title = catalogue.text(locale, "help-faq-heading", &[]);
        Ok(Documents {
            section: section.collect::<Result<_, HelpError>>()?,
            component: Document::json(&component::json(catalogue, locale, issuer), tag)?,
            categories: Document::json(&json!({ "locale": tag, "categories": categories }), tag)?,
            category,
            questions: Document::json(&json!({ "locale": tag, "questions": questions }), tag)?,
            question,
            faq_json_ld: Document::new(faq_json_ld(&title, tag, entities).into(), Form::JsonLd, Some(tag))?,
            guide: Document::json(
                &json!({
                    "locale": tag,
                    "title": catalogue.text(locale, "help-guide-heading", &[]),
                    "url": format!("{issuer}/help/guide?ui_locales={tag}"),
                    "sections": sections,
                }),
                tag,
            )?,
        })
    }
}

impl Document {
    pub fn new(body: Bytes, form: Form, language: Option<&str>) -> Result<Document, HelpError> {
        let header =
            |language: &str| HeaderValue::from_str(language).map_err(|_| HelpError::Header(language.to_owned()));
        let language = language.map(header).transpose()?;
        Ok(Document { body: Prepared::text(body), form, language })
    }

    /// For one reader.
    pub fn unique(value: &impl Serialize, language: &str) -> Result<Document, HelpError> {
        let body = Prepared::as_it_is(serde_json::to_vec(value)?);
        Ok(Document { body, ..Document::json(&(), language)? })
    }

    pub fn json(value: &impl Serialize, language: &str) -> Result<Document, HelpError> {
        Document::new(serde_json::to_vec(value)?.into(), Form::Json, Some(language))
    }
}

pub(super) fn named_question(question: &Question) -> Named<'_> {
    Named { id: &question.id, title: &question.question }
}

pub(super) fn named_category(category: &Category) -> Named<'_> {
    Named { id: &category.id, title: &category.title }
}

pub(super) fn question_url(issuer: &str, id: &str, locale: &str) -> String {
    format!("{issuer}/help/faq/{id}?ui_locales={locale}")
}

pub(super) fn section_url(issuer: &str, id: &str, locale: &str) -> String {
    format!("{issuer}/help/guide?ui_locales={locale}#{id}")
}

fn section_json<'a>(section: &'a Section, issuer: &str, locale: &str) -> SectionJson<'a> {
    SectionJson {
        named: Named { id: &section.id, title: &section.title },
        language: &section.locale,
        body: &section.body,
        url: section_url(issuer, &section.id, locale),
    }
}

/// A question as an HTML fragment.
fn html(question: &Question) -> String {
    let title = question.question.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<article lang=\"{}\">\n<h2>{title}</h2>\n{}\n</article>\n", question.locale, question.answer.html)
}

fn markdown(question: &Question) -> String {
    format!("## {}\n\n{}\n", crate::domain::help::markdown::escaped(&question.question), question.answer.markdown)
}

fn text(question: &Question) -> String {
    format!("{}\n\n{}\n", question.question, question.answer.text)
}

/// https://schema.org/Question
fn question_json_ld(question: &Question, url: &str) -> Value {
    json!({
        "@type": "Question",
        "@id": url,
        "name": question.question,
        "url": url,
        "inLanguage": question.locale,
        "acceptedAnswer": { "@type": "Answer", "text": question.answer.html, "inLanguage": question.locale },
    })
}

/// https://schema.org/FAQPage. Whoever puts it into a page does so within `script`: nothing in it may end that.
fn faq_json_ld(name: &str, locale: &str, questions: Vec<Value>) -> String {
    let page = json!({
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "name": name,
        "inLanguage": locale,
        "mainEntity": questions,
    });
    let mut text = String::new();
    for letter in page.to_string().chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => text.push(letter),
        }
    }
    text
}
