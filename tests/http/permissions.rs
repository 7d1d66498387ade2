//! What a session must have shown before the account opens, and before each change: whatever client the login came through.

use std::collections::BTreeMap;

use sekisho::config::SecondFactor;
use sekisho::domain::ids::MemberId;
use sekisho::domain::login::one_time_password::TotpKey;
use sekisho::domain::unix_time::Span;
use serde_json::json;

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, claims, text};
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};
use crate::totp::{code, key_on};

const PAGES: [&str; 13] = [
    "profile",
    "authentication-method",
    "passkeys",
    "sessions",
    "applications",
    "activity",
    "password",
    "email-address",
    "email-address-code",
    "email-method",
    "totp-enrolment",
    "passkey-enrolment",
    "data",
];
const NEW: &str = "My-own-words-7";
const FORMS: [(&str, &[(&str, &str)]); 14] = [
    ("language", &[("language", "en")]),
    ("member-notices", &[("notices", "off")]),
    ("password", &[("new_password", NEW), ("new_password_again", NEW)]),
    ("email-address", &[("email", "thief@example.jp")]),
    ("email-address-code", &[("code", "123456")]),
    ("authentication-method", &[("method", "email")]),
    ("email-method", &[("code", "123456")]),
    ("email-method/delete", &[]),
    ("totp-enrolment", &[("device_name", "thief"), ("code", "123456")]),
    ("passkey-enrolment", &[("answer", "{}")]),
    ("sessions", &[("end_others", "1")]),
    ("sessions", &[("distrust", "1")]),
    ("applications", &[("withdraw", "rp")]),
    ("data", &[]),
];

async fn start(engine: Engine, second_factor: SecondFactor) -> TestApp {
    TestApp::start_with(engine, |settings| {
        settings.authentication.second_factor = second_factor;
        settings.authentication.recovery_codes = true;
        settings.authentication.trust_device_for = Some(Span::days(30));
    })
    .await
}

async fn client(app: &TestApp, rule: SecondFactor) -> RelyingParty {
    app.register_with_second_factor(json!({ "grant_types": ["authorization_code", "refresh_token"] }), Some(rule)).await
}

fn filled(page: &Answer, fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut form = page.form();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    form
}

async fn send(visitor: &Visitor, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
    visitor.post(path, &filled(page, fields)).await
}

#[track_caller]
fn leads_to_login(answer: &Answer) -> String {
    let to = answer.location().unwrap_or_else(|| panic!("a login expected: {} {}", answer.status, answer.body));
    assert!(to.starts_with("/login/password?flow="), "{to}");
    to.to_owned()
}

/// A login to this page, as far as the password leads.
async fn password_alone(app: &TestApp, visitor: &Visitor, path: &str) -> Answer {
    let login = visitor.follow(&app.at(path)).await;
    visitor.log_in_and_follow(&login, HANAKO.0, HANAKO.1).await
}

/// Enrols an app, in the login where the policy asks for one, in the account otherwise.
async fn enrol(app: &TestApp, visitor: &Visitor) -> TotpKey {
    let page = password_alone(app, visitor, "/account/profile").await;
    let page = if page.url.contains("/login/method?") {
        let chosen = send(visitor, &page, "/login/method", &[("method", "totp")]).await;
        visitor.onward(chosen).await
    } else {
        visitor.get("/account/totp-enrolment").await.expect_status(200)
    };
    let key = key_on(&page);
    let path = if page.url.contains("/login/") { "/login/totp-enrolment" } else { "/account/totp-enrolment" };
    let done = send(visitor, &page, path, &[("device_name", "phone"), ("code", &code(app, &key, 0))]).await;
    assert_eq!(done.status, 303, "{}", done.body);
    app.advance(Span::minutes(1));
    key
}

/// The address of the only app.
async fn device_page(visitor: &Visitor) -> String {
    let list = visitor.get("/account/authentication-method").await.expect_status(200);
    list.attribute("#apps > li a", "href").unwrap()
}

/// Logs in with the code of an app, too.
async fn with_app(app: &TestApp, key: &TotpKey) -> Visitor {
    let visitor = app.visitor();
    let page = password_alone(app, &visitor, "/account/profile").await;
    let done = send(&visitor, &page, "/login/totp", &[("code", &code(app, key, 0))]).await;
    assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
    app.advance(Span::minutes(1));
    visitor
}

async fn hanako(app: &TestApp) -> MemberId {
    sekisho::actions::member::members::find(&app.app, HANAKO.0).await.unwrap().unwrap().id
}

