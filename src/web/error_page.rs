//! The page for what cannot go on: what happened, why it may be, what to do now, and a code that support can look up.

use serde::Serialize;

use crate::web::page::PageTemplate;
use crate::web::paths;

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
    /// Where to go on, if that is known.
    pub way_on: Option<WayOn>,
}

/// The button of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WayOn {
    /// The end of its text's key.
    name: &'static str,
    /// A path here, or an http(s) URL that was registered for the application.
    href: String,
}

impl WayOn {
    /// To a login for the same end.
    pub fn log_in_again(href: String) -> WayOn {
        WayOn { name: "log-in-again", href }
    }

    /// Where one logs in, or to the profile if one has.
    pub fn to_login() -> WayOn {
        WayOn { name: "to-login", href: paths::ACCOUNT_PROFILE.into() }
    }

    /// To the portal, from which members begin.
    pub fn to_portal(href: String) -> WayOn {
        WayOn { name: "to-portal", href }
    }

    /// The page whose form was not taken, anew.
    pub fn reopen(href: String) -> WayOn {
        WayOn { name: "reopen", href }
    }

    /// The profile of whoever is logged in.
    pub fn to_profile() -> WayOn {
        WayOn { name: "to-profile", href: paths::ACCOUNT_PROFILE.into() }
    }

    /// To the page that logs out, whoever asked.
    pub fn log_out() -> WayOn {
        WayOn { name: "log-out", href: paths::LOGOUT.into() }
    }

    /// What a login that is complete was for.
    pub fn go_on(href: String) -> WayOn {
        WayOn { name: "go-on", href }
    }
}

/// What went wrong, as a member can understand it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ErrorKind {
    RedirectUriMissing,
    RedirectUriMismatch,
    ClientUnknown,
    RequestInvalid,
    FlowExpired,
    FlowOtherBrowser,
    /// The login is complete: its page was opened or sent again.
    FlowDone,
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
            ErrorKind::FlowExpired => "flow_expired",
            ErrorKind::FlowOtherBrowser => "flow_other_browser",
            ErrorKind::FlowDone => "flow_done",
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
        ErrorPage { kind, code: kind.code().into(), reference, detail: None, way_on: None }
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
            ErrorKind::FormExpired,
            ErrorKind::TooManyRequests { retry_seconds: 30 },
            ErrorKind::Busy,
            ErrorKind::NotFound,
            ErrorKind::MethodNotAllowed,
            ErrorKind::ServerError,
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
        let leading = |kind, way_on| ErrorPage { way_on: Some(way_on), ..page(kind) };
        samples.extend([
            ("flow_expired", leading(ErrorKind::FlowExpired, WayOn::log_in_again("/login/password?flow=f".into()))),
            ("flow_other_browser", leading(ErrorKind::FlowOtherBrowser, WayOn::to_login())),
            (
                "flow_other_browser_to_portal",
                leading(ErrorKind::FlowOtherBrowser, WayOn::to_portal("https://portal.example.jp/".into())),
            ),
            ("flow_done", leading(ErrorKind::FlowDone, WayOn::go_on("https://portal.example.jp/".into()))),
            ("logout_hint_invalid", leading(ErrorKind::LogoutHintInvalid, WayOn::log_out())),
            ("post_logout_redirect_uri_mismatch", leading(ErrorKind::PostLogoutRedirectUriMismatch, WayOn::log_out())),
            ("form_expired_reopened", leading(ErrorKind::FormExpired, WayOn::reopen("/account/password".into()))),
            ("other_member_to_profile", leading(ErrorKind::OtherMember, WayOn::to_profile())),
        ]);
        samples
    }
}
