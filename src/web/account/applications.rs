//! `/account/applications`: which applications have access to the member's data, and taking it from them. Who is asked for
//! consent is asked again.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in, stop};
use crate::actions::member::applications::{self, Access, accesses};
use crate::domain::login::flow::AccountPage;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::params::Params;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: AccountPage = AccountPage::Applications;

/// All of them.
#[derive(Clone, Debug, Serialize)]
pub struct ApplicationsPage {
    pub applications: Vec<ApplicationEntry>,
}

/// An application in words.
#[derive(Clone, Debug, Serialize)]
pub struct ApplicationEntry {
    pub id: String,
    pub name: String,
    /// Where data goes: an application chooses its name, but not its host. `None` for one on the member's own device.
    pub host: Option<String>,
    pub since: String,
    /// Those of OpenID Connect Core 1.0, 5.4 and 11, are explained, others named.
    pub scopes: Vec<String>,
    /// The society's own: it is not asked about.
    pub first_party: bool,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<ApplicationsPage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, PAGE).await?;
    let app = &browser.web.app;
    let entry = |Access { client, since, scopes }: Access| ApplicationEntry {
        id: client.id.to_string(),
        name: client.name(browser.locale().tag()).to_owned(),
        host: host(&client),
        since: browser.date_time(since),
        scopes: scopes.iter().map(str::to_owned).collect(),
        first_party: client.first_party,
    };
    let accesses = accesses(&mut app.store.reader().await?, &member.id, app.now()).await?;
    Ok(Shown::Page(ApplicationsPage { applications: accesses.into_iter().map(entry).collect() }))
}

fn host(client: &Client) -> Option<String> {
    let uris = client.redirect_uris.iter().filter_map(|uri| url::Url::parse(uri).ok());
    uris.filter_map(|uri| uri.host_str().map(str::to_owned)).next()
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = withdraw(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn withdraw(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<ApplicationsPage>, Stop> {
    sent_by(browser, fields, PAGE).await?;
    let Some(id) = fields.get("withdraw") else { return Err(Stop::page(ErrorKind::RequestInvalid)) };
    let language = browser.locale().tag();
    let done = applications::withdraw(&browser.web.app, &browser.caller(), id, language).await;
    // Otherwise the button was pressed twice.
    if done.map_err(|why| stop(browser, PAGE, why))? {
        browser.notify(Banner::ApplicationWithdrawn);
    }
    Ok(Shown::GoTo(PAGE.path()))
}

impl PageTemplate for ApplicationsPage {
    const TEMPLATE: &'static str = "account/applications.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let entry = |id: &str, scopes: &[&str]| ApplicationEntry {
            id: id.into(),
            name: format!("<{id}>"),
            host: Some("ledger.example.jp".into()),
            since: "2026-11-22 10:42".into(),
            scopes: scopes.iter().copied().map(String::from).collect(),
            first_party: false,
        };
        let own = ApplicationEntry { first_party: true, host: None, ..entry("portal", &["openid"]) };
        let third = entry("ledger", &["openid", "profile", "email", "phone", "address", "offline_access", "card:read"]);
        vec![
            ("none", ApplicationsPage { applications: Vec::new() }),
            ("two", ApplicationsPage { applications: vec![third, own] }),
        ]
    }
}
