//! `POST /help/v1/questions/ID/votes`: whether an answer helped. Counted by question and language, with nothing about who.
//! That a browser says it once only is for the portal to remember, in the browser: here nothing is kept that could tell
//! readers apart. What one address may send is bounded.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::answer::Request;
use super::problem::Problem;
use crate::actions::ActionError;
use crate::actions::help::count_feedback::count_vote;
use crate::store::StoreError;
use crate::web::request::headers::media_type;
use crate::web::request::named::{Named, or_nothing};
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
    named: Option<Named>,
    request: Request,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    web.limits.help_vote(request.address).map_err(Problem::too_often)?;
    let request = request.only(&["locale"])?;
    if media_type(&headers) != "application/json" {
        return Err(Problem::not_json());
    }
    let vote: Option<Vote> = (body.len() <= LONGEST_BODY).then(|| serde_json::from_slice(&body).ok()).flatten();
    let Some(Vote { helpful }) = vote else {
        let detail = "The body must be an object with helpful alone, true or false.";
        return Err(Problem::of("helpful", detail, "Send {\"helpful\": true} or {\"helpful\": false}."));
    };
    let id = or_nothing(named.as_ref());
    if request.help().question(id).is_none() {
        return Err(Problem::no_question());
    }
    count_vote(&web.app, id, request.locale.tag(), helpful).await.map_err(|error| match error {
        ActionError::Store(StoreError::Busy(_)) => Problem::busy(),
        error => {
            tracing::error!("{error}");
            Problem::inside()
        }
    })?;
    Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response())
}
