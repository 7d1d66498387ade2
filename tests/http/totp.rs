//! Authenticator apps: enrolment in a login, the second factor, and the account lock (RFC 6238; product.md 1.4 and 1.5).

use sekisho::config::SecondFactor;
use sekisho::domain::login::locks::LockRelease;
use sekisho::domain::login::one_time_password::{TotpKey, step_at};
use sekisho::domain::unix_time::Span;

use crate::support::app::HANAKO;
use crate::support::relying_party::{TWO_FACTORS, claims};
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

/// The key that an enrolment page shows for typing.
pub fn key_on(page: &Answer) -> TotpKey {
    let text = page.text("#totp-key").expect("an enrolment page");
    TotpKey::new(totp_rs::Secret::try_from_base32(text.replace(' ', "")).unwrap().as_bytes().to_vec())
}

/// What the app shows at this moment, or so many steps off.
pub fn code(app: &TestApp, key: &TotpKey, off: i64) -> String {
    key.code_at(step_at(app.now()) + off).expose().to_owned()
}

async fn required(engine: Engine) -> TestApp {
    TestApp::start_with(engine, |settings| {
        settings.authentication.second_factor = SecondFactor::Required;
        settings.authentication.recovery_codes = true;
    })
    .await
}

/// The page that follows Hanako's password.
async fn after_password(app: &TestApp, visitor: &Visitor) -> Answer {
    let page = visitor.follow(&app.at("/account/profile")).await;
    visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await
}

/// Enrols an app in a login; its key.
async fn enrol(app: &TestApp, visitor: &Visitor) -> TotpKey {
    let page = after_password(app, visitor).await;
    assert!(page.url.contains("/login/method?step="), "{}", page.url);
    let mut form = page.form();
    form.insert("method".into(), "totp".into());
    let chosen = visitor.post("/login/method", &form).await;
    let page = visitor.onward(chosen).await;
    let key = key_on(&page);
    let mut form = page.form();
    form.insert("device_name".into(), "わたしのスマホ".into());
    form.insert("code".into(), code(app, &key, 0));
    let done = visitor.post("/login/totp-enrolment", &form).await;
    assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
    key
}

async fn send(visitor: &Visitor, page: &Answer, code: &str) -> Answer {
    let mut form = page.form();
    form.insert("code".into(), code.into());
    visitor.post("/login/totp", &form).await
}

/// The same, with the box ticked that trusts the device.
async fn trust(visitor: &Visitor, page: &Answer, code: &str) -> Answer {
    let mut form = page.form();
    form.insert("code".into(), code.into());
    form.insert("trust".into(), "1".into());
    visitor.post("/login/totp", &form).await
}

async fn log_out(visitor: &Visitor) {
    let mut form = visitor.get("/account/profile").await.form();
    form.insert("decision".into(), "logout".into());
    visitor.post("/logout", &form).await.expect_status(200);
}

