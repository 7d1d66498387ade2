//! The member's own account (product.md 1.5 and 1.9): who may change what, after which login, and what it does elsewhere.

use std::collections::BTreeMap;

use sekisho::actions::member::account_events::record;
use sekisho::actions::member::correct_name::correct_name;
use sekisho::actions::member::members;
use sekisho::actions::member::set_email_address::set_email_address;
use sekisho::config::{EmailAddress, SecondFactor, Settings};
use sekisho::domain::actor::Actor;
use sekisho::domain::login::one_time_password::TotpKey;
use sekisho::domain::member::account_event::AccountEvent;
use sekisho::domain::member::profile::Profile;
use sekisho::domain::unix_time::Span;
use sekisho::store::member::members as rows;
use serde_json::json;

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, text};
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};
use crate::totp::{code, key_on};

const JIRO: (&str, &str) = ("jiro", "Test-jiro-11");
const NEW: &str = "My-own-words-7";

/// With everything that an operator can turn on.
async fn start(engine: Engine) -> TestApp {
    start_with(engine, |_| {}).await
}

async fn start_with(engine: Engine, change: fn(&mut Settings)) -> TestApp {
    let app = TestApp::start_with(engine, |settings| {
        settings.authentication.recovery_codes = true;
        settings.authentication.trust_device_for = Some(Span::days(30));
        change(settings);
    })
    .await;
    app.add(JIRO.0, JIRO.1).await;
    app
}

fn filled(page: &Answer, fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut form = page.form();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    form
}

/// Sends the form of a page, or of another page in the same browser, to `path`.
async fn send(visitor: &Visitor, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
    visitor.post(path, &filled(page, fields)).await
}

/// Opens the page, sends its form with these fields and expects to be led to `to`.
async fn submit(visitor: &Visitor, path: &str, fields: &[(&str, &str)], to: &str) {
    let page = visitor.get(path).await.expect_status(200);
    let answer = send(visitor, &page, path, fields).await;
    assert_eq!(answer.location(), Some(to), "{path}: {}", answer.body);
}

#[track_caller]
fn leads_to_login(answer: &Answer) -> &str {
    let to = answer.location().unwrap_or_else(|| panic!("a login expected: {} {}", answer.status, answer.body));
    assert!(to.starts_with("/login/password?flow="), "{to}");
    to
}

/// Adds an app; its key and the address of its page.
async fn add_app(app: &TestApp, visitor: &Visitor, name: &str) -> (TotpKey, String) {
    let page = visitor.get("/account/totp-enrolment").await.expect_status(200);
    let key = key_on(&page);
    let fields = [("device_name", name), ("code", &code(app, &key, 0))];
    let added = send(visitor, &page, "/account/totp-enrolment", &fields).await;
    assert_eq!(added.location(), Some("/account/authentication-method"), "{}", added.body);
    (key, device_page(visitor, name).await)
}

/// Sends the form of a page that answers by a page.
async fn submit_shown(visitor: &Visitor, path: &str) {
    let page = visitor.get(path).await.expect_status(200);
    send(visitor, &page, path, &[]).await.expect_status(200);
}

async fn device_page(visitor: &Visitor, name: &str) -> String {
    let list = visitor.get("/account/authentication-method").await.expect_status(200);
    let html = scraper::Html::parse_document(&list.body);
    let selector = scraper::Selector::parse("#apps > li").unwrap();
    let line = html.select(&selector).find(|line| line.text().any(|text| text == name)).expect("a device of this name");
    line.select(&scraper::Selector::parse("a").unwrap()).next().unwrap().attr("href").unwrap().to_owned()
}

async fn log_in_again(app: &TestApp, (user_id, password): (&str, &str)) -> Answer {
    let visitor = app.visitor();
    let page = visitor.follow(&app.at("/account/profile")).await;
    visitor.log_in_and_follow(&page, user_id, password).await
}

/// Chooses e-mail in the pull-down and sends back the code.
async fn choose_email(app: &TestApp, visitor: &Visitor) {
    let page = visitor.get("/account/profile").await;
    let to = send(visitor, &page, "/account/authentication-method", &[("method", "email")]).await;
    assert_eq!(to.location(), Some("/account/email-method?choose=1"));
    let page = visitor.get("/account/email-method?choose=1").await.expect_status(200);
    let mailed = app.code_mailed_to("hanako@example.jp").await;
    let done = send(visitor, &page, "/account/email-method", &[("code", &mailed)]).await;
    assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
}

async fn method(visitor: &Visitor) -> Option<String> {
    visitor.get("/account/profile").await.attribute("#method option[selected]", "value")
}

/// What the application got from Hanako in this browser: an access and a refresh token.
async fn tokens(rp: &RelyingParty, visitor: &Visitor) -> (String, String) {
    let scope = ("scope", "openid email offline_access");
    let page = visitor.follow(&rp.authorize_url(&[scope, ("prompt", "consent")])).await;
    let code = match page.location() {
        Some(_) => page.code(),
        None => send(visitor, &page, "/login/consent", &[("decision", "allow")]).await.code(),
    };
    let answer = rp.redeem(&code).await.expect_status(200);
    (text(&answer, "access_token"), text(&answer, "refresh_token"))
}

async fn is_dead(rp: &RelyingParty, (access, refresh): &(String, String)) {
    assert_eq!(rp.introspect(access).await, json!({ "active": false }));
    rp.userinfo(access).await.expect_status(401);
    rp.refresh(refresh).await.expect_oauth_error(400, "invalid_grant");
}

/// Pages that any login opens, and those that need a fresh one.
const OPEN: [&str; 6] = ["profile", "authentication-method", "passkeys", "sessions", "applications", "activity"];
const FRESH: [&str; 7] =
    ["password", "email-address", "email-address-code", "email-method", "totp-enrolment", "recovery-codes", "data"];
/// Forms, with what they would change.
const FORMS: [(&str, &[(&str, &str)]); 10] = [
    ("password", &[("new_password", NEW), ("new_password_again", NEW)]),
    ("email-address", &[("email", "thief@example.jp")]),
    ("email-address-code", &[("code", "123456")]),
    ("authentication-method", &[("method", "email")]),
    ("email-method", &[("code", "123456")]),
    ("email-method/delete", &[]),
    ("recovery-codes", &[]),
    ("sessions", &[("end_others", "1")]),
    ("applications", &[("withdraw", "rp")]),
    ("data", &[]),
];

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
    Version/18.5 Mobile/15E148 Safari/604.1";

