//! User IDs, codes and addresses are understood however an IME or a paste writes them, in every field that takes them
//! (product.md 1.2, 1.5).

use std::collections::BTreeMap;

use sekisho::config::{EmailAddress, SecondFactor};
use sekisho::domain::unix_time::Span;

use crate::support::app::HANAKO;
use crate::support::relying_party::TWO_FACTORS;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};
use crate::totp::{code, key_on};

/// As a Japanese keyboard writes it in its full-width mode.
fn wide(text: &str) -> String {
    text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).filter(|_| c.is_ascii_graphic()).unwrap_or(c)).collect()
}

/// What a field gets instead of `text`: how it was typed, and the typing.
fn typings(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("full-width", wide(text)),
        ("with spaces around", format!("  {text} ")),
        ("with an IME's spaces around", format!("\u{3000}{text}\u{3000}")),
        ("full-width with an IME's spaces around", format!("\u{3000}{}\u{3000}", wide(text))),
        ("pasted with a tab and a line's end", format!("\t{text}\r\n")),
        ("pasted with what can't be seen", format!("\u{feff}{text}\u{200b}\u{a0}")),
    ]
}

/// Codes are read off in halves, too.
fn typed_codes(code: &str) -> Vec<(&'static str, String)> {
    let (first, second) = code.split_at(code.len() / 2);
    let mut all = typings(code);
    all.push(("split by a space", format!("{first} {second}")));
    all.push(("split by an IME's space, full-width", format!("{}\u{3000}{}", wide(first), wide(second))));
    all.push(("split by a hyphen", format!("{first}-{second}")));
    all.push(("split by a long vowel's sign", format!("{}ー{}", wide(first), wide(second))));
    all
}

/// In capitals, too, where they mean the same.
fn typed_names(text: &str) -> Vec<(&'static str, String)> {
    let mut all = typings(text);
    all.push(("in capitals", text.to_uppercase()));
    all.push(("in full-width capitals", wide(&text.to_uppercase())));
    all
}

async fn start(engine: Engine) -> TestApp {
    TestApp::start_with(engine, |settings| {
        settings.authentication.second_factor = SecondFactor::Optional;
        settings.authentication.email_address = EmailAddress::Required;
        settings.authentication.recovery_codes = true;
        settings.mail.codes_per_hour = 1_000;
        settings.mail.anonymous_per_hour = 1_000;
    })
    .await
}

fn filled(page: &Answer, fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut form = page.form();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    form
}

async fn after_password(app: &TestApp, visitor: &Visitor, (user_id, password): (&str, &str)) -> Answer {
    let page = visitor.follow(&app.at("/account/profile")).await;
    visitor.log_in_and_follow(&page, user_id, password).await
}

/// Sends it from the page at `path`; where that leads.
async fn send(visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = visitor.get(path).await.expect_status(200);
    visitor.post(path, &filled(&page, fields)).await
}

#[track_caller]
fn taken(answer: &Answer, field: &str, how: &str) {
    let shown = answer.text("#error").unwrap_or_default();
    assert!(answer.location().is_some(), "{field} {how}: {} {shown} {}", answer.status, answer.body);
}

