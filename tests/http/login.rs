//! Logging in: what is typed, which session follows, several tabs.

use sekisho::domain::unix_time::Span;

use crate::support::app::HANAKO;
use crate::support::relying_party::{claims, text};
use crate::support::{Engine, TestApp, on_both_engines};

on_both_engines! {
    async fn what_is_missing_is_asked_for_and_costs_no_attempt(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        for (user_id, password, field) in [("", "", "user_id"), ("", "x", "user_id"), ("hanako", "", "password"), ("\u{3000}", "x", "user_id")] {
            let again = visitor.log_in(&page, user_id, password).await.expect_status(422);
            assert_eq!(again.attribute(&format!("#{field}"), "aria-invalid").as_deref(), Some("true"), "{}", again.body);
            assert!(!again.body.contains("value=\"x\""), "a password never comes back");
        }
        assert_eq!(app.rows("password_failures").await, 0);
    }

    async fn capitals_count_in_a_password(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        for password in [HANAKO.1.to_lowercase(), HANAKO.1.to_uppercase()] {
            let refused = visitor.log_in(&page, HANAKO.0, &password).await.expect_status(422);
            assert!(refused.text("#error").unwrap().contains("無効なユーザID"), "{}", refused.body);
        }
        visitor.log_in(&page, HANAKO.0, HANAKO.1).await.expect_status(303);
    }

    async fn several_tabs_log_in_side_by_side_and_the_back_button_works(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (first, second) = (app.relying_party().await, app.third_party().await);
        let visitor = app.visitor();
        let tab_1 = visitor.follow(&first.authorize_url(&[])).await;
        let tab_2 = visitor.follow(&second.authorize_url(&[])).await;
        let code_1 = visitor.log_in_and_follow(&tab_1, HANAKO.0, HANAKO.1).await.code();
        first.redeem(&code_1).await.expect_status(200);
        let consent = visitor.log_in_and_follow(&tab_2, HANAKO.0, HANAKO.1).await;
        assert!(consent.form().contains_key("grant"));
        // Back to the first tab's login page, and on once more: a new code for the same session.
        let code_3 = visitor.log_in_and_follow(&tab_1, HANAKO.0, HANAKO.1).await.code();
        assert_ne!(code_1, code_3);
    }

    async fn the_session_cookie_changes_at_every_login_and_the_old_one_dies(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        let session_of = |answer: &crate::support::visitor::Answer| {
            let cookies = answer.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap().to_owned());
            cookies.into_iter().find(|c| c.starts_with("sekisho-session=")).unwrap()
        };
        let first = visitor.log_in(&page, HANAKO.0, HANAKO.1).await;
        let before = session_of(&first);
        assert!(before.contains("HttpOnly") && before.contains("SameSite=Lax") && before.contains("Path=/"));
        assert!(!before.contains("Secure") && !before.contains("Domain"));
        // It ends with the browser.
        assert!(!before.contains("Max-Age") && !before.contains("Expires"), "{before}");
        let login = visitor.follow(&rp.authorize_url(&[("prompt", "login")])).await;
        let again = visitor.log_in(&login, HANAKO.0, HANAKO.1).await;
        assert_ne!(session_of(&again), before);
        let old = before.split(';').next().unwrap().to_owned();
        let stolen = app.visitor();
        let answer = stolen.send(stolen.http.get(app.at("/account/profile")).header("cookie", old)).await;
        assert!(answer.location().unwrap().starts_with("/login/password?flow="));
    }

    /// On SQLite there is one connection that writes: a request must not wait for itself.
    async fn logging_in_again_after_a_while_does_not_wait_for_itself(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.database.max_connections = 1).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let page = visitor.follow(&rp.authorize_url(&[("prompt", "login")])).await;
        app.advance(Span::minutes(10));
        visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await.code();
    }

    async fn a_password_replaced_while_it_was_checked_lets_nobody_in(engine: Engine) {
        use sekisho::actions::login::check_password::{Attempt, check_password};
        let app = TestApp::start(engine).await;
        let attempt = check_password(&app.app, HANAKO.0, HANAKO.1, None, |_| Ok::<(), ()>(())).await.unwrap();
        let Attempt::Right(proven) = attempt else { panic!("the password is right") };
        let member = sekisho::actions::member::members::find(&app.app, HANAKO.0).await.unwrap().unwrap();
        sekisho::actions::member::issue_password::issue_password(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &member.id, "Another-one-99", true).await.unwrap();
        let mut tx = app.app.store.write().await.unwrap();
        assert!(proven.settle(&mut tx).await.unwrap().is_none());
    }

    async fn a_code_given_out_while_the_session_ended_is_worth_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let code = visitor.get(&rp.authorize_url(&[])).await.code();
        // As if the grant had been written just after the session's end was.
        app.execute("UPDATE browser_sessions SET ended_at = 1").await;
        rp.redeem(&code).await.expect_oauth_error(400, "invalid_grant");
    }

    async fn another_sites_form_takes_no_cookie_away(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        for path in ["/authorize", "/logout", "/nowhere", "/login/password"] {
            let answer = visitor.post(path, &std::collections::BTreeMap::from([("a".to_owned(), "b".to_owned())])).await;
            assert!(!answer.headers.contains_key("set-cookie"), "{path}");
        }
    }

    async fn a_session_ends_when_idle_and_at_its_absolute_end(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        for _ in 0..12 {
            app.advance(Span::minutes(59));
            visitor.get("/account/profile").await.expect_status(200);
        }
        app.advance(Span::minutes(59));
        visitor.get("/account/profile").await.expect_status(303);
        let visitor = app.visitor_logged_in(HANAKO).await;
        app.advance(Span::hours(1));
        visitor.get("/account/profile").await.expect_status(303);
    }

    async fn another_member_in_the_same_browser_ends_the_first_ones_session(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.add("jiro", "Test-jiro-1").await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let hanako = rp.redeem(&rp.code(&visitor, HANAKO, &[]).await).await;
        let login = visitor.follow(&rp.authorize_url(&[("prompt", "login")])).await;
        let code = visitor.log_in_and_follow(&login, "jiro", "Test-jiro-1").await.code();
        let jiro = rp.redeem(&code).await;
        let (before, after) = (claims(&text(&hanako, "id_token")), claims(&text(&jiro, "id_token")));
        assert_ne!(before["sub"], after["sub"]);
        assert_ne!(before["sid"], after["sid"]);
        rp.userinfo(&text(&hanako, "access_token")).await.expect_status(401);
        // The first one is asked for by hint: the second one's session does not do.
        let hint = text(&hanako, "id_token");
        let silent = rp.authorize_url(&[("prompt", "none"), ("id_token_hint", &hint)]);
        visitor.get(&silent).await.expect_redirected_error("login_required");
    }

    async fn a_hash_of_lower_cost_is_renewed_at_the_next_login(engine: Engine) {
        let app = TestApp::start(engine).await;
        let weaker = app.hash_with("Test-hanako-1", 8, 1).await;
        app.set_hash("hanako", &weaker).await;
        app.visitor_logged_in(HANAKO).await;
        let renewed = app.hash_of("hanako").await;
        assert!(renewed.contains("m=16,") && weaker.contains("m=8,"), "{renewed}");
        app.visitor_logged_in(HANAKO).await;
        assert_eq!(app.hash_of("hanako").await, renewed);
    }

    async fn a_yen_sign_is_taken_as_the_backslash_that_its_key_types(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.add("jiro", "Back\\slash-1").await;
        app.visitor_logged_in(("jiro", "Back¥slash-1")).await;
    }
}
