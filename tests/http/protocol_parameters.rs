//! The parameters of an authorization request (OpenID Connect Core 1.0, 3.1.2.1), one by one.

use sekisho::config::SecondFactor;
use sekisho::domain::unix_time::Span;
use serde_json::json;

use crate::support::app::HANAKO;
use crate::support::relying_party::{TWO_FACTORS, claims, text};
use crate::support::{Engine, TestApp, on_both_engines};

on_both_engines! {
    async fn a_code_flow_needs_no_nonce(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let answer = rp.redeem(&rp.code(&app.visitor(), HANAKO, &[("nonce", ""), ("state", "")]).await).await;
        assert!(claims(&text(&answer.expect_status(200), "id_token")).get("nonce").is_none());
    }

    async fn prompt_login_and_max_age_ask_for_the_password_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let first = claims(&text(&rp.redeem(&rp.code(&visitor, HANAKO, &[]).await).await, "id_token"));
        for change in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "1"), ("max_age", "0")] {
            app.advance(Span::seconds(2));
            let page = visitor.follow(&rp.authorize_url(&[change])).await;
            assert!(page.location().is_none() && page.form().contains_key("flow"), "{change:?}");
            let code = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await.code();
            let again = claims(&text(&rp.redeem(&code).await, "id_token"));
            assert_eq!(again["auth_time"], app.now().0);
            assert_eq!((&again["sub"], &again["sid"]), (&first["sub"], &first["sid"]));
        }
    }

    /// OpenID Connect Core 1.0, 3.1.2.1: a login as old as the number of seconds at most. None is as young as zero.
    async fn max_age_zero_asks_for_the_password_within_the_very_second_too(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let by_default = app.register(json!({ "default_max_age": 0 }), true).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        for url in [rp.authorize_url(&[("max_age", "0")]), by_default.authorize_url(&[])] {
            visitor.get(&format!("{url}&prompt=none")).await.expect_redirected_error("login_required");
            let page = visitor.follow(&url).await;
            assert!(page.location().is_none() && page.form().contains_key("flow"));
            // The login that was asked for by this very request counts.
            visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await.code();
            visitor.get(&format!("{url}&prompt=none")).await.expect_redirected_error("login_required");
        }
        visitor.get(&rp.authorize_url(&[("max_age", "1"), ("prompt", "none")])).await.code();
    }

    async fn an_acr_that_is_wished_for_is_no_demand(engine: Engine) {
        let app = TestApp::start(engine).await;
        let two = "urn:sekisho:acr:two-factors";
        let rp = app.relying_party().await;
        let by_default = app.register(json!({ "default_acr_values": [two] }), true).await;
        let wish = json!({ "id_token": { "acr": { "values": [two] } } }).to_string();
        let visitor = app.visitor();
        for url in [
            rp.authorize_url(&[("acr_values", two)]),
            rp.authorize_url(&[("acr_values", &format!("1 urn:sekisho:acr:phishing-resistant {two}"))]),
            rp.authorize_url(&[("claims", &wish)]),
            by_default.authorize_url(&[]),
        ] {
            // A member who has no second factor is not made to enrol one, nor is silence refused.
            let page = visitor.follow(&url).await;
            let answer = match page.location() {
                None => visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await,
                Some(_) => page,
            };
            answer.code();
            visitor.get(&format!("{url}&prompt=none")).await.code();
        }
        let code = visitor.get(&rp.authorize_url(&[("acr_values", two)])).await.code();
        assert_eq!(claims(&text(&rp.redeem(&code).await, "id_token"))["acr"], "urn:sekisho:acr:password");
        // Insisted on, it is.
        let page = visitor.follow(&rp.authorize_url(&[TWO_FACTORS])).await;
        assert!(page.form().contains_key("flow"));
        visitor.get(&rp.authorize_url(&[TWO_FACTORS, ("prompt", "none")])).await.expect_redirected_error("login_required");
    }

    async fn a_member_who_has_a_second_factor_is_asked_for_it_when_a_client_wishes(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| settings.authentication.second_factor = SecondFactor::Off).await;
        let two = "urn:sekisho:acr:two-factors";
        let rp = app.relying_party().await;
        let by_default = app.register(json!({ "default_acr_values": [two] }), true).await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[TWO_FACTORS])).await;
        let page = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        let mut form = page.form();
        form.insert("method".into(), "totp".into());
        let chosen = visitor.post("/login/method", &form).await;
        let page = visitor.onward(chosen).await;
        let key = crate::totp::key_on(&page);
        let mut form = page.form();
        form.insert("device_name".into(), "phone".into());
        form.insert("code".into(), crate::totp::code(&app, &key, 0));
        visitor.post("/login/totp-enrolment", &form).await.code();

        for (url, asks) in [
            (rp.authorize_url(&[]), false),
            (rp.authorize_url(&[("acr_values", "urn:sekisho:acr:password")]), false),
            (rp.authorize_url(&[("acr_values", &format!("urn:sekisho:acr:password {two}"))]), false),
            (rp.authorize_url(&[("acr_values", &format!("urn:sekisho:acr:phishing-resistant {two}"))]), true),
            (by_default.authorize_url(&[]), true),
        ] {
            app.advance(Span::minutes(2));
            let visitor = app.visitor();
            rp.code(&visitor, HANAKO, &[]).await;
            let answer = visitor.follow(&url).await;
            assert_eq!(answer.location().is_none(), asks, "{url}");
            // Silence is answered with what there is.
            visitor.get(&format!("{url}&prompt=none")).await.code();
            if asks {
                let page = visitor.log_in_and_follow(&answer, HANAKO.0, HANAKO.1).await;
                assert!(page.url.contains("/login/totp?"), "{}", page.url);
                let mut form = page.form();
                form.insert("code".into(), crate::totp::code(&app, &key, 0));
                visitor.post("/login/totp", &form).await.code();
            }
        }
    }

    async fn hints_reach_the_login_page(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[("login_hint", "hana\"><b>ko"), ("ui_locales", "fr en-GB ja")])).await;
        assert_eq!(page.attribute("#user_id", "value").as_deref(), Some("hana\"><b>ko"));
        assert_eq!(page.attribute("html", "lang").as_deref(), Some("en"));
        assert!(page.body.contains("Example RP"), "the application that asks is named");
        let page = visitor.follow(&rp.authorize_url(&[])).await;
        assert_eq!(page.attribute("html", "lang").as_deref(), Some("ja"));
        assert!(page.body.contains("テストポータル"));
    }

    async fn a_client_may_send_its_secret_in_the_form(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.register(json!({ "token_endpoint_auth_method": "client_secret_post" }), true).await;
        let code = rp.code(&app.visitor(), HANAKO, &[]).await;
        rp.redeem(&code).await.expect_status(200);
    }

    async fn an_essential_acr_that_can_not_be_reached_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let asked = r#"{"id_token":{"acr":{"essential":true,"values":["urn:example:gold"]}}}"#;
        app.visitor().get(&rp.authorize_url(&[("claims", asked)])).await.expect_redirected_error("unmet_authentication_requirements");
    }
}