on_both_engines! {
    async fn user_ids(engine: Engine) {
        let app = start(engine).await;
        for (how, typed) in typed_names(HANAKO.0) {
            let visitor = app.visitor();
            let page = visitor.follow(&app.at("/account/profile")).await;
            taken(&visitor.log_in(&page, &typed, HANAKO.1).await, "user_id at the login", how);
            let fields = [("user_id", typed.as_str()), ("email", "hanako@example.jp")];
            send(&app.visitor(), "/recovery/forgotten-password", &fields).await.expect_status(200);
            let mails = app.mails_to("hanako@example.jp").await.len();
            app.answer_recovery().await;
            assert_eq!(app.mails_to("hanako@example.jp").await.len(), mails + 1, "user_id of a forgotten password {how}");
            app.advance(Span::minutes(1));
        }
    }

    async fn addresses(engine: Engine) {
        let app = start(engine).await;
        for (how, typed) in typed_names("hanako@example.jp") {
            for (path, fields) in [
                ("/recovery/forgotten-password", &[("user_id", HANAKO.0), ("email", typed.as_str())][..]),
                ("/recovery/forgotten-user-id", &[("email", typed.as_str())]),
            ] {
                send(&app.visitor(), path, fields).await.expect_status(200);
                let mails = app.mails_to("hanako@example.jp").await.len();
                app.answer_recovery().await;
                assert_eq!(app.mails_to("hanako@example.jp").await.len(), mails + 1, "{path}: {how}");
                app.advance(Span::minutes(1));
            }
        }
        let visitor = app.visitor_logged_in(HANAKO).await;
        app.add("no-address", "Test-nobody-1").await;
        for (how, typed) in typings("another@example.jp") {
            app.advance(Span::minutes(2));
            let again = app.visitor();
            let page = after_password(&app, &again, ("no-address", "Test-nobody-1")).await;
            let sent = again.post("/login/email-address", &filled(&page, &[("email", &typed)])).await;
            taken(&sent, "email in a login", how);
            assert_eq!(app.code_mailed_to("another@example.jp").await.len(), 6);
            if app.now().since(visitor_since(&app).await) > Span::minutes(8) {
                let page = visitor.follow(&app.at("/account/email-address")).await;
                visitor.log_in(&page, HANAKO.0, HANAKO.1).await.expect_status(303);
            }
            taken(&send(&visitor, "/account/email-address", &[("email", &typed)]).await, "email in the account", how);
            let page = visitor.get("/account/email-address-code").await;
            assert!(page.body.contains("another@example.jp") && !page.body.contains("ａ"), "{how}");
        }
    }

    async fn codes_by_mail(engine: Engine) {
        let app = start(engine).await;
        let address = "no-address@example.jp";
        for (at, (how, _)) in typed_codes("123456").into_iter().enumerate() {
            let typed = |code: &str| typed_codes(code).remove(at).1;
            let user_id = format!("member-{at}");
            app.add(&user_id, "Test-nobody-1").await;
            let visitor = app.visitor();
            let page = after_password(&app, &visitor, (&user_id, "Test-nobody-1")).await;
            let sent = visitor.post("/login/email-address", &filled(&page, &[("email", address)])).await;
            let page = visitor.onward(sent).await;
            let code = typed(&app.code_mailed_to(address).await);
            let done = visitor.post("/login/email-address-code", &filled(&page, &[("code", &code)])).await;
            taken(&done, "code for an address in a login", how);

            let page = visitor.get("/account/email-method").await.expect_status(200);
            let code = typed(&app.code_mailed_to(address).await);
            let done = visitor.post("/account/email-method", &filled(&page, &[("code", &code)])).await;
            taken(&done, "code for the method", how);

            let other = format!("other-{at}@example.jp");
            send(&visitor, "/account/email-address", &[("email", &other)]).await.expect_status(303);
            let code = typed(&app.code_mailed_to(&other).await);
            let done = send(&visitor, "/account/email-address-code", &[("code", &code)]).await;
            taken(&done, "code for another address", how);

            let visitor = app.visitor();
            let page = after_password(&app, &visitor, (&user_id, "Test-nobody-1")).await;
            let code = typed(&app.code_mailed_to(&other).await);
            let done = visitor.post("/login/email-code", &filled(&page, &[("code", &code)])).await;
            taken(&done, "code at the login", how);
            app.advance(Span::seconds(1));
        }
    }

    async fn codes_of_an_app_and_recovery_codes(engine: Engine) {
        let app = start(engine).await;
        let client = app.relying_party().await;
        let strict = client.authorize_url(&[TWO_FACTORS]);
        for (at, (how, _)) in typed_codes("123456").into_iter().enumerate() {
            let typed = |code: &str| typed_codes(code).remove(at).1;
            let user_id = format!("member-{at}");
            let mut new = crate::support::app::member(&user_id);
            (new.email, new.email_verified) = (Some(format!("{user_id}@example.jp")), true);
            sekisho::actions::member::members::add(&app.app, new, "Test-nobody-1", false).await.unwrap();
            let who = (user_id.as_str(), "Test-nobody-1");

            let visitor = app.visitor();
            let page = visitor.follow(&strict).await;
            let page = visitor.log_in_and_follow(&page, who.0, who.1).await;
            let page = visitor.get(&page.url.replace("/login/method", "/login/totp-enrolment")).await;
            let fields = [("device_name", "phone"), ("code", &*typed(&code(&app, &key_on(&page), 0)))];
            taken(&visitor.post("/login/totp-enrolment", &filled(&page, &fields)).await, "code at the enrolment", how);
            let page = visitor.get("/account/totp-enrolment").await;
            let key = key_on(&page);
            let fields = [("device_name", "tablet"), ("code", &*typed(&code(&app, &key, 0)))];
            taken(&visitor.post("/account/totp-enrolment", &filled(&page, &fields)).await, "code of one more app", how);
            let page = visitor.get("/account/recovery-codes").await;
            let made = visitor.post("/account/recovery-codes", &page.form()).await;

            app.advance(Span::minutes(1));
            let visitor = app.visitor();
            let page = after_password(&app, &visitor, who).await;
            let tablet = tablet_on(&page);
            let fields = [("device", &*tablet), ("code", &*typed(&code(&app, &key, 0)))];
            taken(&visitor.post("/login/totp", &filled(&page, &fields)).await, "code at the login", how);

            let visitor = app.visitor();
            let page = after_password(&app, &visitor, who).await;
            let page = visitor.get(&page.url.replace("/login/totp", "/login/recovery-code")).await;
            // Printed in three groups.
            let printed = made.text("#codes code").unwrap();
            let recovery_code = typings(&printed).into_iter().nth(at).map_or(printed.replace('-', " "), |(_, typed)| typed);
            let fields = [("recovery_code", recovery_code.as_str())];
            taken(&visitor.post("/login/recovery-code", &filled(&page, &fields)).await, "recovery code", how);
        }
    }
}

/// Since when Hanako's login is fresh.
async fn visitor_since(app: &TestApp) -> sekisho::domain::unix_time::UnixTime {
    let mut reader = app.app.store.reader().await.unwrap();
    let hanako = sekisho::actions::member::members::find(&app.app, HANAKO.0).await.unwrap().unwrap();
    let (past, now) = (app.now() - Span::hours(1), app.now());
    let sessions =
        sekisho::store::login::browser_sessions::of_member(&mut reader, &hanako.id, past, now).await.unwrap();
    sessions.iter().map(|session| session.authenticated_at).max().unwrap()
}

/// The device that was added last.
fn tablet_on(page: &Answer) -> String {
    let html = scraper::Html::parse_document(&page.body);
    let selector = scraper::Selector::parse(".choice").unwrap();
    let choice = html.select(&selector).find(|choice| choice.text().any(|text| text == "tablet")).unwrap();
    choice.select(&scraper::Selector::parse("input").unwrap()).next().unwrap().attr("value").unwrap().to_owned()
}
