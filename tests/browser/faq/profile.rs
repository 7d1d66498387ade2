//! Questions 11, 12, 17: what members look after in 「プロフィール変更」.

use sekisho::domain::unix_time::Span;

use super::*;
use crate::support::on_both_engines;

on_both_engines! {
    async fn faq_11_a_device_no_longer_used_is_removed_by_name_after_a_fresh_login_and_a_mail_tells(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        let old = hanako_with_app(&app, &page, "古いスマホ").await;
        page.click("#authentication-method").await;
        page.click("#add-app").await;
        let new = enrol_app(&app, &page, "新しいスマホ").await;
        // Some days later the login is not fresh any more.
        app.advance(Span::minutes(11));
        page.goto(&app.at("/account/authentication-method")).await;
        let devices = page.evaluate("[...document.querySelectorAll('#apps h3')].map(h => h.textContent)").await;
        let place = devices.as_array().unwrap().iter().position(|name| name == "古いスマホ").unwrap() + 1;
        page.click(&format!("#apps > li:nth-child({place}) a[id^=delete-]")).await;
        says(&page.text("h1").await, &["ご本人の確認"]);
        page.fill("#password", HANAKO.1).await;
        page.click("#login").await;
        type_code(&page, &code(&app, &new, 0)).await;
        // The page names it, says what is lost, and can be left.
        says(&page.text("h1").await, &["「古いスマホ」を削除しますか？"]);
        says(&page.text("main").await, &["誤って削除しないよう"]);
        page.click("#back").await;
        page.click(&format!("#apps > li:nth-child({place}) a[id^=delete-]")).await;
        says(&page.text("h1").await, &["古いスマホ"]);
        page.click("#delete").await;
        at(&app, &page, "/account/authentication-method").await;
        let left = page.text("#apps").await;
        assert!(left.contains("新しいスマホ") && !left.contains("古いスマホ"), "{left}");
        let told = app.mails_to(ADDRESS).await;
        assert!(told.iter().any(|mail| mail.text.contains("削除されました") && mail.text.contains("古いスマホ")), "{told:?}");
        // The app on it is worth nothing; the other one is asked for.
        app.advance(Span::minutes(1));
        page.command("Network.clearBrowserCookies", json!({})).await;
        login_page(&app, &page).await;
        type_password(&page, HANAKO).await;
        assert!(!page.exists("#device-name").await, "a browser that is new here is told no names");
        type_code(&page, &code(&app, &old, 0)).await;
        says(&page.text("#error").await, &["正しくありません"]);
        type_code(&page, &code(&app, &new, 0)).await;
        is_in(&app, &page, HANAKO.0).await;
    }

    async fn faq_12_the_user_name_can_only_be_read_and_leads_to_the_inquiry_form(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        hanako_with_app(&app, &page, "phone").await;
        page.goto(&app.at("/account/profile")).await;
        assert_eq!(page.text("h1").await, "プロフィール変更");
        assert_eq!(page.text("#user-name").await, "健保 花子");
        says(&page.text(".facts > div:first-child").await, &["ユーザー名", "ご自分では変更できません"]);
        assert!(!page.exists(".facts > div:first-child input").await);
        assert_eq!(page.attribute("#inquiry", "href").await.as_deref(), Some(INQUIRY));
        says(&help(&app, &browser, "user-name-differs").await, &["ご自分では変更できません", "お問い合わせフォーム"]);
    }

    async fn faq_17_the_method_is_changed_by_the_pull_down_and_enrolled_on_the_way(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        type_password(&page, HANAKO).await;
        type_code(&page, &app.code_mailed_to(ADDRESS).await).await;
        is_in(&app, &page, HANAKO.0).await;
        assert_eq!(page.text("label[for=method]").await, "認証方法");
        assert_eq!(page.value("#method").await, "email");
        says(&page.text("#method").await, &["認証アプリ（未登録）", "生体認証（パスキー）（未登録）"]);
        // Not enrolled yet: straight into its enrolment, and back.
        page.select("#method", "totp").await;
        page.click("#change-method").await;
        at(&app, &page, "/account/totp-enrolment").await;
        let key = enrol_app(&app, &page, "phone").await;
        is_in(&app, &page, HANAKO.0).await;
        assert_eq!(page.value("#method").await, "totp");
        says(&page.text("#notice").await, &["認証方法を変更しました"]);
        app.advance(Span::minutes(2));
        log_out(&page).await;
        login_page(&app, &page).await;
        type_password(&page, HANAKO).await;
        at(&app, &page, "/login/totp").await;
        type_code(&page, &code(&app, &key, 0)).await;
        // Enrolled already: at once.
        page.select("#method", "email").await;
        page.click("#change-method").await;
        is_in(&app, &page, HANAKO.0).await;
        assert_eq!(page.value("#method").await, "email");
        let told = app.mails_to(ADDRESS).await;
        assert!(told.iter().any(|mail| mail.text.contains("使う認証方法が次のものになりました")), "{told:?}");
    }
}
