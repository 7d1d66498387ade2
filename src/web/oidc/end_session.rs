//! Logging out (OpenID Connect RP-Initiated Logout 1.0): the page that asks, and the page that says it is done.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::actions::protocol::log_out::{Asked, Requested, log_out, request_logout};
use crate::crypto::opaque_token;
use crate::domain::ids::ClientId;
use crate::domain::protocol::answer::with_query;
use crate::domain::protocol::logout::{After, Refusal};
use crate::domain::protocol::params::Params;
use crate::domain::protocol::redirect_uri;
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
    /// Where the member came from, if that is known, but not well enough to be sent there unasked.
    pub way_back: Option<WayBack>,
}

/// The way to the application that the member came from.
#[derive(Clone, Debug, Serialize)]
pub struct WayBack {
    /// A host, or the scheme of an application on the member's own device: names are the applications' own choice.
    pub destination: String,
    /// A registered URI.
    pub uri: String,
}

/// Where a logout that was asked about leads, sealed into the page that asks.
#[derive(Serialize, Deserialize)]
struct AskedAbout {
    after: After,
    client: Option<ClientId>,
    state: Option<String>,
    ui_locales: Option<String>,
}

/// What the standard defines for this endpoint and is read here. Whatever else is sent is ignored, however often.
const READ: [&str; 5] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];

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
    browser.prefer_language(params.get("ui_locales"));
    if let Err(error) = params.each_once_of(&READ) {
        return Err(PageError::detailed(ErrorKind::RequestInvalid, error.description));
    }
    let text = |name: &str| params.get(name).map(str::to_owned);
    let asked = Asked {
        id_token_hint: text("id_token_hint"),
        client_id: text("client_id"),
        post_logout_redirect_uri: text("post_logout_redirect_uri"),
    };
    match request_logout(&browser.web.app, asked, &browser.caller()).await? {
        Requested::Refused(refusal) => {
            let kind = match refusal {
                Refusal::HintOfOtherClient => ErrorKind::LogoutHintInvalid,
                Refusal::UnregisteredRedirectUri => ErrorKind::PostLogoutRedirectUriMismatch,
            };
            Err(PageError::detailed(kind, refusal.to_string()))
        }
        Requested::Ask { after, client } => {
            let json =
                serde_json::to_vec(&AskedAbout { after, client, state: text("state"), ui_locales: text("ui_locales") })
                    .unwrap_or_default();
            Ok(Outcome::Ask(LogoutConfirmPage { request: browser.web.app.in_flow.seal(&json, &place(browser)) }))
        }
        Requested::LoggedOut { after, ended } => {
            if ended {
                browser.log_out();
            }
            Ok(logged_out(after, params.get("state")))
        }
    }
}

/// The member has answered, or pressed the button on a page of ours.
async fn answered(browser: &mut BrowserRequest, params: &Params) -> Result<Outcome, PageError> {
    let AskedAbout { after, client, state, ui_locales } = match params.get("request") {
        None => AskedAbout { after: After::Page, client: None, state: None, ui_locales: None },
        Some(sealed) => {
            let gone = || PageError::page(ErrorKind::FormExpired);
            let json = browser.web.app.in_flow.open(sealed, &place(browser)).map_err(|_| gone())?;
            serde_json::from_slice(&json).map_err(|_| gone())?
        }
    };
    browser.prefer_language(ui_locales.as_deref());
    if params.get("decision") == Some("stay") {
        return Ok(Outcome::GoTo(paths::ACCOUNT_PROFILE.to_owned()));
    }
    let after = log_out(&browser.web.app, after, client, &browser.caller()).await?;
    browser.log_out();
    Ok(logged_out(after, state.as_deref()))
}

/// Back to the application, or the page that says that it is done. Nobody is sent on unasked to where nobody has looked
/// (RFC 9700, 4.11.2).
fn logged_out(after: After, state: Option<&str>) -> Outcome {
    let with_state = |uri: String| state.map_or_else(|| uri.clone(), |state| with_query(&uri, &[("state", state)]));
    match after {
        After::Back { uri, by_itself: true } => Outcome::GoTo(with_state(uri)),
        After::Back { uri, by_itself: false } => {
            let way_back = WayBack { destination: redirect_uri::destination(&uri), uri: with_state(uri) };
            Outcome::Done(LoggedOutPage { way_back: Some(way_back) })
        }
        After::Page => Outcome::Done(LoggedOutPage { way_back: None }),
    }
}

fn place(browser: &BrowserRequest) -> String {
    format!("logout in {}", browser.browser_digest())
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
        let to = |destination: &str, uri: &str| LoggedOutPage {
            way_back: Some(WayBack { destination: destination.into(), uri: uri.into() }),
        };
        vec![
            ("plain", LoggedOutPage { way_back: None }),
            ("way_back", to("rp.example.jp", "https://rp.example.jp/bye?state=s")),
            ("way_back_to_an_application", to("jp.example.app", "jp.example.app:/bye")),
        ]
    }
}
