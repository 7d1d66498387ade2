//! Forms: those that our own pages send, and those of other sites.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use axum::{RequestExt as _, body::Bytes};

use super::browser::BrowserRequest;
use super::headers;
use crate::crypto::opaque_token;
use crate::domain::protocol::params::Params;
use crate::web::error_page::ErrorKind;
use crate::web::page_error::PageError;
use crate::web::state::WebState;

/// A browser with a form whose hidden `csrf` field shows that it comes from a page we gave to this very browser.
pub struct OwnForm {
    pub browser: BrowserRequest,
    pub fields: Params,
}

impl FromRequest<WebState> for OwnForm {
    type Rejection = Response;

    async fn from_request(mut request: Request, web: &WebState) -> Result<OwnForm, Response> {
        let browser = request.extract_parts_with_state::<BrowserRequest, WebState>(web).await?;
        let is_form = is_form(&request);
        let body = match Bytes::from_request(request, web).await {
            Ok(body) if is_form => body,
            _ => return Err(browser.page_error(PageError::page(ErrorKind::RequestInvalid))),
        };
        // No text of ours has a NUL, and PostgreSQL takes none.
        let text = String::from_utf8_lossy(&body).replace("%00", "%EF%BF%BD").replace('\0', "\u{fffd}");
        let fields = Params::parse(&text);
        let ours = fields.get("csrf").is_some_and(|csrf| opaque_token::same(csrf, &browser.csrf()));
        if browser.browser_is_new() {
            Err(browser.page_error(PageError::page(ErrorKind::FlowOtherBrowser)))
        } else if ours {
            Ok(OwnForm { browser, fields })
        } else {
            Err(browser.page_error(PageError::page(ErrorKind::FormExpired)))
        }
    }
}

/// Another site's request by POST comes without our cookies: it is asked for again by GET, with them. The browser still
/// has them, so it gets no new ones here.
pub fn ask_again_by_get(path: &str, form: &[u8]) -> Response {
    let pairs = url::form_urlencoded::parse(form);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    (StatusCode::SEE_OTHER, [(LOCATION, format!("{path}?{query}"))]).into_response()
}

/// Whether the body is a form (`application/x-www-form-urlencoded`, whatever its parameters).
pub fn is_form(request: &Request) -> bool {
    headers::media_type(request.headers()) == "application/x-www-form-urlencoded"
}
