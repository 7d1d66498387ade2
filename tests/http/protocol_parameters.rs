//! The parameters of an authorization request (OpenID Connect Core 1.0, 3.1.2.1), one by one.

use sekisho::domain::unix_time::Span;
use serde_json::json;

use crate::support::app::HANAKO;
use crate::support::relying_party::{claims, text};
use crate::support::{Engine, TestApp, on_both_engines};

on_both_engines! {
    async fn a_code_flow_needs_no_nonce(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let answer = rp.redeem(&rp.code(&app.visitor(), HANAKO, &[("nonce", ""), ("state", "")]).await).await;
        assert!(claims(&text(&answer.expect_status(200), "id_token")).get("nonce").is_none());
    }

    async fn parameters_that_change_nothing_are_accepted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        for change in [
            ("display", "page"),
            ("display", "popup"),
            ("claims_locales", "ja en"),
            ("ui_locales", "se"),
            ("extra", "foobar"),
            ("scope", "phone openid email"),
            ("acr_values", "urn:sekisho:acr:password 1 2"),
            ("id_token_hint", ""),
        ] {
            let code = visitor.get(&rp.authorize_url(&[change])).await.code();
            let tokens = rp.redeem(&code).await.expect_status(200);
            let id_token = claims(&text(&tokens, "id_token"));
            assert_eq!(id_token["acr"], "urn:sekisho:acr:password");
            assert_eq!(id_token["amr"], json!(["pwd"]));
        }
    }

    async fn prompt_none_succeeds_only_for_who_is_logged_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        visitor.get(&rp.authorize_url(&[("prompt", "none")])).await.expect_redirected_error("login_required");
        let first = rp.redeem(&rp.code(&visitor, HANAKO, &[]).await).await;
        app.advance(Span::minutes(5));
        let hint = text(&first, "id_token");
        let before = claims(&hint);
        for change in [&[("prompt", "none")][..], &[("prompt", "none"), ("id_token_hint", &hint)]] {
            let code = visitor.get(&rp.authorize_url(change)).await.code();
            let after = claims(&text(&rp.redeem(&code).await, "id_token"));
            for claim in ["sub", "auth_time", "sid"] {
                assert_eq!(before[claim], after[claim], "{claim}");
            }
        }
        // Another client's token is no hint for this one.
        let other = app.relying_party().await;
        let url = other.authorize_url(&[("prompt", "none"), ("id_token_hint", &hint)]);
        visitor.get(&url).await.expect_redirected_error("invalid_request");
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
            let silent = visitor.get(&rp.authorize_url(&[change, ("prompt", "none")])).await;
            match change {
                ("max_age", "0") => assert!(silent.parameters().contains_key("code"), "still this very second"),
                _ => assert!(silent.location().is_some()),
            }
        }
    }

    async fn a_young_enough_login_is_kept(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let first = claims(&text(&rp.redeem(&rp.code(&visitor, HANAKO, &[("max_age", "10000")]).await).await, "id_token"));
        app.advance(Span::minutes(30));
        let code = visitor.get(&rp.authorize_url(&[("max_age", "10000")])).await.code();
        let second = claims(&text(&rp.redeem(&code).await, "id_token"));
        assert!(first["auth_time"].is_i64());
        assert_eq!(first["auth_time"], second["auth_time"]);
        // A client may set its own bound.
        let strict = app.register(json!({ "default_max_age": 60 }), true).await;
        let page = visitor.follow(&strict.authorize_url(&[])).await;
        assert!(page.form().contains_key("flow"));
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
        app.visitor().get(&rp.authorize_url(&[("claims", asked)])).await.expect_redirected_error("access_denied");
    }
}
