//! The harness itself, against a few pages of its own: what it says must be what happened, or no journey proves much.

use std::time::Duration;

use axum::Router;
use axum::extract::Form;
use axum::http::{HeaderMap, header};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::support::browser::{Browser, Options};

#[derive(Deserialize)]
struct Login {
    user_id: String,
}

const START: &str = r##"<!DOCTYPE html><meta name="viewport" content="width=device-width"><title>start</title>
<form method="post" action="/login"><input id="user_id" name="user_id" value="old text">
<button id="submit">go</button></form>
<a id="slow" href="/slow">slow</a> <a id="place" href="#there">place</a> <p id="there">there</p>
<p id="script">off</p><script>document.getElementById("script").textContent = "on"</script>
<p id="late"></p><button id="wait">wait</button><script>document.getElementById("wait").onclick = () =>
setTimeout(() => { document.getElementById("late").innerHTML = "<b id=came>came</b>" }, 50)</script>"##;

async fn server() -> String {
    async fn login(Form(login): Form<Login>) -> ([(header::HeaderName, String); 1], Redirect) {
        ([(header::SET_COOKIE, format!("member={}; Path=/; HttpOnly", login.user_id))], Redirect::to("/member"))
    }
    async fn member(headers: HeaderMap) -> Html<String> {
        let header = |name: header::HeaderName| {
            String::from_utf8_lossy(headers.get(name).map_or(b"none", |value| value.as_bytes()))
        };
        let (language, cookie) = (header(header::ACCEPT_LANGUAGE), header(header::COOKIE));
        Html(format!("<p id=language>{language}</p><p id=cookie>{cookie}</p><a id=start href=/>start</a>"))
    }
    async fn slow() -> Html<&'static str> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Html("<p id=slow-page>at last</p>")
    }
    let router = Router::new()
        .route("/", get(async || Html(START)))
        .route("/login", post(login))
        .route("/member", get(member))
        .route("/slow", get(slow));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn a_form_is_posted_with_scripts_off_and_on() {
    let url = server().await;
    for javascript in [false, true] {
        let browser = Browser::launch(Options { javascript, ..Options::DESKTOP }).await;
        let page = browser.page().await;
        for user_id in ["hanako", "花子", ""] {
            page.goto(&url).await;
            assert_eq!(page.text("#script").await, if javascript { "on" } else { "off" });
            page.fill("#user_id", user_id).await;
            assert_eq!(page.value("#user_id").await, user_id);
            page.click("#submit").await;
            assert_eq!(page.url().await, format!("{url}/member"));
            assert!(!page.exists("#user_id").await);
        }
        page.goto(&url).await;
        page.fill("#user_id", "taro").await;
        page.press("Enter").await;
        assert_eq!(page.text("#cookie").await, "member=taro");
    }
}

#[tokio::test]
async fn a_click_waits_for_a_slow_page_and_not_for_a_place_on_this_one() {
    let url = server().await;
    for javascript in [false, true] {
        let browser = Browser::launch(Options { javascript, ..Options::DESKTOP }).await;
        let page = browser.page().await;
        page.goto(&url).await;
        page.click("#place").await;
        assert_eq!(page.url().await, format!("{url}/#there"));
        page.click("#slow").await;
        assert!(page.exists("#slow-page").await);
        page.back().await;
        assert!(page.exists("#user_id").await);
        page.reload().await;
        assert!(page.exists("#user_id").await);
    }
}

#[tokio::test]
async fn what_a_script_adds_later_is_waited_for() {
    let url = server().await;
    let browser = Browser::launch(Options::DESKTOP).await;
    let page = browser.page().await;
    page.goto(&url).await;
    page.click("#wait").await;
    page.wait_for("#came").await;
    assert_eq!(page.text("#late").await, "came");
}

#[tokio::test]
async fn browsers_share_nothing_and_tabs_of_one_share_cookies() {
    let url = server().await;
    let browser = Browser::launch(Options::DESKTOP).await;
    let stranger = Browser::launch(Options::DESKTOP).await;
    let (first, second, other) = (browser.page().await, browser.page().await, stranger.page().await);

    first.goto(&url).await;
    first.fill("#user_id", "hanako").await;
    first.click("#submit").await;
    second.goto(&format!("{url}/member")).await;
    other.goto(&format!("{url}/member")).await;

    assert_eq!(second.text("#cookie").await, "member=hanako");
    assert_eq!(other.text("#cookie").await, "none");
    second.click("#start").await;
    second.close().await;
    first.reload().await;
    assert_eq!(first.text("#cookie").await, "member=hanako");
}

#[tokio::test]
async fn language_and_size_of_the_page_are_the_readers() {
    let url = server().await;
    for (options, language) in [(Options { locale: "en", ..Options::PHONE }, "en"), (Options::DESKTOP, "ja")] {
        let browser = Browser::launch(options).await;
        let page = browser.page().await;
        page.goto(&format!("{url}/member")).await;
        assert!(page.text("#language").await.starts_with(language));
        page.goto(&url).await;
        assert_eq!(page.evaluate("innerWidth").await, options.width);
        assert_eq!(page.evaluate("navigator.maxTouchPoints > 0").await, options.mobile);

        let picture = tempfile::NamedTempFile::new().unwrap();
        page.screenshot(picture.path()).await;
        assert!(std::fs::read(picture.path()).unwrap().starts_with(b"\x89PNG"));
    }
}
