//! A lost or changed phone (product.md 1.8): what each policy asks for, and what gains nothing under any.

use std::collections::BTreeMap;

use sekisho::actions::login::lost_methods::approve;
use sekisho::actions::member::answer_recovery_requests::answer_recovery_requests;
use sekisho::actions::member::members;
use sekisho::config::{LostMethods, SecondFactor};
use sekisho::domain::login::one_time_password::TotpKey;
use sekisho::domain::unix_time::Span;

use crate::passkeys;
use crate::support::app::{HANAKO, member};
use crate::support::authenticator::Authenticator;
use crate::support::mails::Mail;
use crate::support::relying_party::TWO_FACTORS;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};
use crate::totp::{code, key_on};

const NEW: &str = "My-own-words-7";
const ADDRESS: &str = "hanako@example.jp";
const WAIT: LostMethods = LostMethods::Wait { lasts: Span::days(1) };
const PAGE: &str = "/login/lost-methods";

async fn start(engine: Engine, policy: LostMethods) -> TestApp {
    TestApp::start_with(engine, |settings| {
        settings.authentication.second_factor = SecondFactor::Required;
        settings.authentication.recovery_codes = true;
        settings.authentication.trust_device_for = Some(Span::days(30));
        settings.authentication.lost_methods = policy;
    })
    .await
}

/// The page that follows Hanako's password in this browser.
async fn after(app: &TestApp, visitor: &Visitor, password: &str) -> Answer {
    let page = visitor.follow(&app.at("/login/password")).await;
    visitor.log_in_and_follow(&page, HANAKO.0, password).await
}

fn step(page: &Answer) -> String {
    page.form()["step"].clone()
}

async fn open(visitor: &Visitor, step: &str) -> Answer {
    visitor.get(&format!("{PAGE}?step={step}")).await
}

/// Presses the button of this name.
async fn press(visitor: &Visitor, page: &Answer, button: &str) -> Answer {
    let mut form = page.form();
    form.insert(button.into(), "1".into());
    visitor.post(PAGE, &form).await
}

/// Enrols an app by the pages of a login that is at the choice of a method; the answer that follows it, and the key.
async fn enrol(app: &TestApp, visitor: &Visitor, choice: &Answer) -> (Answer, TotpKey) {
    let mut form = choice.form();
    form.insert("method".into(), "totp".into());
    let chosen = visitor.post("/login/method", &form).await;
    let page = visitor.onward(chosen).await;
    let key = key_on(&page);
    let mut form = page.form();
    form.insert("device_name".into(), "わたしのスマホ".into());
    form.insert("code".into(), code(app, &key, 0));
    (visitor.post("/login/totp-enrolment", &form).await, key)
}

/// Hanako with an app; its key, and a browser in which she is logged in.
async fn hanako_with_an_app(app: &TestApp) -> (TotpKey, Visitor) {
    let visitor = app.visitor();
    let choice = after(app, &visitor, HANAKO.1).await;
    let (done, key) = enrol(app, &visitor, &choice).await;
    assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
    app.advance(Span::minutes(5));
    (key, visitor)
}

fn link_in(mails: &[Mail], path: &str) -> String {
    let link = |mail: &Mail| mail.text.lines().map(str::trim).find(|line| line.contains(path)).map(str::to_owned);
    mails.iter().rev().find_map(link).unwrap_or_else(|| panic!("no link to {path} in {mails:?}"))
}

/// Resets Hanako's password by mail.
async fn reset(app: &TestApp, password: &str) {
    let before = app.mails_to(ADDRESS).await.len();
    let visitor = app.visitor();
    let mut form = visitor.get("/recovery/forgotten-password").await.form();
    form.insert("user_id".into(), HANAKO.0.into());
    form.insert("email".into(), ADDRESS.into());
    visitor.post("/recovery/forgotten-password", &form).await.expect_status(200);
    app.answer_recovery().await;
    let mails = app.mails_to(ADDRESS).await;
    let page = visitor.get(&link_in(&mails[before..], "/recovery/reset-password")).await;
    let mut form = page.form();
    form.insert("new_password".into(), password.into());
    form.insert("new_password_again".into(), password.into());
    let done = visitor.post("/recovery/reset-password", &form).await;
    assert!(done.text("#done").is_some(), "{}", done.body);
}

