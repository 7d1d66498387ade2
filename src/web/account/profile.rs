//! `/account/profile`: what the society holds about the member. For now it is only shown.

use axum::response::Response;
use serde::Serialize;

use crate::store::members;
use crate::web::page::PageTemplate;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

/// The member's own data.
#[derive(Clone, Debug, Serialize)]
pub struct ProfilePage {
    pub user_id: String,
    /// Corrected by staff alone.
    pub name: Option<String>,
    pub email: Option<String>,
}

/// Shows it to a member who is logged in; all others log in first.
pub async fn get(visit: Visit) -> Response {
    match show(&visit).await {
        Ok(Some(page)) => visit.page(&page),
        Ok(None) => visit.redirect("/login/password"),
        Err(trouble) => visit.trouble(trouble),
    }
}

async fn show(visit: &Visit) -> Result<Option<ProfilePage>, Trouble> {
    let Some(session) = visit.session().await? else { return Ok(None) };
    let member = members::by_id(&mut visit.site.app.store.reader().await?, &session.member).await?;
    Ok(member.map(|m| ProfilePage { user_id: m.user_id, name: m.name, email: m.email }))
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
