//! `/help/component/VERSION/sekisho-help.js`: the script of the web component, for pages of every origin.

use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::component;
use crate::web::request::named::{Named, or_nothing};

pub async fn get(named: Option<Named>, asked: HeaderMap) -> Response {
    let Some(script) = component::PREPARED.get(or_nothing(named.as_ref())) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let with = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    let with = with.map(|(name, value)| (name, HeaderValue::from_static(value)));
    script.answer(&asked, HeaderMap::from_iter(with))
}
