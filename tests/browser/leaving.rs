//! The way out, in a browser that runs no scripts: whatever kind of address an application has registered, and wherever it
//! sends its member on from there, a login, a consent, a refusal and a cancelled login arrive.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{Html, Redirect};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::app::HANAKO;
use crate::support::browser::{Browser, Options, Page};
use crate::support::relying_party::RelyingParty;
use crate::support::{Engine, TestApp};

const APP: &str = "jp.example.app:";

/// What an application does with its member when the answer has come.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Callback {
    /// Shows a page.
    Shows,
    /// Sends the member on to this machine at another port.
    OtherPort,
    /// Sends the member on to an app.
    ToApp,
    /// Is an app itself.
    IsApp,
}

const ALL: [Callback; 4] = [Callback::Shows, Callback::OtherPort, Callback::ToApp, Callback::IsApp];

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://127.0.0.1:{port}")
}

async fn landed(RawQuery(query): RawQuery) -> Html<String> {
    Html(format!("<p id=landed>{}</p>", query.unwrap_or_default().replace('&', " ")))
}

async fn send_on(State(to): State<String>, RawQuery(query): RawQuery) -> Redirect {
    Redirect::to(&format!("{to}?{}", query.unwrap_or_default()))
}

async fn register(app: &TestApp, callback: Callback, first_party: bool) -> RelyingParty {
    let on_to = |to: String| Router::new().route("/callback", get(send_on)).with_state(to);
    let shows = Router::new().route("/callback", get(landed)).route("/landed", get(landed));
    let base = match callback {
        Callback::Shows => serve(shows).await,
        Callback::OtherPort => {
            let other = serve(shows).await;
            serve(on_to(format!("{other}/landed"))).await
        }
        Callback::ToApp => serve(on_to(format!("{APP}/landed"))).await,
        Callback::IsApp => APP.to_owned(),
    };
    let redirect_uris = [format!("{base}/callback")];
    app.register(json!({ "redirect_uris": redirect_uris, "application_type": "native" }), first_party).await
}

/// The answer, wherever it has come to.
async fn answer_at(page: &Page, callback: Callback) -> String {
    match callback {
        Callback::Shows | Callback::OtherPort => {
            page.wait_for("#landed").await;
            page.url().await
        }
        Callback::ToApp => page.asks_for(&format!("{APP}/landed")).await,
        Callback::IsApp => {
            let asked_for = page.asks_for(&format!("{APP}/callback")).await;
            // The page stays, and its button says the same once more.
            assert_eq!(page.attribute("#leave", "href").await.as_deref(), Some(asked_for.as_str()));
            assert!(page.shows("#stays").await);
            asked_for
        }
    }
}

async fn login_page(rp: &RelyingParty, change: &[(&str, &str)]) -> (Browser, Page) {
    let browser = Browser::launch(Options { javascript: false, ..Options::PHONE }).await;
    let page = browser.page().await;
    page.goto(&rp.authorize_url(change)).await;
    page.wait_for("#password").await;
    (browser, page)
}

async fn log_in(page: &Page) {
    page.fill("#user_id", HANAKO.0).await;
    page.fill("#password", HANAKO.1).await;
    page.click("#login").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_reaches_every_kind_of_application() {
    let app = TestApp::start(Engine::Sqlite).await;
    for callback in ALL {
        let rp = register(&app, callback, true).await;
        // Whatever was asked of the login itself, this one meets it.
        for change in [&[][..], &[("prompt", "login")], &[("max_age", "0")]] {
            let (_browser, page) = login_page(&rp, change).await;
            log_in(&page).await;
            let answer = answer_at(&page, callback).await;
            assert!(answer.contains("code=") && answer.contains("state=st-1"), "{callback:?} {change:?}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_and_a_refusal_reach_every_kind_of_application() {
    let app = TestApp::start(Engine::Sqlite).await;
    for callback in ALL {
        for (button, says) in [("#deny", "error=access_denied"), ("#allow", "code=")] {
            let rp = register(&app, callback, false).await;
            let (_browser, page) = login_page(&rp, &[]).await;
            log_in(&page).await;
            page.click(button).await;
            let answer = answer_at(&page, callback).await;
            assert!(answer.contains(says) && answer.contains("state=st-1"), "{callback:?} {button}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_login_reaches_every_kind_of_application() {
    let app = TestApp::start(Engine::Sqlite).await;
    for callback in ALL {
        let rp = register(&app, callback, true).await;
        let (_browser, page) = login_page(&rp, &[]).await;
        page.click("#cancel").await;
        let answer = answer_at(&page, callback).await;
        assert!(answer.contains("error=access_denied"), "{callback:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_back_button_leads_back_to_the_login_and_from_there_on_again() {
    let app = TestApp::start(Engine::Sqlite).await;
    for callback in [Callback::Shows, Callback::OtherPort, Callback::IsApp] {
        let rp = register(&app, callback, true).await;
        let (_browser, page) = login_page(&rp, &[]).await;
        log_in(&page).await;
        let first = answer_at(&page, callback).await;
        page.back().await;
        page.wait_for("#password").await;
        assert!(page.url().await.starts_with(&app.at("/login/password?")), "{callback:?}: {}", page.url().await);
        log_in(&page).await;
        if callback == Callback::IsApp {
            page.wait_for("#leave").await;
            assert_ne!(page.attribute("#leave", "href").await, Some(first), "another code");
        } else {
            assert_ne!(answer_at(&page, callback).await, first, "another code");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_stays_answers_again_when_a_phone_loads_it_anew_and_the_code_is_good() {
    let app = TestApp::start(Engine::Sqlite).await;
    let rp = register(&app, Callback::IsApp, true).await;
    let (_browser, page) = login_page(&rp, &[("prompt", "login")]).await;
    log_in(&page).await;
    let first = answer_at(&page, Callback::IsApp).await;
    page.reload().await;
    page.wait_for("#leave").await;
    let second = page.attribute("#leave", "href").await.unwrap();
    for answer in [first, second] {
        let url = url::Url::parse(&answer).unwrap();
        let (_, code) = url.query_pairs().find(|(name, _)| name == "code").unwrap();
        let tokens: Value = rp.redeem(&code).await.expect_status(200).json();
        assert!(tokens["id_token"].is_string());
    }
}

/// Nobody is led by a link of ours to an address that nobody has looked at: they read where it goes, and press.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_to_an_application_that_registered_itself_waits_for_a_press() {
    let app = TestApp::start(Engine::Sqlite).await;
    let rp = register(&app, Callback::Shows, false).await;
    app.execute("UPDATE clients SET registration_token_digest = 'of nothing'").await;
    let browser = Browser::launch(Options { javascript: false, ..Options::PHONE }).await;
    let page = browser.page().await;
    page.goto(&rp.authorize_url(&[("scope", "unheard-of")])).await;
    assert!(page.text("#goes-to").await.contains("127.0.0.1"));
    assert!(page.url().await.starts_with(&app.at("/authorize")));
    page.click("#go-on").await;
    assert!(answer_at(&page, Callback::Shows).await.contains("error=invalid_scope"));
    page.back().await;
    assert!(page.shows("#go-on").await);
}
