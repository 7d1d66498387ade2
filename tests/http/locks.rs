//! The password lock (product rule: five wrong passwords; a lock is no weapon and tells nothing).

use sekisho::actions::login::end_sessions::{Which, end_sessions};
use sekisho::actions::login::one_time_passwords::lock;
use sekisho::actions::login::tell_of_password_locks::tell_of_password_locks;
use sekisho::actions::member::issue_password::issue_password;
use sekisho::actions::member::members;
use sekisho::config::LockRelease;
use sekisho::domain::actor::Actor;
use sekisho::domain::unix_time::Span;
use sekisho::store::member::members as stored;

use crate::support::app::{HANAKO, TARO};
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

async fn attempt(app: &TestApp, visitor: &Visitor, user_id: &str, password: &str) -> Answer {
    let page = visitor.follow(&app.at("/account/profile")).await;
    visitor.log_in(&page, user_id, password).await
}

async fn fail(app: &TestApp, user_id: &str, times: usize) {
    for _ in 0..times {
        attempt(app, &app.visitor(), user_id, "Wrong-password-1").await.expect_status(422);
    }
}

/// What a page says, without what is random in it.
fn essence(answer: &Answer, user_id: &str) -> (u16, Vec<(String, String)>, String) {
    let mut body = answer.body.replace(user_id, "USER");
    for (name, value) in answer.form() {
        if !value.is_empty() {
            body = body.replace(&value, &name);
        }
    }
    // The challenges for passkeys.
    let mut parts = body.split("data-options=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    body = parts.fold(first, |all, part| all + part.split_once('"').unwrap().1);
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), headers, body)
}

/// As a job does, at times drawn by chance.
async fn tell_later(app: &TestApp) {
    app.advance(Span::seconds(15));
    while tell_of_password_locks(&app.app).await.unwrap() > 0 {}
}