/// A browser with a session through this client, by the password alone, that knows every mark of our forms.
async fn by_password_through(app: &TestApp, rp: &RelyingParty) -> (Visitor, Answer, BTreeMap<String, String>) {
    let visitor = app.visitor();
    let first = visitor.get(&rp.authorize_url(&[])).await;
    let cookies = first.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let token = cookies.into_iter().find_map(|cookie| cookie.strip_prefix("sekisho-browser=")).unwrap();
    let token = token.split(';').next().unwrap();
    let page = visitor.onward(first.clone()).await;
    let marks = BTreeMap::from([
        ("csrf".to_owned(), page.form()["csrf"].clone()),
        ("owner".to_owned(), app.app.form_owner(token, &hanako(app).await)),
    ]);
    let back = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
    back.code();
    (visitor, back, marks)
}

async fn knock(visitor: &Visitor, marks: &BTreeMap<String, String>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut form = marks.clone();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    visitor.post(path, &form).await
}

on_both_engines! {
    async fn a_password_that_came_through_a_lax_client_neither_opens_nor_changes_an_account_with_a_factor(engine: Engine) {
        for (usual, of_a_client) in [
            (SecondFactor::Optional, None),
            (SecondFactor::Required, None),
            (SecondFactor::Off, Some(SecondFactor::Required)),
            (SecondFactor::Off, Some(SecondFactor::Optional)),
        ] {
            let app = start(engine, usual).await;
            let lax = client(&app, SecondFactor::Off).await;
            if let Some(rule) = of_a_client {
                client(&app, rule).await;
            }
            let owner = app.visitor();
            let key = enrol(&app, &owner).await;
            let device = device_page(&owner).await;
            let (thief, _, marks) = by_password_through(&app, &lax).await;
            let before = app.state().await;
            let mut pages: Vec<String> = PAGES.iter().map(|page| format!("/account/{page}")).collect();
            pages.extend(["/account/email-method/delete".into(), "/account/recovery-codes".into()]);
            pages.extend([device.clone(), format!("{device}/delete")]);
            for page in &pages {
                leads_to_login(&thief.get(page).await);
            }
            let forms = FORMS.iter().map(|(path, fields)| (format!("/account/{path}"), *fields));
            let devices = [
                (device.clone(), &[("device_name", "mine")][..]),
                (format!("{device}/delete"), &[]),
                ("/account/recovery-codes".to_owned(), &[]),
            ];
            for (path, fields) in forms.chain(devices) {
                let to = leads_to_login(&knock(&thief, &marks, &path, fields).await);
                assert!(to.ends_with("&again=1"), "{path}: {to}");
            }
            assert_eq!(app.state().await, before, "{usual:?}, {of_a_client:?}");

            // The login that it leads to asks for what is missing, and comes back with it.
            let page = password_alone(&app, &thief, "/account/password").await;
            assert!(page.url.contains("/login/totp?step="), "{}", page.url);
            leads_to_login(&thief.get("/account/password").await);
            let done = send(&thief, &page, "/login/totp", &[("code", &code(&app, &key, 0))]).await;
            assert_eq!(done.location(), Some("/account/password"), "{}", done.body);
            thief.get("/account/password").await.expect_status(200);
        }
    }

    async fn what_one_client_requires_the_account_neither_replaces_nor_gives_up(engine: Engine) {
        let app = start(engine, SecondFactor::Off).await;
        let (lax, strict) = (client(&app, SecondFactor::Off).await, client(&app, SecondFactor::Required).await);
        let owner = app.visitor();
        let key = enrol(&app, &owner).await;
        let device = device_page(&owner).await;
        let (thief, back, marks) = by_password_through(&app, &lax).await;
        leads_to_login(&knock(&thief, &marks, &format!("{device}/delete"), &[]).await);
        let token = text(&lax.redeem(&back.code()).await.expect_status(200), "id_token");
        assert_eq!(claims(&token)["amr"], json!(["pwd"]));
        let page = thief.follow(&strict.authorize_url(&[])).await;
        let page = thief.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        assert!(page.url.contains("/login/totp?step="), "the owner's app is asked for: {}", page.url);

        // Nor may its owner remove the last one: the next login there would ask for nothing but the password.
        let page = owner.get(&format!("{device}/delete")).await.expect_status(200);
        assert!(page.text("#delete").is_none() && page.text("#error").is_some());
        let list = owner.get("/account/authentication-method").await.expect_status(200);
        let refused = send(&owner, &list, &format!("{device}/delete"), &[]).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(app.rows("totp_devices").await, 1);
        with_app(&app, &key).await;
    }

    async fn where_nobody_asks_for_a_factor_a_change_still_does_if_there_is_one(engine: Engine) {
        let app = start(engine, SecondFactor::Off).await;
        let owner = app.visitor();
        let key = enrol(&app, &owner).await;
        let visitor = app.visitor();
        let page = password_alone(&app, &visitor, "/account/profile").await;
        assert_eq!(page.url, app.at("/account/profile"));
        visitor.get("/account/sessions").await.expect_status(200);
        send(&visitor, &page, "/account/sessions", &[("end_others", "1")]).await.expect_status(303);
        leads_to_login(&owner.get("/account/profile").await);
        // From the pull-down of a page that is open to it.
        let sent = send(&visitor, &page, "/account/authentication-method", &[("method", "email")]).await;
        let login = visitor.get(&leads_to_login(&sent)).await.expect_status(200);
        let page = visitor.log_in_and_follow(&login, HANAKO.0, HANAKO.1).await;
        assert!(page.url.contains("/login/totp?step="), "{}", page.url);
        let done = send(&visitor, &page, "/login/totp", &[("code", &code(&app, &key, 0))]).await;
        assert_eq!(done.location(), Some("/account/authentication-method"));
        let page = visitor.get("/account/authentication-method").await.expect_status(200);
        let to = send(&visitor, &page, "/account/authentication-method", &[("method", "email")]).await;
        assert_eq!(to.location(), Some("/account/email-method?choose=1"));
    }

    async fn a_factor_that_is_enrolled_elsewhere_counts_at_once_for_sessions_that_are_open(engine: Engine) {
        let app = start(engine, SecondFactor::Optional).await;
        let (first, second) = (app.visitor_logged_in(HANAKO).await, app.visitor_logged_in(HANAKO).await);
        let waiting = first.get("/account/totp-enrolment").await.expect_status(200);
        let address = first.get("/account/email-address").await.expect_status(200);
        let page = second.get("/account/totp-enrolment").await.expect_status(200);
        let fields = [("device_name", "phone"), ("code", &*code(&app, &key_on(&page), 0))];
        send(&second, &page, "/account/totp-enrolment", &fields).await.expect_status(303);
        let fields = [("device_name", "thief"), ("code", &*code(&app, &key_on(&waiting), 0))];
        leads_to_login(&send(&first, &waiting, "/account/totp-enrolment", &fields).await);
        leads_to_login(&send(&first, &address, "/account/email-address", &[("email", "thief@example.jp")]).await);
        leads_to_login(&first.get("/account/profile").await);
        assert_eq!(app.rows("totp_devices").await, 1);
        assert_eq!(app.rows("email_codes").await, 0);
        // And one that is removed elsewhere is asked for no more.
        let device = device_page(&second).await;
        let page = second.get(&format!("{device}/delete")).await.expect_status(200);
        send(&second, &page, &format!("{device}/delete"), &[]).await.expect_status(303);
        first.get("/account/profile").await.expect_status(200);
        first.get("/account/password").await.expect_status(200);
    }

    async fn enrolling_a_factor_raises_the_session_under_a_new_cookie_and_no_further(engine: Engine) {
        let app = start(engine, SecondFactor::Optional).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        let logged_in = visitor.log_in(&page, HANAKO.0, HANAKO.1).await;
        let cookie = |answer: &Answer| -> Option<String> {
            let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
            let mut cookies = cookies.into_iter().filter(|cookie| cookie.starts_with("sekisho-session="));
            cookies.next().map(|cookie| cookie.split(';').next().unwrap().to_owned())
        };
        let old = cookie(&logged_in).unwrap();
        let page = visitor.get("/account/totp-enrolment").await.expect_status(200);
        let fields = [("device_name", "phone"), ("code", &*code(&app, &key_on(&page), 0))];
        let done = send(&visitor, &page, "/account/totp-enrolment", &fields).await;
        assert_ne!(cookie(&done).unwrap(), old);
        visitor.get("/account/password").await.expect_status(200);
        let bare = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let with_old = bare.get(app.at("/account/profile")).header("cookie", &old);
        leads_to_login(&crate::support::relying_party::answer(with_old).await);
        let back = visitor.follow(&rp.authorize_url(&[])).await;
        let token = text(&rp.redeem(&back.code()).await.expect_status(200), "id_token");
        assert_eq!(claims(&token)["amr"], json!(["pwd", "otp", "mfa"]));
        // The same form once more adds nothing and changes nothing.
        let again = send(&visitor, &page, "/account/totp-enrolment", &fields).await.expect_status(303);
        assert_eq!(cookie(&again), None);
        assert_eq!(app.rows("totp_devices").await, 1);
    }

    async fn an_enrolment_that_was_begun_in_another_session_is_not_finished_in_this_one(engine: Engine) {
        let app = start(engine, SecondFactor::Optional).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let (for_app, for_passkey) =
            (visitor.get("/account/totp-enrolment").await, visitor.get("/account/passkey-enrolment").await);
        let profile = visitor.get("/account/profile").await;
        send(&visitor, &profile, "/logout", &[("decision", "logout")]).await.expect_status(200);
        password_alone(&app, &visitor, "/account/profile").await.expect_status(200);
        let fields = [("device_name", "phone"), ("code", &*code(&app, &key_on(&for_app), 0))];
        send(&visitor, &for_app, "/account/totp-enrolment", &fields).await.expect_error_page("form_expired");
        let created = crate::support::authenticator::Authenticator::new(&app.issuer)
            .create(&crate::passkeys::options(&for_passkey));
        let refused = send(&visitor, &for_passkey, "/account/passkey-enrolment", &[("answer", &created)]).await;
        refused.expect_status(422);
        assert_eq!((app.rows("totp_devices").await, app.rows("passkeys").await), (0, 0));
    }

    async fn a_trusted_device_opens_the_account_and_changes_nothing_without_the_factor(engine: Engine) {
        let app = start(engine, SecondFactor::Required).await;
        let key = enrol(&app, &app.visitor()).await;
        let visitor = app.visitor();
        let page = password_alone(&app, &visitor, "/account/profile").await;
        let now = code(&app, &key, 0);
        send(&visitor, &page, "/login/totp", &[("code", &now), ("trust", "1")]).await.expect_status(303);
        app.advance(Span::minutes(1));
        let profile = visitor.get("/account/profile").await;
        send(&visitor, &profile, "/logout", &[("decision", "logout")]).await.expect_status(200);
        let page = password_alone(&app, &visitor, "/account/profile").await;
        assert_eq!(page.url, app.at("/account/profile"), "trusted");
        for path in ["sessions", "applications", "activity"] {
            visitor.get(&format!("/account/{path}")).await.expect_status(200);
        }
        for (path, fields) in &FORMS[2..] {
            leads_to_login(&send(&visitor, &page, &format!("/account/{path}"), fields).await);
        }
        // A login straight to a change asks for the factor at once.
        send(&visitor, &page, "/logout", &[("decision", "logout")]).await.expect_status(200);
        let page = password_alone(&app, &visitor, "/account/totp-enrolment").await;
        assert!(page.url.contains("/login/totp?step="), "{}", page.url);
    }

    async fn a_recovery_code_is_a_second_factor_before_a_change(engine: Engine) {
        let app = start(engine, SecondFactor::Required).await;
        let owner = app.visitor();
        enrol(&app, &owner).await;
        let page = owner.get("/account/recovery-codes").await.expect_status(200);
        let made = send(&owner, &page, "/account/recovery-codes", &[]).await.expect_status(200);
        let recovery_code = made.text("#codes code").unwrap();
        let visitor = app.visitor();
        let page = password_alone(&app, &visitor, "/account/totp-enrolment").await;
        let page = visitor.get(&page.url.replace("/login/totp", "/login/recovery-code")).await.expect_status(200);
        let done = send(&visitor, &page, "/login/recovery-code", &[("recovery_code", &recovery_code)]).await;
        assert_eq!(done.location(), Some("/account/totp-enrolment"));
        let page = visitor.get("/account/totp-enrolment").await.expect_status(200);
        let fields = [("device_name", "new phone"), ("code", &*code(&app, &key_on(&page), 0))];
        send(&visitor, &page, "/account/totp-enrolment", &fields).await.expect_status(303);
        assert_eq!(app.rows("totp_devices").await, 2);
    }

    async fn a_client_that_becomes_stricter_counts_at_once_for_sessions_that_are_open(engine: Engine) {
        let app = start(engine, SecondFactor::Off).await;
        let key = enrol(&app, &app.visitor()).await;
        let visitor = app.visitor();
        password_alone(&app, &visitor, "/account/profile").await.expect_status(200);
        let page = visitor.get("/account/profile").await.expect_status(200);
        let rp = app.relying_party().await;
        visitor.get("/account/profile").await.expect_status(200);
        app.replace_second_factor(&rp.id, Some(SecondFactor::Required)).await;
        leads_to_login(&visitor.get("/account/profile").await);
        leads_to_login(&send(&visitor, &page, "/account/language", &[("language", "en")]).await);
        let page = password_alone(&app, &visitor, "/account/profile").await;
        assert!(page.url.contains("/login/totp?step="), "{}", page.url);
        app.replace_second_factor(&rp.id, None).await;
        visitor.get("/account/profile").await.expect_status(200);
        app.replace_second_factor(&rp.id, Some(SecondFactor::Optional)).await;
        leads_to_login(&visitor.get("/account/profile").await);
        with_app(&app, &key).await;
    }
}
