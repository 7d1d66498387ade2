//! Logging out (OpenID Connect RP-Initiated Logout 1.0): the page that asks, and the page that says it is done.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::crypto::jwt::{self, TokenType};
use crate::crypto::opaque_token;
use crate::domain::ids::{BrowserSessionId, ClientId, MemberId};
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::protocol::logout::{After, Decision, Hint, LogoutRequest, Refusal, decide};
use crate::domain::protocol::params::Params;
use crate::domain::protocol::redirect_uri;
use crate::store::login::browser_sessions;
use crate::store::protocol::clients::{self, StoredClient};
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::paths;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::{ask_again_by_get, is_form};
use crate::web::state::WebState;

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
    /// Its name, or where it is if nobody has looked at it: it chose its name itself.
    pub name: String,
    /// A registered URI.
    pub uri: String,
    pub vouched_for: bool,
}

/// Where a logout that was asked about leads, sealed into the page that asks.
#[derive(Serialize, Deserialize)]
struct Asked {
    then: Option<String>,
    vouched_for: bool,
}

enum Outcome {
    Ask(LogoutConfirmPage),
    Done(LoggedOutPage),
    GoTo(String),
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let params = browser.query.clone();
    let outcome = requested(&mut browser, &params).await;
    respond(browser, outcome)
}

/// The answer to our own question, which carries our CSRF token, or a relying party's request by POST. Without its cookie
/// the session could not be seen, and taking that cookie away would end a login that nobody was asked about.
pub async fn post(State(web): State<WebState>, mut browser: BrowserRequest, request: Request) -> Response {
    let is_form = is_form(&request);
    let body = match Bytes::from_request(request, &web).await {
        Ok(body) if is_form => body,
        _ => return browser.page_error(PageError::page(ErrorKind::RequestInvalid)),
    };
    let params = Params::parse(&String::from_utf8_lossy(&body));
    let outcome = match params.get("csrf") {
        Some(csrf) if !browser.browser_is_new() && opaque_token::same(csrf, &browser.csrf()) => {
            answered(&mut browser, &params).await
        }
        Some(_) => Err(PageError::page(ErrorKind::FormExpired)),
        None => return ask_again_by_get(paths::LOGOUT, &body),
    };
    respond(browser, outcome)
}

fn respond(browser: BrowserRequest, outcome: Result<Outcome, PageError>) -> Response {
    match outcome {
        Ok(Outcome::Ask(page)) => browser.done(&page),
        Ok(Outcome::Done(page)) => browser.done(&page),
        Ok(Outcome::GoTo(to)) => browser.redirect(&to),
        Err(error) => browser.page_error(error),
    }
}

async fn requested(browser: &mut BrowserRequest, params: &Params) -> Result<Outcome, PageError> {
    if let Err(error) = params.each_once() {
        return Err(PageError::detailed(ErrorKind::RequestInvalid, error.description));
    }
    let hint = params.get("id_token_hint").map(|hint| read_hint(browser, hint)).transpose()?;
    let client_id = params.get("client_id");
    let named = hint.as_ref().map(|h| h.client.as_str()).or(client_id);
    let stored = match named {
        Some(id) => clients::by_id(&mut browser.web.app.store.reader().await?, id).await?,
        None => None,
    };
    let client = stored.as_ref().map(|stored| &stored.client);
    let vouched_for = stored.as_ref().is_some_and(StoredClient::is_vouched_for);
    let session = browser.session().await?;
    let request = LogoutRequest {
        hint: hint.as_ref(),
        client_id,
        client,
        post_logout_redirect_uri: params.get("post_logout_redirect_uri"),
    };
    let with_state = |after: After| match after {
        After::Page => None,
        After::Redirect(uri) => Some(add_state(&uri, params.get("state"))),
    };
    match decide(request, session.as_ref()) {
        Decision::Refuse(refusal @ Refusal::HintOfOtherClient) => {
            Err(PageError::detailed(ErrorKind::LogoutHintInvalid, refusal.to_string()))
        }
        Decision::Refuse(refusal @ Refusal::UnregisteredRedirectUri) => {
            Err(PageError::detailed(ErrorKind::PostLogoutRedirectUriMismatch, refusal.to_string()))
        }
        Decision::Ask { then } => {
            let then = with_state(then);
            let asked = Asked { then, vouched_for };
            let json = serde_json::to_vec(&asked).unwrap_or_default();
            Ok(Outcome::Ask(LogoutConfirmPage { request: browser.web.app.in_flow.seal(&json, &place(browser)) }))
        }
        Decision::End { then } => {
            end(browser, session.as_ref()).await?;
            Ok(logged_out(with_state(then), vouched_for))
        }
        Decision::Nothing { then } => Ok(logged_out(with_state(then), vouched_for)),
    }
}

