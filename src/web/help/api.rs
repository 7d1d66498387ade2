//! `/help/v1`: the FAQ and the guide as JSON, for portals that draw them. Everyone may read it: it holds nothing about
//! members. The language is that of the query `locale`, else the one that `Accept-Language` prefers, else Japanese.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use axum_extra::headers::{ETag, HeaderMapExt, IfModifiedSince, IfNoneMatch, LastModified};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::{HelpError, HelpSite};
use crate::domain::help::LocalHelp;
use crate::domain::help::faq::Question;
use crate::i18n::{Catalogue, Locale};

/// How long a portal or browser may show an answer before it asks again; changed settings arrive after that.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The answers in one language.
pub(super) struct Documents {
    faq: Document,
    questions: BTreeMap<String, Document>,
    guide: Document,
}

/// One answer, ready to be sent.
struct Document {
    body: Bytes,
    /// A digest of the body (RFC 9110, 8.8.3).
    etag: ETag,
    language: HeaderValue,
}

#[derive(Serialize)]
struct FaqJson<'a> {
    locale: &'a str,
    categories: Vec<CategoryJson<'a>>,
}

#[derive(Serialize)]
struct CategoryJson<'a> {
    id: &'a str,
    title: &'a str,
    questions: Vec<QuestionJson<'a>>,
}

#[derive(Serialize)]
struct OneQuestionJson<'a> {
    locale: &'a str,
    category: &'a str,
    #[serde(flatten)]
    question: QuestionJson<'a>,
}

#[derive(Serialize)]
struct QuestionJson<'a> {
    id: &'a str,
    question: &'a str,
    answer_html: &'a str,
    answer_markdown: &'a str,
    answer_text: &'a str,
    related: &'a [String],
    url: String,
}

#[derive(Serialize)]
struct GuideJson<'a> {
    locale: &'a str,
    title: String,
    sections: Vec<SectionJson<'a>>,
}

#[derive(Serialize)]
struct SectionJson<'a> {
    id: &'a str,
    title: &'a str,
    body_html: &'a str,
    body_markdown: &'a str,
    body_text: &'a str,
    url: String,
}

/// RFC 9457: what went wrong with a request.
#[derive(Serialize)]
struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
}

#[derive(Deserialize)]
struct Asked {
    locale: Option<String>,
}

/// The routes of the API, to be merged into those of the provider.
pub fn router<S: Clone + Send + Sync + 'static>(site: Arc<HelpSite>) -> Router<S> {
    // Without a list the answer is the same for every origin, so caches need not tell origins apart.
    let (origins, vary) = match site.allowed_origins.as_slice() {
        [] => (AllowOrigin::any(), Vec::new()),
        origins => (AllowOrigin::list(origins.iter().cloned()), vec![header::ORIGIN]),
    };
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .vary::<Vec<HeaderName>>(vary)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE])
        .expose_headers([header::ETAG, header::CONTENT_LANGUAGE])
        .max_age(Duration::from_secs(86_400));
    Router::new()
        .route("/help/v1/faq", get(faq))
        .route("/help/v1/faq/{id}", get(question))
        .route("/help/v1/guide", get(guide))
        .route("/help/v1/{*rest}", get(nothing_here))
        .method_not_allowed_fallback(not_allowed)
        .layer(cors)
        .with_state(site)
}

async fn faq(
    State(site): State<Arc<HelpSite>>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    site.answer(asked, &headers, |documents| Some(&documents.faq))
}

async fn question(
    State(site): State<Arc<HelpSite>>,
    Path(id): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    site.answer(asked, &headers, |documents| documents.questions.get(&id))
}

async fn guide(
    State(site): State<Arc<HelpSite>>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    site.answer(asked, &headers, |documents| Some(&documents.guide))
}

async fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "Not found", "The help has /help/v1/faq, /help/v1/faq/ID and /help/v1/guide.")
}

async fn not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", "The help can only be read: use GET or HEAD.")
}

