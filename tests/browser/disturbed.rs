//! Journeys that are disturbed: several tabs, the back button, reloading, other browsers, old links, time that is over,
//! cookies that are gone, buttons pressed twice, another language, another member. Whatever happens, the page says what it
//! was, and the button on it leads on.

use sekisho::domain::unix_time::Span;
use serde_json::json;

use crate::faq::*;
use crate::journey::Portal;
use crate::support::app::{HANAKO, TARO};
use crate::support::browser::Page;
use crate::support::{Engine, TestApp, on_both_engines};

const JIRO: (&str, &str) = ("jiro", "Test-jiro-11");

/// A page that says what happened; by its button to the login page.
async fn told_and_led_to_login(page: &Page, code: &str) {
    told(page, code).await;
    page.click("#way-on").await;
    page.wait_for("#password").await;
}

async fn told(page: &Page, code: &str) {
    page.wait_for("#error-code").await;
    assert_eq!(page.text("#error-code").await, code, "{}", page.text("main").await);
    assert!(!page.text("#error-reference").await.is_empty(), "staff find it by its number");
    assert!(page.shows("#way-on").await);
}

/// Two quick clicks, as by people who learned that one opens nothing.
async fn double_click(page: &Page, selector: &str) {
    let script = format!(
        "(() => {{ const box = document.querySelector('{selector}'); box.scrollIntoView({{ block: 'center' }});
            const {{ x, y, width, height }} = box.getBoundingClientRect(); return [x + width / 2, y + height / 2]; }})()"
    );
    let middle = page.evaluate(&script).await;
    for count in [1, 2] {
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": middle[0], "y": middle[1], "button": "left", "buttons": 1,
                "clickCount": count });
            page.command("Input.dispatchMouseEvent", event).await;
        }
    }
}

/// Hanako's code by mail, as far as the page that asks for it.
async fn asked_for_mailed_code(app: &TestApp, page: &Page) -> String {
    login_page(app, page).await;
    type_password(page, HANAKO).await;
    at(app, page, "/login/email-code").await;
    app.code_mailed_to(ADDRESS).await
}

async fn in_english(page: &Page) {
    page.click("a[hreflang=en]").await;
    assert_eq!(page.attribute("html", "lang").await.as_deref(), Some("en"));
}

