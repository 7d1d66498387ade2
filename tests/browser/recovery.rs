//! Links of mails to members who can't log in, opened wherever and whenever (product.md 1.8): in another browser, twice, in two
//! tabs, after a night, with cookies gone, beside another member's login. There is always a way on.

use sekisho::domain::unix_time::Span;
use serde_json::json;

use crate::faq::*;
use crate::support::app::HANAKO;
use crate::support::browser::Page;
use crate::support::{Engine, TestApp, on_both_engines};

const JIRO: (&str, &str) = ("jiro", "Test-jiro-11");

/// The page behind the link that was mailed last.
async fn open_link(app: &TestApp, page: &Page) {
    page.goto(&app.link_mailed_to(ADDRESS).await).await;
    at(app, page, "/recovery/reset-password").await;
    assert!(page.text("#whose").await.contains(HANAKO.0));
}

async fn in_with(app: &TestApp, page: &Page, password: &str) {
    page.click("#login").await;
    page.wait_for("#password").await;
    type_password(page, (HANAKO.0, password)).await;
    at(app, page, "/login/email-code").await;
    type_code(page, &app.code_mailed_to(ADDRESS).await).await;
    is_in(app, page, HANAKO.0).await;
}

on_both_engines! {
    async fn a_link_asked_for_on_a_computer_is_good_on_a_phone_whose_tab_is_loaded_again(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let (computer, phone) = (computer("ja").await, phone("en").await);
        let (asked, page) = (computer.page().await, phone.page().await);
        forget_password(&app, &asked, HANAKO.0, ADDRESS).await;
        open_link(&app, &page).await;
        // A phone that throws tabs away loads them again.
        page.reload().await;
        choose_password(&page, "short").await;
        assert!(page.exists("#error").await);
        page.reload().await;
        choose_password(&page, NEW).await;
        page.wait_for("#done").await;
        // The form is sent once more: it changes nothing, and says that whoever is done logs in.
        page.reload().await;
        page.wait_for("#link-unusable").await;
        in_with(&app, &page, NEW).await;
        asked.reload().await;
        page.back().await;
        assert!(page.exists("h1").await);
    }

    async fn of_two_tabs_side_by_side_the_first_sets_the_password_and_the_second_says_so(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = phone("ja").await;
        let (one, two) = (browser.page().await, browser.page().await);
        forget_password(&app, &one, HANAKO.0, ADDRESS).await;
        open_link(&app, &one).await;
        open_link(&app, &two).await;
        choose_password(&one, NEW).await;
        one.wait_for("#done").await;
        choose_password(&two, "Another-one-99").await;
        assert!(two.text("#link-unusable").await.contains("パスワードを変更し終えた方は"));
        in_with(&app, &two, NEW).await;
        one.click("#login").await;
        one.wait_for("h1").await;
    }

    async fn a_page_left_open_over_night_leads_to_a_new_link(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        forget_password(&app, &page, HANAKO.0, ADDRESS).await;
        open_link(&app, &page).await;
        app.advance(Span::hours(10));
        choose_password(&page, NEW).await;
        page.wait_for("#link-unusable").await;
        page.click("#again").await;
        page.fill("#user_id", HANAKO.0).await;
        page.fill("#email", ADDRESS).await;
        page.click("#send").await;
        page.wait_for("#sent").await;
        answer_requests(&app).await;
        open_link(&app, &page).await;
        choose_password(&page, NEW).await;
        page.wait_for("#done").await;
        in_with(&app, &page, NEW).await;
    }

    async fn cookies_that_were_deleted_in_the_middle_cost_no_link(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        forget_password(&app, &page, HANAKO.0, ADDRESS).await;
        open_link(&app, &page).await;
        page.command("Network.clearBrowserCookies", json!({})).await;
        choose_password(&page, NEW).await;
        assert_eq!(page.text("#error-code").await, "flow_other_browser");
        page.click("#way-on").await;
        at(&app, &page, "/recovery/reset-password").await;
        choose_password(&page, NEW).await;
        page.wait_for("#done").await;
        in_with(&app, &page, NEW).await;
    }

    async fn a_link_opened_beside_another_member_s_login_changes_its_own_account_alone(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.add(JIRO.0, JIRO.1).await;
        let browser = phone("ja").await;
        let (jiros, page) = (browser.page().await, browser.page().await);
        login_page(&app, &jiros).await;
        type_password(&jiros, JIRO).await;
        is_in(&app, &jiros, JIRO.0).await;
        let elsewhere = computer("ja").await;
        forget_password(&app, &elsewhere.page().await, HANAKO.0, ADDRESS).await;
        open_link(&app, &page).await;
        choose_password(&page, NEW).await;
        page.wait_for("#done").await;
        jiros.reload().await;
        is_in(&app, &jiros, JIRO.0).await;
        // On to a login of her own.
        page.click("#login").await;
        page.wait_for("#password").await;
        type_password(&page, (HANAKO.0, NEW)).await;
        is_in(&app, &page, HANAKO.0).await;
    }
}
