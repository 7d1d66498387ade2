//! Forgotten password and forgotten user ID (product.md 1.8).

use std::collections::BTreeMap;

use sekisho::actions::member::members;
use sekisho::actions::member::recovery::answer_one;
use sekisho::config::SecondFactor;
use sekisho::domain::unix_time::Span;

use crate::support::app::{HANAKO, member};
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

const NEW: &str = "My-own-words-7";
const ADDRESS: &str = "hanako@example.jp";

/// Sends the form of one of the two pages.
async fn ask(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Answer {
    let visitor = app.visitor();
    let page = visitor.get(path).await.expect_status(200);
    let mut form = page.form();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let answer = visitor.post(path, &form).await;
    while answer_one(&app.app).await.unwrap() {}
    answer
}

async fn forgot_password(app: &TestApp, user_id: &str, email: &str) -> Answer {
    ask(app, "/recovery/forgotten-password", &[("user_id", user_id), ("email", email)]).await
}

/// The links mailed so far, the last one last.
async fn links(app: &TestApp) -> Vec<String> {
    let mails = app.mails_to(ADDRESS).await;
    let link = |text: &str| text.lines().map(str::trim).find(|line| line.contains("/recovery/")).map(str::to_owned);
    mails.iter().filter_map(|mail| link(&mail.text)).collect()
}

async fn choose(visitor: &Visitor, page: &Answer, password: &str) -> Answer {
    let mut form: BTreeMap<String, String> = page.form();
    form.insert("new_password".into(), password.into());
    form.insert("new_password_again".into(), password.into());
    visitor.post("/recovery/reset-password", &form).await
}

on_both_engines! {
    async fn a_link_by_mail_leads_to_a_new_password_and_ends_what_stood_on_the_old_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let before = app.visitor_logged_in(HANAKO).await;
        let code = rp.code(&before, HANAKO, &[("scope", "openid offline_access")]).await;
        let refresh = rp.redeem(&code).await.json()["refresh_token"].as_str().unwrap().to_owned();
        // Strangers have locked the password.
        for _ in 0..5 {
            let stranger = app.visitor();
            let page = stranger.follow(&app.at("/account/profile")).await;
            stranger.log_in(&page, HANAKO.0, "Wrong-password-1").await;
        }
        let sent = forgot_password(&app, " Ｈanako ", "Hanako@Example.jp").await.expect_status(200);
        assert!(sent.text("#sent").is_some());
        let link = links(&app).await.pop().unwrap();
        assert!(link.starts_with(&format!("{}/recovery/reset-password?link=skl_", app.issuer)), "{link}");
        // In whatever browser: here, one in which somebody else is logged in.
        app.add("jiro", "Test-jiro-11").await;
        let visitor = app.visitor_logged_in(("jiro", "Test-jiro-11")).await;
        let page = visitor.get(&link).await.expect_status(200);
        assert!(page.text("#whose").unwrap().contains("hanako"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        choose(&visitor, &page, "short").await.expect_status(422);
        choose(&visitor, &page, HANAKO.1).await.expect_status(422);
        let done = choose(&visitor, &page, NEW).await.expect_status(200);
        assert!(done.text("#done").is_some());
        // On to a login of her own, not to what the other is logged in to.
        assert_eq!(done.attribute("#login", "href").as_deref(), Some("/login/password"));
        assert_eq!(visitor.get("/account/profile").await.text("#user-id").as_deref(), Some("jiro"));
        before.get("/account/profile").await.expect_status(303);
        rp.refresh(&refresh).await.expect_oauth_error(400, "invalid_grant");
        app.visitor_logged_in((HANAKO.0, NEW)).await;
        // Used up.
        let again = visitor.get(&link).await.expect_status(200);
        assert!(again.text("#link-unusable").is_some());
        assert!(choose(&visitor, &page, "Another-one-99").await.text("#link-unusable").is_some());
        let told = app.mails_to(ADDRESS).await.iter().filter(|mail| mail.text.contains("リンクから、新しいパスワード")).count();
        assert_eq!(told, 1);
    }

    async fn a_reset_ends_the_login_in_the_same_browser_too(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        forgot_password(&app, HANAKO.0, ADDRESS).await;
        let page = visitor.get(&links(&app).await.pop().unwrap()).await.expect_status(200);
        visitor.get("/account/profile").await.expect_status(200);
        choose(&visitor, &page, NEW).await.expect_status(200);
        let out = visitor.get("/account/profile").await.expect_status(303);
        assert!(out.location().unwrap().starts_with("/login/password?flow="), "{:?}", out.location());
    }

    async fn the_answer_is_the_same_whatever_is_known_and_mail_goes_only_to_the_registered_address(engine: Engine) {
        let app = TestApp::start(engine).await;
        let mut gone = member("gone");
        gone.email = Some("gone@example.jp".into());
        gone.email_verified = true;
        members::add(&app.app, gone, "Test-gone-11", false).await.unwrap();
        app.execute("UPDATE members SET disabled_at = 1 WHERE user_id = 'gone'").await;
        let mut unproved = member("unproved");
        unproved.email = Some("unproved@example.jp".into());
        members::add(&app.app, unproved, "Test-unproved-11", false).await.unwrap();
        let essence = |answer: Answer| {
            let csrf = answer.headers.get("content-length").cloned();
            (answer.status, csrf, answer.body)
        };
        let right = essence(forgot_password(&app, HANAKO.0, ADDRESS).await);
        for (user_id, email) in [
            ("nobody", "nobody@example.jp"),
            (HANAKO.0, "other@example.jp"),
            ("gone", "gone@example.jp"),
            ("unproved", "unproved@example.jp"),
            ("taro", ADDRESS),
        ] {
            assert_eq!(essence(forgot_password(&app, user_id, email).await), right, "{user_id}");
        }
        let known = essence(ask(&app, "/recovery/forgotten-user-id", &[("email", ADDRESS)]).await);
        let unknown = essence(ask(&app, "/recovery/forgotten-user-id", &[("email", "nobody@example.jp")]).await);
        assert_eq!(known, unknown);
        assert_eq!(app.mails_to("").await.len(), 2, "one link and one user ID");
        forgot_password(&app, "", "x").await.expect_status(422);
    }

    async fn a_family_that_shares_an_address_gets_all_its_ids_and_each_only_its_own_link(engine: Engine) {
        let app = TestApp::start(engine).await;
        let mut child = member("child");
        child.email = Some("HANAKO@example.jp".into());
        child.email_verified = true;
        members::add(&app.app, child, "Test-child-11", false).await.unwrap();
        ask(&app, "/recovery/forgotten-user-id", &[("email", ADDRESS)]).await;
        let mail = app.mails_to(ADDRESS).await.pop().unwrap();
        assert!(mail.text.contains("hanako") && mail.text.contains("child"), "{}", mail.text);
        forgot_password(&app, "child", ADDRESS).await;
        let mails = app.mails_to("HANAKO@example.jp").await;
        let link = mails.last().unwrap().text.lines().find(|line| line.contains("/recovery/")).unwrap().to_owned();
        let page = app.visitor().get(&link).await;
        assert!(page.text("#whose").unwrap().contains("child"));
    }

    async fn a_link_ends_by_time_by_a_newer_one_and_by_another_password(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let is_usable = async |link: &str| visitor.get(link).await.text("#whose").is_some();
        forgot_password(&app, HANAKO.0, ADDRESS).await;
        let first = links(&app).await.pop().unwrap();
        assert!(is_usable(&first).await && is_usable(&first).await, "opening it uses nothing up");
        app.advance(Span::seconds(1));
        forgot_password(&app, HANAKO.0, ADDRESS).await;
        let second = links(&app).await.into_iter().find(|link| *link != first).unwrap();
        assert!(!is_usable(&first).await && is_usable(&second).await);
        let page = visitor.get(&second).await;
        let hanako = members::find(&app.app, HANAKO.0).await.unwrap().unwrap();
        sekisho::actions::member::issue_password::issue_password(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &hanako.id, "Staff-chose-this-1", false).await.unwrap();
        assert!(!is_usable(&second).await);
        assert!(choose(&visitor, &page, NEW).await.text("#link-unusable").is_some());
        forgot_password(&app, HANAKO.0, ADDRESS).await;
        let third = links(&app).await.into_iter().find(|link| *link != first && *link != second).unwrap();
        app.advance(Span::minutes(30));
        assert!(!is_usable(&third).await);
        assert!(!is_usable("/recovery/reset-password").await && !is_usable("/recovery/reset-password?link=x").await);
    }

    async fn of_many_who_use_a_link_at_once_one_does_and_the_second_factor_stays(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Optional;
        })
        .await;
        app.execute("UPDATE members SET email_method_at = 1, authentication_method = 'email' WHERE user_id = 'hanako'").await;
        forgot_password(&app, HANAKO.0, ADDRESS).await;
        let link = links(&app).await.pop().unwrap();
        let visitor = app.visitor();
        let page = visitor.get(&link).await;
        let all = futures::future::join_all((0..10).map(|_| choose(&visitor, &page, NEW))).await;
        assert_eq!(all.iter().filter(|answer| answer.text("#done").is_some()).count(), 1);
        let login = visitor.follow(&app.at("/account/profile")).await;
        let next = visitor.log_in_and_follow(&login, HANAKO.0, NEW).await;
        assert!(next.url.contains("/login/email-code?"), "{}", next.url);
    }
}
