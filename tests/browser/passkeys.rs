//! Passkeys in a real browser with a virtual authenticator: enrolment, the button, autofill, the step after a password, and
//! what members see when it fails (product.md 1.7).

use sekisho::config::SecondFactor;
use serde_json::json;

use crate::support::app::HANAKO;
use crate::support::browser::{Browser, Options, Page, VirtualAuthenticator};
use crate::support::{Engine, TestApp, on_both_engines};

async fn required(engine: Engine) -> TestApp {
    TestApp::start_with(engine, |settings| settings.authentication.second_factor = SecondFactor::Required).await
}

async fn phone() -> Browser {
    Browser::launch(Options::PHONE).await
}

async fn type_password(app: &TestApp, page: &Page) {
    page.goto(&app.at("/account/profile")).await;
    page.fill("#user_id", HANAKO.0).await;
    page.fill("#password", HANAKO.1).await;
    page.click("#login").await;
}

/// Logs in with the password and enrols a passkey on the way.
async fn enrol(app: &TestApp, page: &Page) {
    type_password(app, page).await;
    page.click("label[for=method-passkey]").await;
    page.click("#continue").await;
    page.click("#enrol").await;
    arrived(app, page).await;
}

async fn arrived(app: &TestApp, page: &Page) {
    page.wait_for("#user-id").await;
    assert_eq!(page.url().await, app.at("/account/profile"));
    assert_eq!(page.text("#user-id").await, HANAKO.0);
}

/// Opens the login page with nobody at the authenticator, so that autofill does not answer at once.
async fn login_page(app: &TestApp, page: &Page, authenticator: &VirtualAuthenticator<'_>) {
    authenticator.attended(false).await;
    page.command("Network.clearBrowserCookies", json!({})).await;
    page.goto(&app.at("/account/profile")).await;
    page.wait_for("#passkey-login:not([hidden])").await;
}

async fn press(page: &Page, authenticator: &VirtualAuthenticator<'_>, button: &str) {
    authenticator.attended(true).await;
    page.click(button).await;
}

on_both_engines! {
    async fn a_passkey_is_enrolled_in_the_login_and_logs_in_without_a_user_id(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = browser.page().await;
        let authenticator = page.authenticator().await;
        type_password(&app, &page).await;
        page.click("label[for=method-passkey]").await;
        page.click("#continue").await;
        assert_eq!(page.value("#device_name").await, "LinuxのChrome");
        page.fill("#device_name", "わたしのスマホ").await;
        page.click("#enrol").await;
        arrived(&app, &page).await;
        let made = authenticator.credentials().await;
        assert_eq!(made.len(), 1);
        assert_eq!(made[0]["isResidentCredential"], true);
        assert_eq!(made[0]["rpId"], "localhost");

        login_page(&app, &page, &authenticator).await;
        press(&page, &authenticator, "#passkey-login").await;
        arrived(&app, &page).await;
        assert!(!page.exists("#password").await);
    }

    async fn a_passkey_is_offered_in_the_autofill_of_the_user_id(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = browser.page().await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        login_page(&app, &page, &authenticator).await;
        assert_eq!(page.attribute("#user_id", "autocomplete").await.as_deref(), Some("username webauthn"));
        authenticator.attended(true).await;
        page.reload().await;
        arrived(&app, &page).await;
    }

    async fn after_a_password_the_passkey_is_the_second_step(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = browser.page().await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        login_page(&app, &page, &authenticator).await;
        page.fill("#user_id", HANAKO.0).await;
        page.fill("#password", HANAKO.1).await;
        page.click("#login").await;
        assert!(page.url().await.contains("/login/passkey?step="), "{}", page.url().await);
        press(&page, &authenticator, "#use-passkey").await;
        arrived(&app, &page).await;
    }
}
