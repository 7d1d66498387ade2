//! Questions 1, 3, 6, 7: user IDs and passwords.

use sekisho::actions::member::members;
use sekisho::domain::login::password_policy::SYMBOLS;
use sekisho::domain::unix_time::Span;

use super::*;
use crate::support::app::{TARO, member};
use crate::support::on_both_engines;

async fn add_with_address(app: &TestApp, user_id: &str, password: &str, address: &str) {
    let mut new = member(user_id);
    (new.email, new.email_verified) = (Some(address.to_owned()), true);
    members::add(&app.app, new, password, false).await.unwrap();
}

/// From the ID and password on the paper to the portal: a password of one's own, the address, the method.
async fn first_login(engine: Engine, browser: Browser) {
    let app = society(engine).await;
    let paper = sekisho::actions::member::issue_password::generate_password(&app.app, "paper-1");
    members::add(&app.app, member("paper-1"), paper.expose(), true).await.unwrap();
    let page = browser.page().await;
    login_page(&app, &page).await;
    // The leaflet is in capitals, perhaps.
    type_password(&page, ("PAPER-1", paper.expose())).await;
    at(&app, &page, "/login/initial-password").await;
    says(&page.text("#progress").await, &["1", "3"]);
    choose_password(&page, NEW).await;
    at(&app, &page, "/login/email-address").await;
    says(&page.text("#progress").await, &["2", "3"]);
    page.fill("#email", "paper@example.jp").await;
    page.click("#send").await;
    at(&app, &page, "/login/email-address-code").await;
    type_code(&page, &app.code_mailed_to("paper@example.jp").await).await;
    at(&app, &page, "/login/method").await;
    says(&page.text("#progress").await, &["3", "3"]);
    page.click("label[for=method-email]").await;
    page.click("#continue").await;
    is_in(&app, &page, "paper-1").await;
    let mails = app.mails_to("paper@example.jp").await;
    assert!(mails.iter().any(|mail| mail.header("From").contains("webmaster@portal.example.jp")), "{mails:?}");

    // The paper is worth nothing any more.
    log_out(&page).await;
    login_page(&app, &page).await;
    type_password(&page, ("paper-1", paper.expose())).await;
    page.wait_for("#error").await;
    app.advance(Span::minutes(2));
    type_password(&page, ("paper-1", NEW)).await;
    type_code(&page, &app.code_mailed_to("paper@example.jp").await).await;
    is_in(&app, &page, "paper-1").await;
}

on_both_engines! {
    async fn faq_01_a_forgotten_user_id_comes_by_mail_with_those_of_the_family(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        add_with_address(&app, "ichiro", "Test-ichiro-1", ADDRESS).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        assert_eq!(page.text("#user-id-unknown").await, "ユーザIDを忘れた方はこちら");
        page.click("#user-id-unknown").await;
        at(&app, &page, "/recovery/forgotten-user-id").await;
        page.fill("#email", ADDRESS).await;
        page.click("#send").await;
        page.wait_for("#sent").await;
        answer_requests(&app).await;
        let mail = app.mails_to(ADDRESS).await.pop().unwrap();
        says(&mail.text, &["hanako", "ichiro"]);
        // With one of them the member comes in.
        page.click("#back").await;
        type_password(&page, HANAKO).await;
        type_code(&page, &app.code_mailed_to(ADDRESS).await).await;
        is_in(&app, &page, "hanako").await;
    }

    async fn faq_01_who_has_no_id_finds_every_way_to_one_and_the_inquiry_form(engine: Engine) {
        let app = society(engine).await;
        for locale in ["ja", "en"] {
            let browser = phone(locale).await;
            let page = browser.page().await;
            login_page(&app, &page).await;
            let inquiry = page.attribute(&format!(".site-footer a[href='{INQUIRY}']"), "href").await;
            assert_eq!(inquiry.as_deref(), Some(INQUIRY));
            page.goto(&app.at("/help/faq/user-id-unknown")).await;
            assert!(page.exists(&format!("main a[href='{INQUIRY}']")).await);
            let lifetime = app.app.settings.passwords.initial_lifetime.as_seconds() / 86_400;
            let text = page.text("main").await;
            says(&text, &[&lifetime.to_string()]);
            if locale == "ja" {
                says(&text, &["ユーザIDを忘れた方はこちら", "はがき", "人事部", "変わっていません"]);
            }
        }
    }

    async fn faq_01_id_and_password_on_paper_lead_to_a_first_login_on_a_phone(engine: Engine) {
        first_login(engine, phone("ja").await).await;
    }

    async fn faq_01_id_and_password_on_paper_lead_to_a_first_login_on_a_computer(engine: Engine) {
        first_login(engine, computer("en").await).await;
    }

    async fn faq_01_a_first_login_that_was_interrupted_goes_on_where_it_was(engine: Engine) {
        let app = society(engine).await;
        let (browser, later) = (phone("ja").await, computer("ja").await);
        let page = browser.page().await;
        login_page(&app, &page).await;
        type_password(&page, TARO).await;
        choose_password(&page, NEW).await;
        at(&app, &page, "/login/email-address").await;
        page.close().await;
        let page = later.page().await;
        login_page(&app, &page).await;
        type_password(&page, (TARO.0, NEW)).await;
        at(&app, &page, "/login/email-address").await;
        page.fill("#email", "taro@example.jp").await;
        page.click("#send").await;
        type_code(&page, &app.code_mailed_to("taro@example.jp").await).await;
        at(&app, &page, "/login/method").await;
    }

    async fn faq_03_a_forgotten_password_is_replaced_by_way_of_a_mail(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let (browser, reader) = (computer("ja").await, phone("ja").await);
        let page = browser.page().await;
        forget_password(&app, &page, HANAKO.0, ADDRESS).await;
        says(&page.text("main").await, &["30分", "no-reply@portal.example.jp"]);
        // The mail is read on the phone.
        let mail = reader.page().await;
        mail.goto(&app.link_mailed_to(ADDRESS).await).await;
        says(&mail.text("#whose").await, &["hanako"]);
        says(&mail.text("#password-policy").await, &["8", "64"]);
        choose_password(&mail, "short").await;
        mail.wait_for("#error").await;
        choose_password(&mail, NEW).await;
        mail.wait_for("#done").await;
        mail.click("#login").await;
        type_password(&mail, HANAKO).await;
        mail.wait_for("#error").await;
        type_password(&mail, (HANAKO.0, NEW)).await;
        type_code(&mail, &app.code_mailed_to(ADDRESS).await).await;
        is_in(&app, &mail, HANAKO.0).await;
        let told = app.mails_to(ADDRESS).await;
        assert!(told.iter().any(|mail| mail.text.contains("新しいパスワードが設定されました")), "{told:?}");
        says(&help(&app, &browser, "password-forgotten").await, &["「パスワードを忘れた方はこちら」", "届いたメールのリンク"]);
    }

    async fn faq_07_a_wrong_id_and_a_wrong_password_give_one_message_and_the_reasons_in_place(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let mut seen = Vec::new();
        for user_id in [HANAKO.0, "nobody"] {
            let browser = phone("ja").await;
            let page = browser.page().await;
            login_page(&app, &page).await;
            type_password(&page, (user_id, "Wrong-password-1")).await;
            assert_eq!(page.text("#error h2").await, "無効なユーザIDまたはパスワードです。");
            let words = page.text("body").await;
            let help = help_in_place(&page).await;
            says(&help, &["大文字と小文字", "Caps Lock", "空白", "5回"]);
            assert_eq!(page.value("#user_id").await, user_id, "what was typed stays");
            seen.push((words, help));
            if user_id == HANAKO.0 {
                page.fill("#password", HANAKO.1).await;
                page.click("#login").await;
                at(&app, &page, "/login/email-code").await;
            }
        }
        assert_eq!(seen[0], seen[1]);
        let browser = computer("en").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        type_password(&page, ("nobody", "Wrong-password-1")).await;
        says(&help_in_place(&page).await, &["Caps Lock"]);
    }
}