async fn hanako(app: &TestApp) -> sekisho::domain::member::profile::Member {
    members::find(&app.app, HANAKO.0).await.unwrap().unwrap()
}

async fn told(app: &TestApp, words: &str) -> usize {
    app.mails_to(ADDRESS).await.iter().filter(|mail| mail.text.contains(words)).count()
}

const GONE: &str = "登録されていた認証方法をすべて取り消しました";

/// The browser is at a page of a login where nothing may be set up again: neither shown nor taken.
async fn expect_no_way(visitor: &Visitor, step: &str) {
    let page = open(visitor, step).await.expect_status(200);
    assert!(page.text("#may-set-up-again").is_none(), "{}", page.body);
    let pressed = press(visitor, &page, "set_up_again").await;
    assert_eq!(pressed.location(), Some(format!("{PAGE}?step={step}").as_str()), "{}", pressed.body);
    let asked = visitor.get(&format!("/login/method?step={step}")).await;
    assert!(asked.location().unwrap().starts_with("/login/totp?"), "the second factor is still asked for");
}

on_both_engines! {
    async fn under_mail_a_reset_password_leads_to_a_new_phone(engine: Engine) {
        let app = start(engine, LostMethods::Mail).await;
        let rp = app.relying_party().await;
        let (old_key, elsewhere) = hanako_with_an_app(&app).await;
        let mut form = elsewhere.get("/account/recovery-codes").await.form();
        form.insert("make".into(), "1".into());
        elsewhere.post("/account/recovery-codes", &form).await.expect_status(200);

        let visitor = app.visitor();
        let factor = after(&app, &visitor, HANAKO.1).await;
        assert!(factor.attribute("#lost", "href").unwrap().starts_with(PAGE));
        let first = open(&visitor, &step(&factor)).await.expect_status(200);
        assert!(first.text("#reset-password-first").is_some());
        assert_eq!(first.attribute("#reset-password", "href").as_deref(), Some("/recovery/forgotten-password"));
        expect_no_way(&visitor, &step(&factor)).await;

        reset(&app, NEW).await;
        elsewhere.get("/account/profile").await.expect_status(303);
        // What goes on with the old password is over.
        open(&visitor, &step(&factor)).await.expect_error_page("flow_expired");
        let page = visitor.follow(&rp.authorize_url(&[("scope", "openid offline_access")])).await;
        let factor = visitor.log_in_and_follow(&page, HANAKO.0, NEW).await;
        let page = open(&visitor, &step(&factor)).await.expect_status(200);
        let removed = page.text("#removed").unwrap();
        assert!(removed.contains("1台") && removed.contains("10"), "{removed}");
        assert!(!page.body.contains("わたしのスマホ"), "a name is for who has shown more than a password");
        let choice = press(&visitor, &page, "set_up_again").await;
        let choice = visitor.onward(choice).await;
        assert!(choice.url.contains("/login/method?step="), "{}", choice.url);
        // Nothing has gone, and nobody has come in, before there is a second factor again.
        assert_eq!((told(&app, GONE).await, app.rows("totp_devices").await), (0, 1));
        visitor.get("/account/profile").await.expect_status(303);
        // Whoever finds the phone after all uses it in a login of their own, which ends the right.
        let (done, new_key) = enrol(&app, &visitor, &choice).await;
        assert_eq!((told(&app, GONE).await, app.rows("totp_devices").await), (1, 1));
        rp.redeem(&done.code()).await.expect_status(200);

        let again = app.visitor();
        let factor = after(&app, &again, NEW).await;
        let mut form = factor.form();
        form.insert("code".into(), code(&app, &old_key, 0));
        again.post("/login/totp", &form).await.expect_status(422);
        app.advance(Span::seconds(30));
        form.insert("code".into(), code(&app, &new_key, 0));
        again.post("/login/totp", &form).await.expect_status(303);
        // And once: the right is used up.
        let once_more = app.visitor();
        let factor = after(&app, &once_more, NEW).await;
        expect_no_way(&once_more, &step(&factor)).await;
    }

    async fn the_right_ends_by_time_by_another_password_and_by_a_factor_that_was_shown(engine: Engine) {
        let app = start(engine, LostMethods::Mail).await;
        let (key, _) = hanako_with_an_app(&app).await;
        reset(&app, NEW).await;
        app.advance(Span::days(1));
        let visitor = app.visitor();
        let factor = after(&app, &visitor, NEW).await;
        expect_no_way(&visitor, &step(&factor)).await;

        reset(&app, HANAKO.1).await;
        sekisho::actions::member::issue_password::issue_password(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &hanako(&app).await.id, "Staff-chose-this-1", false).await.unwrap();
        let factor = after(&app, &visitor, "Staff-chose-this-1").await;
        expect_no_way(&visitor, &step(&factor)).await;

        reset(&app, NEW).await;
        let at_the_page = after(&app, &visitor, NEW).await;
        let owner = app.visitor();
        let factor = after(&app, &owner, NEW).await;
        let mut form = factor.form();
        form.insert("code".into(), code(&app, &key, 0));
        owner.post("/login/totp", &form).await.expect_status(303);
        expect_no_way(&visitor, &step(&at_the_page)).await;
        owner.get("/account/profile").await.expect_status(200);
        assert_eq!(told(&app, GONE).await, 0);
    }

    async fn no_other_browser_no_other_member_and_no_other_turn_gains_anything(engine: Engine) {
        let app = start(engine, LostMethods::Mail).await;
        hanako_with_an_app(&app).await;
        reset(&app, NEW).await;
        let visitor = app.visitor();
        let factor = after(&app, &visitor, NEW).await;
        let token = step(&factor);
        let page = open(&visitor, &token).await;

        let stranger = app.visitor();
        let own = stranger.follow(&app.at("/login/password")).await;
        open(&stranger, &token).await.expect_error_page("flow_other_browser");
        let mut form = page.form();
        form.insert("set_up_again".into(), "1".into());
        form.insert("csrf".into(), own.form()["csrf"].clone());
        stranger.post(PAGE, &form).await.expect_error_page("flow_other_browser");
        // Jiro, with nothing enrolled, is nowhere near this page, whatever Hanako may do.
        app.add("jiro", "Test-jiro-11").await;
        let jiro = app.visitor();
        let login = jiro.follow(&app.at("/login/password")).await;
        let choice = jiro.log_in_and_follow(&login, "jiro", "Test-jiro-11").await;
        let jiros = step(&choice);
        let shown = open(&jiro, &jiros).await;
        assert_eq!(shown.location(), Some(format!("/login/method?step={jiros}").as_str()));
        let mut form = choice.form();
        form.insert("set_up_again".into(), "1".into());
        assert!(jiro.post(PAGE, &form).await.location().unwrap().starts_with("/login/method?"));
        // Without the button nothing happens either.
        visitor.post(PAGE, &page.form()).await.expect_status(303);
        assert_eq!(told(&app, GONE).await, 0);
        // A form from another site.
        let mut forged = page.form();
        forged.insert("set_up_again".into(), "1".into());
        forged.insert("csrf".into(), "x".into());
        visitor.post(PAGE, &forged).await.expect_error_page("form_expired");
        open(&visitor, "x").await.expect_error_page("flow_expired");
        assert_eq!(app.rows("totp_devices").await, 1);
    }

    async fn of_many_who_confirm_at_once_one_does_and_locked_accounts_stay_shut(engine: Engine) {
        let app = start(engine, LostMethods::Mail).await;
        hanako_with_an_app(&app).await;
        reset(&app, NEW).await;
        app.lock_account(HANAKO.0).await;
        let visitor = app.visitor();
        let login = visitor.follow(&app.at("/login/password")).await;
        visitor.log_in(&login, HANAKO.0, NEW).await.expect_status(422);
        app.unlock(HANAKO.0).await;

        let (one, other) = (app.visitor(), app.visitor());
        let pages = [after(&app, &one, NEW).await, after(&app, &other, NEW).await];
        let pages = [open(&one, &step(&pages[0])).await, open(&other, &step(&pages[1])).await];
        let tries = (0..10).map(|n| {
            let (visitor, page) = if n % 2 == 0 { (&one, &pages[0]) } else { (&other, &pages[1]) };
            press(visitor, page, "set_up_again")
        });
        futures::future::join_all(tries).await;
        assert_eq!(told(&app, GONE).await, 0);
        // Both choose; the first that enrols something uses the right up, and who was slower has to log in again.
        let choices = [open(&one, &step(&pages[0])).await, open(&other, &step(&pages[1])).await];
        let choices = [one.onward(choices[0].clone()).await, other.onward(choices[1].clone()).await];
        let (done, _) = enrol(&app, &one, &choices[0]).await;
        assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
        assert_eq!((told(&app, GONE).await, app.rows("totp_devices").await), (1, 1));
        let mut form = choices[1].form();
        form.insert("method".into(), "totp".into());
        assert!(other.post("/login/method", &form).await.status.is_client_error());
        assert_eq!((told(&app, GONE).await, app.rows("totp_devices").await), (1, 1));
    }

    async fn setting_up_again_that_is_broken_off_or_cancelled_leaves_everything(engine: Engine) {
        let app = start(engine, LostMethods::Mail).await;
        let (key, _) = hanako_with_an_app(&app).await;
        reset(&app, NEW).await;
        let (slow, found) = (app.visitor(), app.visitor());
        let factor = after(&app, &slow, NEW).await;
        let page = open(&slow, &step(&factor)).await;
        let choice = press(&slow, &page, "set_up_again").await;
        let choice = slow.onward(choice).await;
        assert!(choice.url.contains("/login/method?step="), "{}", choice.url);
        // The phone is found: shown in another login, it ends the right, and the first login asks for it as well.
        let factor = after(&app, &found, NEW).await;
        let mut form = factor.form();
        app.advance(Span::minutes(1));
        form.insert("code".into(), code(&app, &key, 0));
        found.post("/login/totp", &form).await.expect_status(303);
        let mut form = choice.form();
        form.insert("method".into(), "totp".into());
        let asked = slow.post("/login/method", &form).await;
        assert!(asked.location().unwrap().starts_with("/login/totp?"), "{}", asked.body);
        assert_eq!((told(&app, GONE).await, app.rows("totp_devices").await), (0, 1));
    }

    async fn what_a_request_asks_for_is_not_met_by_it(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Optional;
        })
        .await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[TWO_FACTORS])).await;
        let choice = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        enrol(&app, &visitor, &choice).await;
        reset(&app, NEW).await;

        // Asked for two factors, a member must have two again.
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[TWO_FACTORS])).await;
        let factor = visitor.log_in_and_follow(&page, HANAKO.0, NEW).await;
        let page = open(&visitor, &step(&factor)).await;
        assert!(page.text("#then").unwrap().contains("次の画面"), "{}", page.body);
        let choice = press(&visitor, &page, "set_up_again").await;
        let choice = visitor.onward(choice).await;
        assert!(choice.url.contains("/login/method?step="), "{}", choice.url);
        enrol(&app, &visitor, &choice).await.0.code();

        // Asked for nothing, where the policy leaves it to the member, the password alone is what they have left; and the
        // page has said so.
        app.advance(Span::minutes(5));
        reset(&app, HANAKO.1).await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[])).await;
        let factor = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        let page = open(&visitor, &step(&factor)).await;
        assert!(page.text("#then").unwrap().contains("パスワードだけ"), "{}", page.body);
        let done = press(&visitor, &page, "set_up_again").await;
        let tokens = rp.redeem(&done.code()).await.expect_status(200).json();
        let claims = crate::support::relying_party::claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(claims["acr"], "urn:sekisho:acr:password");
    }

    async fn the_way_out_stands_on_the_page_of_every_method(engine: Engine) {
        let app = start(engine, LostMethods::Mail).await;
        let visitor = app.visitor();
        let choice = after(&app, &visitor, HANAKO.1).await;
        let mut form = choice.form();
        form.insert("method".into(), "passkey".into());
        let chosen = visitor.post("/login/method", &form).await;
        let page = visitor.onward(chosen).await;
        let answer = Authenticator::new(&app.issuer).create(&passkeys::options(&page));
        visitor.post("/login/passkey-enrolment", &passkeys::with_answer(&page, answer)).await.expect_status(303);
        for path in ["/login/passkey?step=", "/login/email-code?step="] {
            let visitor = app.visitor();
            let factor = after(&app, &visitor, HANAKO.1).await;
            assert!(factor.url.starts_with(&app.at(path)), "{}", factor.url);
            let way = factor.attribute("#lost", "href").unwrap_or_else(|| panic!("no way out of {}", factor.body));
            assert_eq!(way, format!("{PAGE}?step={}", step(&factor)));
            assert!(visitor.get(&way).await.expect_status(200).text("#reset-password-first").is_some());
            app.execute("UPDATE members SET email_method_at = 1, authentication_method = 'email' WHERE user_id = 'hanako'").await;
        }
    }

    async fn under_proof_nothing_but_another_factor_helps(engine: Engine) {
        let app = start(engine, LostMethods::Proof).await;
        let (_, own) = hanako_with_an_app(&app).await;
        let mut form = own.get("/account/recovery-codes").await.form();
        form.insert("make".into(), "1".into());
        let made = own.post("/account/recovery-codes", &form).await;
        let printed = made.text("#codes code").unwrap();
        reset(&app, NEW).await;
        let visitor = app.visitor();
        let factor = after(&app, &visitor, NEW).await;
        let token = step(&factor);
        let page = open(&visitor, &token).await.expect_status(200);
        assert!(page.text("#show-another").is_some());
        assert_eq!(page.attribute("#inquiry", "href").as_deref(), Some("https://inquiry.example.jp/form"));
        assert!(page.attribute("#use-recovery-code", "href").is_some());
        expect_no_way(&visitor, &token).await;
        press(&visitor, &page, "ask").await.expect_status(303);
        assert!(approve(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &hanako(&app).await.id).await.unwrap().is_err());
        expect_no_way(&visitor, &token).await;
        // A recovery code opens the account, where a new phone is registered in the profile.
        let mut form = visitor.get(&format!("/login/recovery-code?step={token}")).await.form();
        form.insert("recovery_code".into(), printed);
        visitor.post("/login/recovery-code", &form).await.expect_status(303);
        visitor.get("/account/totp-enrolment").await.expect_status(200);
    }

    async fn under_staff_nothing_happens_until_they_approve_and_then_once(engine: Engine) {
        let app = start(engine, LostMethods::Staff).await;
        hanako_with_an_app(&app).await;
        let id = hanako(&app).await.id;
        assert!(approve(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &id).await.unwrap().is_err(), "nobody has asked");
        reset(&app, NEW).await;
        assert!(approve(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &id).await.unwrap().is_err(), "nobody has asked yet");
        let visitor = app.visitor();
        let factor = after(&app, &visitor, NEW).await;
        let token = step(&factor);
        expect_no_way(&visitor, &token).await;
        let page = open(&visitor, &token).await;
        futures::future::join_all((0..5).map(|_| press(&visitor, &page, "ask"))).await;
        assert_eq!(told(&app, "担当者が認めると").await, 1, "asked for once");
        assert!(open(&visitor, &token).await.text("#wait-for-staff").is_some());
        expect_no_way(&visitor, &token).await;

        app.advance(Span::days(3));
        let both = futures::future::join_all((0..2).map(|_| approve(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &id))).await;
        assert_eq!(both.iter().filter(|done| done.as_ref().unwrap().is_ok()).count(), 1);
        assert_eq!(told(&app, "申し込みが認められました").await, 1);
        // It can be cancelled to the last moment, and it expires.
        let visitor = app.visitor();
        let factor = after(&app, &visitor, NEW).await;
        assert!(open(&visitor, &step(&factor)).await.text("#may-set-up-again").is_some());
        app.advance(Span::days(7));
        let visitor = app.visitor();
        let factor = after(&app, &visitor, NEW).await;
        expect_no_way(&visitor, &step(&factor)).await;

        reset(&app, HANAKO.1).await;
        let visitor = app.visitor();
        let factor = after(&app, &visitor, HANAKO.1).await;
        let page = open(&visitor, &step(&factor)).await;
        press(&visitor, &page, "ask").await.expect_status(303);
        assert!(approve(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &id).await.unwrap().is_ok());
        let page = open(&visitor, &step(&factor)).await;
        let choice = press(&visitor, &page, "set_up_again").await;
        assert!(choice.location().unwrap().starts_with("/login/method?"), "{}", choice.body);
        let choice = visitor.onward(choice).await;
        enrol(&app, &visitor, &choice).await;
        assert_eq!(told(&app, GONE).await, 1);
    }

    async fn a_request_that_stands_on_a_password_ends_with_it(engine: Engine) {
        let app = start(engine, LostMethods::Staff).await;
        hanako_with_an_app(&app).await;
        reset(&app, NEW).await;
        let visitor = app.visitor();
        let factor = after(&app, &visitor, NEW).await;
        let page = open(&visitor, &step(&factor)).await;
        press(&visitor, &page, "ask").await.expect_status(303);
        // The owner takes the account back; what the other asked for is void, also for staff.
        reset(&app, "Owners-own-words-8").await;
        let id = hanako(&app).await.id;
        assert!(approve(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &id).await.unwrap().is_err());
        open(&visitor, &step(&factor)).await.expect_error_page("flow_expired");
        let visitor = app.visitor();
        let factor = after(&app, &visitor, "Owners-own-words-8").await;
        expect_no_way(&visitor, &step(&factor)).await;
        // An account that is disabled meanwhile keeps nothing either.
        let page = open(&visitor, &step(&factor)).await;
        press(&visitor, &page, "ask").await.expect_status(303);
        sekisho::actions::member::disable_member::disable_member(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &hanako(&app).await.id).await.unwrap();
        sekisho::actions::member::disable_member::enable_member(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &hanako(&app).await.id).await.unwrap();
        assert!(approve(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &id).await.unwrap().is_err());
    }

    async fn under_wait_the_time_passes_unless_somebody_cancels(engine: Engine) {
        let app = start(engine, WAIT).await;
        hanako_with_an_app(&app).await;
        reset(&app, NEW).await;
        let visitor = app.visitor();
        let factor = after(&app, &visitor, NEW).await;
        expect_no_way(&visitor, &step(&factor)).await;
        let page = open(&visitor, &step(&factor)).await;
        press(&visitor, &page, "ask").await.expect_status(303);
        assert!(open(&visitor, &step(&factor)).await.text("#wait").is_some());
        expect_no_way(&visitor, &step(&factor)).await;
        assert!(approve(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &hanako(&app).await.id).await.unwrap().is_err());

        // The link is opened often and cancels nothing; the button does, in whatever browser, and nothing else.
        let link = link_in(&app.mails_to(ADDRESS).await, "/recovery/cancel-methods-reset");
        assert!(link.starts_with(&format!("{}/recovery/cancel-methods-reset?link=skx_", app.issuer)), "{link}");
        let anybody = app.visitor();
        for _ in 0..3 {
            let page = anybody.get(&link).await.expect_status(200);
            assert!(page.text("#whose").unwrap().contains("hanako"), "{}", page.body);
        }
        assert!(open(&visitor, &step(&factor)).await.text("#wait").is_some());
        let page = anybody.get(&link).await;
        let answers = (0..5).map(|_| async { anybody.post("/recovery/cancel-methods-reset", &page.form()).await });
        let answers = futures::future::join_all(answers).await;
        assert_eq!(answers.iter().filter(|answer| answer.text("#done").is_some()).count(), 1);
        assert_eq!(told(&app, "メールのリンクから取り消されました").await, 1);
        anybody.get("/account/profile").await.expect_status(303);
        let shown = open(&visitor, &step(&factor)).await;
        assert!(shown.text("#cancelled").is_some(), "{}", shown.body);
        press(&visitor, &shown, "ask").await.expect_status(303);
        app.advance(Span::days(1));
        let visitor = app.visitor();
        let factor = after(&app, &visitor, NEW).await;
        expect_no_way(&visitor, &step(&factor)).await;

        // Reset and asked again; the old link is good for nothing now.
        reset(&app, HANAKO.1).await;
        let factor = after(&app, &visitor, HANAKO.1).await;
        let page = open(&visitor, &step(&factor)).await;
        press(&visitor, &page, "ask").await.expect_status(303);
        assert!(anybody.get(&link).await.text("#nothing-to-cancel").is_some());
        anybody.post("/recovery/cancel-methods-reset", &BTreeMap::from([
            ("csrf".to_owned(), page_csrf(&anybody).await), ("link".to_owned(), link.split('=').nth(1).unwrap().to_owned()),
        ])).await.expect_status(200);
        assert!(open(&visitor, &step(&factor)).await.text("#wait").is_some());
        app.advance(Span::days(1));
        let visitor = app.visitor();
        let factor = after(&app, &visitor, HANAKO.1).await;
        let page = open(&visitor, &step(&factor)).await;
        assert!(page.text("#may-set-up-again").is_some(), "{}", page.body);
        let choice = press(&visitor, &page, "set_up_again").await;
        assert!(choice.location().unwrap().starts_with("/login/method?"), "{}", choice.body);
        let choice = visitor.onward(choice).await;
        enrol(&app, &visitor, &choice).await;
        let used = link_in(&app.mails_to(ADDRESS).await, "/recovery/cancel-methods-reset");
        assert!(anybody.get(&used).await.text("#nothing-to-cancel").is_some());
        assert!(anybody.get("/recovery/cancel-methods-reset").await.text("#nothing-to-cancel").is_some());
    }

    async fn a_flooded_mailbox_keeps_the_owner_neither_from_asking_nor_from_being_told(engine: Engine) {
        let app = start(engine, WAIT).await;
        hanako_with_an_app(&app).await;
        reset(&app, NEW).await;
        let flooder = app.visitor();
        for _ in 0..20 {
            let mut form = flooder.get("/recovery/forgotten-user-id").await.form();
            form.insert("email".into(), ADDRESS.into());
            flooder.post("/recovery/forgotten-user-id", &form).await.expect_status(200);
            app.answer_recovery().await;
        }
        let visitor = app.visitor();
        let factor = after(&app, &visitor, NEW).await;
        let page = open(&visitor, &step(&factor)).await;
        let before = app.mails_to(ADDRESS).await.len();
        press(&visitor, &page, "ask").await.expect_status(303);
        assert!(open(&visitor, &step(&factor)).await.text("#wait").is_some());
        link_in(&app.mails_to(ADDRESS).await[before..], "/recovery/cancel-methods-reset");
    }

    async fn staff_lock_disable_and_reset_and_everything_ends_and_is_told(engine: Engine) {
        let app = start(engine, LostMethods::Mail).await;
        let rp = app.relying_party().await;
        let (_, own) = hanako_with_an_app(&app).await;
        let answer = own.get(&rp.authorize_url(&[("scope", "openid offline_access")])).await;
        let refresh = rp.redeem(&answer.code()).await.json()["refresh_token"].as_str().unwrap().to_owned();
        let member = hanako(&app).await;
        assert!(sekisho::actions::member::lock_account::lock_account(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &member.id).await.unwrap());
        assert!(!sekisho::actions::member::lock_account::lock_account(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &member.id).await.unwrap());
        own.get("/account/profile").await.expect_status(303);
        rp.refresh(&refresh).await.expect_oauth_error(400, "invalid_grant");
        app.unlock(HANAKO.0).await;
        own.get("/account/profile").await.expect_status(303);
        assert!(sekisho::actions::member::disable_member::disable_member(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &member.id).await.unwrap());
        assert!(!sekisho::actions::member::disable_member::disable_member(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &member.id).await.unwrap());
        let login = own.follow(&app.at("/login/password")).await;
        own.log_in(&login, HANAKO.0, HANAKO.1).await.expect_error_page("account_disabled");
        assert!(sekisho::actions::member::disable_member::enable_member(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &member.id).await.unwrap());
        assert!(!sekisho::actions::member::disable_member::enable_member(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &member.id).await.unwrap());
        for words in ["すべてのログインを止めました", "利用が停止され", "利用が再開され"] {
            assert_eq!(told(&app, words).await, 1, "{words}");
        }
        let before = after(&app, &own, HANAKO.1).await;
        sekisho::actions::login::lost_methods::reset_by_staff(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &member).await.unwrap();
        own.get(&before.url).await.expect_error_page("flow_expired");
        let choice = after(&app, &own, HANAKO.1).await;
        assert!(choice.url.contains("/login/method?"), "{}", choice.url);
        assert_eq!(told(&app, GONE).await, 1);
    }

    async fn a_link_to_a_new_password_never_goes_to_an_address_that_is_just_leaving(engine: Engine) {
        let app = TestApp::start(engine).await;
        let mut sibling = member("jiro");
        sibling.email = Some("jiro@example.jp".into());
        sibling.email_verified = true;
        members::add(&app.app, sibling, "Test-jiro-11", false).await.unwrap();
        let visitor = app.visitor();
        let mut form = visitor.get("/recovery/forgotten-password").await.form();
        form.insert("user_id".into(), HANAKO.0.into());
        form.insert("email".into(), ADDRESS.into());
        visitor.post("/recovery/forgotten-password", &form).await.expect_status(200);
        // Her address is being changed while the request is answered.
        let mut tx = app.app.store.write().await.unwrap();
        let id = hanako(&app).await.id;
        sekisho::store::member::members::set_verified_email(&mut tx, &id, "new@example.jp", app.now()).await.unwrap();
        let background = app.app.clone();
        let answering = tokio::spawn(async move { answer_recovery_requests(&background).await.unwrap() });
        if engine == Engine::Postgres {
            app.until_somebody_waits_for_a_row().await;
        }
        sekisho::store::member::recovery::end_links(&mut tx, &id, app.now()).await.unwrap();
        tx.commit().await.unwrap();
        answering.await.unwrap();
        let mails = app.mails_to("").await;
        assert!(!mails.iter().any(|mail| mail.text.contains("/recovery/reset-password")), "{mails:?}");
    }
}

async fn page_csrf(visitor: &Visitor) -> String {
    visitor.get("/recovery/forgotten-user-id").await.form()["csrf"].clone()
}