on_both_engines! {
    async fn an_unknown_id_and_a_wrong_password_give_one_answer_down_to_the_lock(engine: Engine) {
        let app = TestApp::start(engine).await;
        for round in 0..7 {
            let known = attempt(&app, &app.visitor(), "hanako", "Wrong-password-1").await;
            let unknown = attempt(&app, &app.visitor(), "nobody", "Wrong-password-1").await;
            assert_eq!(essence(&known, "hanako"), essence(&unknown, "nobody"), "round {round}");
            let locked = known.text("#error").unwrap();
            assert_eq!(locked.contains("ロック"), round >= 5, "round {round}: {locked}");
        }
    }

    async fn five_wrong_passwords_lock_until_staff_lift_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        fail(&app, "hanako", 4).await;
        // Four do not, and a right one ends the row.
        attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(303);
        fail(&app, "hanako", 5).await;
        let locked = attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(422);
        assert!(locked.text("#error").unwrap().contains("パスワードがロック"), "{}", locked.body);
        assert_eq!(locked.attribute("#inquiry", "href").as_deref(), Some("https://inquiry.example.jp/form"));
        assert_eq!(locked.attribute("#error-help .own-page a", "href").as_deref(), Some("/help/faq/password-locked"));
        app.advance(Span::days(3_650));
        attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(422);
        app.unlock("hanako").await;
        attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(303);
    }

    async fn an_id_written_in_another_way_is_the_same_account(engine: Engine) {
        let app = TestApp::start(engine).await;
        for written in ["hanako", "HANAKO", "ｈａｎａｋｏ", " hanako\u{3000}", "Ｈanako"] {
            fail(&app, written, 1).await;
        }
        attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(422);
        app.unlock("hanako").await;
        attempt(&app, &app.visitor(), "ＨＡＮＡＫＯ\u{3000}", HANAKO.1).await.expect_status(303);
    }

    async fn the_owner_still_logs_in_from_a_device_known_before(engine: Engine) {
        let app = TestApp::start(engine).await;
        let own = app.visitor_logged_in(HANAKO).await;
        let page = own.get("/account/profile").await;
        own.post("/logout", &page.form()).await;
        fail(&app, "hanako", 6).await;
        attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(422);
        attempt(&app, &own, HANAKO.0, HANAKO.1).await.expect_status(303);
        // Another member on the same device has no part in that.
        let page = own.get("/account/profile").await;
        own.post("/logout", &page.form()).await;
        fail(&app, "taro", 5).await;
        attempt(&app, &own, TARO.0, TARO.1).await.expect_status(422);
    }

    async fn a_known_device_has_its_own_count_and_locks_alone(engine: Engine) {
        let app = TestApp::start(engine).await;
        let own = app.visitor_logged_in(HANAKO).await;
        let page = own.get("/account/profile").await;
        own.post("/logout", &page.form()).await;
        for _ in 0..5 {
            attempt(&app, &own, "hanako", "Wrong-password-1").await.expect_status(422);
        }
        attempt(&app, &own, HANAKO.0, HANAKO.1).await.expect_status(422);
        attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(303);
    }

    async fn guesses_sent_side_by_side_do_not_exceed_the_threshold(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        let guesses = (0..40).map(|i| {
            let (visitor, page) = (&visitor, &page);
            async move { visitor.log_in(page, "hanako", &format!("Wrong-password-{i}")).await }
        });
        let answers = futures::future::join_all(guesses).await;
        let tried = answers.iter().filter(|a| !a.text("#error").unwrap().contains("ロック")).count();
        assert_eq!(tried, 5);
    }

    async fn a_lock_may_end_by_itself(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.locks.password.threshold = 3;
            settings.locks.password.release = LockRelease::Time { after: Span::minutes(15) };
        })
        .await;
        fail(&app, "hanako", 3).await;
        let locked = attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(422);
        assert!(locked.text("#error").unwrap().contains("ロック"));
        app.advance(Span::minutes(15));
        attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(303);
    }

    async fn counts_of_ids_that_do_not_exist_are_bounded(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| settings.locks.password.unknown_ids_kept = 3).await;
        fail(&app, "hanako", 1).await;
        for i in 0..8 {
            app.advance(Span::seconds(1));
            fail(&app, &format!("nobody-{i}"), 1).await;
        }
        assert_eq!(app.rows("password_failures").await, 9);
        sekisho::jobs::clean_up::run(&app.app).await.unwrap();
        assert_eq!(app.rows("password_failures").await, 4, "the member's own count stays");
    }

    async fn a_locked_account_says_so_only_to_who_knows_the_password(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.lock_account("hanako").await;
        let stranger = attempt(&app, &app.visitor(), "hanako", "Wrong-password-1").await;
        let unknown = attempt(&app, &app.visitor(), "nobody", "Wrong-password-1").await;
        assert_eq!(essence(&stranger, "hanako"), essence(&unknown, "nobody"));
        let owner = attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(422);
        assert!(owner.text("#error").unwrap().contains("アカウントがロック"), "{}", owner.body);
        assert_eq!(owner.attribute("#error-help .own-page a", "href").as_deref(), Some("/help/faq/account-locked"));
        app.unlock("hanako").await;
        attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(303);
    }

    async fn the_owner_is_told_once_by_mail_when_the_lock_falls_and_when_it_is_lifted(engine: Engine) {
        let app = TestApp::start(engine).await;
        fail(&app, "hanako", 7).await;
        tell_later(&app).await;
        let mails = app.mails_to("hanako@example.jp").await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains("正しくないパスワード"), "{}", mails[0].text);
        assert!(mails[0].header("From").contains("no-reply@localhost"), "{}", mails[0].raw);
        app.unlock("hanako").await;
        assert_eq!(app.mails_to("hanako@example.jp").await.len(), 2);
    }

    async fn an_attempt_writes_the_same_for_an_id_that_nobody_has(engine: Engine) {
        let app = TestApp::start(engine).await;
        let mut before = app.state().await;
        for round in 1..=6 {
            for user_id in ["hanako", "nobody"] {
                fail(&app, user_id, 1).await;
                let mut after = app.state().await;
                after.remove("password_failures");
                before.remove("password_failures");
                assert_eq!(after, before, "round {round}: {user_id}");
            }
        }
        let told = "password_failures WHERE failures = 5 AND untold_since IS NOT NULL";
        assert_eq!(app.rows(told).await, 2);
        tell_later(&app).await;
        assert_eq!(app.rows(told).await, 0);
        assert_eq!(app.mails_to("").await.len(), 1);
    }

    async fn a_new_password_makes_every_device_a_stranger_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let known = async |password: &str| {
            let visitor = app.visitor_logged_in((HANAKO.0, password)).await;
            let page = visitor.get("/account/profile").await;
            visitor.post("/logout", &page.form()).await;
            visitor
        };
        // Given out by staff, then chosen by the member on another device.
        let first = known(HANAKO.1).await;
        let member = members::find(&app.app, HANAKO.0).await.unwrap().unwrap();
        let staff = Actor::CommandLine(None);
        issue_password(&app.app, &staff, &member.id, "Test-hanako-2", false).await.unwrap();
        fail(&app, "hanako", 5).await;
        let locked = attempt(&app, &first, HANAKO.0, "Test-hanako-2").await.expect_status(422);
        assert!(locked.text("#error").unwrap().contains("パスワードがロック"), "{}", locked.body);
        app.unlock("hanako").await;
        let second = known("Test-hanako-2").await;
        let other = app.visitor_logged_in((HANAKO.0, "Test-hanako-2")).await;
        let mut form = other.get("/account/password").await.form();
        form.extend(["new_password", "new_password_again"].map(|name| (name.to_owned(), "Test-hanako-3".to_owned())));
        other.post("/account/password", &form).await.expect_status(303);
        fail(&app, "hanako", 5).await;
        let locked = attempt(&app, &second, HANAKO.0, "Test-hanako-3").await.expect_status(422);
        assert!(locked.text("#error").unwrap().contains("パスワードがロック"), "{}", locked.body);
    }

    async fn known_devices_guess_up_to_one_ceiling_together(engine: Engine) {
        let app = TestApp::start(engine).await;
        let mut tried = 0;
        let mut locked = 0;
        let mut devices = Vec::new();
        for _ in 0..6 {
            let visitor = app.visitor_logged_in(HANAKO).await;
            let page = visitor.get("/account/profile").await;
            visitor.post("/logout", &page.form()).await;
            devices.push(visitor);
        }
        for device in &devices {
            // One less than locks this device alone.
            for _ in 0..4 {
                let answer = attempt(&app, device, "hanako", "Wrong-password-1").await.expect_status(422);
                if answer.text("#error").unwrap().contains("ロック") { locked += 1 } else { tried += 1 }
            }
        }
        assert_eq!((tried, locked), (20, 4));
        attempt(&app, &devices[0], HANAKO.0, HANAKO.1).await.expect_status(422);
        tell_later(&app).await;
        let told = app.mails_to("hanako@example.jp").await;
        assert_eq!(told.iter().filter(|mail| mail.text.contains("正しくないパスワード")).count(), 1);
        // A browser that was never here has a count of its own.
        attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(303);
        app.unlock("hanako").await;
        attempt(&app, &devices[0], HANAKO.0, HANAKO.1).await.expect_status(303);
    }

    async fn strangers_alone_do_not_reach_the_ceiling_of_known_devices(engine: Engine) {
        let quarter = Span::minutes(15);
        // Their count begins anew after each lock, or grows on and on, beyond the ceiling.
        let growing = LockRelease::GrowingDelay { first: quarter, longest: quarter };
        for (release, rounds, in_each) in [(LockRelease::Time { after: quarter }, 6, 5), (growing, 20, 1)] {
            let app = TestApp::start_with(engine, |settings| settings.locks.password.release = release).await;
            let own = app.visitor_logged_in(HANAKO).await;
            let page = own.get("/account/profile").await;
            own.post("/logout", &page.form()).await;
            fail(&app, "hanako", 5).await;
            for _ in 0..rounds {
                app.advance(quarter);
                fail(&app, "hanako", in_each).await;
            }
            attempt(&app, &own, HANAKO.0, HANAKO.1).await.expect_status(303);
        }
    }

    async fn of_many_devices_those_used_longest_ago_are_strangers_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let mut devices = Vec::new();
        for _ in 0..21 {
            let visitor = app.visitor_logged_in(HANAKO).await;
            let page = visitor.get("/account/profile").await;
            visitor.post("/logout", &page.form()).await;
            devices.push(visitor);
            app.advance(Span::seconds(1));
        }
        assert_eq!(app.rows("known_devices").await, 20);
        fail(&app, "hanako", 5).await;
        attempt(&app, &devices[0], HANAKO.0, HANAKO.1).await.expect_status(422);
        attempt(&app, &devices[1], HANAKO.0, HANAKO.1).await.expect_status(303);
        attempt(&app, &devices[20], HANAKO.0, HANAKO.1).await.expect_status(303);
    }

    async fn a_login_beside_a_lock_or_a_disabling_does_not_survive_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        for disables in [false, true] {
            let visitor = app.visitor();
            let page = visitor.follow(&app.at("/account/profile")).await;
            let id = members::find(&app.app, HANAKO.0).await.unwrap().unwrap().id;
            let mut tx = app.app.store.write().await.unwrap();
            if disables {
                assert!(stored::set_disabled(&mut tx, &id, Some(app.now())).await.unwrap());
                end_sessions(&app.app, &mut tx, &id, Which::All).await.unwrap();
            } else {
                let member = stored::held(&mut tx, &id).await.unwrap().unwrap();
                lock(&app.app, &mut tx, &member, None, &Actor::CommandLine(None)).await.unwrap();
            }
            let login = tokio::spawn(async move { visitor.log_in(&page, HANAKO.0, HANAKO.1).await });
            if engine == Engine::Postgres {
                app.until_somebody_waits_for_a_row().await;
            }
            tx.commit().await.unwrap();
            let refused = login.await.unwrap();
            assert!(refused.status.is_client_error(), "{}: {}", refused.status, refused.body);
            assert_eq!(app.rows("browser_sessions WHERE ended_at IS NULL").await, 0);
            app.unlock("hanako").await;
        }
    }

    async fn a_lock_is_written_and_taken_up_alike_whether_or_not_there_is_such_a_member(engine: Engine) {
        let app = TestApp::start(engine).await;
        fail(&app, "hanako", 7).await;
        fail(&app, "nobody", 7).await;
        // What follows the answer at once follows it for members only.
        assert_eq!((app.rows("mail_outbox").await, app.rows("account_events").await), (0, 0));
        assert_eq!(app.rows("password_failures WHERE untold_since IS NOT NULL").await, 2);
        // The password that was tried may still prove right.
        assert_eq!(tell_of_password_locks(&app.app).await.unwrap(), 0);
        app.advance(Span::seconds(15));
        assert_eq!(tell_of_password_locks(&app.app).await.unwrap(), 2);
        assert_eq!(tell_of_password_locks(&app.app).await.unwrap(), 0);
        assert_eq!((app.rows("mail_outbox").await, app.rows("account_events").await), (1, 1));
    }

    async fn of_a_lock_that_a_right_password_ends_nobody_is_told(engine: Engine) {
        let app = TestApp::start(engine).await;
        fail(&app, "hanako", 4).await;
        attempt(&app, &app.visitor(), HANAKO.0, HANAKO.1).await.expect_status(303);
        app.advance(Span::seconds(15));
        assert_eq!(tell_of_password_locks(&app.app).await.unwrap(), 0);
        assert_eq!(app.rows("mail_outbox WHERE kind = 'password-locked'").await, 0);
    }
}
