//! `/login/consent`: the member decides what an application may know (OpenID Connect Core 1.0, 3.1.2.4).

use axum::response::Response;
use serde::Serialize;

use crate::actions::protocol::answer_consent::{Answered, answer_consent};
use crate::actions::protocol::continue_authorization::{Again, look_again};
use crate::crypto::opaque_token;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::protocol::grant::{Grant, Stage};
use crate::domain::protocol::params::Params;
use crate::store::Reads;
use crate::store::member::members;
use crate::store::protocol::{clients, grants};
use crate::web::error_page::{ErrorKind, WayOn};
use crate::web::oidc::authorize;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

/// The page that asks. The application stands in the chrome.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentPage {
    /// What is being decided, sent back as the hidden field `grant`.
    pub grant: String,
    /// Where the answer goes: an application chooses its name, but not its host. None for an application on the
    /// member's own device.
    pub host: Option<String>,
    pub member_name: String,
    pub user_id: String,
    /// What the application asks for. The scopes of OpenID Connect Core 1.0, 5.4 and 11, are explained, others named.
    pub scopes: Vec<String>,
}

/// The grant that waits for this member's answer, in the session that asked, as its client may have it now.
async fn waiting(browser: &mut BrowserRequest, page: &str) -> Result<Grant, PageError> {
    let gone = || PageError::page(ErrorKind::FlowExpired);
    let page = opaque_token::digest(page);
    let session = browser.session().await?.ok_or_else(gone)?;
    let app = browser.web.app.clone();
    let mut reader = app.store.reader().await?;
    let Some(grant) = grants::awaiting_consent(&mut reader, &page, &session.id, app.now()).await? else {
        return Err(answered_or_over(&mut reader, &page, &session).await?);
    };
    match look_again(&app, &mut reader, &grant.request).await? {
        Again::Stands(client, request) => {
            browser.on_behalf_of(&client, request.ui_locales.as_deref());
            Ok(Grant { scopes: request.scopes.clone(), request: *request, ..grant })
        }
        // What is left of it is told where it is answered.
        Again::Refused(_) => Ok(grant),
        Again::Gone(gone) => Err(PageError::page(authorize::gone_page(gone))),
    }
}

/// Why there is nothing to decide any more. Who comes out of another session is told nothing.
async fn answered_or_over(db: &mut impl Reads, page: &str, session: &BrowserSession) -> Result<PageError, PageError> {
    let over = PageError::page(ErrorKind::FlowExpired);
    let grant = grants::of_page(db, page).await?.filter(|grant| grant.session == session.id);
    let Some(grant) = grant else { return Ok(over) };
    let client = clients::by_id(db, grant.request.client.as_str()).await?;
    let Some(site) = client.and_then(|stored| stored.client.site()) else { return Ok(over) };
    let kind = match grant.stage {
        Stage::AwaitingConsent => ErrorKind::FlowExpired,
        Stage::Approved { .. } | Stage::Redeemed { .. } | Stage::Denied => ErrorKind::FlowDone,
    };
    Ok(PageError::leading_to(kind, WayOn::go_on(site)))
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    match show(&mut browser).await {
        Ok(page) => browser.page(&page),
        Err(error) => browser.page_error(error),
    }
}

async fn show(browser: &mut BrowserRequest) -> Result<ConsentPage, PageError> {
    let token = browser.query.get("grant").unwrap_or_default().to_owned();
    let grant = waiting(browser, &token).await?;
    let member = members::by_id(&mut browser.web.app.store.reader().await?, &grant.member).await?;
    let member = member.ok_or_else(|| PageError::page(ErrorKind::FlowExpired))?;
    Ok(ConsentPage {
        host: url::Url::parse(&grant.request.redirect_uri).ok().and_then(|uri| uri.host_str().map(str::to_owned)),
        grant: token,
        member_name: member.name.clone().unwrap_or_else(|| member.user_id.clone()),
        user_id: member.user_id,
        scopes: grant.request.needed_consent().iter().map(str::to_owned).collect(),
    })
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match decide(&mut browser, &fields).await {
        Ok(to) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

/// Anything but a clear yes is a no.
async fn decide(browser: &mut BrowserRequest, fields: &Params) -> Result<String, PageError> {
    let page = fields.get("grant").unwrap_or_default();
    waiting(browser, page).await?;
    let allowed = fields.get("decision") == Some("allow");
    match answer_consent(&browser.web.app, page, &browser.caller(), allowed).await? {
        Answered::ToClient(answer) => Ok(authorize::to_client(browser, &answer)),
        Answered::Over => Err(PageError::page(ErrorKind::FlowExpired)),
        Answered::Gone(gone) => Err(PageError::page(authorize::gone_page(gone))),
    }
}

impl PageTemplate for ConsentPage {
    const TEMPLATE: &'static str = "login/consent.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |scopes: &[&str]| ConsentPage {
            grant: "grant-1".into(),
            host: Some("portal.example.jp".into()),
            member_name: "Yamada Hanako".into(),
            user_id: "hanako".into(),
            scopes: scopes.iter().copied().map(String::from).collect(),
        };
        vec![
            ("on_the_members_own_device", ConsentPage { host: None, ..page(&["openid"]) }),
            ("one_scope", page(&["openid"])),
            ("every_scope", page(&["openid", "profile", "email", "phone", "address", "offline_access"])),
            ("an_operators_scope", page(&["openid", "insurance:card"])),
        ]
    }
}
