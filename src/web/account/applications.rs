//! `/account/applications`: which applications have access to the member's data, and taking it from them. Who is asked for
//! consent is asked again.

use std::collections::BTreeMap;

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in};
use crate::actions::member::account_events::record;
use crate::domain::actor::Actor;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::profile::Member;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::params::Params;
use crate::domain::protocol::scope::Scopes;
use crate::domain::unix_time::UnixTime;
use crate::store::Reads;
use crate::store::protocol::{clients, consents, grants};
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

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

/// What an application has.
pub struct Access {
    pub client: Client,
    pub since: UnixTime,
    pub scopes: Scopes,
}

/// All that has access: by consent, or by tokens that have not expired.
pub async fn accesses(db: &mut impl Reads, member: &Member, now: UnixTime) -> Result<Vec<Access>, Stop> {
    let mut found: BTreeMap<String, (UnixTime, Scopes)> = BTreeMap::new();
    let consents = consents::of_member(db, &member.id).await?.into_iter().map(|c| (c.client, c.given_at, c.scopes));
    let in_use = grants::in_use(db, &member.id, now).await?;
    let in_use = in_use.into_iter().map(|grant| (grant.request.client, grant.created_at, grant.request.scopes));
    for (client, at, scopes) in consents.chain(in_use) {
        let (since, all) = found.entry(client.to_string()).or_insert((at, Scopes::default()));
        *since = at.min(*since);
        *all = all.joined_with(&scopes);
    }
    let mut accesses = Vec::new();
    for (id, (since, scopes)) in found {
        if let Some(stored) = clients::by_id(db, &id).await? {
            accesses.push(Access { client: stored.client, since, scopes });
        }
    }
    Ok(accesses)
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<ApplicationsPage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, AccountPage::Applications).await?;
    let app = &browser.web.app;
    let entry = |Access { client, since, scopes }: Access| ApplicationEntry {
        id: client.id.to_string(),
        name: client.name(browser.locale().tag()).to_owned(),
        host: host(&client),
        since: browser.date_time(since),
        scopes: scopes.iter().map(str::to_owned).collect(),
        first_party: client.first_party,
    };
    let accesses = accesses(&mut app.store.reader().await?, &member, app.now()).await?;
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
    let SignedIn { member, .. } = sent_by(browser, fields, AccountPage::Applications).await?;
    let app = browser.web.app.clone();
    let list = Ok(Shown::GoTo(AccountPage::Applications.path()));
    let Some(id) = fields.get("withdraw") else { return Err(Stop::page(ErrorKind::RequestInvalid)) };
    let mut tx = app.store.write().await?;
    let Some(stored) = clients::by_id(&mut tx, id).await? else { return list };
    let client = stored.client;
    // The grants first: a consent that is given at the same moment waits for its grant, and finds it ended.
    let ended = grants::end_of_client(&mut tx, &member.id, &client.id, app.now()).await?;
    let forgotten = consents::withdraw(&mut tx, &member.id, &client.id).await?;
    if !ended && !forgotten {
        // The button was pressed twice.
        return list;
    }
    let event = AccountEvent::ApplicationWithdrawn { name: client.name(browser.locale().tag()).to_owned() };
    record(&app, &mut tx, &member, event, &Actor::Member(browser.device())).await?;
    tx.commit().await?;
    browser.notify(Banner::ApplicationWithdrawn);
    list
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
