//! The member's own account: the authentication method and authenticator apps (product.md 1.5 and 1.9).

use sekisho::config::SecondFactor;
use sekisho::domain::unix_time::Span;

use crate::support::app::HANAKO;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};
use crate::totp::{code, key_on};

async fn send(visitor: &Visitor, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut form = page.form();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    visitor.post(path, &form).await
}

/// Adds an app from the profile; the address of its removal.
async fn add_device(app: &TestApp, visitor: &Visitor, name: &str) -> String {
    let page = visitor.get("/account/totp-enrolment").await.expect_status(200);
    let code = code(app, &key_on(&page), 0);
    let done = send(visitor, &page, "/account/totp-enrolment", &[("device_name", name), ("code", &code)]).await;
    assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
    let profile = visitor.get("/account/profile").await;
    profile.attribute("#devices li:last-child a", "href").unwrap()
}

on_both_engines! {
    async fn choosing_a_method_that_is_not_enrolled_leads_into_its_enrolment_and_makes_it_the_method(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let profile = visitor.get("/account/profile").await;
        let to = send(&visitor, &profile, "/account/authentication-method", &[("method", "totp")]).await;
        assert_eq!(to.location(), Some("/account/totp-enrolment"));
        add_device(&app, &visitor, "phone").await;
        let profile = visitor.get("/account/profile").await;
        assert_eq!(profile.attribute("#method option[selected]", "value").as_deref(), Some("totp"));
        let to = send(&visitor, &profile, "/account/authentication-method", &[("method", "email")]).await;
        assert_eq!(to.location(), Some("/account/profile?changed=1"));
        assert!(app.mails_to("hanako@example.jp").await.len() >= 2, "each change is mailed");
        // The next login asks for what was chosen.
        let other = app.visitor();
        let page = other.follow(&app.at("/account/profile")).await;
        let page = other.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        assert!(page.url.contains("/login/email-code?"), "{}", page.url);
        assert!(page.body.contains("/login/totp?step="), "the other method is offered");
    }

    async fn changes_need_a_fresh_login_that_leads_back(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let profile = visitor.get("/account/profile").await;
        app.advance(Span::minutes(10));
        visitor.get("/account/profile").await.expect_status(200);
        let confirm = send(&visitor, &profile, "/account/authentication-method", &[("method", "email")]).await;
        assert!(confirm.location().unwrap().starts_with("/login/password?flow="));
        assert_eq!(app.rows("members WHERE email_method_at IS NOT NULL").await, 0);
        let page = visitor.follow(&app.at("/account/totp-enrolment")).await;
        assert_eq!(page.attribute("#user_id", "value").as_deref(), Some("hanako"));
        let back = visitor.log_in(&page, HANAKO.0, HANAKO.1).await;
        assert_eq!(back.location(), Some("/account/totp-enrolment"));
        app.visitor().get("/account/totp-enrolment").await.expect_status(303);
    }

    async fn a_device_is_removed_but_not_the_last_factor_nor_another_member_s(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Optional;
        })
        .await;
        app.add("jiro", "Test-jiro-11").await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let removal = add_device(&app, &visitor, "old phone").await;
        let other = app.visitor_logged_in(("jiro", "Test-jiro-11")).await;
        other.get(&removal).await.expect_status(404);
        let csrf = other.get("/account/profile").await;
        send(&other, &csrf, &removal, &[]).await.expect_status(404);
        assert_eq!(app.rows("totp_devices").await, 1);
        let page = visitor.get(&removal).await.expect_status(200);
        assert!(page.text("h1").unwrap().contains("old phone"));
        assert_eq!(send(&visitor, &page, &removal, &[]).await.location(), Some("/account/profile"));
        assert_eq!(app.rows("totp_devices").await, 0);
        visitor.get(&removal).await.expect_status(404);

        let strict = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
        })
        .await;
        let visitor = strict.visitor();
        let page = visitor.follow(&strict.at("/account/profile")).await;
        let page = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        let chosen = send(&visitor, &page, "/login/method", &[("method", "totp")]).await;
        let page = visitor.onward(chosen).await;
        let code = code(&strict, &key_on(&page), 0);
        send(&visitor, &page, "/login/totp-enrolment", &[("device_name", "only"), ("code", &code)]).await;
        let profile = visitor.get("/account/profile").await.expect_status(200);
        let removal = profile.attribute("#devices li a", "href").unwrap();
        let page = visitor.get(&removal).await;
        let refused = send(&visitor, &page, &removal, &[]).await.expect_status(422);
        assert!(refused.text("#error").is_some());
        assert_eq!(strict.rows("totp_devices").await, 1);
    }
}
