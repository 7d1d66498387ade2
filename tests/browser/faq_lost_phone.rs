//! FAQ 13 of the members' manual: the phone that shows the one-time passwords is changed or lost.

use sekisho::config::SecondFactor;
use sekisho::domain::login::one_time_password::{TotpKey, step_at};
use sekisho::domain::unix_time::Span;
use serde_json::json;

use crate::support::app::HANAKO;
use crate::support::browser::{Browser, Options, Page};
use crate::support::{Engine, TestApp, on_both_engines};

const NEW: &str = "My-own-words-7";
const ADDRESS: &str = "hanako@example.jp";

/// On a page at this path, which fits the width of the screen.
async fn arrived(app: &TestApp, page: &Page, path: &str) {
    page.wait_for("h1").await;
    let url = page.url().await;
    assert_eq!(url.split('?').next(), Some(app.at(path).as_str()));
    let metrics = page.command("Page.getLayoutMetrics", json!({})).await;
    let (content, screen) = (&metrics["cssContentSize"]["width"], &metrics["cssLayoutViewport"]["clientWidth"]);
    assert!(content.as_f64().unwrap() <= screen.as_f64().unwrap(), "{url} scrolls sideways");
}

async fn log_in(page: &Page, password: &str) {
    page.fill("#user_id", HANAKO.0).await;
    page.fill("#password", password).await;
    page.click("#login").await;
}

/// Enrols an app from the choice of a method on.
async fn enrol(app: &TestApp, page: &Page, name: &str) -> TotpKey {
    arrived(app, page, "/login/method").await;
    page.click("#method-totp").await;
    page.click("#continue").await;
    arrived(app, page, "/login/totp-enrolment").await;
    page.click("#cannot-scan summary").await;
    let shown = page.text("#totp-key").await.replace(' ', "");
    let key = TotpKey::new(totp_rs::Secret::try_from_base32(shown).unwrap().as_bytes().to_vec());
    page.fill("#device_name", name).await;
    page.fill("#code", key.code_at(step_at(app.now())).expose()).await;
    page.click("#enrol").await;
    arrived(app, page, "/account/profile").await;
    key
}

async fn the_way_back_in(engine: Engine, options: Options) {
    let app = TestApp::start_with(engine, |settings| {
        settings.authentication.second_factor = SecondFactor::Required;
    })
    .await;
    let before = Browser::launch(Options { javascript: false, ..options }).await;
    let page = before.page().await;
    page.goto(&app.at("/account/profile")).await;
    log_in(&page, HANAKO.1).await;
    enrol(&app, &page, "old phone").await;
    app.advance(Span::minutes(5));

    // Another browser, as on the new phone: the app with the codes is gone.
    let browser = Browser::launch(Options { javascript: false, ..options }).await;
    let page = browser.page().await;
    page.goto(&app.at("/account/profile")).await;
    log_in(&page, HANAKO.1).await;
    arrived(&app, &page, "/login/totp").await;
    page.click("#lost").await;
    arrived(&app, &page, "/login/lost-methods").await;
    assert!(page.exists("#reset-password-first").await);
    page.click("#reset-password").await;
    arrived(&app, &page, "/recovery/forgotten-password").await;
    page.fill("#user_id", HANAKO.0).await;
    page.fill("#email", ADDRESS).await;
    page.click("#send").await;
    page.wait_for("#sent").await;
    app.answer_recovery().await;
    let mails = app.mails_to(ADDRESS).await;
    let link = mails.iter().flat_map(|mail| mail.text.lines()).map(str::trim).rfind(|line| line.contains("/recovery/"));
    page.goto(link.expect("a mail with a link")).await;
    page.fill("#new_password", NEW).await;
    page.fill("#new_password_again", NEW).await;
    page.click("#save").await;
    page.wait_for("#lost-next").await;
    page.click("#login").await;
    log_in(&page, NEW).await;
    arrived(&app, &page, "/login/totp").await;
    page.click("#lost").await;
    arrived(&app, &page, "/login/lost-methods").await;
    assert!(page.exists("#removed").await, "the page says what goes");
    page.click("#set-up-again").await;
    let new_key = enrol(&app, &page, "new phone").await;

    // From now on the new phone is asked for.
    app.advance(Span::minutes(5));
    let browser = Browser::launch(Options { javascript: false, ..options }).await;
    let page = browser.page().await;
    page.goto(&app.at("/account/profile")).await;
    log_in(&page, NEW).await;
    arrived(&app, &page, "/login/totp").await;
    assert!(!page.exists("#device-name").await, "a browser that is new here is told no names");
    page.fill("#code", new_key.code_at(step_at(app.now())).expose()).await;
    page.click("#continue").await;
    arrived(&app, &page, "/account/profile").await;
}

on_both_engines! {
    async fn faq_13_a_lost_phone_is_replaced_on_a_phone(engine: Engine) {
        the_way_back_in(engine, Options { locale: "ja", ..Options::PHONE }).await;
    }

    async fn faq_13_a_lost_phone_is_replaced_on_a_pc_in_english(engine: Engine) {
        the_way_back_in(engine, Options { locale: "en", ..Options::DESKTOP }).await;
    }
}
