//! `/help/v1`: the FAQ and the guide for portals that draw them. Everyone may read it: it holds nothing about members.
//!
//! The language is that of the query `locale`, else the one that `Accept-Language` prefers, else Japanese. Answers may be
//! kept, but must be asked for again before they are shown (`no-cache` and a weak `ETag`): what staff publish is seen with
//! the next answer of any node. `openapi.json` describes it all.

mod answer;
pub(super) mod documents;
mod images;
mod problem;
pub(super) mod search;
pub(super) mod votes;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::HelpError;
use crate::web::paths;
use crate::web::prepared::Prepared;
use crate::web::request::named::{Named, or_nothing};
use crate::web::state::WebState;
use answer::Request;
use documents::Form;
use problem::Problem;

/// The description of this API, with `{issuer}` for the provider's address.
const OPENAPI: &str = include_str!("openapi.json");

/// The routes of the API, to be merged into those of the provider.
pub fn router(allowed_origins: &[String]) -> Router<WebState> {
    // Without a list the answer is the same for every origin, so caches need not tell origins apart.
    let origins: Vec<HeaderValue> = allowed_origins.iter().filter_map(|o| HeaderValue::from_str(o).ok()).collect();
    let (origins, vary) = match allowed_origins {
        [] => (AllowOrigin::any(), Vec::new()),
        _ => (AllowOrigin::list(origins), vec![header::ORIGIN]),
    };
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .vary::<Vec<HeaderName>>(vary)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::ETAG, header::CONTENT_LANGUAGE, header::RETRY_AFTER])
        .max_age(Duration::from_secs(86_400));
    Router::new()
        .route(paths::HELP_V1_CATEGORIES, get(categories))
        .route(paths::HELP_V1_CATEGORIES_ONE, get(category))
        .route(paths::HELP_V1_QUESTIONS, get(questions))
        .route(paths::HELP_V1_QUESTIONS_ONE, get(question))
        .route(paths::HELP_V1_VOTES, post(votes::post))
        .route(paths::HELP_V1_FAQ_JSONLD, get(faq_json_ld))
        .route(paths::HELP_V1_GUIDE, get(guide))
        .route(paths::HELP_V1_GUIDE_ONE, get(section))
        .route(paths::HELP_V1_SEARCH, get(search::get))
        .route(paths::HELP_V1_COMPONENT, get(component))
        .route(paths::HELP_V1_OPENAPI, get(openapi))
        .route(paths::HELP_V1_IMAGES, get(images::get))
        .route(paths::HELP_V1, get(nothing_here))
        .route(paths::HELP_V1_REST, get(nothing_here))
        .method_not_allowed_fallback(not_allowed)
        .layer(cors)
}

async fn categories(request: Request) -> Result<Response, Problem> {
    request.only(&["locale"])?.with(|documents| Some(&documents.categories), Problem::no_category)
}

async fn category(named: Option<Named>, request: Request) -> Result<Response, Problem> {
    request
        .only(&["locale"])?
        .with(|documents| documents.category.get(or_nothing(named.as_ref())), Problem::no_category)
}

/// All questions, as JSON or as a `FAQPage`.
async fn questions(request: Request) -> Result<Response, Problem> {
    let request = request.only(&["locale", "format"])?;
    match request.form(&[Form::Json, Form::JsonLd])? {
        Form::JsonLd => request.with(|documents| Some(&documents.faq_json_ld), Problem::no_question),
        _ => request.with(|documents| Some(&documents.questions), Problem::no_question),
    }
}

/// One question, in any form.
async fn question(named: Option<Named>, request: Request) -> Result<Response, Problem> {
    let request = request.only(&["locale", "format"])?;
    let form = request.form(&Form::ALL)?;
    request.with(|documents| documents.question.get(or_nothing(named.as_ref()))?.get(&form), Problem::no_question)
}

async fn faq_json_ld(request: Request) -> Result<Response, Problem> {
    request.only(&["locale"])?.with(|documents| Some(&documents.faq_json_ld), Problem::no_question)
}

async fn guide(request: Request) -> Result<Response, Problem> {
    request.only(&["locale"])?.with(|documents| Some(&documents.guide), Problem::no_section)
}

async fn section(named: Option<Named>, request: Request) -> Result<Response, Problem> {
    request.only(&["locale"])?.with(|documents| documents.section.get(or_nothing(named.as_ref())), Problem::no_section)
}

/// The words of the web component, and where its script lies.
async fn component(request: Request) -> Result<Response, Problem> {
    request.only(&["locale"])?.with(|documents| Some(&documents.component), Problem::nothing_here)
}

async fn openapi(State(web): State<WebState>, request: Request) -> Result<Response, Problem> {
    let request = request.only(&[])?;
    let text = || Prepared::text(OPENAPI.replace("{issuer}", web.app.settings.issuer()));
    Ok(request.answer(web.prepared.openapi.get_or_init(text), Form::Json, None))
}

async fn nothing_here() -> Problem {
    Problem::nothing_here()
}

async fn not_allowed() -> Problem {
    Problem::not_allowed()
}

fn inside(error: &HelpError) -> Problem {
    tracing::error!("{error}");
    Problem::inside()
}
