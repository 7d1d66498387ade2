//! `POST /help/v1/questions/ID/votes`: whether an answer helped. Counted by question and language, with nothing about who.
//! That a browser says it once only is for the portal to remember, in the browser: here nothing is kept that could tell
//! readers apart. What one address may send is bounded.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::answer::Request;
use super::problem::Problem;
use crate::actions::ActionError;
use crate::actions::help::count_feedback::count_vote;
use crate::store::StoreError;
use crate::web::state::WebState;

/// More than the vote that a body can hold.
const LONGEST_BODY: usize = 1_024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vote {
    helpful: bool,
}

pub(super) async fn post(
    State(web): State<WebState>,
    Path(id): Path<String>,
    request: Request,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    web.limits.help_vote(request.address).map_err(Problem::too_often)?;
    let request = request.only(&["locale"])?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Problem::not_json());
    }
    let vote: Option<Vote> = (body.len() <= LONGEST_BODY).then(|| serde_json::from_slice(&body).ok()).flatten();
    let Some(Vote { helpful }) = vote else {
        let detail = "The body must be an object with helpful alone, true or false.";
        return Err(Problem::of("helpful", detail, "Send {\"helpful\": true} or {\"helpful\": false}."));
    };
    if request.help().question(&id).is_none() {
        return Err(Problem::no_question());
    }
    count_vote(&web.app, &id, request.locale.tag(), helpful).await.map_err(|error| match error {
        ActionError::Store(StoreError::Busy(_)) => Problem::busy(),
        error => {
            tracing::error!("{error}");
            Problem::inside()
        }
    })?;
    Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response())
}
