//! `/jwks`: the public keys (RFC 7517, 5).

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use crate::web::state::WebState;

/// How long relying parties may keep discovery and keys; well below the time for which a new key is published before use.
pub const KEPT: &str = "public, max-age=3600";

pub async fn get(State(web): State<WebState>, asked: HeaderMap) -> Response {
    let keys = web.app.keys().jwks(web.app.now()).to_string();
    let with = [(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, KEPT)];
    let with = with.map(|(name, value)| (name, HeaderValue::from_static(value)));
    web.prepared.jwks.of(keys).answer(&asked, HeaderMap::from_iter(with))
}
