//! Passwords as they are kept and changed: hashes from other systems, the pepper, former passwords, the maximum age, the
//! time of a failed attempt.

use std::time::{Duration, Instant};

use sekisho::actions::member::members::{self, NewMember};
use sekisho::actions::member::password_hashes;
use sekisho::crypto::password_hash::pepper::Peppers;
use sekisho::domain::unix_time::Span;
use sekisho::store::member::password_costs;

use crate::support::app::{HANAKO, member};
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

/// `Demo-hanako-1`, by libxcrypt and Python's hashlib.
const IMPORTED: [&str; 3] = [
    "$2b$04$abcdefghijklmnopqrstuuljyYmC5U/Hon0YTTZLz0HWJWoET/WYe",
    "$6$rounds=1000$somesalt$iq/8.1wh.HIgJtuBuAvaaDfRlD8xF.ACK9nMpZ.WVq82WLuOaFADE7LJOG1yvkfJlnlK/bDzxBbnKpAcqy3kr0",
    "$pbkdf2-sha256$i=27500$MDEyMzQ1Njc4OWFiY2RlZg$tDaovJ3h5ur7xqR8wsSJ4MPdVhqXKV8f8I2K2kyVMbYXoNufiqdgVXJZ1idIcHYHnL++w0yfxZfvEsxVRuYBjQ",
];
const PASSWORD: &str = "Demo-hanako-1";

async fn import(app: &TestApp, user_id: &str, hash: &str) {
    let new = NewMember { email: Some(format!("{user_id}@example.jp")), email_verified: true, ..member(user_id) };
    let hash = app.app.passwords.import(hash).unwrap();
    members::add_with_hash(&app.app, new, hash).await.unwrap();
}

async fn log_in(app: &TestApp, user_id: &str, password: &str) -> Answer {
    let visitor = app.visitor();
    let page = visitor.follow(&app.at("/account/profile")).await;
    visitor.log_in(&page, user_id, password).await
}

async fn choose(visitor: &Visitor, page: &Answer, to: &str, password: &str) -> Answer {
    let mut form = page.form();
    form.insert("new_password".into(), password.into());
    form.insert("new_password_again".into(), password.into());
    visitor.post(to, &form).await
}

/// Chooses another password in the account.
async fn change(app: &TestApp, visitor: &Visitor, password: &str) -> Answer {
    // So that it is not taken for the button of the last change, pressed twice.
    app.advance(Span::minutes(2));
    let page = visitor.get("/account/password").await.expect_status(200);
    choose(visitor, &page, "/account/password", password).await
}

fn peppered(settings: &mut sekisho::config::Settings, folder: &std::path::Path, files: &[(&str, u8)]) {
    let mut files = files.iter().map(|(name, letter)| {
        let file = folder.join(name);
        std::fs::write(&file, char::from(*letter).to_string().repeat(42) + "A").unwrap();
        file
    });
    settings.passwords.pepper_file = files.next();
    settings.passwords.previous_pepper_files = files.collect();
}

