//! What a script adds to the fields of passwords, and that nothing is missing without it.

use sekisho::domain::login::password_policy::CharacterClass;

use crate::support::app::{HANAKO, TARO};
use crate::support::browser::{Browser, Options, Page};
use crate::support::{Engine, TestApp};

fn phone(javascript: bool) -> Options {
    Options { javascript, ..Options::PHONE }
}

async fn log_in(page: &Page, user_id: &str, password: &str) {
    page.fill("#user_id", user_id).await;
    page.fill("#password", password).await;
    page.click("#login").await;
}

/// What the page says to those who don't see it, once typing has paused.
async fn said(page: &Page, about: &str) -> String {
    let once_it_says = format!(
        "new Promise((resolve) => {{
            const status = document.querySelector('[data-policy-status]');
            const look = () => status.textContent.includes({about:?}) && resolve(status.textContent);
            new MutationObserver(look).observe(status, {{ childList: true }});
            look();
        }})"
    );
    page.evaluate(&once_it_says).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_is_shown_while_the_button_is_pressed_and_never_sent_shown() {
    let app = TestApp::start(Engine::Sqlite).await;
    let browser = Browser::launch(phone(true)).await;
    let page = browser.page().await;
    // After the page's own listeners: what kind of field the browser sends.
    page.before_each_page(
        "addEventListener('submit', () => sessionStorage.setItem('sent', document.getElementById('password').type))",
    )
    .await;
    page.goto(&app.at("/account/profile")).await;
    page.fill("#user_id", HANAKO.0).await;
    page.fill("#password", "Wrong-password-1").await;
    for (pressed, kind) in [("true", "text"), ("false", "password"), ("true", "text")] {
        page.click("#password-show").await;
        assert_eq!(page.attribute("#password", "type").await.as_deref(), Some(kind));
        assert_eq!(page.attribute("#password-show", "aria-pressed").await.as_deref(), Some(pressed));
        assert_eq!(page.value("#password").await, "Wrong-password-1");
    }
    page.click("#login").await;
    assert!(page.exists("#error").await);
    assert_eq!(page.evaluate("sessionStorage.getItem('sent')").await, "password");
    assert_eq!(page.attribute("#password", "type").await.as_deref(), Some("password"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_ticked_off_as_one_types() {
    let every_class =
        [CharacterClass::Lower, CharacterClass::Upper, CharacterClass::Digit, CharacterClass::Symbol].to_vec();
    let app = TestApp::start_with(Engine::Sqlite, |settings| settings.passwords.required_classes = every_class).await;
    let browser = Browser::launch(phone(true)).await;
    let page = browser.page().await;
    page.goto(&app.at("/account/profile")).await;
    log_in(&page, TARO.0, TARO.1).await;

    let marked = async |mark: &str| -> Vec<String> {
        let all =
            format!("[...document.querySelectorAll('#password-policy .{mark}')].map((line) => line.dataset.rule)");
        let found = page.evaluate(&all).await;
        found.as_array().unwrap().iter().map(|rule| rule.as_str().unwrap().to_owned()).collect()
    };
    let always = ["max-length", "allowed-characters"];
    // What is still missing is not marked as wrong; what only the server knows is not marked at all.
    for (typed, kept, wrong) in [
        ("", [].as_slice(), [].as_slice()),
        ("a", &["needs-lower", "not-user-id"], &[]),
        ("aB", &["needs-lower", "needs-upper", "not-user-id"], &[]),
        ("aB1-", &["needs-lower", "needs-upper", "needs-digit", "needs-symbol", "not-user-id"], &[]),
        ("ＴＡＲＯ", &["not-user-id"], &["allowed-characters", "not-user-id"]),
        ("Taro", &["needs-lower", "needs-upper"], &["not-user-id"]),
        ("¥¥¥¥¥¥¥¥", &["min-length", "needs-symbol", "not-user-id"], &[]),
        (
            &"aB1-".repeat(17),
            &["min-length", "needs-lower", "needs-upper", "needs-digit", "needs-symbol", "not-user-id"],
            &["max-length"],
        ),
    ] {
        page.fill("#new_password", typed).await;
        let mut expected: Vec<&str> = kept.to_vec();
        if !typed.is_empty() {
            expected.extend(always);
        }
        expected.retain(|rule| !wrong.contains(rule));
        let mut found = marked("kept").await;
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{typed}");
        let mut found = marked("wrong").await;
        found.sort();
        assert_eq!(found, wrong, "{typed}");
    }

    page.fill("#new_password", "My-own").await;
    let left = said(&page, "8文字以上").await;
    assert!(left.starts_with("まだ満たしていない決まり：") && left.contains("数字"), "{left}");
    assert!(!left.contains("英小文字"), "{left}");
    page.fill("#new_password_again", "My-own").await;
    page.fill("#new_password", "My-own-words-7").await;
    assert!(page.text(".same").await.contains("まだ一致していません"));
    page.fill("#new_password_again", "My-own-words-7").await;
    assert_eq!(page.attribute(".same", "class").await.as_deref(), Some("same kept"));
    let all = said(&page, "すべて").await;
    assert!(all.contains("2つのパスワードは一致しています。"), "{all}");
    page.click("#save").await;
    assert_eq!(page.text("#user-id").await, "taro");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_judges_what_the_script_cannot_know() {
    let app = TestApp::start(Engine::Sqlite).await;
    let browser = Browser::launch(phone(true)).await;
    let page = browser.page().await;
    page.goto(&app.at("/account/profile")).await;
    log_in(&page, TARO.0, TARO.1).await;
    page.fill("#new_password", "password1").await;
    assert_eq!(page.attribute("[data-rule=not-common]", "class").await.unwrap_or_default(), "");
    page.fill("#new_password_again", "password1").await;
    page.click("#save").await;
    assert!(page.text("#error").await.contains("よく使われている"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_scripts_the_pages_offer_nothing_that_does_not_work() {
    let app = TestApp::start(Engine::Sqlite).await;
    let browser = Browser::launch(phone(false)).await;
    let page = browser.page().await;
    page.goto(&app.at("/account/profile")).await;
    assert!(!page.shows("#password-show").await);
    log_in(&page, TARO.0, TARO.1).await;
    page.fill("#new_password", "My-own-words-7").await;
    assert!(!page.shows("#new_password-show").await && !page.shows(".same").await);
    assert!(!page.exists("#password-policy .kept").await);
    page.fill("#new_password_again", "My-own-words-7").await;
    page.click("#save").await;
    assert_eq!(page.text("#user-id").await, "taro");
}
