//! Questions 4 and 5: the two locks, and the way out of each.

use sekisho::domain::unix_time::Span;

use super::*;
use crate::support::on_both_engines;

/// A stranger who guesses until the password is locked.
async fn lock_password(app: &TestApp, page: &Page) {
    login_page(app, page).await;
    for _ in 0..5 {
        type_password(page, (HANAKO.0, "Wrong-password-1")).await;
        assert_eq!(page.text("#error h2").await, "無効なユーザIDまたはパスワードです。");
    }
    type_password(page, HANAKO).await;
}

on_both_engines! {
    async fn faq_04_a_locked_password_says_which_lock_it_is_and_whom_to_ask(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        // Where the member has logged in before, strangers can't lock them out.
        let (own, strangers) = (phone("ja").await, computer("ja").await);
        let known = own.page().await;
        login_page(&app, &known).await;
        type_password(&known, HANAKO).await;
        type_code(&known, &app.code_mailed_to(ADDRESS).await).await;
        log_out(&known).await;
        app.advance(Span::minutes(2));

        let page = strangers.page().await;
        lock_password(&app, &page).await;
        assert_eq!(page.text("#error h2").await, "パスワードがロックされています。");
        assert_eq!(page.attribute("#inquiry", "href").await.as_deref(), Some(INQUIRY));
        says(&help_in_place(&page).await, &["5回", "お問い合わせフォーム", "「パスワードを忘れた方はこちら」"]);
        login_page(&app, &known).await;
        type_password(&known, HANAKO).await;
        type_code(&known, &app.code_mailed_to(ADDRESS).await).await;
        is_in(&app, &known, HANAKO.0).await;
        // Staff lift it.
        app.unlock(HANAKO.0).await;
        type_password(&page, HANAKO).await;
        at(&app, &page, "/login/email-code").await;
    }

    async fn faq_04_a_new_password_by_mail_lifts_the_lock(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        lock_password(&app, &page).await;
        says(&page.text("#error").await, &["パスワードがロック"]);
        forget_password(&app, &page, HANAKO.0, ADDRESS).await;
        page.goto(&app.link_mailed_to(ADDRESS).await).await;
        choose_password(&page, NEW).await;
        page.click("#login").await;
        type_password(&page, (HANAKO.0, NEW)).await;
        type_code(&page, &app.code_mailed_to(ADDRESS).await).await;
        is_in(&app, &page, HANAKO.0).await;
    }

    async fn faq_05_ten_wrong_codes_lock_the_account_and_the_page_leads_to_the_inquiry_form(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        let key = hanako_with_app(&app, &page, "phone").await;
        log_out(&page).await;
        login_page(&app, &page).await;
        type_password(&page, HANAKO).await;
        let wrong = other_than(&code(&app, &key, 0));
        for _ in 0..9 {
            type_code(&page, wrong).await;
            assert_eq!(page.text("#error h2").await, "ワンタイムパスワードが正しくありません");
        }
        type_code(&page, wrong).await;
        assert_eq!(page.text("#error-code").await, "account_locked");
        assert_eq!(page.text("h1").await, "アカウントがロックされています");
        assert_eq!(page.attribute("#inquiry", "href").await.as_deref(), Some(INQUIRY));
        says(&help_in_place(&page).await, &["お問い合わせフォーム", "アカウントのロックは解除されません"]);

        // And so does the login page, to who knows the password; a new one does not help.
        for password in [HANAKO.1, NEW] {
            login_page(&app, &page).await;
            type_password(&page, (HANAKO.0, password)).await;
            assert_eq!(page.text("#error h2").await, "アカウントがロックされています。");
            assert_eq!(page.attribute("#inquiry", "href").await.as_deref(), Some(INQUIRY));
            if password == HANAKO.1 {
                forget_password(&app, &page, HANAKO.0, ADDRESS).await;
                page.goto(&app.link_mailed_to(ADDRESS).await).await;
                choose_password(&page, NEW).await;
                page.wait_for("#done").await;
            }
        }
        let told = app.mails_to(ADDRESS).await;
        assert!(told.iter().any(|mail| mail.text.contains("すべてのログインを止めました")), "{told:?}");
        app.unlock(HANAKO.0).await;
        type_password(&page, (HANAKO.0, NEW)).await;
        type_code(&page, &code(&app, &key, 0)).await;
        is_in(&app, &page, HANAKO.0).await;
    }
}
