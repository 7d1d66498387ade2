//! The portal's pages, and where logging in and out happens: `/login` sends the browser to the provider, `/callback`
//! takes the answer, `/logout` ends the session here and there.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::cookie::CookieJar;
use openidconnect::CsrfToken;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use self::help::{Faq, Guide, HelpContent};
use self::locale::Locale;
use self::pages::Pages;
use self::provider::{Answer, Provider, ProviderError};
use self::session::{Member, Sessions};

mod help;
mod locale;
mod pages;
mod provider;
mod session;

#[derive(Clone)]
pub struct Config {
    /// Where browsers find this portal, such as `https://portal.example.jp`.
    pub url: Url,
    /// The provider's issuer, letter by letter as it calls itself: it is compared with what the tokens say.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: String,
}

impl Config {
    /// The address of one of the portal's own pages. `callback` and `logged-out` are registered with the provider.
    fn at(&self, page: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(page);
        url
    }

    fn at_provider(&self, path: &str) -> Result<Url, url::ParseError> {
        Url::parse(&format!("{}{path}", self.issuer.trim_end_matches('/')))
    }
}

struct Portal {
    config: Config,
    provider: Provider,
    sessions: Sessions,
    guide: HelpContent<Guide>,
    faq: HelpContent<Faq>,
    pages: Pages,
    /// The Content-Security-Policy of the page with the help component.
    component_policy: HeaderValue,
}

/// The whole portal. Looks for the provider in the background, so it is to be called within a Tokio runtime.
pub fn router(config: Config) -> Result<Router, Box<dyn Error + Send + Sync>> {
    let policy = security_policy(&config)?;
    let security_policy = HeaderValue::try_from(&policy)?;
    let script = config.at_provider(COMPONENT)?;
    let provider = script.origin().ascii_serialization();
    let component_policy = HeaderValue::try_from(format!(
        "{policy}; script-src {script}; connect-src {provider}; require-trusted-types-for 'script'; \
         trusted-types sekisho-help"
    ))?;
    let portal = Arc::new(Portal {
        component_policy,
        provider: Provider::new(config.clone())?,
        sessions: Sessions::default(),
        guide: HelpContent::at(config.at_provider("/help/v1/guide")?),
        faq: HelpContent::at(config.at_provider("/help/v1/questions")?),
        pages: Pages::new(config.at_provider("/account/profile")?)?,
        config,
    });
    let searching = Arc::clone(&portal);
    tokio::spawn(async move { searching.provider.discover_until_found().await });

    Ok(Router::new()
        .route("/", get(start))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/logout", post(logout))
        .route("/logged-out", get(logged_out))
        .route("/guide", get(guide))
        .route("/faq", get(faq))
        .route("/component", get(component))
        .route("/portal.css", get(pages::css))
        .layer(middleware::from_fn(move |request, next| with_security_headers(security_policy.clone(), request, next)))
        .with_state(portal))
}

async fn start(State(portal): State<Arc<Portal>>, locale: Locale, jar: CookieJar) -> Response {
    portal.page(StatusCode::OK, "start.html", locale, &jar, json!({}))
}

async fn login(State(portal): State<Arc<Portal>>, locale: Locale, jar: CookieJar) -> Response {
    if portal.sessions.member(&jar).is_some() {
        return Redirect::to("/").into_response();
    }
    match portal.provider.begin_login(locale.tag()).await {
        Ok((url, pending)) => {
            let jar = portal.sessions.begin_login(jar, pending, portal.serves_https());
            (jar, Redirect::to(url.as_str())).into_response()
        }
        Err(error) => portal.error_page(&error, locale, &jar),
    }
}

