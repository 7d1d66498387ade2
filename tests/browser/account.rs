//! The member's own account in a real browser: what members do there, by touch and by keyboard, with scripts off and on.

use sekisho::domain::login::one_time_password::{TotpKey, step_at};
use sekisho::domain::unix_time::Span;
use serde_json::json;

use crate::support::app::HANAKO;
use crate::support::browser::{Browser, Options, Page};
use crate::support::{Engine, TestApp, on_both_engines};

const NEW: &str = "My-own-words-7";

async fn start(engine: Engine) -> TestApp {
    TestApp::start_with(engine, |settings| settings.authentication.recovery_codes = true).await
}

fn phone(locale: &'static str) -> Options {
    Options { locale, javascript: false, ..Options::PHONE }
}

async fn log_in(app: &TestApp, page: &Page) {
    page.goto(&app.at("/account/profile")).await;
    page.fill("#user_id", HANAKO.0).await;
    page.fill("#password", HANAKO.1).await;
    page.click("#login").await;
    arrived(app, page, "profile").await;
}

/// On this page of the account, which fits the width of the screen.
async fn arrived(app: &TestApp, page: &Page, path: &str) {
    page.wait_for("h1").await;
    let url = page.url().await;
    assert_eq!(url.split('?').next(), Some(app.at(&format!("/account/{path}")).as_str()));
    let metrics = page.command("Page.getLayoutMetrics", json!({})).await;
    let (content, screen) = (&metrics["cssContentSize"]["width"], &metrics["cssLayoutViewport"]["clientWidth"]);
    assert!(content.as_f64().unwrap() <= screen.as_f64().unwrap(), "{url} scrolls sideways");
}

async fn key(page: &Page) -> TotpKey {
    page.click("#cannot-scan summary").await;
    let shown = page.text("#totp-key").await.replace(' ', "");
    TotpKey::new(totp_rs::Secret::try_from_base32(shown).unwrap().as_bytes().to_vec())
}

fn code(app: &TestApp, key: &TotpKey) -> String {
    key.code_at(step_at(app.now())).expose().to_owned()
}

async fn fill_in_enrolment(app: &TestApp, page: &Page, name: &str) -> TotpKey {
    let key = key(page).await;
    page.fill("#device_name", name).await;
    page.fill("#code", &code(app, &key)).await;
    page.click("#enrol").await;
    key
}

/// The links beside the device of this name.
async fn device_link(page: &Page, name: &str, which: &str) {
    let list = page.evaluate("[...document.querySelectorAll('#apps h3')].map(h => h.textContent)").await;
    let at = list.as_array().unwrap().iter().position(|shown| shown == name).expect("a device of this name") + 1;
    page.click(&format!("#apps > li:nth-child({at}) a[id^={which}-]")).await;
}

async fn change_method_and_look_after_devices(engine: Engine, locale: &'static str) {
    let app = start(engine).await;
    let browser = Browser::launch(phone(locale)).await;
    let page = browser.page().await;
    log_in(&app, &page).await;
    assert_eq!(page.attribute("html", "lang").await.as_deref(), Some(locale));

    page.select("#method", "totp").await;
    page.click("#change-method").await;
    arrived(&app, &page, "totp-enrolment").await;
    fill_in_enrolment(&app, &page, "old phone").await;
    arrived(&app, &page, "profile").await;
    assert!(page.exists("#notice").await);
    assert_eq!(page.value("#method").await, "totp");

    page.click("#authentication-method").await;
    arrived(&app, &page, "authentication-method").await;
    page.click("#add-app").await;
    arrived(&app, &page, "totp-enrolment").await;
    fill_in_enrolment(&app, &page, "new phone").await;
    arrived(&app, &page, "authentication-method").await;
    device_link(&page, "old phone", "rename").await;
    page.fill("#device_name", "very old phone").await;
    page.click("#save").await;
    arrived(&app, &page, "authentication-method").await;
    device_link(&page, "very old phone", "delete").await;
    assert!(page.text("h1").await.contains("very old phone"), "the page names what goes");
    page.click("#back").await;
    device_link(&page, "very old phone", "delete").await;
    page.click("#delete").await;
    arrived(&app, &page, "authentication-method").await;
    assert!(!page.text("#apps").await.contains("old"));

    page.goto(&app.at("/account/profile")).await;
    page.select("#method", "email").await;
    page.click("#change-method").await;
    arrived(&app, &page, "email-method").await;
    page.fill("#code", &app.code_mailed_to("hanako@example.jp").await).await;
    page.click("#continue").await;
    arrived(&app, &page, "profile").await;
    assert_eq!(page.value("#method").await, "email");
}