impl HelpSite {
    fn answer<'s>(
        &'s self,
        asked: Result<Query<Asked>, QueryRejection>,
        headers: &HeaderMap,
        pick: impl FnOnce(&'s Documents) -> Option<&'s Document>,
    ) -> Result<Response, Problem> {
        let Ok(Query(Asked { locale })) = asked else {
            let detail = "The query takes one locale, such as locale=ja.";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "Bad request", detail));
        };
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let locale = self.catalogue.negotiate(locale.as_deref(), None, accepted);
        let document = self.documents.get(locale.tag()).and_then(pick).ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                "No such question",
                "GET /help/v1/faq lists the questions and their ids.",
            )
        })?;
        let read_at = UNIX_EPOCH + Duration::from_secs(u64::try_from(self.read_at.0).unwrap_or(0));
        let mut answer = HeaderMap::new();
        answer.insert(header::CACHE_CONTROL, CACHE);
        answer.insert(header::VARY, HeaderValue::from_static("accept-language"));
        answer.typed_insert(document.etag.clone());
        answer.typed_insert(LastModified::from(read_at));
        // If-None-Match is the exact one: with it the date does not count (RFC 9110, 13.2.2).
        let known = match (headers.typed_get::<IfNoneMatch>(), headers.typed_get::<IfModifiedSince>()) {
            (Some(tags), _) => !tags.precondition_passes(&document.etag),
            (None, Some(since)) => !since.is_modified(read_at),
            (None, None) => false,
        };
        if known {
            return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
        }
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer.insert(header::CONTENT_LANGUAGE, document.language.clone());
        Ok((answer, document.body.clone()).into_response())
    }
}

impl Documents {
    pub(super) fn of(
        help: &LocalHelp,
        locale: &Locale,
        catalogue: &Catalogue,
        issuer: &str,
    ) -> Result<Documents, HelpError> {
        let tag = locale.tag();
        let mut questions = BTreeMap::new();
        for category in &help.categories {
            for question in &category.questions {
                let json = OneQuestionJson {
                    locale: tag,
                    category: &category.id,
                    question: QuestionJson::of(question, tag, issuer),
                };
                questions.insert(question.id.clone(), Document::of(&json, tag)?);
            }
        }
        let categories = help.categories.iter().map(|category| CategoryJson {
            id: &category.id,
            title: &category.title,
            questions: category.questions.iter().map(|question| QuestionJson::of(question, tag, issuer)).collect(),
        });
        let sections = help.guide.iter().map(|section| SectionJson {
            id: &section.id,
            title: &section.title,
            body_html: &section.body.html,
            body_markdown: &section.body.markdown,
            body_text: &section.body.text,
            url: format!("{issuer}/help/guide?ui_locales={tag}#{}", section.id),
        });
        let title = catalogue.text(locale, "help-guide-heading", &[]);
        Ok(Documents {
            faq: Document::of(&FaqJson { locale: tag, categories: categories.collect() }, tag)?,
            guide: Document::of(&GuideJson { locale: tag, title, sections: sections.collect() }, tag)?,
            questions,
        })
    }
}

