//! Style sheet and pictures. Their address changes with their content, so they may be kept for ever.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::web::request::named::BothNamed;
use crate::web::state::WebState;

pub async fn asset(State(web): State<WebState>, named: Option<BothNamed>, asked: HeaderMap) -> Response {
    let asset = named.and_then(|BothNamed(hash, name)| web.pages.asset(&name).filter(|asset| asset.hash == *hash));
    match asset {
        Some(asset) => {
            let with = [
                (CONTENT_TYPE, asset.content_type),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
                // A picture that somebody opens by its address runs no script, whoever drew it.
                (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
            ];
            let with = with.map(|(name, value)| (name, HeaderValue::from_static(value)));
            asset.prepared.answer(&asked, HeaderMap::from_iter(with))
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