async fn callback(
    State(portal): State<Arc<Portal>>,
    locale: Locale,
    jar: CookieJar,
    answer: Result<Query<Answer>, QueryRejection>,
) -> Response {
    // An answer that this browser never asked for logs nobody in: it may carry an attacker's code (login CSRF).
    let pending =
        answer.ok().and_then(|Query(answer)| Some((portal.sessions.take_login(&jar, &answer.state)?, answer)));
    let Some((pending, answer)) = pending else {
        // Signed in by another tab meanwhile, or came back with the browser's "back" button.
        if portal.sessions.member(&jar).is_some() {
            return Redirect::to("/").into_response();
        }
        return portal.message(StatusCode::BAD_REQUEST, "login_expired", locale, &jar);
    };
    match portal.provider.finish_login(answer, pending).await {
        Ok(identity) => {
            let member =
                Member { name: identity.name, id_token: identity.id_token, form_token: CsrfToken::new_random() };
            (portal.sessions.sign_in(jar, member, portal.serves_https()), Redirect::to("/")).into_response()
        }
        Err(error) => portal.error_page(&error, locale, &jar),
    }
}

#[derive(Deserialize)]
struct LogoutForm {
    form_token: String,
}

async fn logout(
    State(portal): State<Arc<Portal>>,
    locale: Locale,
    jar: CookieJar,
    Form(form): Form<LogoutForm>,
) -> Response {
    let Some(member) = portal.sessions.member(&jar) else { return Redirect::to("/").into_response() };
    if *member.form_token.secret() != form.form_token {
        return portal.message(StatusCode::FORBIDDEN, "form_expired", locale, &jar);
    }
    // Here first: whatever the provider says, nobody stays signed in at the portal.
    let state = CsrfToken::new_random();
    let jar = portal.sessions.sign_out(jar, state.clone(), portal.serves_https());
    let url = match portal.provider.logout_url(&member.id_token, &state, locale.tag()).await {
        Some(url) => url,
        None => {
            let mut url = portal.config.at("logged-out");
            url.query_pairs_mut().append_pair("state", state.secret());
            url
        }
    };
    (jar, Redirect::to(url.as_str())).into_response()
}

#[derive(Deserialize)]
struct LoggedOut {
    state: Option<String>,
}

async fn logged_out(
    State(portal): State<Arc<Portal>>,
    locale: Locale,
    jar: CookieJar,
    Query(answer): Query<LoggedOut>,
) -> Response {
    if portal.sessions.was_logging_out(&jar, answer.state.as_deref().unwrap_or_default()) {
        portal.message(StatusCode::OK, "logged_out", locale, &jar)
    } else {
        Redirect::to("/").into_response()
    }
}

async fn guide(State(portal): State<Arc<Portal>>, locale: Locale, jar: CookieJar) -> Response {
    match portal.guide.get(portal.provider.http(), locale.tag()).await {
        Some(guide) => portal.page(StatusCode::OK, "guide.html", locale, &jar, json!({ "guide": *guide })),
        None => portal.message(StatusCode::SERVICE_UNAVAILABLE, "help_unavailable", locale, &jar),
    }
}

async fn faq(State(portal): State<Arc<Portal>>, locale: Locale, jar: CookieJar) -> Response {
    match portal.faq.get(portal.provider.http(), locale.tag()).await {
        Some(faq) => portal.page(StatusCode::OK, "faq.html", locale, &jar, json!({ "faq": *faq })),
        None => portal.message(StatusCode::SERVICE_UNAVAILABLE, "help_unavailable", locale, &jar),
    }
}

/// The other way to show help: the provider's web component draws all of it. Its version and digest are written down
/// here, as in any page that leans on it: the browser runs that very script or none (Subresource Integrity).
const COMPONENT: &str = "/help/component/1.0.0/sekisho-help.js";
const COMPONENT_INTEGRITY: &str = "sha384-WKR2CBy7mhLU4NRtRBJrzgibNr+BVU+WSsESMWlM3BHg6gBiKEZe0aQvz+9X2BQR";

async fn component(State(portal): State<Arc<Portal>>, locale: Locale, jar: CookieJar) -> Response {
    let (Ok(url), Ok(help)) = (portal.config.at_provider(COMPONENT), portal.config.at_provider("/help")) else {
        return portal.message(StatusCode::SERVICE_UNAVAILABLE, "help_unavailable", locale, &jar);
    };
    let content = json!({ "script": { "url": url, "integrity": COMPONENT_INTEGRITY }, "help_url": help });
    let mut response = portal.page(StatusCode::OK, "component.html", locale, &jar, content);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, portal.component_policy.clone());
    response
}

impl Portal {
    fn serves_https(&self) -> bool {
        self.config.url.scheme() == "https"
    }