impl<'a> QuestionJson<'a> {
    fn of(question: &'a Question, locale: &str, issuer: &str) -> QuestionJson<'a> {
        QuestionJson {
            id: &question.id,
            question: &question.question,
            answer_html: &question.answer.html,
            answer_markdown: &question.answer.markdown,
            answer_text: &question.answer.text,
            related: &question.related,
            url: format!("{issuer}/help/faq/{}?ui_locales={locale}", question.id),
        }
    }
}

impl Document {
    fn of(json: &impl Serialize, locale: &str) -> Result<Document, HelpError> {
        let body = Bytes::from(serde_json::to_vec(json)?);
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(&body)));
        let etag = etag.parse().map_err(|_| HelpError::Header(etag))?;
        let language = HeaderValue::from_str(locale).map_err(|_| HelpError::Header(locale.to_owned()))?;
        Ok(Document { body, etag, language })
    }
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: &'static str) -> Problem {
        Problem { r#type: "about:blank", title, status: status.as_u16(), detail }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(self)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;
    use crate::config::Settings;
    use crate::domain::unix_time::{Span, UnixTime};

    /// 2026-11-22T01:42:00Z
    const START: UnixTime = UnixTime(1_795_311_720);
    const START_DATE: &str = "Sun, 22 Nov 2026 01:42:00 GMT";

    fn api(settings: &Settings, now: UnixTime) -> Router {
        let catalogue = Arc::new(Catalogue::load().expect("the translations are whole"));
        router(Arc::new(HelpSite::load(settings, catalogue, now).expect("the shipped help is sound")))
    }

    async fn send(api: &Router, method: &str, uri: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = api.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    async fn json(api: &Router, uri: &str) -> Value {
        let (status, _, body) = send(api, "GET", uri, &[]).await;
        assert_eq!(status, StatusCode::OK, "{uri}");
        serde_json::from_str(&body).expect("JSON")
    }

    #[tokio::test]
    async fn the_faq_holds_what_each_question_holds_by_itself() {
        let api = api(&Settings::default(), START);
        for locale in ["ja", "en"] {
            let faq = json(&api, &format!("/help/v1/faq?locale={locale}")).await;
            assert_eq!(faq["locale"], locale);
            let mut count = 0;
            for category in faq["categories"].as_array().expect("categories") {
                for question in category["questions"].as_array().expect("questions") {
                    count += 1;
                    let id = question["id"].as_str().expect("an id");
                    let mut alone = json(&api, &format!("/help/v1/faq/{id}?locale={locale}")).await;
                    assert_eq!(alone["locale"], locale);
                    assert_eq!(alone["category"], category["id"]);
                    assert_eq!(question["url"], format!("http://localhost:8080/help/faq/{id}?ui_locales={locale}"));
                    let fields = alone.as_object_mut().expect("an object");
                    fields.remove("locale");
                    fields.remove("category");
                    assert_eq!(&alone, question);
                }
            }
            assert_eq!(count, 20);
            let guide = json(&api, &format!("/help/v1/guide?locale={locale}")).await;
            let sections = guide["sections"].as_array().expect("sections");
            assert!(sections.iter().any(|section| section["id"] == "recommended-environment"));
            assert!(sections.iter().all(|section| section["body_html"] != "" && section["body_text"] != ""));
        }
    }

    #[tokio::test]
    async fn settings_reach_the_answers() {
        let mut settings = Settings::default();
        settings.passwords.min_length = 13;
        let api = api(&settings, START);
        for locale in ["ja", "en"] {
            let answer = json(&api, &format!("/help/v1/faq/password-policy?locale={locale}")).await;
            for form in ["answer_html", "answer_markdown", "answer_text"] {
                assert!(answer[form].as_str().is_some_and(|text| text.contains("13")), "{answer}");
            }
        }
    }

    #[tokio::test]
    async fn the_language_is_that_of_the_query_then_of_the_browser_then_japanese() {
        let api = api(&Settings::default(), START);
        for (query, accepted, expected) in
            [("?locale=en", "ja", "en"), ("", "en-GB, ja;q=0.5", "en"), ("", "fr", "ja"), ("?locale=fr", "en", "en")]
        {
            for path in ["faq", "faq/pc-use", "guide"] {
                let uri = format!("/help/v1/{path}{query}");
                let (status, headers, body) = send(&api, "GET", &uri, &[("accept-language", accepted)]).await;
                assert_eq!(status, StatusCode::OK);
                assert_eq!(headers["content-language"], expected, "{uri}");
                assert_eq!(headers["vary"], "accept-language");
                assert!(body.starts_with(&format!("{{\"locale\":\"{expected}\"")), "{uri}");
            }
        }
    }

    #[tokio::test]
    async fn what_a_portal_has_already_is_not_sent_again() {
        let api = api(&Settings::default(), START);
        let (_, headers, body) = send(&api, "GET", "/help/v1/faq?locale=ja", &[]).await;
        assert!(!body.is_empty());
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["cache-control"], "public, max-age=300");
        assert_eq!(headers["last-modified"], START_DATE);
        let etag = headers["etag"].to_str().expect("ASCII").to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag} is strong");

        let both = format!("\"other\", W/{etag}");
        for (conditions, expected) in [
            (vec![("if-none-match", etag.as_str())], 304),
            (vec![("if-none-match", both.as_str())], 304),
            (vec![("if-none-match", "*")], 304),
            (vec![("if-none-match", "\"other\"")], 200),
            (vec![("if-none-match", "\"other\""), ("if-modified-since", START_DATE)], 200),
            (vec![("if-modified-since", START_DATE)], 304),
            (vec![("if-modified-since", "Sun, 22 Nov 2026 01:41:59 GMT")], 200),
            (vec![("if-modified-since", "yesterday")], 200),
        ] {
            let (status, headers, body) = send(&api, "GET", "/help/v1/faq?locale=ja", &conditions).await;
            assert_eq!(status.as_u16(), expected, "{conditions:?}");
            assert_eq!(body.is_empty(), expected == 304);
            for name in ["etag", "cache-control", "vary", "last-modified"] {
                assert!(headers.contains_key(name), "{name} is missing, {conditions:?}");
            }
        }
        let (status, _, _) = send(&api, "GET", "/help/v1/faq?locale=en", &[("if-none-match", &etag)]).await;
        assert_eq!(status, StatusCode::OK, "another language is another document");
    }

    #[tokio::test]
    async fn the_tag_changes_with_the_settings_and_not_with_a_restart() {
        let etag = async |settings: &Settings, now| {
            send(&api(settings, now), "HEAD", "/help/v1/faq", &[]).await.1["etag"].clone()
        };
        let mut changed = Settings::default();
        changed.locks.password.threshold = 7;
        let first = etag(&Settings::default(), START).await;
        assert_eq!(first, etag(&Settings::default(), START + Span::days(1)).await);
        assert_ne!(first, etag(&changed, START).await);
    }

    #[tokio::test]
    async fn scripts_of_any_origin_may_read_it_unless_the_settings_name_some() {
        let open = api(&Settings::default(), START);
        let (_, headers, _) = send(&open, "GET", "/help/v1/faq", &[("origin", "https://a.example")]).await;
        assert_eq!(headers["access-control-allow-origin"], "*");

        let mut settings = Settings::default();
        settings.help.allowed_origins = vec!["https://portal.example.jp".into()];
        let closed = api(&settings, START);
        for (origin, allowed) in [("https://portal.example.jp", true), ("https://evil.example", false), ("null", false)]
        {
            let (_, headers, _) = send(&closed, "GET", "/help/v1/faq", &[("origin", origin)]).await;
            assert_eq!(headers.get("access-control-allow-origin").is_some_and(|value| value == origin), allowed);
            let vary: Vec<&HeaderValue> = headers.get_all("vary").iter().collect();
            assert_eq!(vary, ["accept-language", "origin"]);
        }
        let preflight = [("origin", "https://portal.example.jp"), ("access-control-request-method", "GET")];
        let (status, headers, _) = send(&closed, "OPTIONS", "/help/v1/faq", &preflight).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["access-control-allow-origin"], "https://portal.example.jp");
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }

    #[tokio::test]
    async fn mistakes_are_answered_as_problem_details() {
        let api = api(&Settings::default(), START);
        for (method, uri, expected) in [
            ("GET", "/help/v1/faq/no-such-question", 404),
            ("GET", "/help/v1/faq/%3Cscript%3E", 404),
            ("GET", "/help/v1/nothing", 404),
            ("GET", "/help/v1/faq?locale=ja&locale=en", 400),
            ("POST", "/help/v1/faq", 405),
        ] {
            let (status, headers, body) = send(&api, method, uri, &[]).await;
            assert_eq!(status.as_u16(), expected, "{method} {uri}");
            assert_eq!(headers["content-type"], "application/problem+json");
            assert_eq!(headers["access-control-allow-origin"], "*", "scripts must be able to read what went wrong");
            let problem: Value = serde_json::from_str(&body).expect("JSON");
            assert_eq!(problem["status"], expected);
            assert!(!body.contains("script"), "{body}");
        }
    }

    #[tokio::test]
    async fn head_has_the_headers_without_the_body() {
        let api = api(&Settings::default(), START);
        let (status, head, body) = send(&api, "HEAD", "/help/v1/guide", &[]).await;
        let (_, get, _) = send(&api, "GET", "/help/v1/guide", &[]).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, ""));
        assert_eq!(head["etag"], get["etag"]);
    }
}
