//! Forgotten password and forgotten user ID (product.md 1.8).

use std::collections::BTreeMap;

use futures::FutureExt as _;
use sekisho::actions::mail::send_mail;
use sekisho::actions::member::answer_recovery_requests::answer_recovery_requests;
use sekisho::actions::member::ask_for_recovery::ask_for_recovery;
use sekisho::actions::member::members;
use sekisho::config::SecondFactor;
use sekisho::domain::unix_time::Span;
use sekisho::store::member::recovery_requests;

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
    app.answer_recovery().await;
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

    async fn a_request_that_can_t_be_answered_holds_up_no_other_and_is_answered_once_it_can(engine: Engine) {
        let app = TestApp::start(engine).await;
        let mut jiro = member("jiro");
        jiro.email = Some("jiro@example.jp".into());
        jiro.email_verified = true;
        members::add(&app.app, jiro, "Test-jiro-11", false).await.unwrap();
        // Something that this version can't read.
        app.execute("UPDATE members SET profile = '{' WHERE user_id = 'hanako'").await;
        forgot_password(&app, HANAKO.0, ADDRESS).await.expect_status(200);
        forgot_password(&app, "jiro", "jiro@example.jp").await.expect_status(200);
        assert_eq!(app.mails_to("jiro@example.jp").await.len(), 1);
        assert_eq!(app.rows("recovery_requests WHERE stage = 'asked' AND attempts = 1").await, 1);
        app.execute("UPDATE members SET profile = '{}' WHERE user_id = 'hanako'").await;
        app.advance(Span::seconds(29));
        app.answer_recovery().await;
        assert!(links(&app).await.is_empty(), "it was put off");
        app.advance(Span::seconds(1));
        app.answer_recovery().await;
        assert_eq!(links(&app).await.len(), 1);
        assert_eq!(app.rows("recovery_requests").await, 0);

        // Not for ever: nobody wants a link any more.
        app.execute("UPDATE members SET profile = '{' WHERE user_id = 'hanako'").await;
        forgot_password(&app, HANAKO.0, ADDRESS).await.expect_status(200);
        for _ in 0..6 {
            app.advance(Span::minutes(10));
            app.answer_recovery().await;
        }
        app.advance(Span::minutes(30));
        app.answer_recovery().await;
        assert_eq!(app.rows("recovery_requests").await, 0);
    }

    async fn what_a_node_took_that_died_is_answered_by_another(engine: Engine) {
        let app = TestApp::start(engine).await;
        ask_for_recovery(&app.app, Some(HANAKO.0), ADDRESS, "ja").await.unwrap();
        let mut tx = app.app.store.write().await.unwrap();
        let due = recovery_requests::due(&mut tx, app.now(), 10).await.unwrap();
        recovery_requests::claim(&mut tx, &due[0], app.now(), app.now() + Span::minutes(1)).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        app.advance(Span::seconds(59));
        app.answer_recovery().await;
        assert!(links(&app).await.is_empty());
        app.advance(Span::seconds(1));
        app.answer_recovery().await;
        assert_eq!(links(&app).await.len(), 1);
    }

    async fn two_nodes_answer_each_request_once(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| settings.mail.anonymous_per_hour = 100).await;
        let other = sekisho::app::App::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
        for address in [ADDRESS, "nobody@example.jp"] {
            ask_for_recovery(&app.app, None, address, "ja").await.unwrap();
            ask_for_recovery(&app.app, Some(HANAKO.0), address, "ja").await.unwrap();
        }
        let work = |node: sekisho::app::App| async move { while answer_recovery_requests(&node).await.unwrap() > 0 {} };
        tokio::join!(work(app.app.clone()), work(other));
        assert_eq!((app.rows("mail_outbox").await, app.rows("recovery_requests").await), (2, 0));
    }

    async fn a_request_about_nobody_is_written_as_often_as_one_about_a_member(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (user_id, address, mails) in [(HANAKO.0, ADDRESS, 1), ("nobody", ADDRESS, 0), (HANAKO.0, "no@example.jp", 0)] {
            ask_for_recovery(&app.app, Some(user_id), address, "ja").await.unwrap();
            assert_eq!(answer_recovery_requests(&app.app).await.unwrap(), 1);
            // What is left is one row, which is claimed and then finished: a mail, or the request itself, of which nothing is kept.
            assert_eq!(app.rows("mail_outbox WHERE state = 'queued'").await, mails);
            assert!(app.app.mail_waits.notified().now_or_never().is_none(), "a mail leaves at a time drawn by chance");
            assert_eq!(app.rows("recovery_requests WHERE stage = 'blank' AND address = ''").await, 1 - mails);
            let mailed = i64::try_from(send_mail::send_due(&app.app).await.unwrap()).unwrap();
            let taken = i64::try_from(answer_recovery_requests(&app.app).await.unwrap()).unwrap();
            assert_eq!((mailed, taken), (mails, 1 - mails), "{user_id} {address}");
            assert_eq!(app.rows("recovery_requests").await, 0);
        }
    }

    async fn equal_requests_are_one_and_all_of_them_are_bounded(engine: Engine) {
        let app = TestApp::start(engine).await;
        for address in [ADDRESS, "Hanako@Example.jp", ADDRESS] {
            ask_for_recovery(&app.app, Some(HANAKO.0), address, "ja").await.unwrap();
            ask_for_recovery(&app.app, None, address, "ja").await.unwrap();
        }
        assert_eq!(app.rows("recovery_requests").await, 2);
        app.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
             INSERT INTO recovery_requests (request_id, stage, wanted, user_id_key, address, address_key, language, attempts,
                 created_at, next_at, expires_at)
             SELECT CAST(i AS TEXT), 'asked', 'password', 'x', 'x', CAST(i AS TEXT), 'ja', 0, 1, 9000000000, 9000000000 FROM n",
        )
        .await;
        for user_id in [HANAKO.0, "nobody"] {
            let visitor = app.visitor();
            let mut form = visitor.get("/recovery/forgotten-password").await.form();
            form.insert("user_id".into(), user_id.into());
            form.insert("email".into(), "new@example.jp".into());
            let busy = visitor.post("/recovery/forgotten-password", &form).await.expect_status(429);
            assert!(busy.header("retry-after").is_some());
        }
        // What was asked before is answered.
        app.answer_recovery().await;
        assert_eq!(app.mails_to(ADDRESS).await.len(), 2);
    }
}