on_both_engines! {
    async fn a_hash_from_another_system_lets_its_owner_in_and_is_renewed(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (n, hash) in IMPORTED.into_iter().enumerate() {
            let user_id = format!("member{n}");
            import(&app, &user_id, hash).await;
            log_in(&app, &user_id, "Demo-hanako-2").await.expect_status(422);
            assert_eq!(app.hash_of(&user_id).await, hash);
            // Theirs already: it need not be changed.
            assert_eq!(log_in(&app, &user_id, PASSWORD).await.location(), Some("/account/profile"));
            let renewed = app.hash_of(&user_id).await;
            assert!(renewed.starts_with("$argon2id$v=19$m=16,t=1,p=1$"), "{renewed}");
            log_in(&app, &user_id, PASSWORD).await.expect_status(303);
            log_in(&app, &user_id, "Demo-hanako-2").await.expect_status(422);
        }
    }

    async fn a_failed_attempt_waits_for_the_slowest_kind_of_hash_whoever_it_is_for(engine: Engine) {
        let app = TestApp::start(engine).await;
        import(&app, "imported", IMPORTED[0]).await;
        let floor = Duration::from_millis(100);
        app.app.passwords.note_duration(floor / 2);
        for user_id in ["imported", "hanako", "nobody"] {
            let visitor = app.visitor();
            let page = visitor.follow(&app.at("/account/profile")).await;
            let begun = Instant::now();
            let answer = visitor.log_in(&page, user_id, "Wrong-password-1").await.expect_status(422);
            assert!(begun.elapsed() >= floor, "{user_id}");
            assert!(answer.text("#error").unwrap().contains("無効なユーザID"), "{}", answer.body);
        }
    }

    async fn what_a_kind_of_hash_costs_is_known_once_one_is_stored(engine: Engine) {
        let app = TestApp::start(engine).await;
        for hash in [IMPORTED[0], &IMPORTED[0].replace("$04$", "$05$"), IMPORTED[0]] {
            import(&app, &format!("member{}", app.rows("members").await), hash).await;
        }
        let costs = password_costs::all(&mut app.app.store.reader().await.unwrap()).await.unwrap();
        let told: Vec<_> = costs.iter().map(|cost| (cost.kind.as_str(), cost.work)).collect();
        assert_eq!(told, [("argon2", 16), ("bcrypt", 32)], "the dearest of each kind");
        assert!(costs.iter().all(|cost| !cost.sample.contains("abcdefghijklmnopqrstuu")), "and nobody's hash");
        let before = app.app.passwords.floor();
        password_hashes::measure_others(&app.app).await.unwrap();
        assert!(app.app.passwords.floor() > Duration::ZERO, "{before:?}");
    }

    async fn a_pepper_goes_into_every_hash_and_one_that_is_missing_is_named(engine: Engine) {
        let folder = tempfile::tempdir().unwrap();
        let app = TestApp::start_with(engine, |settings| peppered(settings, folder.path(), &[("one", b'A')])).await;
        let name = app.app.passwords.peppers().present_name().unwrap();
        assert!(app.hash_of("hanako").await.contains(&format!(",keyid={name}$")));
        log_in(&app, HANAKO.0, HANAKO.1).await.expect_status(303);
        assert_eq!(password_hashes::missing_peppers(&app.app).await.unwrap().len(), 0);

        // The same database by other settings.
        let start = async |files: &[(&str, u8)]| {
            let mut settings = app.app.settings.clone();
            peppered(&mut settings, folder.path(), files);
            sekisho::app::App::start(settings, sekisho::clock::Clock::System).await.unwrap()
        };
        let lost = start(&[]).await;
        let missing = password_hashes::missing_peppers(&lost).await.unwrap();
        assert_eq!(missing.iter().map(|pepper| (&*pepper.name, pepper.members)).collect::<Vec<_>>(), [(&*name, 2)]);
        assert!(missing[0].in_words().contains("passwords.pepper_file"), "{}", missing[0].in_words());
        assert!(password_hashes::forget_pepper(&lost, &name).await.unwrap());
        assert_eq!(password_hashes::missing_peppers(&lost).await.unwrap().len(), 0);

        let rotated = start(&[("two", b'B'), ("one", b'A')]).await;
        assert_eq!(password_hashes::missing_peppers(&rotated).await.unwrap().len(), 0);
        let attempt = sekisho::actions::login::check_password::check_password;
        let proven = match attempt(&rotated, HANAKO.0, HANAKO.1, None, |_| Ok::<(), ()>(())).await.unwrap() {
            sekisho::actions::login::check_password::Attempt::Right(proven) => proven,
            _ => panic!("the password is right"),
        };
        let mut tx = rotated.store.write().await.unwrap();
        proven.settle(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let new = rotated.passwords.peppers().present_name().unwrap();
        assert!(new != name && app.hash_of("hanako").await.contains(&new));
        assert!(!Peppers::default().has(&new));
    }

    async fn a_lost_pepper_costs_its_owner_the_password_and_not_the_account(engine: Engine) {
        let app = TestApp::start(engine).await;
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = TestApp::start_with(engine, |settings| peppered(settings, folder.path(), &[("one", b'A')])).await;
        app.set_hash("hanako", &elsewhere.hash_of("hanako").await).await;
        log_in(&app, HANAKO.0, HANAKO.1).await.expect_status(422);
        let visitor = app.visitor();
        let mut form = visitor.get("/recovery/forgotten-password").await.form();
        form.insert("user_id".into(), "hanako".into());
        form.insert("email".into(), "hanako@example.jp".into());
        visitor.post("/recovery/forgotten-password", &form).await.expect_status(200);
        app.answer_recovery().await;
        let mails = app.mails_to("hanako@example.jp").await;
        let text = &mails.iter().find(|mail| mail.text.contains("/recovery/reset-password")).unwrap().text;
        let link = text.split_whitespace().find(|word| word.contains("/recovery/reset-password")).unwrap();
        let page = visitor.get(link).await;
        choose(&visitor, &page, "/recovery/reset-password", "Sagami-bay-77").await.expect_status(200);
        log_in(&app, HANAKO.0, "Sagami-bay-77").await.expect_status(303);
    }

    async fn former_passwords_are_refused_as_many_as_the_settings_say(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.passwords.history = 2;
            settings.authentication.fresh_for = Span::hours(1);
        })
        .await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let page = visitor.get("/account/password").await;
        assert!(page.text("#password-policy").unwrap().contains("2個"), "{}", page.body);
        change(&app, &visitor, "Sagami-bay-77").await.expect_status(303);
        change(&app, &visitor, "Suruga-bay-88").await.expect_status(303);
        for used in ["Suruga-bay-88", "Sagami-bay-77", HANAKO.1] {
            let refused = change(&app, &visitor, used).await.expect_status(422);
            assert!(refused.text("#error").unwrap().contains("これまでに使った"), "{}", refused.body);
        }
        change(&app, &visitor, "Wakasa-bay-99").await.expect_status(303);
        assert_eq!(app.rows("password_history").await, 2, "the oldest is gone");
        change(&app, &visitor, HANAKO.1).await.expect_status(303);
    }

    async fn by_default_only_the_present_password_is_refused_and_none_is_kept(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        change(&app, &visitor, HANAKO.1).await.expect_status(422);
        change(&app, &visitor, "Sagami-bay-77").await.expect_status(303);
        change(&app, &visitor, HANAKO.1).await.expect_status(303);
        assert_eq!(app.rows("password_history").await, 0);
    }

    async fn a_password_that_is_too_old_is_changed_before_the_login_goes_on(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| settings.passwords.max_age = Some(Span::days(90))).await;
        app.advance(Span::days(89));
        log_in(&app, HANAKO.0, HANAKO.1).await.expect_status(303);
        app.advance(Span::days(1));
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let login = visitor.follow(&rp.authorize_url(&[])).await;
        let page = visitor.log_in_and_follow(&login, HANAKO.0, HANAKO.1).await;
        assert!(page.url.contains("/login/initial-password?step="), "{}", page.url);
        assert!(page.body.contains("有効期限が切れました") && !page.body.contains("初期パスワード"), "{}", page.body);
        // No way round it.
        visitor.get("/account/profile").await.expect_status(303);
        choose(&visitor, &page, "/login/initial-password", HANAKO.1).await.expect_status(422);
        let done = choose(&visitor, &page, "/login/initial-password", "Sagami-bay-77").await;
        assert!(done.location().unwrap().contains("code="), "{:?}", done.location());
        log_in(&app, HANAKO.0, "Sagami-bay-77").await.expect_status(303);
        log_in(&app, HANAKO.0, HANAKO.1).await.expect_status(422);
    }

    async fn without_a_maximum_age_a_password_is_good_for_ever(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.advance(Span::days(3_650));
        assert_eq!(log_in(&app, HANAKO.0, HANAKO.1).await.location(), Some("/account/profile"));
    }

    async fn passwords_of_the_operators_own_list_are_refused(engine: Engine) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("blocklist.txt");
        std::fs::write(&file, "Kenpo-Kyoto\n").unwrap();
        let app = TestApp::start_with(engine, |settings| settings.passwords.blocklist_file = Some(file)).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        for common in ["kenpo-kyoto", "password1"] {
            let refused = change(&app, &visitor, common).await.expect_status(422);
            assert!(refused.text("#error").unwrap().contains("よく使われている"), "{}", refused.body);
        }
    }
}
