//! What travels through the browser can be neither changed, nor moved to another browser, nor used for another page.

use std::collections::BTreeMap;

use sekisho::domain::unix_time::Span;

use crate::support::app::{HANAKO, TARO};
use crate::support::visitor::Answer;
use crate::support::{Engine, TestApp, on_both_engines};

/// The same form with one letter of one field changed, for letters throughout the field.
fn tampered(form: &BTreeMap<String, String>, field: &str) -> Vec<BTreeMap<String, String>> {
    let value = form[field].clone();
    let step = (value.len() / 12).max(1);
    (0..value.len())
        .step_by(step)
        .map(|i| {
            let mut bytes = value.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let mut changed = form.clone();
            changed.insert(field.into(), String::from_utf8(bytes).unwrap());
            changed
        })
        .filter(|changed| changed[field] != value)
        .chain([String::new(), "x".repeat(3_000), format!("{value}A")].map(|v| {
            let mut changed = form.clone();
            changed.insert(field.into(), v);
            changed
        }))
        .collect()
}

fn refused(answer: Answer) {
    let code = answer.error_code();
    let known = ["flow_other_browser", "flow_expired", "form_expired"];
    assert!(code.as_deref().is_some_and(|c| known.contains(&c)), "{code:?} {}: {}", answer.status, answer.body);
    assert_eq!(answer.location(), None);
    assert!(!answer.headers.get_all("set-cookie").iter().any(|c| c.to_str().unwrap().starts_with("sekisho-session")));
}

on_both_engines! {
    async fn a_changed_hidden_field_of_the_login_page_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let mut form = visitor.follow(&rp.authorize_url(&[])).await.form();
        form.insert("user_id".into(), HANAKO.0.into());
        form.insert("password".into(), HANAKO.1.into());
        for field in ["flow", "csrf"] {
            for changed in tampered(&form, field) {
                refused(visitor.post("/login/password", &changed).await);
            }
        }
        visitor.post("/login/password", &form).await.code();
    }

    async fn a_changed_hidden_field_of_consent_and_logout_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let mut consent = visitor.follow(&rp.authorize_url(&[])).await.form();
        consent.insert("decision".into(), "allow".into());
        for field in ["grant", "csrf"] {
            for changed in tampered(&consent, field) {
                refused(visitor.post("/login/consent", &changed).await);
            }
        }
        let mut logout = visitor.get("/logout").await.form();
        logout.insert("decision".into(), "logout".into());
        for changed in tampered(&logout, "csrf").into_iter().filter(|f| !f["csrf"].is_empty()) {
            refused(visitor.post("/logout", &changed).await);
        }
        for changed in tampered(&logout, "request").into_iter().filter(|f| !f["request"].is_empty()) {
            refused(visitor.post("/logout", &changed).await);
        }
        visitor.get("/account/profile").await.expect_status(200);
        visitor.post("/login/consent", &consent).await.code();
    }

    async fn a_changed_hidden_field_of_the_first_password_page_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let login = visitor.follow(&app.at("/account/profile")).await;
        let mut form = visitor.log_in_and_follow(&login, TARO.0, TARO.1).await.form();
        form.insert("new_password".into(), "My-own-words-7".into());
        form.insert("new_password_again".into(), "My-own-words-7".into());
        for field in ["step", "csrf"] {
            for changed in tampered(&form, field) {
                refused(visitor.post("/login/initial-password", &changed).await);
            }
        }
        visitor.post("/login/initial-password", &form).await.expect_status(303);
    }

    async fn a_login_opened_in_another_browser_leads_nowhere(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let own = app.visitor();
        let page = own.follow(&rp.authorize_url(&[])).await;
        let other = app.visitor();
        other.get(&page.url).await.expect_error_page("flow_other_browser");
        // With a page of its own, too: the form's seal is the other's.
        let mut form = other.follow(&rp.authorize_url(&[])).await.form();
        form.insert("flow".into(), page.form()["flow"].clone());
        form.insert("user_id".into(), HANAKO.0.into());
        form.insert("password".into(), HANAKO.1.into());
        refused(other.post("/login/password", &form).await);
        // And from a browser that keeps no cookies.
        let bare = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        refused(crate::support::relying_party::answer(bare.post(app.at("/login/password")).form(&form)).await);
        own.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await.code();
    }

    async fn a_login_that_took_too_long_begins_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[("prompt", "login")])).await;
        app.advance(Span::minutes(30));
        visitor.log_in(&page, HANAKO.0, HANAKO.1).await.expect_error_page("flow_expired");
        let over = visitor.get(&page.url).await.expect_error_page("flow_expired");
        // By the button of the page, for the same application.
        let again = visitor.get(&over.attribute("#way-on", "href").unwrap()).await.expect_status(200);
        assert_eq!(visitor.log_in(&again, HANAKO.0, HANAKO.1).await.parameters()["state"], "st-1");
        // Not in another browser, and not the next day.
        let other = app.visitor();
        other.follow(&app.at("/account/profile")).await;
        other.get(&again.url).await.expect_error_page("flow_other_browser");
        app.advance(Span::hours(12));
        let over = visitor.get(&again.url).await.expect_error_page("flow_expired");
        assert_eq!(over.attribute("#way-on", "href").as_deref(), Some("/account/profile"));
    }

    async fn one_pages_seal_does_not_open_another_page(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let login = visitor.follow(&rp.authorize_url(&[("prompt", "login")])).await.form();
        let consent = visitor.follow(&rp.authorize_url(&[])).await.form();
        let logout = visitor.get("/logout").await.form();
        let with = |field: &str, value: &str| {
            let mut form = login.clone();
            form.insert(field.into(), value.into());
            form.insert("decision".into(), "allow".into());
            form
        };
        refused(visitor.post("/login/password", &with("flow", &logout["request"])).await);
        refused(visitor.post("/login/consent", &with("grant", &login["flow"])).await);
        refused(visitor.post("/login/initial-password", &with("step", &consent["grant"])).await);
        refused(visitor.post("/logout", &with("request", &login["flow"])).await);
        visitor.get("/account/profile").await.expect_status(200);
    }

    async fn anothers_consent_page_is_not_ones_own(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.add("jiro", "Test-jiro-1").await;
        let rp = app.third_party().await;
        let hanako = app.visitor_logged_in(HANAKO).await;
        let page = hanako.follow(&rp.authorize_url(&[])).await;
        let jiro = app.visitor_logged_in(("jiro", "Test-jiro-1")).await;
        jiro.get(&page.url).await.expect_error_page("flow_expired");
        let mut form = jiro.follow(&rp.authorize_url(&[])).await.form();
        form.insert("grant".into(), page.form()["grant"].clone());
        form.insert("decision".into(), "allow".into());
        refused(jiro.post("/login/consent", &form).await);
    }

    /// A client that was changed while somebody logged in: the redirect URI is checked again.
    async fn a_redirect_uri_taken_away_meanwhile_is_not_used(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[])).await;
        app.replace_redirect_uri(&rp.id, "https://elsewhere.example.jp/cb").await;
        visitor.log_in(&page, HANAKO.0, HANAKO.1).await.expect_error_page("redirect_uri_mismatch");
    }
}
