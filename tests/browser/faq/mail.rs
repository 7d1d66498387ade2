//! Questions 2 and 18: mails that don't arrive, and whom they come from.

use sekisho::domain::unix_time::Span;

use super::*;
use crate::support::app::TARO;
use crate::support::on_both_engines;

on_both_engines! {
    async fn faq_02_when_no_mail_comes_the_page_says_what_to_check_and_sends_another(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        type_password(&page, HANAKO).await;
        at(&app, &page, "/login/email-code").await;
        let words = page.text("main").await;
        says(&words, &["h•••••@example.jp", "10分", "迷惑メール", "no-reply@portal.example.jp"]);
        assert!(!words.contains(ADDRESS), "over the shoulder nobody reads it");
        let first = app.code_mailed_to(ADDRESS).await;
        // At once is too soon, and that is said.
        page.click("#resend").await;
        assert_eq!(page.text("#error h2").await, "まだ送り直せません");
        let help = help_in_place(&page).await;
        says(&help, &["迷惑メール", "受信設定", "no-reply@portal.example.jp", "スレッド", "メールアドレス", "お問い合わせフォーム"]);
        app.advance(Span::minutes(1));
        page.click("#resend").await;
        page.wait_for("#sent-again").await;
        let second = app.code_mailed_to(ADDRESS).await;
        if first != second {
            type_code(&page, &first).await;
            says(&page.text("#error").await, &["いちばん新しいメール"]);
        }
        type_code(&page, &second).await;
        is_in(&app, &page, HANAKO.0).await;
    }

    async fn faq_02_a_mistyped_address_is_seen_and_corrected(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        type_password(&page, TARO).await;
        choose_password(&page, NEW).await;
        page.fill("#email", "tarp@example.jp").await;
        page.click("#send").await;
        says(&page.text("main").await, &["tarp@example.jp"]);
        page.click("#other-address").await;
        at(&app, &page, "/login/email-address").await;
        app.advance(Span::minutes(1));
        page.fill("#email", "taro@example.jp").await;
        page.click("#send").await;
        says(&page.text("main").await, &["taro@example.jp"]);
        type_code(&page, &app.code_mailed_to("taro@example.jp").await).await;
        at(&app, &page, "/login/method").await;
    }

    async fn faq_18_every_mail_comes_from_the_sender_that_the_help_names_for_it(engine: Engine) {
        let app = society(engine).await;
        by_mail(&app).await;
        let browser = computer("ja").await;
        let page = browser.page().await;
        // A first login: the check of the address, and the notice.
        login_page(&app, &page).await;
        type_password(&page, TARO).await;
        choose_password(&page, NEW).await;
        page.fill("#email", "taro@example.jp").await;
        page.click("#send").await;
        type_code(&page, &app.code_mailed_to("taro@example.jp").await).await;
        page.click("label[for=method-email]").await;
        page.click("#continue").await;
        is_in(&app, &page, TARO.0).await;
        // A change.
        app.advance(Span::minutes(2));
        page.click("#change-password").await;
        choose_password(&page, "Another-one-99").await;
        page.wait_for("#notice").await;
        log_out(&page).await;
        // A one-time password, a forgotten password, a forgotten user ID.
        login_page(&app, &page).await;
        type_password(&page, (TARO.0, "Another-one-99")).await;
        at(&app, &page, "/login/email-code").await;
        forget_password(&app, &page, TARO.0, "taro@example.jp").await;
        page.goto(&app.at("/recovery/forgotten-user-id")).await;
        page.fill("#email", "taro@example.jp").await;
        page.click("#send").await;
        page.wait_for("#sent").await;
        answer_requests(&app).await;

        // What the help says each sender sends.
        page.goto(&app.at("/help/faq/sender-addresses")).await;
        let named = page.text("main").await;
        let under = |sender: &str, next: Option<&str>| {
            let rest = named.split_once(sender).unwrap_or_else(|| panic!("{sender} is not in: {named}")).1;
            next.and_then(|next| rest.split_once(next)).map_or(rest, |(until, _)| until).to_owned()
        };
        let settings = &app.app.settings.mail;
        let no_reply = under(&settings.no_reply, Some(&settings.info));
        let webmaster = under(&settings.webmaster, None);
        says(&under(&settings.info, Some(&settings.webmaster)), &["医療費情報", "健診結果"]);

        let mails = app.mails_to("taro@example.jp").await;
        for (said, sender, in_help, words) in [
            ("メールアドレスを確認するための6桁", &settings.no_reply, &no_reply, "メールアドレスの確認"),
            ("ログインのためのワンタイムパスワード", &settings.no_reply, &no_reply, "メールのワンタイムパスワード"),
            ("新しいパスワードを設定してください", &settings.no_reply, &no_reply, "パスワードを忘れた方"),
            ("このメールアドレスで登録されているユーザID", &settings.no_reply, &no_reply, "ユーザIDを忘れた方"),
            ("パスワードが変更されました", &settings.no_reply, &no_reply, "設定変更"),
            ("初回ログインが完了しました", &settings.webmaster, &webmaster, "初めてログインしたとき"),
        ] {
            let mail = mails.iter().find(|mail| mail.text.contains(said));
            let mail = mail.unwrap_or_else(|| panic!("{said} is not among {mails:?}"));
            says(mail.header("From"), &[sender]);
            says(in_help, &[words]);
        }
    }
}
