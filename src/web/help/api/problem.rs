//! What went wrong with a request (RFC 9457). Beside the standard's members, `parameter` names what is wrong and `fix` says
//! what to do about it.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::web::request::rate_limit::Exceeded;

#[derive(Debug, Serialize)]
pub(super) struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    fix: String,
    #[serde(skip)]
    retry_seconds: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>, fix: impl Into<String>) -> Problem {
        Problem {
            // Of the status alone: its title is the status's own (RFC 9457, 4.2.1).
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            parameter: None,
            fix: fix.into(),
            retry_seconds: None,
        }
    }

    /// Something is wrong with a parameter of the query, or with a member of the body.
    pub fn of(parameter: &str, detail: impl Into<String>, fix: impl Into<String>) -> Problem {
        // Somebody else's text: cut short, it can't become a flood.
        let parameter = parameter.chars().take(40).filter(|letter| !letter.is_control()).collect();
        Problem { parameter: Some(parameter), ..Problem::new(StatusCode::BAD_REQUEST, detail, fix) }
    }

    pub fn no_question() -> Problem {
        let detail = "There is no question with this id.";
        Problem::new(StatusCode::NOT_FOUND, detail, "GET /help/v1/questions lists the questions with their ids.")
    }

    pub fn no_category() -> Problem {
        let detail = "There is no category with this id.";
        Problem::new(StatusCode::NOT_FOUND, detail, "GET /help/v1/categories lists the categories with their ids.")
    }

    pub fn no_section() -> Problem {
        let detail = "The guide has no section with this id.";
        Problem::new(StatusCode::NOT_FOUND, detail, "GET /help/v1/guide lists the sections with their ids.")
    }

    pub fn no_image() -> Problem {
        let detail = "There is no such picture, or it has changed.";
        Problem::new(StatusCode::NOT_FOUND, detail, "Ask for the text again: it names the picture's present address.")
    }

    pub fn nothing_here() -> Problem {
        let detail = "The help has nothing at this address.";
        Problem::new(StatusCode::NOT_FOUND, detail, "GET /help/v1/openapi.json describes what there is.")
    }

    pub fn not_allowed() -> Problem {
        let detail = "This address does not take that method.";
        let fix = "Use GET or HEAD; POST for /help/v1/questions/{id}/votes alone.";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail, fix)
    }

    pub fn not_acceptable(forms: &str) -> Problem {
        let detail = "None of the types in Accept is offered here.";
        Problem::new(StatusCode::NOT_ACCEPTABLE, detail, format!("Accept one of {forms}."))
    }

    pub fn not_json() -> Problem {
        let detail = "The body is not of type application/json.";
        let fix = "Send Content-Type: application/json.";
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail, fix)
    }

    pub fn too_often(exceeded: Exceeded) -> Problem {
        let detail = "Too many requests came from this address.";
        let fix = format!("Try again in {} s.", exceeded.retry_seconds);
        let retry_seconds = Some(exceeded.retry_seconds);
        Problem { retry_seconds, ..Problem::new(StatusCode::TOO_MANY_REQUESTS, detail, fix) }
    }

    pub fn inside() -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here.", "Try again later.")
    }

    pub fn busy() -> Problem {
        let retry_seconds = Some(1);
        Problem {
            retry_seconds,
            ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Too much is going on.", "Try again.")
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_seconds = self.retry_seconds;
        let content_type = [(header::CONTENT_TYPE, "application/problem+json"), (header::CONTENT_LANGUAGE, "en")];
        let mut response = (status, content_type, Json(self)).into_response();
        if let Some(seconds) = retry_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
