//! `/help/v1/images/HASH/NAME`: the pictures of the texts. Their address changes with their content.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use super::problem::Problem;
use crate::web::request::named::BothNamed;
use crate::web::state::WebState;

pub(super) async fn get(
    State(web): State<WebState>,
    named: Option<BothNamed>,
) -> Result<Response, Problem> {
    let snapshot = web.help.current().await;
    let BothNamed(hash, name) = named.ok_or_else(Problem::no_image)?;
    let image = snapshot.content.image(&hash, &name).ok_or_else(Problem::no_image)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(image.kind.content_type())),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        // A drawing that is opened by itself runs nothing and loads nothing.
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        // Portals show it in their pages.
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    Ok((headers, image.content.to_vec()).into_response())
}