/// Back to the application. Nobody is sent on unasked to where nobody has looked (RFC 9700, 4.11.2).
fn logged_out(then: Option<String>, vouched_for: bool) -> Outcome {
    match then {
        Some(uri) if vouched_for => Outcome::GoTo(uri),
        Some(uri) => {
            let application = WayBack { name: redirect_uri::destination(&uri), uri, vouched_for };
            Outcome::Done(LoggedOutPage { application: Some(application) })
        }
        None => Outcome::Done(LoggedOutPage { application: None }),
    }
}

/// The member has answered, or pressed the button on a page of ours.
async fn answered(browser: &mut BrowserRequest, params: &Params) -> Result<Outcome, PageError> {
    let asked = match params.get("request") {
        None => Asked { then: None, vouched_for: false },
        Some(sealed) => {
            let gone = || PageError::page(ErrorKind::FormExpired);
            let json = browser.web.app.in_flow.open(sealed, &place(browser)).map_err(|_| gone())?;
            serde_json::from_slice(&json).map_err(|_| gone())?
        }
    };
    if params.get("decision") == Some("stay") {
        return Ok(Outcome::GoTo(paths::ACCOUNT_PROFILE.to_owned()));
    }
    let session = browser.session().await?;
    end(browser, session.as_ref()).await?;
    Ok(logged_out(asked.then, asked.vouched_for))
}

async fn end(browser: &mut BrowserRequest, session: Option<&BrowserSession>) -> Result<(), PageError> {
    if let Some(session) = session {
        let app = browser.web.app.clone();
        let mut tx = app.store.write().await?;
        browser_sessions::end(&mut tx, &session.id, app.now()).await?;
        tx.commit().await?;
        tracing::info!(member = %session.member, session = %session.id, "logged out");
    }
    browser.log_out();
    Ok(())
}

/// An ID token of ours; whether it has expired does not matter (RP-Initiated Logout 1.0, 2).
fn read_hint(browser: &BrowserRequest, hint: &str) -> Result<Hint, PageError> {
    let invalid =
        || PageError::detailed(ErrorKind::LogoutHintInvalid, "id_token_hint is not an ID token of this provider");
    let app = &browser.web.app;
    let claims = jwt::verify(hint, TokenType::Id, &app.keys(), app.now()).map_err(|_| invalid())?;
    let text = |name: &str| claims.get(name).and_then(|v| v.as_str()).map(str::to_owned);
    if text("iss").as_deref() != Some(app.settings.issuer()) {
        return Err(invalid());
    }
    let audience = match claims.get("aud") {
        Some(serde_json::Value::Array(all)) => all.first().and_then(|a| a.as_str()).map(str::to_owned),
        _ => text("aud"),
    };
    Ok(Hint {
        client: ClientId(audience.ok_or_else(invalid)?),
        member: MemberId(text("sub").ok_or_else(invalid)?),
        session: text("sid").map(BrowserSessionId),
    })
}

fn place(browser: &BrowserRequest) -> String {
    format!("logout in {}", browser.browser_digest())
}

fn add_state(uri: &str, state: Option<&str>) -> String {
    match (Url::parse(uri), state) {
        (Ok(mut url), Some(state)) => {
            url.query_pairs_mut().append_pair("state", state);
            url.into()
        }
        _ => uri.to_owned(),
    }
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
        let to = |name: &str, uri: &str, vouched_for| LoggedOutPage {
            application: Some(WayBack { name: name.into(), uri: uri.into(), vouched_for }),
        };
        vec![
            ("plain", LoggedOutPage { application: None }),
            ("way_back", to("Portal", "https://portal.example.jp/", true)),
            ("way_back_unchecked", to("rp.example.jp", "https://rp.example.jp/bye?state=s", false)),
        ]
    }
}
