//! The manual's twenty questions (product.md, section 1): each member does what the answer says, in a browser, and gets on by
//! themselves. A test is named after its question; `docs/faq-coverage.md` lists them all. Questions 13, 15, 16 and 20 are in
//! files of their own (`faq_lost_phone.rs`, `passkeys.rs`).

mod app_codes;
mod ids_and_passwords;
mod locks;
mod mail;
mod profile;

use sekisho::config::{EmailAddress, SecondFactor, Settings};
use sekisho::domain::login::one_time_password::{TotpKey, step_at};
use sekisho::domain::unix_time::Span;
use serde_json::json;

use crate::support::app::HANAKO;
use crate::support::browser::{Browser, Options, Page};
use crate::support::{Engine, TestApp};

pub const NEW: &str = "My-own-words-7";
pub const ADDRESS: &str = "hanako@example.jp";
pub const INQUIRY: &str = "https://inquiry.example.jp/form";

/// As a society runs it: everybody has an address and a second factor.
pub async fn society(engine: Engine) -> TestApp {
    society_with(engine, |_| {}).await
}

pub async fn society_with(engine: Engine, change: impl FnOnce(&mut Settings)) -> TestApp {
    TestApp::start_with(engine, |settings| {
        settings.authentication.second_factor = SecondFactor::Required;
        settings.authentication.email_address = EmailAddress::Required;
        settings.mail.no_reply = "no-reply@portal.example.jp".into();
        settings.mail.info = "info@portal.example.jp".into();
        settings.mail.webmaster = "webmaster@portal.example.jp".into();
        change(settings);
    })
    .await
}

/// Hanako gets her codes by mail.
pub async fn by_mail(app: &TestApp) {
    app.execute("UPDATE members SET email_method_at = 1, authentication_method = 'email' WHERE user_id = 'hanako'")
        .await;
}

/// A browser without scripts: nothing but passkeys needs them.
pub async fn phone(locale: &'static str) -> Browser {
    Browser::launch(Options { locale, javascript: false, ..Options::PHONE }).await
}

pub async fn computer(locale: &'static str) -> Browser {
    Browser::launch(Options { locale, javascript: false, ..Options::DESKTOP }).await
}

/// Opens the login page, as a member does who wants to see their profile.
pub async fn login_page(app: &TestApp, page: &Page) {
    page.goto(&app.at("/account/profile")).await;
    page.wait_for("#password").await;
}

pub async fn type_password(page: &Page, (user_id, password): (&str, &str)) {
    page.fill("#user_id", user_id).await;
    page.fill("#password", password).await;
    page.click("#login").await;
}

pub async fn log_out(page: &Page) {
    page.click("#logout").await;
    page.wait_for("h1").await;
}

/// At a page with this path, which fits the width of the screen.
pub async fn at(app: &TestApp, page: &Page, path: &str) {
    page.wait_for("h1").await;
    let url = page.url().await;
    let body = page.text("main").await;
    assert_eq!(url.split('?').next(), Some(app.at(path).as_str()), "{body}");
    let metrics = page.command("Page.getLayoutMetrics", json!({})).await;
    let (content, screen) = (&metrics["cssContentSize"]["width"], &metrics["cssLayoutViewport"]["clientWidth"]);
    assert!(content.as_f64().unwrap() <= screen.as_f64().unwrap(), "{url} scrolls sideways");
}

/// Logged in as this member.
pub async fn is_in(app: &TestApp, page: &Page, user_id: &str) {
    at(app, page, "/account/profile").await;
    assert_eq!(page.text("#user-id").await, user_id);
}

/// Opens the help beneath the error, in place: what it says.
pub async fn help_in_place(page: &Page) -> String {
    let before = page.url().await;
    assert!(!page.shows("#error-help .answer").await);
    page.click("#error-help > summary").await;
    assert_eq!(page.url().await, before, "the step is not lost");
    page.text("#error-help .answer").await
}

/// What the help says to this question.
pub async fn help(app: &TestApp, browser: &Browser, id: &str) -> String {
    let page = browser.page().await;
    page.goto(&app.at(&format!("/help/faq/{id}"))).await;
    page.text("main").await
}

#[track_caller]
pub fn says(text: &str, all: &[&str]) {
    for words in all {
        assert!(text.contains(words), "{words} is missing in: {text}");
    }
}

/// Answers whoever could not log in.
pub async fn answer_requests(app: &TestApp) {
    app.answer_recovery().await;
}

/// Asks for a link to a new password, from the login page.
pub async fn forget_password(app: &TestApp, page: &Page, user_id: &str, address: &str) {
    login_page(app, page).await;
    page.click("#password-forgotten").await;
    at(app, page, "/recovery/forgotten-password").await;
    page.fill("#user_id", user_id).await;
    page.fill("#email", address).await;
    page.click("#send").await;
    page.wait_for("#sent").await;
    answer_requests(app).await;
}

pub async fn choose_password(page: &Page, password: &str) {
    page.fill("#new_password", password).await;
    page.fill("#new_password_again", password).await;
    page.click("#save").await;
}

/// What the app shows at this moment, or so many steps off.
pub fn code(app: &TestApp, key: &TotpKey, off: i64) -> String {
    key.code_at(step_at(app.now()) + off).expose().to_owned()
}

pub fn other_than(code: &str) -> &'static str {
    if code == "000000" { "111111" } else { "000000" }
}

/// Types the shown key into an app.
pub async fn key_typed_into_app(page: &Page) -> TotpKey {
    assert!(!page.shows("#totp-key").await);
    page.click("#cannot-scan > summary").await;
    let typed = page.text("#totp-key").await.replace(' ', "").to_lowercase();
    TotpKey::new(totp_rs::Secret::try_from_base32(typed.to_uppercase()).unwrap().as_bytes().to_vec())
}

pub async fn enrol_app(app: &TestApp, page: &Page, name: &str) -> TotpKey {
    let key = key_typed_into_app(page).await;
    page.fill("#device_name", name).await;
    page.fill("#code", &code(app, &key, 0)).await;
    page.click("#enrol").await;
    key
}

/// Hanako's first login with an app, in this tab; a moment later, so that the code of the enrolment is not the present one.
pub async fn hanako_with_app(app: &TestApp, page: &Page, name: &str) -> TotpKey {
    login_page(app, page).await;
    type_password(page, HANAKO).await;
    page.click("label[for=method-totp]").await;
    page.click("#continue").await;
    let key = enrol_app(app, page, name).await;
    is_in(app, page, HANAKO.0).await;
    app.advance(Span::minutes(2));
    key
}

/// Types the code that the page asks for.
pub async fn type_code(page: &Page, code: &str) {
    page.fill("#code", code).await;
    page.click("#continue").await;
}
