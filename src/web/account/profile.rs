//! `/account/profile`: what the society holds about the member. For now it is only shown.

use serde::Serialize;

use crate::web::page::PageTemplate;

/// The member's own data.
#[derive(Clone, Debug, Serialize)]
pub struct ProfilePage {
    pub user_id: String,
    /// Corrected by staff alone.
    pub name: Option<String>,
    pub email: Option<String>,
}

impl PageTemplate for ProfilePage {
    const TEMPLATE: &'static str = "account/profile.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |name: Option<&str>, email: Option<&str>| ProfilePage {
            user_id: "hanako".into(),
            name: name.map(String::from),
            email: email.map(String::from),
        };
        vec![("full", page(Some("Yamada Hanako"), Some("hanako@example.jp"))), ("sparse", page(None, None))]
    }
}
