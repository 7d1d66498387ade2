//! `/jwks`: the public keys (RFC 7517, 5).

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::app::App;

/// How long relying parties may keep discovery and keys; well below the time for which a new key is published before use.
pub const KEPT: &str = "public, max-age=3600";

pub async fn get(State(app): State<App>) -> Response {
    let body = app.keys().jwks(app.now()).to_string();
    ([(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, KEPT)], body).into_response()
}
