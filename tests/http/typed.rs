//! What a Japanese keyboard makes of user IDs and addresses (product.md 1.2): one member, however it is typed.

use sekisho::actions::member::members;

use crate::support::app::member;
use crate::support::{Engine, TestApp, on_both_engines};

const ADDRESS: &str = "yama-da@mail-1.example.jp";
const PASSWORD: &str = "Test-yamada-1";

on_both_engines! {
    async fn every_spelling_of_a_user_id_logs_the_one_member_in_and_makes_no_second(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.add("yama-da.1", PASSWORD).await;
        for typed in ["yama-da.1", "yamaーda。1", "ｙａｍａｰｄａ｡１", "yama−da．1", "Yama‐Da.①\u{3000}", "yama—da.1"] {
            let visitor = app.visitor_logged_in((typed, PASSWORD)).await;
            assert_eq!(visitor.get("/account/profile").await.text("#user-id").as_deref(), Some("yama-da.1"), "{typed}");
            assert!(members::add(&app.app, member(typed), PASSWORD, false).await.is_err(), "{typed} is a second account");
        }
    }

    async fn every_spelling_of_an_address_finds_the_member_who_forgot_the_user_id(engine: Engine) {
        let app = TestApp::start(engine).await;
        let yamada = members::NewMember { email: Some(ADDRESS.into()), email_verified: true, ..member("yama-da") };
        members::add(&app.app, yamada, PASSWORD, false).await.unwrap();
        for (number, typed) in [ADDRESS, "ｙａｍａーｄａ＠ｍａｉｌ−１。ｅｘａｍｐｌｅ。ｊｐ", "yama‐da@mail‐1｡example｡jp\u{3000}"].iter().enumerate() {
            let visitor = app.visitor();
            let page = visitor.get("/recovery/forgotten-user-id").await.expect_status(200);
            let mut form = page.form();
            form.insert("email".into(), (*typed).into());
            visitor.post("/recovery/forgotten-user-id", &form).await.expect_status(200);
            app.answer_recovery().await;
            let mails = app.mails_to(ADDRESS).await;
            assert_eq!(mails.iter().filter(|mail| mail.text.contains("yama-da")).count(), number + 1, "{typed}");
        }
    }
}
