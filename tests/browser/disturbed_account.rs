//! Changes of the account that are disturbed: a tab that the phone reloads, two members side by side, the back button, a page
//! left open over night, cookies that are gone.

use sekisho::domain::unix_time::Span;
use serde_json::json;

use crate::faq::*;
use crate::support::app::HANAKO;
use crate::support::browser::Page;
use crate::support::{Engine, TestApp, on_both_engines};

const JIRO: (&str, &str) = ("jiro", "Test-jiro-11");

async fn told(page: &Page, code: &str) {
    page.wait_for("#error-code").await;
    assert_eq!(page.text("#error-code").await, code, "{}", page.text("main").await);
    assert!(page.shows("#way-on").await);
}

/// Where Hanako's devices are.
async fn devices(app: &TestApp, page: &Page) {
    page.goto(&app.at("/account/authentication-method")).await;
    at(app, page, "/account/authentication-method").await;
}

on_both_engines! {
    async fn a_tab_that_the_phone_reloads_in_an_enrolment_still_shows_the_key_that_was_scanned(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        type_password(&page, HANAKO).await;
        page.click("label[for=method-totp]").await;
        page.click("#continue").await;
        let scanned = key_typed_into_app(&page).await;
        page.reload().await;
        at(&app, &page, "/login/totp-enrolment").await;
        page.fill("#device_name", "phone").await;
        page.fill("#code", &code(&app, &scanned, 0)).await;
        page.click("#enrol").await;
        is_in(&app, &page, HANAKO.0).await;
        // And in the account, also after a code that was typed wrongly.
        devices(&app, &page).await;
        page.click("#add-app").await;
        let second = key_typed_into_app(&page).await;
        assert_ne!(second.for_typing(), scanned.for_typing());
        page.fill("#device_name", "tablet").await;
        page.fill("#code", other_than(&code(&app, &second, 0))).await;
        page.click("#enrol").await;
        page.wait_for("#error").await;
        page.goto(&app.at("/account/totp-enrolment")).await;
        page.fill("#device_name", "tablet").await;
        page.fill("#code", &code(&app, &second, 0)).await;
        page.click("#enrol").await;
        at(&app, &page, "/account/authentication-method").await;
        assert!(page.text("#apps").await.contains("tablet"));
    }

    async fn an_enrolment_that_is_open_while_another_member_comes_in_enrols_nothing_for_either(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.add(JIRO.0, JIRO.1).await;
        let browser = computer("ja").await;
        let (hanakos, jiros) = (browser.page().await, browser.page().await);
        login_page(&app, &hanakos).await;
        type_password(&hanakos, HANAKO).await;
        is_in(&app, &hanakos, HANAKO.0).await;
        hanakos.goto(&app.at("/account/totp-enrolment")).await;
        jiros.goto(&app.at("/account/profile")).await;
        log_out(&jiros).await;
        login_page(&app, &jiros).await;
        type_password(&jiros, JIRO).await;
        is_in(&app, &jiros, JIRO.0).await;
        enrol_app(&app, &hanakos, "hanako's phone").await;
        told(&hanakos, "other_member").await;
        hanakos.click("#way-on").await;
        is_in(&app, &hanakos, JIRO.0).await;
        assert_eq!(app.rows("totp_devices").await, 0);
        // Jiro's own enrolment shows a key of his own, and works.
        jiros.goto(&app.at("/account/totp-enrolment")).await;
        enrol_app(&app, &jiros, "jiro's phone").await;
        at(&app, &jiros, "/account/authentication-method").await;
        assert_eq!(app.rows("totp_devices").await, 1);
    }

    async fn going_back_after_a_removal_shows_what_is_left_and_can_remove_nothing_twice(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        hanako_with_app(&app, &page, "phone").await;
        devices(&app, &page).await;
        page.click("#add-app").await;
        enrol_app(&app, &page, "tablet").await;
        at(&app, &page, "/account/authentication-method").await;
        page.click("#apps > li:nth-child(1) a[id^=delete-]").await;
        let gone = page.text("h1").await;
        page.click("#delete").await;
        at(&app, &page, "/account/authentication-method").await;
        let left = page.evaluate("document.querySelectorAll('#apps > li').length").await;
        assert_eq!(left, json!(1));
        page.back().await;
        // The page from before is shown again, or asked for anew and gone.
        if page.exists("#delete").await {
            assert_eq!(page.text("h1").await, gone);
            page.click("#delete").await;
            at(&app, &page, "/account/authentication-method").await;
        } else {
            told(&page, "not_found").await;
        }
        devices(&app, &page).await;
        assert_eq!(page.evaluate("document.querySelectorAll('#apps > li').length").await, json!(1));
        assert_eq!(app.rows("account_events WHERE event LIKE '%totp-removed%'").await, 1);
    }

    async fn a_page_left_open_over_night_says_what_to_do_and_keeps_what_was_typed(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        let key = hanako_with_app(&app, &page, "phone").await;
        page.click("#change-email").await;
        at(&app, &page, "/account/email-address").await;
        page.fill("#email", "new@example.jp").await;
        app.advance(Span::hours(13));
        page.click("#send").await;
        page.wait_for("#again").await;
        type_password(&page, HANAKO).await;
        type_code(&page, &code(&app, &key, 0)).await;
        at(&app, &page, "/account/email-address").await;
        assert_eq!(page.value("#email").await, "new@example.jp");
        page.click("#send").await;
        at(&app, &page, "/account/email-address-code").await;
        // A code that is as old as that is told of, and the next one counts.
        app.advance(Span::minutes(9));
        page.fill("#code", &app.code_mailed_to("new@example.jp").await).await;
        app.advance(Span::hours(13));
        page.click("#continue").await;
        page.wait_for("#again").await;
        type_password(&page, HANAKO).await;
        type_code(&page, &code(&app, &key, 0)).await;
        page.wait_for("h1").await;
        if page.url().await.contains("/account/email-address-code") {
            page.click("#resend").await;
        } else {
            page.fill("#email", "new@example.jp").await;
            page.click("#send").await;
        }
        page.wait_for("#code").await;
        type_code(&page, &app.code_mailed_to("new@example.jp").await).await;
        is_in(&app, &page, HANAKO.0).await;
        assert_eq!(page.text("#email").await, "new@example.jp");
    }

    async fn cookies_that_are_gone_in_the_middle_of_a_change_lead_to_a_login_and_nothing_is_done(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        let key = hanako_with_app(&app, &page, "phone").await;
        devices(&app, &page).await;
        page.click("#add-app").await;
        let lost = key_typed_into_app(&page).await;
        page.command("Network.clearBrowserCookies", json!({})).await;
        page.fill("#device_name", "tablet").await;
        page.fill("#code", &code(&app, &lost, 0)).await;
        page.click("#enrol").await;
        told(&page, "flow_other_browser").await;
        page.click("#way-on").await;
        page.wait_for("#password").await;
        type_password(&page, HANAKO).await;
        type_code(&page, &code(&app, &key, 0)).await;
        is_in(&app, &page, HANAKO.0).await;
        assert_eq!(app.rows("totp_devices").await, 1);
        devices(&app, &page).await;
        page.click("#add-app").await;
        enrol_app(&app, &page, "tablet").await;
        at(&app, &page, "/account/authentication-method").await;
        assert_eq!(app.rows("totp_devices").await, 2);
    }
}
