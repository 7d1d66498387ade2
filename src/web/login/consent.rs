//! `/login/consent`: the member decides what an application may know (OpenID Connect Core 1.0, 3.1.2.4).

use serde::Serialize;

use crate::web::page::PageTemplate;

/// The page that asks. The application stands in the chrome.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentPage {
    /// What is being decided, sent back as the hidden field `grant`.
    pub grant: String,
    pub member_name: String,
    pub user_id: String,
    /// What the application asks for. The scopes of OpenID Connect Core 1.0, 5.4 and 11, are explained, others named.
    pub scopes: Vec<String>,
}

impl PageTemplate for ConsentPage {
    const TEMPLATE: &'static str = "login/consent.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |scopes: &[&str]| ConsentPage {
            grant: "grant-1".into(),
            member_name: "Yamada Hanako".into(),
            user_id: "hanako".into(),
            scopes: scopes.iter().copied().map(String::from).collect(),
        };
        vec![
            ("one_scope", page(&["openid"])),
            ("every_scope", page(&["openid", "profile", "email", "phone", "address", "offline_access"])),
            ("an_operators_scope", page(&["openid", "insurance:card"])),
        ]
    }
}
