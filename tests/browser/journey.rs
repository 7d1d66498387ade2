//! The main journey in a real browser without scripts: from the example portal to the provider and back, the help, and out
//! of both; and the locks as a member meets them.

use std::process::Command;

use sekisho::actions::protocol::register_client::{NewClient, add_client};
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::ClientId;
use sekisho::domain::protocol::client::{PkcePolicy, Terms};
use serde_json::json;
use tokio::net::TcpListener;

use crate::portal;
use crate::support::app::{HANAKO, TARO};
use crate::support::browser::{Browser, Options, Page};
use crate::support::{Engine, TestApp, on_both_engines};

/// The example portal, served and registered as a relying party of the society's own.
pub struct Portal {
    pub url: String,
}

impl Portal {
    pub async fn start(app: &TestApp) -> Portal {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let metadata = json!({
            "redirect_uris": [format!("{url}/callback")],
            "post_logout_redirect_uris": [format!("{url}/logged-out")],
            "client_name": "Example portal",
            "client_name#ja": "サンプルポータル",
        });
        let terms = Terms { pkce: PkcePolicy::Required, first_party: true, second_factor: None };
        let metadata = metadata.as_object().unwrap().clone();
        let new = NewClient { id: Some(ClientId("portal".into())), metadata, terms, may_notify: false };
        let done = add_client(&app.app, &Actor::CommandLine(None), new).await;
        let config = portal::Config {
            url: url.parse().unwrap(),
            issuer: app.issuer.clone(),
            client_id: "portal".into(),
            client_secret: done.unwrap().secret.unwrap().expose().clone(),
        };
        let router = portal::router(config).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Portal { url }
    }
}

fn options(size: Options, locale: &'static str) -> Options {
    Options { locale, javascript: false, ..size }
}

async fn log_in(page: &Page, user_id: &str, password: &str) {
    page.fill("#user_id", user_id).await;
    page.fill("#password", password).await;
    page.click("#login").await;
}

/// What a member sees must fit the width of their screen.
async fn fits(page: &Page) {
    let metrics = page.command("Page.getLayoutMetrics", json!({})).await;
    let (content, screen) = (&metrics["cssContentSize"]["width"], &metrics["cssLayoutViewport"]["clientWidth"]);
    assert!(content.as_f64().unwrap() <= screen.as_f64().unwrap(), "{} scrolls sideways", page.url().await);
}

async fn main_journey(engine: Engine, size: Options, locale: &'static str) {
    let app = TestApp::start(engine).await;
    let portal = Portal::start(&app).await;
    let browser = Browser::launch(options(size, locale)).await;
    let page = browser.page().await;

    page.goto(&portal.url).await;
    fits(&page).await;
    page.click("#login").await;
    assert!(page.url().await.starts_with(&app.at("/login/password?flow=")), "{}", page.url().await);
    assert_eq!(page.attribute("html", "lang").await.as_deref(), Some(locale));
    fits(&page).await;
    log_in(&page, HANAKO.0, HANAKO.1).await;
    assert!(page.url().await.starts_with(&portal.url), "{}", page.url().await);
    assert_eq!(page.text("#member-name").await, "健保 花子");
    fits(&page).await;

    page.click("#menu summary").await;
    page.click("#menu-faq").await;
    // Category, question, answer.
    page.click(".category:has(#password-locked) > summary").await;
    page.click("#password-locked > summary").await;
    assert!(page.text("#password-locked").await.contains('5'), "the answer names the threshold");
    fits(&page).await;
    page.click("#menu summary").await;
    page.click("#menu-guide").await;
    assert!(page.exists("main .prose").await);
    fits(&page).await;
    page.click("#menu summary").await;
    page.click("#menu-profile").await;
    assert_eq!(page.url().await, app.at("/account/profile"));
    assert_eq!(page.text("#user-id").await, "hanako");
    fits(&page).await;

    page.goto(&portal.url).await;
    page.click("#logout").await;
    assert!(page.url().await.starts_with(&format!("{}/logged-out", portal.url)), "{}", page.url().await);
    assert!(page.exists("#logged-out").await);
    // Out of both: the portal shows its login, and the provider asks for the password again.
    page.goto(&portal.url).await;
    page.click("#login").await;
    page.wait_for("#password").await;
    page.goto(&app.at("/account/profile")).await;
    page.wait_for("#password").await;
}

