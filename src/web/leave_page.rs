//! The way out after a form: a page that goes on by itself, with a button for browsers that do not. It works without
//! scripts, and whatever the address is: another host, a program on this device, an application's own scheme.

use serde::Serialize;
use url::Url;

use crate::web::page::PageTemplate;

#[derive(Clone, Debug, Serialize)]
pub struct LeavePage {
    /// Checked against a client's registration.
    pub to: String,
    /// The application's name, or the host. `None` where neither is known.
    pub name: Option<String>,
    /// It opens beside the browser, and this page stays.
    pub opens_an_app: bool,
}

impl LeavePage {
    pub fn new(to: &str, application: Option<String>) -> LeavePage {
        let url = Url::parse(to).ok();
        let opens_an_app = url.as_ref().is_some_and(|url| !matches!(url.scheme(), "https" | "http"));
        let host = || url.as_ref().filter(|_| !opens_an_app).and_then(|url| url.host_str().map(str::to_owned));
        LeavePage { to: to.to_owned(), name: application.or_else(host), opens_an_app }
    }
}

impl PageTemplate for LeavePage {
    const TEMPLATE: &'static str = "leave.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let portal = "https://portal.example.jp/callback?code=1&state=%22%3E";
        vec![
            ("application", LeavePage::new(portal, Some("Ledger <b>".into()))),
            ("host", LeavePage::new(portal, None)),
            ("app", LeavePage::new("jp.example.app:/callback?code=1", Some("App".into()))),
            ("app_without_a_name", LeavePage::new("jp.example.app:/callback?code=1", None)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_application_or_else_the_host_and_never_a_part_of_an_apps_address() {
        let page = LeavePage::new("https://portal.example.jp/callback?code=1", Some("Ledger".into()));
        assert_eq!((page.name.as_deref(), page.opens_an_app), (Some("Ledger"), false));
        let page = LeavePage::new("http://127.0.0.1:5000/callback?code=1", None);
        assert_eq!((page.name.as_deref(), page.opens_an_app), (Some("127.0.0.1"), false));
        let page = LeavePage::new("jp.example.app://callback?code=1", None);
        assert_eq!((page.name, page.opens_an_app), (None, true));
    }
}
