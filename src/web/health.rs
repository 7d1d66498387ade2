//! Whether the process lives, and whether it can work: for load balancers and service managers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::web::state::WebState;

/// It answers.
pub async fn live() -> &'static str {
    "live\n"
}

/// Requests can be answered: the database takes what is written (asked by writing, once a second at most), and there are
/// keys to sign with.
pub async fn ready(State(web): State<WebState>) -> Response {
    let app = &web.app;
    let now = app.now();
    let database = app.store.probe(now).await;
    let keys = app.keys().can_sign(now);
    let is_ready = database.is_ok() && keys;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": if is_ready { "ready" } else { "not ready" },
        "database": database.map_or_else(|why| why, |()| "ready".to_owned()),
        "signing_keys": if keys { "ready" } else { "none is in force" },
    });
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
