//! `/help/v1/images/HASH/NAME`: the pictures of the texts. Their address changes with their content.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

use super::answer::Request;
use super::problem::Problem;
use crate::web::request::named::BothNamed;

pub(super) async fn get(named: Option<BothNamed>, request: Request) -> Result<Response, Problem> {
    let BothNamed(hash, name) = named.ok_or_else(Problem::no_image)?;
    let image = request.snapshot.content.image(&hash, &name).ok_or_else(Problem::no_image)?;
    let prepared = request.snapshot.images.get(&image.hash).ok_or_else(Problem::no_image)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(image.kind.content_type())),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        // A drawing that is opened by itself runs nothing and loads nothing.
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        // Portals show it in their pages.
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    Ok(prepared.answer(request.headers(), HeaderMap::from_iter(headers)))
}