on_both_engines! {
    async fn an_app_is_enrolled_in_the_login_and_asked_for_in_the_next(engine: Engine) {
        let app = required(engine).await;
        let key = enrol(&app, &app.visitor()).await;
        let visitor = app.visitor();
        let page = after_password(&app, &visitor).await;
        assert!(page.url.contains("/login/totp?step="), "{}", page.url);
        assert!(!page.body.contains("わたしのスマホ"), "a name is for who has shown more than a password");
        visitor.get("/account/profile").await.expect_status(303);
        // The code of the enrolment is used up; so is each after its use.
        send(&visitor, &page, &code(&app, &key, 0)).await.expect_status(422);
        app.advance(Span::seconds(30));
        let done = send(&visitor, &page, &code(&app, &key, 0)).await;
        assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
        visitor.get("/account/profile").await.expect_status(200);
        let other = app.visitor();
        let page = after_password(&app, &other).await;
        send(&other, &page, &code(&app, &key, 0)).await.expect_status(422);
        other.get("/account/profile").await.expect_status(303);
    }

    async fn a_browser_that_is_new_is_told_no_names_and_takes_a_code_of_any_app(engine: Engine) {
        let app = required(engine).await;
        let own = app.visitor();
        let first = enrol(&app, &own).await;
        let page = own.get("/account/totp-enrolment").await;
        let second = key_on(&page);
        let mut form = page.form();
        form.insert("device_name".into(), "新しいスマホ".into());
        form.insert("code".into(), code(&app, &second, 0));
        own.post("/account/totp-enrolment", &form).await.expect_status(303);
        for key in [&first, &second] {
            app.advance(Span::minutes(1));
            let visitor = app.visitor();
            let page = after_password(&app, &visitor).await;
            assert!(!page.body.contains("スマホ"), "{}", page.body);
            assert!(!page.form().contains_key("device"));
            send(&visitor, &page, &code(&app, key, 0)).await.expect_status(303);
        }
        // The member's own browser names them, and there a code counts for the chosen one alone.
        log_out(&own).await;
        app.advance(Span::minutes(1));
        let page = after_password(&app, &own).await;
        assert!(page.body.contains("わたしのスマホ") && page.body.contains("新しいスマホ"), "{}", page.body);
        let chosen = page.attribute(".choices input[checked]", "value").unwrap();
        let send_as = async |code: &str| {
            let mut form = page.form();
            form.insert("device".into(), chosen.clone());
            form.insert("code".into(), code.into());
            own.post("/login/totp", &form).await
        };
        send_as(&code(&app, &first, 0)).await.expect_status(422);
        send_as(&code(&app, &second, 0)).await.expect_status(303);
    }

    async fn the_step_before_is_taken_the_next_and_older_ones_are_not(engine: Engine) {
        let app = required(engine).await;
        let key = enrol(&app, &app.visitor()).await;
        app.advance(Span::minutes(5));
        let visitor = app.visitor();
        let page = after_password(&app, &visitor).await;
        send(&visitor, &page, &code(&app, &key, 1)).await.expect_status(422);
        send(&visitor, &page, &code(&app, &key, -2)).await.expect_status(422);
        // As a member of 70 types it.
        let wide: String = code(&app, &key, -1).chars().map(|c| char::from_u32(c as u32 + 0xFEE0).unwrap()).collect();
        let typed = format!(" {}\u{3000}{} ", &wide[..9], &wide[9..]);
        send(&visitor, &page, &typed).await.expect_status(303);
    }

    async fn ten_wrong_codes_lock_the_account_until_staff_lift_it(engine: Engine) {
        let app = required(engine).await;
        let owner = app.visitor();
        let key = enrol(&app, &owner).await;
        app.advance(Span::minutes(5));
        let visitor = app.visitor();
        let page = after_password(&app, &visitor).await;
        let right = code(&app, &key, 0);
        let wrong = if right == "000000" { "000001" } else { "000000" };
        for _ in 0..9 {
            send(&visitor, &page, wrong).await.expect_status(422);
        }
        // Not six digits: not a guess.
        send(&visitor, &page, "12345").await.expect_status(422);
        send(&visitor, &page, wrong).await.expect_error_page("account_locked");
        send(&visitor, &page, &right).await.expect_error_page("flow_expired");
        owner.get("/account/profile").await.expect_status(303);
        let page = visitor.follow(&app.at("/account/profile")).await;
        let refused = visitor.log_in(&page, HANAKO.0, HANAKO.1).await.expect_status(422);
        assert!(refused.text("#error").unwrap().contains("アカウントがロック"), "{}", refused.body);
        app.unlock(HANAKO.0).await;
        let page = after_password(&app, &visitor).await;
        send(&visitor, &page, &right).await.expect_status(303);
    }

    async fn a_right_code_ends_the_row_of_wrong_ones(engine: Engine) {
        let app = required(engine).await;
        let key = enrol(&app, &app.visitor()).await;
        for _ in 0..2 {
            app.advance(Span::minutes(5));
            let visitor = app.visitor();
            let page = after_password(&app, &visitor).await;
            let right = code(&app, &key, 0);
            let wrong = if right == "000000" { "000001" } else { "000000" };
            for _ in 0..9 {
                send(&visitor, &page, wrong).await.expect_status(422);
            }
            assert_eq!(send(&visitor, &page, &right).await.location(), Some("/account/profile"));
        }
    }

    async fn codes_sent_side_by_side_can_not_exceed_the_threshold(engine: Engine) {
        let app = required(engine).await;
        let key = enrol(&app, &app.visitor()).await;
        app.advance(Span::minutes(5));
        let visitor = app.visitor();
        let page = after_password(&app, &visitor).await;
        let right = code(&app, &key, 0);
        let wrong = if right == "000000" { "000001" } else { "000000" };
        let all = futures::future::join_all((0..30).map(|_| send(&visitor, &page, wrong))).await;
        let tried = all.iter().filter(|answer| answer.status == 422).count();
        assert!(tried <= 9, "{tried}");
        send(&visitor, &page, &right).await.expect_status(400);
    }

    async fn a_lock_that_ends_by_time_ends(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
            settings.locks.account.release = LockRelease::Time { after: Span::minutes(15) };
            settings.locks.account.threshold = 2;
        })
        .await;
        let key = enrol(&app, &app.visitor()).await;
        app.advance(Span::minutes(5));
        let visitor = app.visitor();
        let page = after_password(&app, &visitor).await;
        let wrong = if code(&app, &key, 0) == "000000" { "000001" } else { "000000" };
        send(&visitor, &page, wrong).await.expect_status(422);
        send(&visitor, &page, wrong).await.expect_error_page("account_locked");
        app.advance(Span::minutes(14));
        let login = visitor.follow(&app.at("/account/profile")).await;
        visitor.log_in(&login, HANAKO.0, HANAKO.1).await.expect_status(422);
        app.advance(Span::minutes(1));
        let page = after_password(&app, &visitor).await;
        send(&visitor, &page, wrong).await.expect_status(422);
        send(&visitor, &page, &code(&app, &key, 0)).await.expect_status(303);
    }

    async fn a_lock_that_grows_lasts_twice_as_long_each_time(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
            settings.locks.account.release =
                LockRelease::GrowingDelay { first: Span::minutes(1), longest: Span::minutes(4) };
            settings.locks.account.threshold = 2;
        })
        .await;
        let key = enrol(&app, &app.visitor()).await;
        app.advance(Span::minutes(5));
        let visitor = app.visitor();
        let wrong = |app: &TestApp| if code(app, &key, 0) == "000000" { "000001" } else { "000000" };
        let page = after_password(&app, &visitor).await;
        send(&visitor, &page, wrong(&app)).await.expect_status(422);
        send(&visitor, &page, wrong(&app)).await.expect_error_page("account_locked");
        for minutes in [1, 2, 4, 4] {
            app.advance(Span::seconds(minutes * 60 - 1));
            let login = visitor.follow(&app.at("/account/profile")).await;
            let refused = visitor.log_in(&login, HANAKO.0, HANAKO.1).await.expect_status(422);
            assert!(refused.text("#error").unwrap().contains("アカウントがロック"), "{minutes}: {}", refused.body);
            app.advance(Span::seconds(1));
            let page = after_password(&app, &visitor).await;
            send(&visitor, &page, wrong(&app)).await.expect_error_page("account_locked");
        }
        // A right one ends it, and what comes after it begins anew.
        app.advance(Span::minutes(4));
        let page = after_password(&app, &visitor).await;
        send(&visitor, &page, &code(&app, &key, 0)).await.expect_status(303);
        app.advance(Span::minutes(1));
        let other = app.visitor();
        let page = after_password(&app, &other).await;
        send(&other, &page, wrong(&app)).await.expect_status(422);
    }

    async fn a_device_is_trusted_where_the_settings_allow_it_in_that_browser_and_for_so_long(engine: Engine) {
        let without = required(engine).await;
        let key = enrol(&without, &without.visitor()).await;
        without.advance(Span::minutes(5));
        let visitor = without.visitor();
        let page = after_password(&without, &visitor).await;
        assert_eq!(page.attribute("[name=trust]", "type"), None);
        // Nor does it help to say so all the same.
        trust(&visitor, &page, &code(&without, &key, 0)).await.expect_status(303);
        log_out(&visitor).await;
        let page = after_password(&without, &visitor).await;
        assert!(page.url.contains("/login/totp?step="), "{}", page.url);

        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
            settings.authentication.trust_device_for = Some(Span::days(30));
        })
        .await;
        let key = enrol(&app, &app.visitor()).await;
        app.advance(Span::minutes(5));
        let (own, other) = (app.visitor(), app.visitor());
        let page = after_password(&app, &own).await;
        assert_eq!(page.attribute("[name=trust]", "type").as_deref(), Some("checkbox"));
        assert_eq!(page.attribute("[name=trust]", "checked"), None, "nobody trusts unasked");
        trust(&own, &page, &code(&app, &key, 0)).await.expect_status(303);
        let page = after_password(&app, &other).await;
        assert!(page.url.contains("/login/totp?step="), "{}", page.url);
        app.advance(Span::seconds(30 * 24 * 60 * 60 - 1));
        assert_eq!(after_password(&app, &own).await.url, app.at("/account/profile"));
        log_out(&own).await;
        app.advance(Span::seconds(1));
        let page = after_password(&app, &own).await;
        assert!(page.url.contains("/login/totp?step="), "{}", page.url);
        send(&own, &page, &code(&app, &key, 0)).await.expect_status(303);
    }

    async fn the_pages_of_a_login_can_not_be_entered_before_their_turn(engine: Engine) {
        let app = required(engine).await;
        let key = enrol(&app, &app.visitor()).await;
        app.advance(Span::minutes(5));
        let visitor = app.visitor();
        let page = after_password(&app, &visitor).await;
        let token = page.form()["step"].clone();
        for path in ["method", "totp-enrolment", "initial-password", "recovery-code"] {
            let answer = visitor.get(&format!("/login/{path}?step={token}")).await;
            assert_eq!(answer.location(), Some(format!("/login/totp?step={token}").as_str()), "{path}");
            let mut form = page.form();
            form.insert("method".into(), "email".into());
            form.insert("new_password".into(), "My-own-words-7".into());
            form.insert("new_password_again".into(), "My-own-words-7".into());
            let answer = visitor.post(&format!("/login/{path}"), &form).await;
            assert_eq!(answer.location(), Some(format!("/login/totp?step={token}").as_str()), "{path}");
        }
        // Another browser, even one in which the same member is logged in.
        let other = app.visitor();
        other.follow(&app.at("/account/profile")).await;
        other.get(&page.url).await.expect_error_page("flow_other_browser");
        send(&visitor, &page, &code(&app, &key, 0)).await.expect_status(303);
        visitor.get(&page.url).await.expect_error_page("flow_done");
    }

    async fn relying_parties_learn_how_sure_the_login_is(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let acr = "urn:sekisho:acr:two-factors";
        // The session was opened with a password alone: asked for more, the member logs in again and enrols.
        let page = visitor.follow(&rp.authorize_url(&[TWO_FACTORS])).await;
        let page = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        let mut form = page.form();
        form.insert("method".into(), "totp".into());
        let chosen = visitor.post("/login/method", &form).await;
        let page = visitor.onward(chosen).await;
        let mut form = page.form();
        form.insert("device_name".into(), "phone".into());
        form.insert("code".into(), code(&app, &key_on(&page), 0));
        let done = visitor.post("/login/totp-enrolment", &form).await;
        let tokens = rp.redeem(&done.code()).await.expect_status(200).json();
        let claims = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(claims["acr"], acr);
        assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
        // The session is sure enough now.
        visitor.get(&rp.authorize_url(&[TWO_FACTORS, ("prompt", "none")])).await.code();
    }
}