/// The page to choose a password on; its rules.
async fn rules_shown(app: &TestApp, page: &Page, who: (&str, &str)) -> String {
    login_page(app, page).await;
    type_password(page, who).await;
    at(app, page, "/login/initial-password").await;
    assert!(!page.exists("#error").await, "before anything is typed");
    page.text("#password-policy").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faq_06_the_rules_shown_are_the_rules_checked_and_all_symbols_are_taken() {
    let app = TestApp::start(Engine::Sqlite).await;
    members::add(&app.app, member("hanakoyamada"), TARO.1, true).await.unwrap();
    let browser = computer("ja").await;
    let page = browser.page().await;
    let rules = rules_shown(&app, &page, ("hanakoyamada", TARO.1)).await;
    says(&rules, &["8文字以上", "64文字以内", "ユーザIDと同じ", "半角の英字・数字・記号"]);
    for (typed, said) in [
        ("Seven-7", "8文字以上"),
        (&*format!("{}5", "Sixty-four-".repeat(6)).chars().take(65).collect::<String>(), "64文字以内"),
        ("hanakoyamada", "ユーザIDと同じ"),
        ("HanakoYamada", "ユーザIDと同じ"),
        ("My own words 7", "使えない文字"),
        ("Ｍy-own-words-7", "使えない文字"),
        ("password1", "よく使われている"),
    ] {
        choose_password(&page, typed).await;
        says(&page.text("#error").await, &[said]);
        at(&app, &page, "/login/initial-password").await;
    }
    says(&help_in_place(&page).await, &["8文字以上", "64文字以下"]);

    // All 32 symbols, and the sign of the Japanese keyboard for the one that has another there.
    assert_eq!(SYMBOLS.chars().count(), 32);
    choose_password(&page, &format!("aA1{}", SYMBOLS.replace('\\', "\u{a5}"))).await;
    is_in(&app, &page, "hanakoyamada").await;
    log_out(&page).await;
    for backslash in ["\\", "\u{a5}"] {
        login_page(&app, &page).await;
        type_password(&page, ("hanakoyamada", &format!("aA1{}", SYMBOLS.replace('\\', backslash)))).await;
        is_in(&app, &page, "hanakoyamada").await;
        log_out(&page).await;
    }
    let help = help(&app, &browser, "password-policy").await;
    for symbol in SYMBOLS.chars() {
        assert!(help.contains(symbol), "{symbol}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faq_06_other_rules_are_shown_and_helped_with_as_they_are_set() {
    let app = TestApp::start_with(Engine::Sqlite, |settings| {
        settings.passwords.min_length = 12;
        settings.passwords.max_length = 20;
    })
    .await;
    let browser = phone("ja").await;
    let page = browser.page().await;
    says(&rules_shown(&app, &page, TARO).await, &["12文字以上", "20文字以内"]);
    choose_password(&page, "Eleven-1111").await;
    says(&page.text("#error").await, &["12文字以上"]);
    says(&help_in_place(&page).await, &["12文字以上", "20文字以下"]);
    choose_password(&page, "Twenty-one-letters-21").await;
    says(&page.text("#error").await, &["20文字以内"]);
    choose_password(&page, "Twelve-12121").await;
    is_in(&app, &page, TARO.0).await;
    says(&help(&app, &browser, "password-policy").await, &["12文字以上", "20文字以下"]);
}
