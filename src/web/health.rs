//! Whether the process lives, and whether it can work: for load balancers and service managers.

use axum::extract::State;
use axum::http::StatusCode;

use crate::store::protocol::signing_keys;
use crate::web::state::WebState;

/// It answers.
pub async fn live() -> &'static str {
    "live\n"
}

/// It answers, and so does the database.
pub async fn ready(State(web): State<WebState>) -> (StatusCode, &'static str) {
    let reader = web.app.store.reader().await;
    let answered = match reader {
        Ok(mut reader) => signing_keys::all(&mut reader).await.is_ok_and(|keys| !keys.is_empty()),
        Err(_) => false,
    };
    if answered {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
    }
}
