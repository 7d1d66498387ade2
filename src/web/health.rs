//! Whether the process lives, and whether it can work: for load balancers and service managers.

use std::time::Duration;

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

/// For how long it is told that the clock was set.
const STEP_TOLD: Duration = Duration::from_secs(86_400);

/// Requests can be answered: the database takes what is written (asked by writing, once a second at most), and there are
/// keys to sign with. Beside it stands what an operator wants to see: the last clean-up, and whether the clock was set.
pub async fn ready(State(web): State<WebState>) -> Response {
    let app = &web.app;
    let now = app.now();
    let step = app.clock_watch.look(now).filter(|step| step.is_within(STEP_TOLD));
    let database = app.store.probe(now).await;
    let keys = app.keys().can_sign(now);
    let is_ready = database.is_ok() && keys;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let clean_up = database.as_ref().ok().copied().flatten();
    let body = json!({
        "status": if is_ready { "ready" } else { "not ready" },
        "database": database.map_or_else(|why| why, |_| "ready".to_owned()),
        "signing_keys": if keys { "ready" } else { "none can sign" },
        "clean_up": clean_up.map(|last| json!({
            "seconds_ago": now.since(last.ended_at).as_seconds(), "deleted": last.deleted, "backlog": last.backlog,
        })),
        "clock": { "now": now, "set_by_seconds": step.map(|step| step.seconds) },
    });
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
