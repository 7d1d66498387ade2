//! The page for what cannot go on: what happened, why it may be, what to do now, and a code that support can look up.

use serde::Serialize;

use crate::web::page::PageTemplate;

/// A page that says what went wrong.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorPage {
    pub kind: ErrorKind,
    /// A short stable name for the kind, such as `redirect_uri_mismatch`: [`ErrorKind::code`], or a finer one.
    pub code: String,
    /// The request's id, by which support finds the log line.
    pub reference: String,
    /// One sentence for the developers of the application. No secret, nothing about a member.
    pub detail: Option<String>,
    /// Where to begin again, if that is known and trusted; an http(s) URL or a path.
    pub back: Option<String>,
}

/// What went wrong, as a member can understand it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ErrorKind {
    RedirectUriMissing,
    RedirectUriMismatch,
    ClientUnknown,
    RequestInvalid,
    ResponseTypeMissing,
    FlowExpired,
    FlowOtherBrowser,
    /// The CSRF token is missing or does not fit.
    FormExpired,
    TooManyRequests {
        retry_seconds: u32,
    },
    /// The queue for hashing or the database is full.
    Busy,
    NotFound,
    MethodNotAllowed,
    ServerError,
    LogoutHintInvalid,
    PostLogoutRedirectUriMismatch,
    AccountDisabled,
    AccountLocked,
    /// Since the form was shown, another member has logged in to this browser.
    OtherMember,
}

impl ErrorKind {
    /// Stable: screenshots, manuals and tests rely on it.
    pub fn code(self) -> &'static str {
        match self {
            ErrorKind::RedirectUriMissing => "redirect_uri_missing",
            ErrorKind::RedirectUriMismatch => "redirect_uri_mismatch",
            ErrorKind::ClientUnknown => "client_unknown",
            ErrorKind::RequestInvalid => "request_invalid",
            ErrorKind::ResponseTypeMissing => "response_type_missing",
            ErrorKind::FlowExpired => "flow_expired",
            ErrorKind::FlowOtherBrowser => "flow_other_browser",
            ErrorKind::FormExpired => "form_expired",
            ErrorKind::TooManyRequests { .. } => "too_many_requests",
            ErrorKind::Busy => "busy",
            ErrorKind::NotFound => "not_found",
            ErrorKind::MethodNotAllowed => "method_not_allowed",
            ErrorKind::ServerError => "server_error",
            ErrorKind::LogoutHintInvalid => "logout_hint_invalid",
            ErrorKind::PostLogoutRedirectUriMismatch => "post_logout_redirect_uri_mismatch",
            ErrorKind::AccountDisabled => "account_disabled",
            ErrorKind::AccountLocked => "account_locked",
            ErrorKind::OtherMember => "other_member",
        }
    }
}

impl ErrorPage {
    /// The page with the kind's own code and nothing further.
    pub fn new(kind: ErrorKind, reference: String) -> ErrorPage {
        ErrorPage { kind, code: kind.code().into(), reference, detail: None, back: None }
    }
}

impl PageTemplate for ErrorPage {
    const TEMPLATE: &'static str = "error.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |kind| ErrorPage::new(kind, "8f3bq2kd".into());
        let mut samples: Vec<(&'static str, ErrorPage)> = [
            ErrorKind::RedirectUriMissing,
            ErrorKind::ClientUnknown,
            ErrorKind::RequestInvalid,
            ErrorKind::ResponseTypeMissing,
            ErrorKind::FlowOtherBrowser,
            ErrorKind::FormExpired,
            ErrorKind::TooManyRequests { retry_seconds: 30 },
            ErrorKind::Busy,
            ErrorKind::NotFound,
            ErrorKind::MethodNotAllowed,
            ErrorKind::ServerError,
            ErrorKind::LogoutHintInvalid,
            ErrorKind::PostLogoutRedirectUriMismatch,
            ErrorKind::AccountDisabled,
            ErrorKind::AccountLocked,
            ErrorKind::OtherMember,
        ]
        .into_iter()
        .map(|kind| (kind.code(), page(kind)))
        .collect();
        let mismatch = ErrorPage {
            detail: Some("https://portal.example.jp/<wrong> is not a redirect URI of client portal".into()),
            ..page(ErrorKind::RedirectUriMismatch)
        };
        samples.push(("redirect_uri_mismatch", mismatch));
        let expired = ErrorPage { back: Some("https://portal.example.jp/".into()), ..page(ErrorKind::FlowExpired) };
        samples.push(("flow_expired", expired));
        samples.push(("flow_expired_no_way_back", page(ErrorKind::FlowExpired)));
        samples
    }
}
