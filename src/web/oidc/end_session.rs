//! Logging out (OpenID Connect RP-Initiated Logout 1.0): the page that asks, and the page that says it is done.

use serde::Serialize;

use crate::web::page::PageTemplate;

/// Asks whether to log out (RP-Initiated Logout 1.0, 2: the OP ought to ask; it must, if it is not sure who asks).
#[derive(Clone, Debug, Serialize)]
pub struct LogoutConfirmPage {
    /// The logout request, sent back as the hidden field `request`. Empty if there is none.
    pub request: String,
}

/// Says that it is done.
#[derive(Clone, Debug, Serialize)]
pub struct LoggedOutPage {
    /// Where the member came from, if that is known.
    pub application: Option<WayBack>,
}

/// The application that the member came from.
#[derive(Clone, Debug, Serialize)]
pub struct WayBack {
    pub name: String,
    /// A registered http(s) URL.
    pub uri: String,
}

impl PageTemplate for LogoutConfirmPage {
    const TEMPLATE: &'static str = "logout/confirm.html";

    fn samples() -> Vec<(&'static str, Self)> {
        vec![("asked", LogoutConfirmPage { request: "request-1".into() })]
    }
}

impl PageTemplate for LoggedOutPage {
    const TEMPLATE: &'static str = "logout/done.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let portal = WayBack { name: "Portal".into(), uri: "https://portal.example.jp/".into() };
        vec![("plain", LoggedOutPage { application: None }), ("way_back", LoggedOutPage { application: Some(portal) })]
    }
}
