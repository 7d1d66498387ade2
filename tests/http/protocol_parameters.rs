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