    fn page(
        &self,
        status: StatusCode,
        template: &str,
        locale: Locale,
        jar: &CookieJar,
        content: serde_json::Value,
    ) -> Response {
        let member = self.sessions.member(jar);
        self.pages.render(status, template, locale, member.as_ref(), content)
    }

    /// A page that says one thing; its words are `<kind>_title` and `<kind>_text` in `strings_*.toml`.
    fn message(&self, status: StatusCode, kind: &str, locale: Locale, jar: &CookieJar) -> Response {
        self.page(status, "message.html", locale, jar, json!({ "kind": kind }))
    }

    /// What the member reads is plain and dull; what happened stands in the log.
    fn error_page(&self, error: &ProviderError, locale: Locale, jar: &CookieJar) -> Response {
        let (status, kind) = match error {
            ProviderError::Cancelled => (StatusCode::OK, "login_cancelled"),
            ProviderError::Unreachable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "provider_unreachable"),
            ProviderError::Refused(_) => (StatusCode::BAD_GATEWAY, "login_failed"),
            ProviderError::NotBelieved(_) => (StatusCode::BAD_REQUEST, "login_failed"),
            ProviderError::Failed(_) => (StatusCode::BAD_GATEWAY, "login_failed"),
        };
        tracing::warn!("{error}");
        self.message(status, kind, locale, jar)
    }
}

/// No script, nothing from elsewhere but the help pictures. The provider stands under `form-action` because browsers
/// hold the redirect that answers the logout form to it.
fn security_policy(config: &Config) -> Result<String, url::ParseError> {
    let provider = Url::parse(&config.issuer)?.origin().ascii_serialization();
    Ok(format!(
        "default-src 'none'; style-src 'self'; img-src 'self' {provider}; form-action 'self' {provider}; \
         base-uri 'none'; frame-ancestors 'none'"
    ))
}

async fn with_security_headers(security_policy: HeaderValue, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(security_policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The address of `/callback` holds the code; it goes nowhere.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Pages name the member: no cache keeps them, and "back" after logging out shows none.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    /// A portal whose provider is not there: nothing listens on port 1.
    fn portal() -> Router {
        router(Config {
            url: "http://localhost:8090".parse().unwrap(),
            issuer: "http://127.0.0.1:1".to_owned(),
            client_id: "portal".to_owned(),
            client_secret: "secret".to_owned(),
        })
        .unwrap()
    }

    async fn get(path: &str, language: &str) -> (StatusCode, String) {
        let request = Request::get(path).header("accept-language", language).body(Body::empty()).unwrap();
        let response = portal().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_start_page_offers_to_log_in_in_the_readers_language() {
        let (status, english) = get("/", "en-GB,en;q=0.9").await;
        assert_eq!(status, StatusCode::OK);
        assert!(english.contains(r#"<html lang="en">"#) && english.contains(r#"id="login""#), "{english}");
        assert!(!english.contains(r#"id="member-name""#));
        assert!(get("/", "ja").await.1.contains(r#"<html lang="ja">"#));
        assert!(get("/?lang=en", "ja").await.1.contains(r#"<html lang="en">"#));
    }

    #[tokio::test]
    async fn an_absent_provider_is_an_apology_and_no_crash() {
        for path in ["/login", "/faq", "/guide"] {
            assert_eq!(get(path, "ja").await.0, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        }
    }

    #[tokio::test]
    async fn an_answer_nobody_asked_for_logs_nobody_in() {
        for path in ["/callback", "/callback?code=stolen", "/callback?code=stolen&state=guessed"] {
            assert_eq!(get(path, "ja").await.0, StatusCode::BAD_REQUEST, "{path}");
        }
    }

    #[tokio::test]
    async fn a_strangers_words_in_the_address_do_not_reach_the_page() {
        let (_, page) = get("/callback?state=x&error=%3Cscript%3E&error_description=call+0120", "en").await;
        assert!(!page.contains("script") && !page.contains("0120"));
    }

    #[tokio::test]
    async fn pages_forbid_scripts_and_framing_and_are_not_kept() {
        let response = portal().oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(policy.contains("form-action 'self' http://127.0.0.1:1"), "{policy}");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}