/// This moment, as a Japanese page writes it.
fn moment(app: &TestApp) -> String {
    let catalogue = sekisho::i18n::Catalogue::load().unwrap();
    catalogue.date_time(&catalogue.negotiate(Some("ja"), None, None), app.now())
}

async fn nothing_happened(app: &TestApp) {
    assert_eq!(app.rows("account_events WHERE event NOT LIKE '%log%'").await, 0);
    assert_eq!(app.rows("email_codes").await, 0);
    assert_eq!(app.rows("mail_outbox").await, 0);
}

on_both_engines! {
    async fn who_is_not_logged_in_is_asked_to_and_comes_back_to_the_page(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor();
        for page in OPEN.iter().chain(&FRESH) {
            leads_to_login(&visitor.get(&format!("/account/{page}")).await);
        }
        for page in ["totp-devices/x", "totp-devices/x/delete", "email-method/delete"] {
            leads_to_login(&visitor.get(&format!("/account/{page}")).await);
        }
        let login = visitor.follow(&app.at("/account/sessions")).await;
        for (path, fields) in FORMS {
            let sent = send(&visitor, &login, &format!("/account/{path}"), fields).await;
            assert!(leads_to_login(&sent).ends_with("&again=1"), "{path}");
        }
        leads_to_login(&send(&visitor, &login, "/account/language", &[("language", "en")]).await);
        nothing_happened(&app).await;
        assert_eq!(visitor.log_in(&login, HANAKO.0, HANAKO.1).await.location(), Some("/account/sessions"));
    }

    async fn changes_need_a_fresh_login_and_what_was_sent_before_it_is_dropped_and_said(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let profile = visitor.get("/account/profile").await;
        app.advance(Span::minutes(10));
        for page in &OPEN {
            visitor.get(&format!("/account/{page}")).await.expect_status(200);
        }
        for page in FRESH.iter().chain(&["totp-devices/x", "totp-devices/x/delete", "email-method/delete"]) {
            leads_to_login(&visitor.get(&format!("/account/{page}")).await);
        }
        for (path, fields) in FORMS {
            let sent = send(&visitor, &profile, &format!("/account/{path}"), fields).await;
            assert!(leads_to_login(&sent).ends_with("&again=1"), "{path}");
        }
        assert_eq!(app.rows("account_events WHERE event NOT LIKE '%log%'").await, 0);
        assert_eq!(app.rows("mail_outbox WHERE kind <> 'first-login'").await, 0);
        // The language weakens nothing.
        let to = send(&visitor, &profile, "/account/language", &[("language", "en")]).await;
        assert_eq!(to.location(), Some("/account/profile"));

        let sent = send(&visitor, &profile, "/account/password", FORMS[0].1).await;
        let confirm = visitor.onward(sent).await;
        assert!(confirm.text("#again").is_some());
        assert_eq!(confirm.attribute("#user_id", "value").as_deref(), Some("hanako"));
        let back = visitor.log_in(&confirm, HANAKO.0, HANAKO.1).await;
        assert_eq!(back.location(), Some("/account/password"));
        visitor.get("/account/password").await.expect_status(200);
    }

    async fn the_form_of_one_member_changes_nothing_for_another_in_the_same_browser(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let hanakos = visitor.get("/account/profile").await;
        let enrolment = visitor.get("/account/totp-enrolment").await;
        let login = visitor.follow(&app.at("/login/password")).await;
        visitor.log_in(&login, JIRO.0, JIRO.1).await.expect_status(303);
        for (path, fields) in FORMS {
            let refused = send(&visitor, &hanakos, &format!("/account/{path}"), fields).await;
            refused.expect_status(403).expect_error_page("other_member");
        }
        send(&visitor, &hanakos, "/account/language", &[("language", "en")]).await.expect_error_page("other_member");
        let fields = [("device_name", "phone"), ("code", &code(&app, &key_on(&enrolment), 0))];
        send(&visitor, &enrolment, "/account/totp-enrolment", &fields).await.expect_error_page("other_member");
        // Not even with the other's own mark, as the key is sealed to its member.
        let mut mixed = filled(&enrolment, &fields);
        mixed.insert("owner".into(), visitor.get("/account/profile").await.form()["owner"].clone());
        visitor.post("/account/totp-enrolment", &mixed).await.expect_error_page("form_expired");
        let mut bare = filled(&hanakos, &[("language", "en")]);
        bare.remove("owner");
        visitor.post("/account/language", &bare).await.expect_error_page("other_member");
        assert_eq!(app.rows("totp_devices").await, 0);
        assert_eq!(app.rows("account_events WHERE event NOT LIKE '%log%'").await, 0);
    }

    async fn a_forged_form_is_refused(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let owner = visitor.get("/account/profile").await.form()["owner"].clone();
        let others = app.visitor_logged_in(JIRO).await.get("/account/profile").await.form()["csrf"].clone();
        for (path, fields) in FORMS {
            for csrf in [None, Some("x".to_owned()), Some(others.clone())] {
                let mut form: BTreeMap<String, String> = BTreeMap::from([("owner".into(), owner.clone())]);
                form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
                form.extend(csrf.map(|csrf| ("csrf".to_owned(), csrf)));
                visitor.post(&format!("/account/{path}"), &form).await.expect_error_page("form_expired");
            }
        }
        assert_eq!(app.rows("account_events WHERE event NOT LIKE '%log%'").await, 0);
    }

    async fn what_belongs_to_another_member_is_not_there(engine: Engine) {
        let app = start(engine).await;
        let rp = app.third_party().await;
        let hanako = app.visitor_logged_in(HANAKO).await;
        let tokens = tokens(&rp, &hanako).await;
        let (_, device) = add_app(&app, &hanako, "phone").await;
        let jiro = app.visitor_logged_in(JIRO).await;
        // Jiro's session stands in his own list; Hanako's is in hers.
        let session = sekisho::store::login::browser_sessions::of_member(
            &mut app.app.store.reader().await.unwrap(),
            &sekisho::actions::member::members::find(&app.app, HANAKO.0).await.unwrap().unwrap().id,
            app.now() - Span::hours(1),
            app.now(),
        )
        .await
        .unwrap();
        let page = jiro.get("/account/profile").await;
        jiro.get(&device).await.expect_error_page("not_found");
        jiro.get(&format!("{device}/delete")).await.expect_error_page("not_found");
        send(&jiro, &page, &device, &[("device_name", "stolen")]).await.expect_error_page("not_found");
        // These don't tell either: they may have been pressed twice.
        let to = send(&jiro, &page, &format!("{device}/delete"), &[]).await;
        assert_eq!(to.location(), Some("/account/authentication-method"));
        let to = send(&jiro, &page, "/account/sessions", &[("end", session[0].id.as_str())]).await;
        assert_eq!(to.location(), Some("/account/sessions"));
        let to = send(&jiro, &page, "/account/applications", &[("withdraw", &rp.id)]).await;
        assert_eq!(to.location(), Some("/account/applications"));
        send(&jiro, &page, "/account/sessions", &[("end_others", "1")]).await.expect_status(303);
        assert!(jiro.get("/account/applications").await.text("#none").is_some());
        assert_eq!(app.rows("totp_devices WHERE name = 'phone'").await, 1);
        hanako.get("/account/profile").await.expect_status(200);
        assert_eq!(rp.introspect(&tokens.0).await["active"], true);
        rp.refresh(&tokens.1).await.expect_status(200);
    }

    async fn a_new_password_ends_all_other_sessions_and_every_refresh_token(engine: Engine) {
        let app = start(engine).await;
        let rp = app.relying_party().await;
        let (own, other) = (app.visitor_logged_in(HANAKO).await, app.visitor_logged_in(HANAKO).await);
        let (here, there) = (tokens(&rp, &own).await, tokens(&rp, &other).await);
        // The same button pressed again within a minute would be taken for the same act.
        app.advance(Span::minutes(1));
        let page = own.get("/account/password").await.expect_status(200);
        let path = "/account/password";
        for (typed, again, said) in [("short", "short", "8"), (NEW, "other", "一致"), (HANAKO.1, HANAKO.1, "これまでに使った")] {
            let refused = send(&own, &page, path, &[("new_password", typed), ("new_password_again", again)]).await;
            assert!(refused.expect_status(422).text("#error").unwrap().contains(said), "{typed}");
        }
        other.get("/account/profile").await.expect_status(200);

        let fields = [("new_password", NEW), ("new_password_again", NEW)];
        let two = futures::future::join_all([send(&own, &page, path, &fields), send(&own, &page, path, &fields)]).await;
        for done in two {
            assert_eq!(done.location(), Some("/account/profile"), "pressed twice: {}", done.body);
        }
        assert!(own.get("/account/profile").await.text("#notice").unwrap().contains("パスワードを変更しました"));
        assert!(own.get("/account/profile").await.text("#notice").is_none(), "it is said once");
        leads_to_login(&other.get("/account/profile").await);
        is_dead(&rp, &there).await;
        is_dead(&rp, &here).await;
        assert_eq!(app.rows("account_events WHERE event LIKE '%password-changed%'").await, 1);
        assert!(app.mails_to("hanako@example.jp").await.iter().any(|mail| mail.text.contains("パスワードが変更")));
        assert!(log_in_again(&app, HANAKO).await.text("#error").is_some());
        log_in_again(&app, (HANAKO.0, NEW)).await.expect_status(200);
    }

    async fn an_address_changes_when_its_code_comes_back_and_both_are_told(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let page = visitor.get("/account/email-address").await;
        for (typed, said) in [("hanako", "形"), ("hanako@example.jp", "すでに登録")] {
            let refused = send(&visitor, &page, "/account/email-address", &[("email", typed)]).await.expect_status(422);
            assert!(refused.text("#email-error").unwrap().contains(said), "{typed}");
        }
        submit(&visitor, "/account/email-address", &[("email", " Ｎew@example.jp ")], "/account/email-address-code").await;
        let page = visitor.get("/account/email-address-code").await.expect_status(200);
        assert!(page.body.contains("New@example.jp"));
        let code = app.code_mailed_to("New@example.jp").await;
        // Neither a login elsewhere nor another member can use it.
        for who in [HANAKO, JIRO] {
            let elsewhere = app.visitor_logged_in(who).await;
            let form = elsewhere.get("/account/profile").await;
            send(&elsewhere, &form, "/account/email-address-code", &[("code", &code)]).await.expect_status(303);
        }
        let forgotten = app.visitor();
        let form = forgotten.get("/recovery/forgotten-password").await;
        let asked = [("user_id", HANAKO.0), ("email", "hanako@example.jp")];
        send(&forgotten, &form, "/recovery/forgotten-password", &asked).await.expect_status(200);
        app.answer_recovery().await;
        assert_eq!(app.rows("password_links WHERE taken_at IS NULL").await, 1);
        let wrong = if code == "000000" { "111111" } else { "000000" };
        send(&visitor, &page, "/account/email-address-code", &[("code", wrong)]).await.expect_status(422);
        assert_eq!(app.rows("members WHERE email = 'hanako@example.jp'").await, 1);
        for _ in 0..2 {
            let done = send(&visitor, &page, "/account/email-address-code", &[("code", &code)]).await;
            assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
        }
        assert_eq!(visitor.get("/account/profile").await.text("#email").as_deref(), Some("New@example.jp"));
        for address in ["hanako@example.jp", "New@example.jp"] {
            let told = app.mails_to(address).await;
            assert_eq!(told.iter().filter(|mail| mail.text.contains("N•••••@example.jp")).count(), 1, "{address}");
        }
        assert_eq!(app.rows("account_events WHERE event LIKE '%email-changed%'").await, 1);
        assert_eq!(app.rows("password_links WHERE taken_at IS NULL").await, 0, "links to the old address end");
    }

    async fn a_code_for_a_new_address_ends_with_its_time_and_another_one_counts(engine: Engine) {
        let app = start_with(engine, |settings| settings.authentication.fresh_for = Span::hours(1)).await;
        let lifetime = app.app.settings.authentication.email_codes.lifetime;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let path = "/account/email-address-code";
        submit(&visitor, "/account/email-address", &[("email", "new@example.jp")], path).await;
        let page = visitor.get(path).await.expect_status(200);
        let late = app.code_mailed_to("new@example.jp").await;
        app.advance(lifetime);
        let refused = send(&visitor, &page, path, &[("code", &late)]).await.expect_status(422);
        assert!(refused.text("#error").unwrap().contains("使えなくなりました"), "{}", refused.body);
        assert_eq!(app.rows("members WHERE email = 'hanako@example.jp'").await, 1);

        send(&visitor, &page, path, &[("resend", "1")]).await.expect_status(200);
        let second = app.code_mailed_to("new@example.jp").await;
        app.advance(Span::seconds(lifetime.as_seconds() - 1));
        let done = send(&visitor, &page, path, &[("code", &second)]).await;
        assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
        assert_eq!(app.rows("members WHERE email = 'new@example.jp'").await, 1);
    }

    async fn choosing_a_method_that_is_not_enrolled_leads_into_its_enrolment_and_makes_it_the_method(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let profile = visitor.get("/account/profile").await;
        assert_eq!(method(&visitor).await, None);
        let path = "/account/authentication-method";
        for nothing in ["", "sms"] {
            send(&visitor, &profile, path, &[("method", nothing)]).await.expect_status(422);
        }
        let to = send(&visitor, &profile, path, &[("method", "passkey")]).await;
        assert_eq!(to.location(), Some("/account/passkey-enrolment?choose=1"));
        choose_email(&app, &visitor).await;
        assert_eq!(method(&visitor).await.as_deref(), Some("email"));

        // An app that is only added is not chosen; one that is chosen is.
        add_app(&app, &visitor, "phone").await;
        assert_eq!(method(&visitor).await.as_deref(), Some("email"));
        let to = send(&visitor, &profile, path, &[("method", "totp")]).await;
        assert_eq!(to.location(), Some("/account/profile"));
        assert_eq!(method(&visitor).await.as_deref(), Some("totp"));
        let next = log_in_again(&app, HANAKO).await;
        assert!(next.url.contains("/login/totp?"), "{}", next.url);
        assert_eq!(app.rows("account_events WHERE event LIKE '%method-chosen%'").await, 2);
    }

    async fn an_app_that_is_chosen_is_the_method_after_its_enrolment_also_when_that_takes_long(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        choose_email(&app, &visitor).await;
        let profile = visitor.get("/account/profile").await;
        let to = send(&visitor, &profile, "/account/authentication-method", &[("method", "totp")]).await;
        let page = visitor.get(to.location().unwrap()).await.expect_status(200);
        // The member looks for the app in the store meanwhile; the key that was scanned must not be lost.
        app.advance(Span::minutes(20));
        let fields = [("device_name", "phone"), ("code", &code(&app, &key_on(&page), 0))];
        for _ in 0..2 {
            let done = send(&visitor, &page, "/account/totp-enrolment", &fields).await;
            assert_eq!(done.location(), Some("/account/profile"), "pressed twice: {}", done.body);
        }
        assert_eq!(app.rows("totp_devices").await, 1);
        assert_eq!(method(&visitor).await.as_deref(), Some("totp"));
    }

    async fn without_an_address_e_mail_is_chosen_by_registering_one(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(JIRO).await;
        let profile = visitor.get("/account/profile").await;
        let to = send(&visitor, &profile, "/account/authentication-method", &[("method", "email")]).await;
        let page = visitor.get(to.location().unwrap()).await.expect_status(200);
        let to = send(&visitor, &page, "/account/email-address", &[("email", "jiro@example.jp")]).await;
        let page = visitor.get(to.location().unwrap()).await.expect_status(200);
        let mailed = app.code_mailed_to("jiro@example.jp").await;
        send(&visitor, &page, "/account/email-address-code", &[("code", &mailed)]).await.expect_status(303);
        assert_eq!(method(&visitor).await.as_deref(), Some("email"));
    }

    async fn several_apps_are_named_renamed_and_deleted_up_to_the_limit(engine: Engine) {
        let app = start_with(engine, |settings| settings.authentication.app.max_devices = 2).await;
        let (visitor, other) = (app.visitor_logged_in(HANAKO).await, app.visitor_logged_in(HANAKO).await);
        let spare = other.get("/account/totp-enrolment").await;
        let (_, phone) = add_app(&app, &visitor, "phone").await;
        let (_, tablet) = add_app(&app, &visitor, "tablet").await;
        let full = visitor.get("/account/totp-enrolment").await.expect_status(200);
        assert!(full.text("#error").is_some() && full.text("#qr").is_none(), "no key is scanned in vain");
        let fields = [("device_name", "third"), ("code", &code(&app, &key_on(&spare), 0))];
        app.execute("UPDATE browser_sessions SET assurance = 'two_factors'").await;
        send(&other, &spare, "/account/totp-enrolment", &fields).await.expect_status(422);
        assert_eq!(app.rows("totp_devices").await, 2);

        let page = visitor.get(&phone).await;
        for refused in ["", &"a".repeat(41)] {
            send(&visitor, &page, &phone, &[("device_name", refused)]).await.expect_status(422);
        }
        submit(&visitor, &phone, &[("device_name", "祖母のスマホ")], "/account/authentication-method").await;
        let page = visitor.get(&format!("{phone}/delete")).await.expect_status(200);
        assert!(page.text("h1").unwrap().contains("祖母のスマホ"));
        assert_eq!(page.text("#consequence"), None, "the other app is still there");
        for _ in 0..2 {
            let done = send(&visitor, &page, &format!("{phone}/delete"), &[]).await;
            assert_eq!(done.location(), Some("/account/authentication-method"), "pressed twice");
        }
        visitor.get(&phone).await.expect_error_page("not_found");
        let page = visitor.get(&format!("{tablet}/delete")).await;
        assert!(page.text("#consequence").unwrap().contains("パスワードだけ"));
        send(&visitor, &page, &format!("{tablet}/delete"), &[]).await.expect_status(303);
        assert_eq!(app.rows("totp_devices").await, 0);
        assert_eq!(app.rows("members WHERE authentication_method IS NOT NULL").await, 0);
        assert_eq!(app.rows("account_events WHERE event LIKE '%totp-removed%'").await, 2);
    }

    async fn nobody_is_left_without_the_factor_that_the_policy_requires(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        choose_email(&app, &visitor).await;
        let (key, phone) = add_app(&app, &visitor, "phone").await;
        let profile = visitor.get("/account/profile").await;
        send(&visitor, &profile, "/account/authentication-method", &[("method", "totp")]).await.expect_status(303);
        drop(key);
        let page = visitor.get(&format!("{phone}/delete")).await;
        assert!(page.text("#consequence").unwrap().contains("メール"), "the method falls to what is left");
        submit(&visitor, &format!("{phone}/delete"), &[], "/account/authentication-method").await;
        assert_eq!(method(&visitor).await.as_deref(), Some("email"));
        submit(&visitor, "/account/email-method/delete", &[], "/account/authentication-method").await;
        assert_eq!(app.rows("members WHERE email_method_at IS NOT NULL").await, 0);

        let strict = start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
            settings.authentication.email_address = EmailAddress::Optional;
        })
        .await;
        let visitor = strict.visitor();
        let page = visitor.follow(&strict.at("/account/profile")).await;
        let page = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        let chosen = send(&visitor, &page, "/login/method", &[("method", "totp")]).await;
        let page = visitor.onward(chosen).await;
        let fields = [("device_name", "only"), ("code", &code(&strict, &key_on(&page), 0))];
        send(&visitor, &page, "/login/totp-enrolment", &fields).await.expect_status(303);
        let only = format!("{}/delete", device_page(&visitor, "only").await);
        let page = visitor.get(&only).await.expect_status(200);
        assert!(page.text("#error").is_some() && page.text("#add").is_some(), "said before it is tried");
        let form = visitor.get("/account/profile").await;
        let refused = send(&visitor, &form, &only, &[]).await.expect_status(422);
        assert!(refused.text("#error").unwrap().contains("削除できません"));
        assert_eq!(strict.rows("totp_devices").await, 1);
        assert_eq!(strict.rows("account_events WHERE event LIKE '%totp-removed%'").await, 0);

        // Two factors taken away side by side: one of them stays.
        choose_email(&strict, &visitor).await;
        add_app(&strict, &visitor, "second").await;
        let second = format!("{}/delete", device_page(&visitor, "second").await);
        let ways = [only.as_str(), second.as_str(), "/account/email-method/delete"];
        let all = futures::future::join_all(ways.map(|path| send(&visitor, &form, path, &[]))).await;
        assert_eq!(all.iter().filter(|answer| answer.status == 303).count(), 2);
        assert_eq!(all.iter().filter(|answer| answer.status == 422).count(), 1);
        let methods = strict.rows("members WHERE email_method_at IS NOT NULL").await;
        assert_eq!(strict.rows("totp_devices").await + methods, 1);
        assert!(method(&visitor).await.is_some(), "and it is the method");
    }

    async fn a_trusted_device_shows_the_second_factor_before_a_change(engine: Engine) {
        let app = start(engine).await;
        let own = app.visitor_logged_in(HANAKO).await;
        let (key, _) = add_app(&app, &own, "phone").await;
        app.advance(Span::minutes(1));
        let visitor = app.visitor();
        let login = visitor.follow(&app.at("/account/profile")).await;
        let page = visitor.log_in_and_follow(&login, HANAKO.0, HANAKO.1).await;
        let fields = [("code", code(&app, &key, 0)), ("trust", "1".into())].map(|(n, v)| (n, v));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        send(&visitor, &page, "/login/totp", &fields).await.expect_status(303);
        let logout = visitor.get("/account/profile").await;
        send(&visitor, &logout, "/logout", &[("decision", "logout")]).await.expect_status(200);
        let login = visitor.follow(&app.at("/account/profile")).await;
        assert_eq!(visitor.log_in(&login, HANAKO.0, HANAKO.1).await.location(), Some("/account/profile"));
        assert!(visitor.get("/account/sessions").await.text("#trusted").unwrap().contains("1台"));

        let confirm = visitor.follow(&app.at("/account/password")).await;
        let page = visitor.log_in_and_follow(&confirm, HANAKO.0, HANAKO.1).await;
        assert!(page.url.contains("/login/totp?"), "{}", page.url);
        app.advance(Span::minutes(1));
        let to = send(&visitor, &page, "/login/totp", &[("code", &code(&app, &key, 0))]).await;
        assert_eq!(to.location(), Some("/account/password"));
        visitor.get("/account/password").await.expect_status(200);
        submit(&visitor, "/account/sessions", &[("distrust", "1")], "/account/sessions").await;
        assert_eq!(app.rows("known_devices WHERE trusted_until IS NOT NULL").await, 0);
    }

    async fn sessions_that_are_ended_end_with_all_that_was_given_out_in_them(engine: Engine) {
        let app = start(engine).await;
        let rp = app.relying_party().await;
        let own = app.visitor_logged_in(HANAKO).await;
        let (first, second, third) =
            (app.visitor_logged_in(HANAKO).await, app.visitor_logged_in(HANAKO).await, app.visitor_logged_in(HANAKO).await);
        let (mine, theirs, last) = (tokens(&rp, &own).await, tokens(&rp, &first).await, tokens(&rp, &third).await);
        let list = own.get("/account/sessions").await;
        assert!(list.text("#session-list > li:first-child").unwrap().contains("この端末"));
        let this_one = list.attribute("#session-list > li:first-child h2", "id").unwrap().replace("session-", "");
        // The one that asks is logged out by logging out.
        send(&own, &list, "/account/sessions", &[("end", &this_one)]).await.expect_status(303);
        own.get("/account/profile").await.expect_status(200);

        let firsts = first.get("/account/sessions").await;
        let firsts = firsts.attribute("#session-list > li:first-child h2", "id").unwrap().replace("session-", "");
        for _ in 0..2 {
            let done = send(&own, &list, "/account/sessions", &[("end", &firsts)]).await;
            assert_eq!(done.location(), Some("/account/sessions"));
        }
        leads_to_login(&first.get("/account/profile").await);
        is_dead(&rp, &theirs).await;
        second.get("/account/profile").await.expect_status(200);
        submit(&own, "/account/sessions", &[("end_others", "1")], "/account/sessions").await;
        leads_to_login(&second.get("/account/profile").await);
        leads_to_login(&third.get("/account/profile").await);
        is_dead(&rp, &last).await;
        assert!(own.get("/account/sessions").await.text("#no-others").is_some());
        rp.userinfo(&mine.0).await.expect_status(401);
        assert_eq!(app.rows("account_events WHERE event LIKE '%session-ended%'").await, 1);
        send(&own, &list, "/account/sessions", &[]).await.expect_error_page("request_invalid");
    }

    async fn an_application_whose_access_is_withdrawn_asks_again_and_its_tokens_die(engine: Engine) {
        let app = start(engine).await;
        let (rp, other) = (app.third_party().await, app.third_party().await);
        let visitor = app.visitor_logged_in(HANAKO).await;
        let (gone, kept) = (tokens(&rp, &visitor).await, tokens(&other, &visitor).await);
        // It would be asked nothing now.
        visitor.follow(&rp.authorize_url(&[("scope", "openid email")])).await.code();
        // One that waits for consent while the access is withdrawn.
        let waiting = visitor.follow(&rp.authorize_url(&[("scope", "openid profile")])).await.expect_status(200);
        let list = visitor.get("/account/applications").await.expect_status(200);
        let shown = list.text("#application-list").unwrap();
        assert!(shown.contains("テストポータル") && shown.contains("example.jp") && shown.contains("メールアドレス"), "{shown}");
        for _ in 0..2 {
            let done = send(&visitor, &list, "/account/applications", &[("withdraw", &rp.id)]).await;
            assert_eq!(done.location(), Some("/account/applications"));
        }
        is_dead(&rp, &gone).await;
        send(&visitor, &waiting, "/login/consent", &[("decision", "allow")]).await.expect_error_page("flow_expired");
        let asked = visitor.follow(&rp.authorize_url(&[("scope", "openid email")])).await;
        assert!(asked.url.contains("/login/consent?"), "{}", asked.url);
        assert_eq!(other.introspect(&kept.0).await["active"], true);
        other.refresh(&kept.1).await.expect_status(200);
        assert_eq!(app.rows("account_events WHERE event LIKE '%application-withdrawn%'").await, 1);
        send(&visitor, &list, "/account/applications", &[("withdraw", "nobody")]).await.expect_status(303);
    }

    async fn wrong_recovery_codes_count_like_wrong_one_time_passwords(engine: Engine) {
        let app = start(engine).await;
        let owner = app.visitor_logged_in(HANAKO).await;
        add_app(&app, &owner, "phone").await;
        let page = owner.get("/account/recovery-codes").await;
        let void = send(&owner, &page, "/account/recovery-codes", &[]).await.expect_status(200);
        let html = scraper::Html::parse_document(&void.body);
        let void: Vec<String> =
            html.select(&scraper::Selector::parse("#codes code").unwrap()).map(|code| code.text().collect()).collect();
        drop(html);
        send(&owner, &page, "/account/recovery-codes", &[]).await.expect_status(200);
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        let page = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        let page = visitor.get(&page.url.replace("/login/totp", "/login/recovery-code")).await;
        for code in &void[..9] {
            send(&visitor, &page, "/login/recovery-code", &[("recovery_code", code)]).await.expect_status(422);
        }
        let tenth = send(&visitor, &page, "/login/recovery-code", &[("recovery_code", &void[9])]).await;
        tenth.expect_error_page("account_locked");
        owner.get("/account/profile").await.expect_status(303);
    }

    async fn recovery_codes_are_shown_once_and_new_ones_void_the_old(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        add_app(&app, &visitor, "phone").await;
        let page = visitor.get("/account/recovery-codes").await.expect_status(200);
        let made = futures::future::join_all([(); 2].map(|()| send(&visitor, &page, "/account/recovery-codes", &[]))).await;
        let codes_on = |page: &Answer| -> Vec<String> {
            let html = scraper::Html::parse_document(&page.body);
            html.select(&scraper::Selector::parse("#codes code").unwrap()).map(|code| code.text().collect()).collect()
        };
        let [one, two] = [codes_on(&made[0]), codes_on(&made[1])];
        assert_eq!((one.len(), two.len()), (10, 10));
        assert_eq!(app.rows("recovery_codes").await, 10, "pressed twice, the sets do not mix");
        let page = visitor.get("/account/recovery-codes").await;
        assert!(page.text("#codes-left").unwrap().contains("10個") && codes_on(&page).is_empty());

        let use_up = async |code: &str| {
            let visitor = app.visitor();
            let page = visitor.follow(&app.at("/account/profile")).await;
            let page = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
            let page = visitor.get(&page.url.replace("/login/totp", "/login/recovery-code")).await;
            send(&visitor, &page, "/login/recovery-code", &[("recovery_code", code)]).await.status
        };
        let mut taken = [use_up(&one[0]).await, use_up(&two[0]).await];
        taken.sort();
        assert_eq!(taken.map(|status| status.as_u16()), [303, 422], "one of the two sets counts, whole");
        let last = codes_on(&send(&visitor, &page, "/account/recovery-codes", &[]).await.expect_status(200));
        assert_eq!(use_up(&one[1]).await, 422);
        assert_eq!(use_up(&two[1]).await, 422);
        assert_eq!(use_up(&last[1]).await, 303);
        assert_eq!(use_up(&last[1]).await, 422);
        let told = app.mails_to("hanako@example.jp").await;
        let told: Vec<_> = told.iter().filter(|mail| mail.text.contains("回復コードを使ってログイン")).collect();
        assert_eq!(told.len(), 2, "each use, and no vain try");
        // One of the first set, one of the last.
        assert!(told.iter().all(|mail| mail.text.contains("残りの回復コード: 9")), "{told:?}");

        let without = TestApp::start(engine).await;
        let visitor = without.visitor_logged_in(HANAKO).await;
        visitor.get("/account/recovery-codes").await.expect_error_page("not_found");
        let form = visitor.get("/account/profile").await;
        send(&visitor, &form, "/account/recovery-codes", &[]).await.expect_error_page("not_found");
    }

    async fn methods_that_the_operator_does_not_offer_are_not_there_but_can_be_given_up(engine: Engine) {
        let app = start_with(engine, |settings| {
            settings.authentication.methods = vec![sekisho::domain::member::authentication_method::Method::Email];
        })
        .await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        visitor.get("/account/totp-enrolment").await.expect_error_page("not_found");
        let profile = visitor.get("/account/profile").await;
        assert!(!profile.body.contains("value=\"totp\""));
        send(&visitor, &profile, "/account/authentication-method", &[("method", "totp")]).await.expect_status(422);
        send(&visitor, &profile, "/account/totp-enrolment", &[]).await.expect_error_page("not_found");
    }

    async fn the_language_is_kept_for_pages_and_mails(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let to = |language| [("language", language)];
        let profile = visitor.get("/account/profile").await;
        send(&visitor, &profile, "/account/language", &to("ja")).await.expect_status(303);
        assert_eq!(app.rows("members WHERE profile LIKE '%\"ja-JP\"%'").await, 1, "what fits is kept as it is");
        send(&visitor, &profile, "/account/language", &to("en")).await.expect_status(303);
        let profile = visitor.get("/account/profile").await;
        assert_eq!(profile.attribute("html", "lang").as_deref(), Some("en"));
        assert_eq!(profile.attribute("#language option[selected]", "value").as_deref(), Some("en"));
        submit(&visitor, "/account/password", &[("new_password", NEW), ("new_password_again", NEW)], "/account/profile").await;
        let mails = app.mails_to("hanako@example.jp").await;
        assert!(mails.iter().any(|mail| mail.text.contains("Your password was changed")), "{mails:?}");
        send(&visitor, &profile, "/account/language", &to("xx")).await.expect_status(303);
        let profile = visitor.get("/account/profile").await.expect_status(200);
        assert_eq!(profile.attribute("html", "lang").as_deref(), Some("en"));
    }

    async fn the_activity_and_the_data_show_what_happened_and_no_secret(engine: Engine) {
        let app = start(engine).await;
        let rp = app.third_party().await;
        let mut visitor = app.visitor();
        let no_redirects = reqwest::redirect::Policy::none();
        visitor.http = reqwest::Client::builder().cookie_store(true).redirect(no_redirects).user_agent(IPHONE).build().unwrap();
        let login = visitor.follow(&app.at("/account/profile")).await;
        visitor.log_in(&login, HANAKO.0, HANAKO.1).await.expect_status(303);
        let logged_in = moment(&app);
        let (access, refresh) = tokens(&rp, &visitor).await;
        app.advance(Span::minutes(2));
        let added = moment(&app);
        let (key, _) = add_app(&app, &visitor, "わたしのスマホ").await;
        app.advance(Span::seconds(1));
        let page = visitor.get("/account/data").await.expect_status(200);
        let file = send(&visitor, &page, "/account/data", &[]).await.expect_status(200);
        assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"account-data.json\""));
        assert_eq!(file.header("content-type"), Some("application/json"));
        assert_eq!(file.header("cache-control"), Some("no-store"));
        let data = file.json();
        assert_eq!(data["member"]["user_id"], "hanako");
        assert_eq!(data["member"]["profile"]["birthdate"], "1955-04-01");
        assert_eq!(data["authentication"]["authenticator_apps"][0]["name"], "わたしのスマホ");
        assert_eq!(data["sessions"].as_array().unwrap().len(), 1);
        assert_eq!(data["applications"][0]["client_id"], rp.id.as_str());
        assert_eq!(data["activity"][0]["event"]["kind"], "totp-added");
        assert_eq!(data["mails"][0]["to"], "hanako@example.jp");
        let hash = app.hash_of("hanako").await;
        for secret in [&hash, &access, &refresh, &key.for_typing(), &"sealed".to_owned(), &"digest".to_owned()] {
            assert!(!file.body.contains(secret.as_str()), "{secret}");
        }
        let activity = visitor.get("/account/activity").await;
        let words = activity.text("#events").unwrap();
        for said in ["わたしのスマホ", "ログインしました", "ダウンロードしました", "はじめてのログイン"] {
            assert!(words.contains(said), "{said}: {words}");
        }
        // Each with its moment and the device.
        let now = moment(&app);
        let html = scraper::Html::parse_document(&activity.body);
        for line in html.select(&scraper::Selector::parse("#events > li").unwrap()) {
            let line: String = line.text().collect();
            let at = if line.contains("ログイン") {
                &logged_in
            } else if line.contains("ダウンロード") {
                &now
            } else {
                &added
            };
            assert!(line.contains(at.as_str()) && line.contains("iPhoneのSafari"), "{at}: {line}");
        }
        let session = visitor.get("/account/sessions").await.text("#session-list > li").unwrap();
        for said in ["iPhoneのSafari", &format!("ログインした日時：{logged_in}"), &now] {
            assert!(session.contains(said), "{said}: {session}");
        }
        assert!(app.visitor_logged_in(JIRO).await.get("/account/activity").await.text("#events").unwrap().len() < words.len());
    }

    async fn what_happens_within_a_second_stands_in_its_order(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        app.advance(Span::seconds(1));
        let hanako = members::find(&app.app, HANAKO.0).await.unwrap().unwrap();
        let names: Vec<String> = (0..12).map(|n| format!("phone {n}")).collect();
        for name in &names {
            let mut tx = app.app.store.write().await.unwrap();
            record(&app.app, &mut tx, &hanako, AccountEvent::TotpAdded { name: name.clone() }, &Actor::Job).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = app.app.store.write().await.unwrap();
        record(&app.app, &mut tx, &hanako, AccountEvent::TrustWithdrawn, &Actor::Job).await.unwrap();
        tx.commit().await.unwrap();
        let page = visitor.get("/account/activity").await.expect_status(200);
        assert!(page.text("#events li:nth-child(1)").unwrap().contains("取り消しました"));
        for (at, name) in names.iter().rev().enumerate() {
            let line = page.text(&format!("#events li:nth-child({})", at + 2)).unwrap();
            assert!(line.contains(name), "{name}: {line}");
        }
    }

    async fn what_a_newer_version_has_written_down_breaks_neither_the_list_nor_the_file(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        app.execute(
            r#"INSERT INTO account_events (event_id, member_id, event, actor, device, at, place)
               SELECT 'newer', member_id, '{"kind":"eye-scanned","why":{"a":1}}', 'robot:7', 'glasses 7', 4000000001, 0
                 FROM members WHERE user_id = 'hanako'"#,
        )
        .await;
        app.execute(
            r#"INSERT INTO account_events (event_id, member_id, event, actor, at, place)
               SELECT 'changed', member_id, '{"kind":"logged-in","with":"iris"}', 'member', 4000000000, 0
                 FROM members WHERE user_id = 'hanako'"#,
        )
        .await;
        let page = visitor.get("/account/activity").await.expect_status(200);
        for line in ["#events li:nth-child(1)", "#events li:nth-child(2)"] {
            assert!(page.text(line).unwrap().contains("そのほかの出来事"), "{}", page.body);
        }
        let page = visitor.get("/account/data").await.expect_status(200);
        let data = send(&visitor, &page, "/account/data", &[]).await.expect_status(200).json();
        assert_eq!(data["activity"][0]["event"]["kind"], "something-else");
        assert_eq!(data["activity"][2]["event"]["kind"], "first-login");
    }

    async fn with_the_last_method_go_the_recovery_codes_and_the_trust_that_stood_in_its_place(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let (_, phone) = add_app(&app, &visitor, "phone").await;
        choose_email(&app, &visitor).await;
        submit_shown(&visitor, "/account/recovery-codes").await;
        let member = members::find(&app.app, HANAKO.0).await.unwrap().unwrap().id;
        let mut tx = app.app.store.write().await.unwrap();
        let until = app.now() + Span::days(30);
        sekisho::store::login::known_devices::note(&mut tx, "browser", &member, app.now()).await.unwrap();
        sekisho::store::login::known_devices::trust(&mut tx, "browser", &member, until).await.unwrap();
        tx.commit().await.unwrap();
        submit(&visitor, "/account/email-method/delete", &[], "/account/authentication-method").await;
        assert_eq!(app.rows("recovery_codes").await, 10, "the app is still there");
        submit(&visitor, &format!("{phone}/delete"), &[], "/account/authentication-method").await;
        assert_eq!(app.rows("recovery_codes").await, 0);
        assert_eq!(app.rows("known_devices WHERE trusted_until IS NOT NULL").await, 0);
    }

    async fn two_tabs_that_change_two_things_at_once_lose_neither_nor_what_staff_change_beside_them(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let page = visitor.get("/account/profile").await;
        app.third_party().await;
        let hanako = members::find(&app.app, HANAKO.0).await.unwrap().unwrap();
        // Whoever changes the rest of the profile is at it while the language is chosen.
        let mut tx = app.app.store.write().await.unwrap();
        rows::held(&mut tx, &hanako.id).await.unwrap();
        let language = send(&visitor, &page, "/account/language", &[("language", "en")]);
        let import = async {
            if engine == Engine::Postgres {
                app.until_somebody_waits_for_a_row().await;
            }
            let profile = Profile { birthdate: Some("1955-04-02".into()), ..hanako.profile.clone() };
            rows::set_profile(&mut tx, &hanako.id, &profile, app.now()).await.unwrap();
            tx.commit().await.unwrap();
        };
        tokio::join!(language, import).0.expect_status(303);
        let (staff, address) = (Actor::CommandLine(None), sekisho::domain::member::email_address::EmailAddress::understand("staff@example.jp").unwrap());
        let (notices, language, name, email) = tokio::join!(
            send(&visitor, &page, "/account/member-notices", &[("notices", "off")]),
            send(&visitor, &page, "/account/language", &[("language", "ja")]),
            correct_name(&app.app, &staff, &hanako.id, "健保 花"),
            set_email_address(&app.app, &staff, &hanako.id, &address),
        );
        assert!(name.unwrap() && email.unwrap() && notices.status == 303 && language.status == 303);
        let now = members::find(&app.app, HANAKO.0).await.unwrap().unwrap();
        assert_eq!(now.profile.birthdate.as_deref(), Some("1955-04-02"));
        assert_eq!(now.profile.locale.as_deref(), Some("ja"));
        assert!(now.notices_off_at.is_some());
        assert_eq!(now.name.as_deref(), Some("健保 花"));
        assert_eq!(now.verified_email(), Some("staff@example.jp"));
    }

    async fn a_reload_in_an_enrolment_shows_the_key_that_was_scanned_until_it_is_enrolled(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let scanned = key_on(&visitor.get("/account/totp-enrolment").await.expect_status(200)).for_typing();
        let page = visitor.get("/account/totp-enrolment").await.expect_status(200);
        assert_eq!(key_on(&page).for_typing(), scanned);
        let fields = [("device_name", "phone"), ("code", &*code(&app, &key_on(&page), 0))];
        send(&visitor, &page, "/account/totp-enrolment", &fields).await.expect_status(303);
        let next = key_on(&visitor.get("/account/totp-enrolment").await.expect_status(200)).for_typing();
        assert_ne!(next, scanned);
        app.advance(Span::minutes(9));
        assert_eq!(key_on(&visitor.get("/account/totp-enrolment").await.expect_status(200)).for_typing(), next);
        // Not in another session, nor for another member.
        let profile = visitor.get("/account/profile").await;
        send(&visitor, &profile, "/logout", &[("decision", "logout")]).await.expect_status(200);
        let login = visitor.follow(&app.at("/account/profile")).await;
        visitor.log_in(&login, JIRO.0, JIRO.1).await.expect_status(303);
        let another = key_on(&visitor.get("/account/totp-enrolment").await.expect_status(200)).for_typing();
        assert_ne!(another, next);
    }

    async fn what_was_typed_comes_back_after_the_login_that_came_in_between(engine: Engine) {
        let app = start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let (key, device) = add_app(&app, &visitor, "phone").await;
        let page = visitor.get(&device).await.expect_status(200);
        let address = visitor.get("/account/email-address").await.expect_status(200);
        app.advance(Span::hours(13));
        let cases = [(device.as_str(), &page, "device_name", "祖母の 1 & 2"), ("/account/email-address", &address, "email", "new@example.jp")];
        for (path, page, field, typed) in cases {
            let sent = send(&visitor, page, path, &[(field, typed)]).await;
            let login = visitor.get(leads_to_login(&sent)).await.expect_status(200);
            assert!(login.text("#again").is_some());
            let asked = visitor.log_in_and_follow(&login, HANAKO.0, HANAKO.1).await.expect_status(200);
            let back = send(&visitor, &asked, "/login/totp", &[("code", &code(&app, &key, 0))]).await;
            let back = visitor.onward(back).await.expect_status(200);
            assert_eq!(back.attribute(&format!("#{field}"), "value").as_deref(), Some(typed), "{path}");
            send(&visitor, &back, path, &[(field, typed)]).await.expect_status(303);
            app.advance(Span::hours(13));
        }
    }
}