on_both_engines! {
    async fn on_a_phone_in_japanese_a_method_is_chosen_and_devices_come_and_go(engine: Engine) {
        change_method_and_look_after_devices(engine, "ja").await;
    }

    async fn on_a_phone_in_english_a_method_is_chosen_and_devices_come_and_go(engine: Engine) {
        change_method_and_look_after_devices(engine, "en").await;
    }

    async fn the_pull_down_works_by_the_keyboard_alone(engine: Engine) {
        let app = start(engine).await;
        let browser = Browser::launch(Options { javascript: false, ..Options::DESKTOP }).await;
        let page = browser.page().await;
        log_in(&app, &page).await;
        let focus = async || page.evaluate("document.activeElement.id").await.as_str().unwrap_or_default().to_owned();
        for _ in 0..30 {
            page.press("Tab").await;
            if focus().await == "method" {
                break;
            }
        }
        assert_eq!(focus().await, "method");
        assert_eq!(page.value("#method").await, "");
        page.press("ArrowDown").await;
        page.press("ArrowDown").await;
        assert_eq!(page.value("#method").await, "totp");
        page.press("Tab").await;
        assert_eq!(focus().await, "change-method");
        page.press("Enter").await;
        arrived(&app, &page, "totp-enrolment").await;
    }

    async fn password_and_address_are_changed_and_the_other_device_is_logged_out(engine: Engine) {
        let app = start(engine).await;
        let (own, other) = (Browser::launch(phone("ja")).await, Browser::launch(phone("en")).await);
        let (page, elsewhere) = (own.page().await, other.page().await);
        log_in(&app, &page).await;
        log_in(&app, &elsewhere).await;

        page.click("#change-password").await;
        page.fill("#new_password", "short").await;
        page.fill("#new_password_again", "short").await;
        page.click("#save").await;
        assert!(page.text("#error").await.contains('8'));
        arrived(&app, &page, "password").await;
        page.fill("#new_password", NEW).await;
        page.fill("#new_password_again", NEW).await;
        page.click("#save").await;
        arrived(&app, &page, "profile").await;
        elsewhere.reload().await;
        elsewhere.wait_for("#password[type=password]").await;

        page.click("#change-email").await;
        page.fill("#email", "new@example.jp").await;
        page.click("#send").await;
        arrived(&app, &page, "email-address-code").await;
        page.fill("#code", &app.code_mailed_to("new@example.jp").await).await;
        page.click("#continue").await;
        arrived(&app, &page, "profile").await;
        assert_eq!(page.text("#email").await, "new@example.jp");
        page.click("#activity").await;
        arrived(&app, &page, "activity").await;
        assert!(page.text("#events").await.contains("n•••••@example.jp"));
    }

    async fn a_change_after_a_while_asks_who_it_is_and_says_that_nothing_was_lost_or_done(engine: Engine) {
        let app = start(engine).await;
        let browser = Browser::launch(phone("ja")).await;
        let page = browser.page().await;
        log_in(&app, &page).await;
        page.click("#change-password").await;
        app.advance(Span::minutes(11));
        page.fill("#new_password", NEW).await;
        page.fill("#new_password_again", NEW).await;
        page.click("#save").await;
        page.wait_for("#again").await;
        assert_eq!(page.value("#user_id").await, HANAKO.0);
        page.fill("#password", HANAKO.1).await;
        page.click("#login").await;
        arrived(&app, &page, "password").await;
        page.fill("#new_password", NEW).await;
        page.fill("#new_password_again", NEW).await;
        page.click("#save").await;
        arrived(&app, &page, "profile").await;
        // Back and once more: the form is sent again, and it is the same act.
        page.back().await;
        page.back().await;
        page.goto(&app.at("/account/profile")).await;
        assert_eq!(page.text("#user-id").await, HANAKO.0);
    }

    async fn sessions_are_seen_and_ended_and_the_language_changed(engine: Engine) {
        let app = start(engine).await;
        let (own, other) = (Browser::launch(phone("ja")).await, Browser::launch(phone("ja")).await);
        let (page, elsewhere) = (own.page().await, other.page().await);
        log_in(&app, &page).await;
        log_in(&app, &elsewhere).await;
        page.click("#sessions").await;
        arrived(&app, &page, "sessions").await;
        assert!(page.exists("#session-list > li:first-child #this-one").await);
        page.click("#session-list button").await;
        arrived(&app, &page, "sessions").await;
        assert!(page.exists("#no-others").await);
        elsewhere.reload().await;
        elsewhere.wait_for("#password[type=password]").await;
        page.click("#back").await;
        page.select("#language", "en").await;
        page.click("#change-language").await;
        arrived(&app, &page, "profile").await;
        assert_eq!(page.attribute("html", "lang").await.as_deref(), Some("en"));
    }

    async fn recovery_codes_can_be_printed_and_a_key_copied_where_scripts_run(engine: Engine) {
        let app = start(engine).await;
        let browser = Browser::launch(Options::PHONE).await;
        let page = browser.page().await;
        log_in(&app, &page).await;
        page.goto(&app.at("/account/recovery-codes")).await;
        page.click("#make").await;
        page.wait_for("#print:not([hidden])").await;
        assert_eq!(page.evaluate("document.querySelectorAll('#codes code').length").await, 10);
        page.goto(&app.at("/account/totp-enrolment")).await;
        page.click("#cannot-scan summary").await;
        page.wait_for("#copy-key:not([hidden])").await;
        // No test may put anything into the clipboard of whoever runs it.
        page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }; true").await;
        page.click("#copy-key").await;
        page.wait_for("#copy-status:not(:empty)").await;
        let (copied, shown) = (page.evaluate("window.copied").await, page.text("#totp-key").await);
        assert_eq!(copied, shown);
    }
}