on_both_engines! {
    async fn from_the_portal_and_back_on_a_phone_in_japanese(engine: Engine) {
        main_journey(engine, Options::PHONE, "ja").await;
    }

    async fn from_the_portal_and_back_on_a_phone_in_english(engine: Engine) {
        main_journey(engine, Options::PHONE, "en").await;
    }

    async fn from_the_portal_and_back_on_a_desktop_in_japanese(engine: Engine) {
        main_journey(engine, Options::DESKTOP, "ja").await;
    }

    async fn from_the_portal_and_back_on_a_desktop_in_english(engine: Engine) {
        main_journey(engine, Options::DESKTOP, "en").await;
    }

    async fn a_new_member_chooses_a_password_on_the_way_to_the_portal(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::start(&app).await;
        let browser = Browser::launch(options(Options::PHONE, "ja")).await;
        let page = browser.page().await;
        page.goto(&portal.url).await;
        page.click("#login").await;
        log_in(&page, TARO.0, TARO.1).await;
        fits(&page).await;
        page.fill("#new_password", "short").await;
        page.fill("#new_password_again", "short").await;
        page.click("#save").await;
        assert!(page.text("#error").await.contains('8'));
        fits(&page).await;
        page.fill("#new_password", "My-own-words-7").await;
        page.fill("#new_password_again", "My-own-words-7").await;
        page.click("#save").await;
        assert_eq!(page.text("#member-name").await, "taro");
        // The back button shows no form that works again, and loses nothing.
        page.back().await;
        page.goto(&portal.url).await;
        assert_eq!(page.text("#member-name").await, "taro");
    }

    async fn a_wrong_password_and_an_unknown_id_show_the_same_page(engine: Engine) {
        let app = TestApp::start(engine).await;
        let mut seen = Vec::new();
        for user_id in ["hanako", "nobody"] {
            let browser = Browser::launch(options(Options::PHONE, "ja")).await;
            let page = browser.page().await;
            page.goto(&app.at("/account/profile")).await;
            log_in(&page, user_id, "Wrong-password-1").await;
            assert!(page.text("#error").await.contains("無効なユーザIDまたはパスワードです。"));
            assert_eq!(page.value("#user_id").await, user_id, "what was typed stays");
            assert_eq!(page.value("#password").await, "", "but not the password");
            fits(&page).await;
            seen.push((page.text("body").await, page.attribute("#error-help .own-page a", "href").await));
        }
        assert_eq!(seen[0], seen[1]);
    }

    async fn five_wrong_passwords_lock_and_the_command_line_lifts_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        // A device on which the member has logged in before.
        let own = Browser::launch(options(Options::PHONE, "ja")).await;
        let own_page = own.page().await;
        own_page.goto(&app.at("/account/profile")).await;
        log_in(&own_page, HANAKO.0, HANAKO.1).await;
        own_page.click("#logout").await;

        let stranger = Browser::launch(options(Options::DESKTOP, "ja")).await;
        let page = stranger.page().await;
        page.goto(&app.at("/account/profile")).await;
        for _ in 0..5 {
            log_in(&page, "hanako", "Wrong-password-1").await;
            assert!(page.text("#error").await.contains("無効なユーザIDまたはパスワードです。"));
        }
        log_in(&page, HANAKO.0, HANAKO.1).await;
        assert!(page.text("#error").await.contains("パスワードがロック"), "{}", page.text("#error").await);
        assert_eq!(page.attribute("#inquiry", "href").await.as_deref(), Some("https://inquiry.example.jp/form"));
        assert_eq!(page.attribute("#error-help .own-page a", "href").await.as_deref(), Some("/help/faq/password-locked"));
        fits(&page).await;
        // The answer opens in place: the login goes on below it.
        assert!(!page.shows("#error-help .answer").await);
        page.click("#error-help > summary").await;
        assert!(page.text("#error-help .answer").await.contains('5'), "the answer names the threshold");
        assert_eq!(page.value("#user_id").await, "hanako");
        fits(&page).await;

        own_page.goto(&app.at("/account/profile")).await;
        log_in(&own_page, HANAKO.0, HANAKO.1).await;
        assert_eq!(own_page.text("#user-id").await, "hanako", "a known device still logs in");

        let unlocked = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .current_dir(app.folder.path())
            .env("SEKISHO_DATABASE__URL", &app.app.settings.database.url)
            .env("SEKISHO_SECRETS__MASTER_KEY_FILE", app.folder.path().join("master.key"))
            .args(["member", "unlock", "hanako"])
            .output()
            .unwrap();
        assert!(unlocked.status.success(), "{}", String::from_utf8_lossy(&unlocked.stderr));
        log_in(&page, HANAKO.0, HANAKO.1).await;
        assert_eq!(page.text("#user-id").await, "hanako");
    }

    async fn a_login_opened_in_another_browser_says_what_to_do(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::start(&app).await;
        let first = Browser::launch(options(Options::PHONE, "ja")).await;
        let page = first.page().await;
        page.goto(&portal.url).await;
        page.click("#login").await;
        let address = page.url().await;
        let other = Browser::launch(options(Options::PHONE, "en")).await;
        let elsewhere = other.page().await;
        elsewhere.goto(&address).await;
        assert_eq!(elsewhere.text("#error-code").await, "flow_other_browser");
        assert!(!elsewhere.exists("#password").await);
        fits(&elsewhere).await;
    }

    async fn several_tabs_the_back_button_and_reloading_do_no_harm(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::start(&app).await;
        let browser = Browser::launch(options(Options::DESKTOP, "ja")).await;
        let (one, two) = (browser.page().await, browser.page().await);
        one.goto(&app.at("/account/profile")).await;
        two.goto(&portal.url).await;
        two.click("#login").await;
        one.reload().await;
        log_in(&one, HANAKO.0, HANAKO.1).await;
        assert_eq!(one.text("#user-id").await, "hanako");
        log_in(&two, HANAKO.0, HANAKO.1).await;
        assert_eq!(two.text("#member-name").await, "健保 花子");
        two.back().await;
        two.goto(&portal.url).await;
        assert_eq!(two.text("#member-name").await, "健保 花子");
    }

    async fn the_member_may_change_the_language_of_the_login(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::start(&app).await;
        let browser = Browser::launch(options(Options::PHONE, "ja")).await;
        let page = browser.page().await;
        page.goto(&portal.url).await;
        page.click("#login").await;
        page.click("a[hreflang=en]").await;
        assert_eq!(page.attribute("html", "lang").await.as_deref(), Some("en"));
        log_in(&page, "hanako", "Wrong-password-1").await;
        assert_eq!(page.attribute("html", "lang").await.as_deref(), Some("en"));
        log_in(&page, HANAKO.0, HANAKO.1).await;
        assert_eq!(page.text("#member-name").await, "健保 花子");
    }
}