on_both_engines! {
    async fn two_tabs_that_log_in_at_once_both_come_in(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = phone("ja").await;
        let (one, two) = (browser.page().await, browser.page().await);
        let first = asked_for_mailed_code(&app, &one).await;
        let second = asked_for_mailed_code(&app, &two).await;
        type_code(&one, &first).await;
        is_in(&app, &one, HANAKO.0).await;
        type_code(&two, &second).await;
        is_in(&app, &two, HANAKO.0).await;
        one.reload().await;
        is_in(&app, &one, HANAKO.0).await;
    }

    async fn a_first_login_in_a_second_tab_ends_when_the_password_is_chosen_in_the_first(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let (one, two) = (browser.page().await, browser.page().await);
        for page in [&one, &two] {
            login_page(&app, page).await;
            type_password(page, TARO).await;
            at(&app, page, "/login/initial-password").await;
        }
        choose_password(&one, NEW).await;
        at(&app, &one, "/login/email-address").await;
        choose_password(&two, "Another-one-99").await;
        told_and_led_to_login(&two, "flow_expired").await;
        type_password(&two, (TARO.0, NEW)).await;
        at(&app, &two, "/login/email-address").await;
    }

    async fn the_back_button_leads_to_the_step_whose_turn_it_is(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        type_password(&page, TARO).await;
        at(&app, &page, "/login/initial-password").await;
        choose_password(&page, NEW).await;
        at(&app, &page, "/login/email-address").await;
        // The browser may have kept the page as it was: sent again, it changes nothing and says so.
        page.back().await;
        at(&app, &page, "/login/initial-password").await;
        choose_password(&page, "Another-one-99").await;
        at(&app, &page, "/login/email-address").await;
        assert!(page.text("#notice").await.contains("もう済んでいます"));
        page.reload().await;
        assert!(!page.exists("#notice").await, "it is said once");
        page.fill("#email", "taro@example.jp").await;
        page.click("#send").await;
        at(&app, &page, "/login/email-address-code").await;
        page.back().await;
        at(&app, &page, "/login/email-address").await;
        // The mail that was sent still counts, and another one can be sent.
        page.fill("#email", "taro@example.jp").await;
        page.click("#send").await;
        assert_eq!(page.text("#error h2").await, "まだ送り直せません");
        assert_eq!(app.mails_to("taro@example.jp").await.len(), 1);
        app.advance(Span::minutes(1));
        page.click("#send").await;
        at(&app, &page, "/login/email-address-code").await;
        type_code(&page, &app.code_mailed_to("taro@example.jp").await).await;
        at(&app, &page, "/login/method").await;
        page.back().await;
        page.reload().await;
        at(&app, &page, "/login/method").await;
        page.click("label[for=method-totp]").await;
        page.click("#continue").await;
        at(&app, &page, "/login/totp-enrolment").await;
        page.back().await;
        at(&app, &page, "/login/method").await;
        page.click("label[for=method-email]").await;
        page.click("#continue").await;
        is_in(&app, &page, TARO.0).await;
        // Into a login that is complete: it says so, and leads back.
        page.back().await;
        page.reload().await;
        told(&page, "flow_done").await;
        page.click("#way-on").await;
        is_in(&app, &page, TARO.0).await;
        log_out(&page).await;
        login_page(&app, &page).await;
        app.advance(Span::minutes(1));
        type_password(&page, (TARO.0, NEW)).await;
        at(&app, &page, "/login/email-code").await;
    }

    async fn every_page_can_be_reloaded_also_when_it_answered_a_form(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        page.reload().await;
        type_password(&page, (HANAKO.0, "Wrong-password-1")).await;
        page.wait_for("#error").await;
        page.reload().await;
        assert!(page.text("#error").await.contains("無効なユーザID"));
        type_password(&page, HANAKO).await;
        at(&app, &page, "/login/email-code").await;
        let code = app.code_mailed_to(ADDRESS).await;
        page.reload().await;
        at(&app, &page, "/login/email-code").await;
        type_code(&page, other_than(&code)).await;
        page.reload().await;
        assert!(page.text("#error").await.contains("正しくありません"));
        assert_eq!(app.code_mailed_to(ADDRESS).await, code, "no other mail was sent");
        type_code(&page, &code).await;
        is_in(&app, &page, HANAKO.0).await;
        page.reload().await;
        is_in(&app, &page, HANAKO.0).await;
        // A change, and the page after it.
        page.click("#change-password").await;
        choose_password(&page, "short").await;
        page.reload().await;
        page.wait_for("#error").await;
        choose_password(&page, NEW).await;
        page.wait_for("#notice").await;
        page.reload().await;
        is_in(&app, &page, HANAKO.0).await;
        // A forgotten password: asked for twice, the last link counts; reset twice, the page leads to the login.
        log_out(&page).await;
        forget_password(&app, &page, HANAKO.0, ADDRESS).await;
        app.send_mail().await;
        app.advance(Span::seconds(1));
        page.reload().await;
        page.wait_for("#sent").await;
        answer_requests(&app).await;
        page.goto(&app.link_mailed_to(ADDRESS).await).await;
        page.reload().await;
        choose_password(&page, "Another-one-99").await;
        page.wait_for("#done").await;
        page.reload().await;
        page.wait_for("#link-unusable").await;
        assert!(page.text("#link-unusable").await.contains("新しいパスワードでログイン"));
        page.click("#login").await;
        type_password(&page, (HANAKO.0, "Another-one-99")).await;
        at(&app, &page, "/login/email-code").await;
    }

    async fn a_login_that_is_opened_in_another_browser_begins_anew_there(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let (browser, other) = (phone("ja").await, computer("en").await);
        let page = browser.page().await;
        login_page(&app, &page).await;
        let login = page.url().await;
        asked_for_mailed_code(&app, &page).await;
        let step = page.url().await;
        for address in [login, step] {
            let elsewhere = other.page().await;
            elsewhere.goto(&address).await;
            told_and_led_to_login(&elsewhere, "flow_other_browser").await;
            type_password(&elsewhere, HANAKO).await;
            at(&app, &elsewhere, "/login/email-code").await;
        }
        // The first browser goes on undisturbed.
        page.reload().await;
        at(&app, &page, "/login/email-code").await;
    }

    async fn a_link_that_was_used_or_is_too_old_says_so_and_leads_to_another(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let (page, again) = (browser.page().await, browser.page().await);
        forget_password(&app, &page, HANAKO.0, ADDRESS).await;
        let link = app.link_mailed_to(ADDRESS).await;
        assert!(link.contains("link="), "{link}");
        // Opened twice, as from two mails' previews: both pages stand, one is taken.
        page.goto(&link).await;
        again.goto(&link).await;
        choose_password(&page, NEW).await;
        page.wait_for("#done").await;
        choose_password(&again, "Another-one-99").await;
        again.wait_for("#link-unusable").await;
        again.goto(&link).await;
        again.wait_for("#link-unusable").await;
        again.click("#again").await;
        at(&app, &again, "/recovery/forgotten-password").await;

        app.advance(Span::seconds(1));
        forget_password(&app, &page, HANAKO.0, ADDRESS).await;
        let second = app.link_mailed_to(ADDRESS).await;
        assert_ne!(second, link);
        app.advance(Span::minutes(31));
        page.goto(&second).await;
        assert!(page.text("#link-unusable").await.contains("有効期限"));
        page.click("#again").await;
        at(&app, &page, "/recovery/forgotten-password").await;
    }

    async fn a_session_that_ended_meanwhile_asks_for_a_login_and_leads_back_to_the_page(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let (browser, other) = (phone("ja").await, computer("ja").await);
        let (page, elsewhere) = (browser.page().await, other.page().await);
        for page in [&page, &elsewhere] {
            app.advance(Span::minutes(1));
            let code = asked_for_mailed_code(&app, page).await;
            type_code(page, &code).await;
            is_in(&app, page, HANAKO.0).await;
        }
        page.click("#change-email").await;
        elsewhere.click("#sessions").await;
        elsewhere.click("#end-others").await;
        page.fill("#email", "new@example.jp").await;
        page.click("#send").await;
        page.wait_for("#again").await;
        assert!(page.text("#again").await.contains("まだ反映していません"));
        app.advance(Span::minutes(1));
        type_password(&page, HANAKO).await;
        type_code(&page, &app.code_mailed_to(ADDRESS).await).await;
        at(&app, &page, "/account/email-address").await;
        page.fill("#email", "new@example.jp").await;
        page.click("#send").await;
        at(&app, &page, "/account/email-address-code").await;
    }

    async fn a_login_that_took_too_long_begins_again_for_the_same_portal(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let portal = Portal::start(&app).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        page.goto(&portal.url).await;
        page.click("#login").await;
        app.advance(Span::minutes(31));
        type_password(&page, HANAKO).await;
        told_and_led_to_login(&page, "flow_expired").await;
        assert!(page.text(".application").await.contains("サンプルポータル"));
        type_password(&page, HANAKO).await;
        at(&app, &page, "/login/email-code").await;
        let late = app.code_mailed_to(ADDRESS).await;
        app.advance(Span::minutes(31));
        type_code(&page, &late).await;
        told_and_led_to_login(&page, "flow_expired").await;
        type_password(&page, HANAKO).await;
        type_code(&page, &app.code_mailed_to(ADDRESS).await).await;
        assert_eq!(page.text("#member-name").await, "健保 花子");
        // Back into the complete login: on to the portal again.
        page.back().await;
        if page.exists("#error-code").await {
            told(&page, "flow_done").await;
            page.click("#way-on").await;
        }
        page.goto(&portal.url).await;
        assert_eq!(page.text("#member-name").await, "健保 花子");
    }

    async fn cookies_that_were_deleted_in_the_middle_are_told_of_and_a_login_begins_anew(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        page.command("Network.clearBrowserCookies", json!({})).await;
        type_password(&page, HANAKO).await;
        told_and_led_to_login(&page, "flow_other_browser").await;
        type_password(&page, HANAKO).await;
        at(&app, &page, "/login/email-code").await;
        page.command("Network.clearBrowserCookies", json!({})).await;
        type_code(&page, &app.code_mailed_to(ADDRESS).await).await;
        told_and_led_to_login(&page, "flow_other_browser").await;
        app.advance(Span::minutes(1));
        type_password(&page, HANAKO).await;
        type_code(&page, &app.code_mailed_to(ADDRESS).await).await;
        is_in(&app, &page, HANAKO.0).await;
        page.click("#change-password").await;
        page.command("Network.clearBrowserCookies", json!({})).await;
        choose_password(&page, NEW).await;
        told_and_led_to_login(&page, "flow_other_browser").await;
        // Another page, opened meanwhile, has set new ones.
        page.goto(&app.at("/recovery/forgotten-user-id")).await;
        page.command("Network.clearBrowserCookies", json!({})).await;
        browser.page().await.goto(&app.at("/recovery/forgotten-user-id")).await;
        page.fill("#email", ADDRESS).await;
        page.click("#send").await;
        told(&page, "form_expired").await;
        page.click("#way-on").await;
        at(&app, &page, "/recovery/forgotten-user-id").await;
        page.fill("#email", ADDRESS).await;
        page.click("#send").await;
        page.wait_for("#sent").await;
    }

    async fn buttons_pressed_twice_lead_where_one_press_leads_or_say_how_to_go_on(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = computer("ja").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        page.fill("#user_id", HANAKO.0).await;
        page.fill("#password", HANAKO.1).await;
        double_click(&page, "#login").await;
        page.wait_for("#code").await;
        at(&app, &page, "/login/email-code").await;
        page.fill("#code", &app.code_mailed_to(ADDRESS).await).await;
        double_click(&page, "#continue").await;
        page.wait_for("#user-id, #way-on").await;
        if page.exists("#way-on").await {
            page.click("#way-on").await;
            page.wait_for("#user-id, #password").await;
        }
        if page.exists("#password").await {
            app.advance(Span::minutes(1));
            type_password(&page, HANAKO).await;
            type_code(&page, &app.code_mailed_to(ADDRESS).await).await;
        }
        is_in(&app, &page, HANAKO.0).await;
        page.click("#change-password").await;
        page.fill("#new_password", NEW).await;
        page.fill("#new_password_again", NEW).await;
        double_click(&page, "#save").await;
        page.wait_for("#change-password").await;
        is_in(&app, &page, HANAKO.0).await;
        assert_eq!(app.rows("account_events WHERE event LIKE '%password-changed%'").await, 1);
        page.goto(&app.at("/recovery/forgotten-password")).await;
        page.fill("#user_id", HANAKO.0).await;
        page.fill("#email", ADDRESS).await;
        double_click(&page, "#send").await;
        page.wait_for("#sent").await;
    }

    async fn the_language_can_be_switched_at_every_step(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        for step in ["password", "initial-password", "email-address", "email-address-code", "method", "totp-enrolment"] {
            match step {
                "password" => login_page(&app, &page).await,
                "initial-password" => type_password(&page, TARO).await,
                "email-address" => choose_password(&page, NEW).await,
                "email-address-code" => {
                    page.fill("#email", "taro@example.jp").await;
                    page.click("#send").await;
                }
                "method" => type_code(&page, &app.code_mailed_to("taro@example.jp").await).await,
                _ => {
                    page.click("label[for=method-totp]").await;
                    page.click("#continue").await;
                }
            }
            at(&app, &page, &format!("/login/{step}")).await;
            in_english(&page).await;
            at(&app, &page, &format!("/login/{step}")).await;
            page.click("a[hreflang=ja]").await;
            at(&app, &page, &format!("/login/{step}")).await;
            in_english(&page).await;
        }
        let key = enrol_app(&app, &page, "phone").await;
        is_in(&app, &page, TARO.0).await;
        assert_eq!(page.attribute("html", "lang").await.as_deref(), Some("en"));
        app.advance(Span::minutes(1));
        log_out(&page).await;
        login_page(&app, &page).await;
        type_password(&page, (TARO.0, NEW)).await;
        page.click("a[hreflang=ja]").await;
        at(&app, &page, "/login/totp").await;
        assert_eq!(page.attribute("html", "lang").await.as_deref(), Some("ja"));
        type_code(&page, &code(&app, &key, 0)).await;
        is_in(&app, &page, TARO.0).await;
    }

    async fn another_member_in_the_same_browser_changes_nothing_of_the_first(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.add(JIRO.0, JIRO.1).await;
        let browser = computer("ja").await;
        let (hanakos, jiros) = (browser.page().await, browser.page().await);
        login_page(&app, &hanakos).await;
        type_password(&hanakos, HANAKO).await;
        is_in(&app, &hanakos, HANAKO.0).await;
        hanakos.click("#change-password").await;
        jiros.goto(&app.at("/account/profile")).await;
        log_out(&jiros).await;
        login_page(&app, &jiros).await;
        type_password(&jiros, JIRO).await;
        is_in(&app, &jiros, JIRO.0).await;
        choose_password(&hanakos, NEW).await;
        told(&hanakos, "other_member").await;
        assert!(hanakos.text("main").await.contains("何も変更していません"));
        hanakos.click("#way-on").await;
        is_in(&app, &hanakos, JIRO.0).await;
        // From there Hanako logs out and in, and her password is what it was.
        log_out(&hanakos).await;
        login_page(&app, &hanakos).await;
        type_password(&hanakos, HANAKO).await;
        is_in(&app, &hanakos, HANAKO.0).await;
        jiros.reload().await;
        is_in(&app, &jiros, HANAKO.0).await;
    }

    async fn a_login_that_goes_on_after_another_member_came_in_logs_in_its_own(engine: Engine) {
        let app = TestApp::start(engine).await;
        by_mail(&app).await;
        app.add(JIRO.0, JIRO.1).await;
        let browser = phone("ja").await;
        let (hanakos, jiros) = (browser.page().await, browser.page().await);
        let code = asked_for_mailed_code(&app, &hanakos).await;
        login_page(&app, &jiros).await;
        type_password(&jiros, JIRO).await;
        is_in(&app, &jiros, JIRO.0).await;
        type_code(&hanakos, &code).await;
        is_in(&app, &hanakos, HANAKO.0).await;
        jiros.click("#change-password").await;
        at(&app, &jiros, "/account/password").await;
    }
}
