//! `/userinfo`, `/introspect` and `/revoke`: what a token is good for, and until when.

use sekisho::domain::unix_time::Span;
use serde_json::{Value, json};

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, answer, text};
use crate::support::visitor::Answer;
use crate::support::{Engine, TestApp, on_both_engines};

async fn tokens(app: &TestApp, rp: &RelyingParty, change: &[(&str, &str)]) -> Answer {
    rp.redeem(&rp.code(&app.visitor(), HANAKO, change).await).await.expect_status(200)
}

fn names(claims: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

on_both_engines! {
    async fn a_token_is_taken_in_the_header_or_in_the_form_but_not_in_both(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let token = text(&tokens(&app, &rp, &[]).await, "access_token");
        let http = reqwest::Client::new();
        let url = app.at("/userinfo");
        let got = answer(http.get(&url).bearer_auth(&token)).await.expect_status(200);
        assert_eq!(got.header("content-type"), Some("application/json"));
        let lower = answer(http.get(&url).header("authorization", format!("bearer {token}"))).await.expect_status(200);
        let by_post = answer(http.post(&url).bearer_auth(&token)).await.expect_status(200);
        let in_form = answer(http.post(&url).form(&[("access_token", &token)])).await.expect_status(200);
        for other in [lower, by_post, in_form] {
            assert_eq!(other.body, got.body);
        }
        let both = http.post(&url).bearer_auth(&token).form(&[("access_token", &token)]);
        answer(both).await.expect_oauth_error(400, "invalid_request");
        let in_query = answer(http.get(format!("{url}?access_token={token}"))).await.expect_status(401);
        assert_eq!(in_query.header("www-authenticate"), Some("Bearer"), "no token, no error code");
    }

    async fn what_is_no_good_access_token_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let answer = tokens(&app, &rp, &[]).await;
        let machine = app.register(json!({ "grant_types": ["client_credentials"], "scope": "profile" }), true).await;
        let own = machine.request("/token", &[("grant_type", "client_credentials")]).await.expect_status(200);
        let access = text(&answer, "access_token");
        let (head, tail) = access.rsplit_once('.').unwrap();
        for bad in ["x", &text(&answer, "id_token"), &text(&own, "access_token"), &format!("{head}."), &format!("{head}.A{tail}")] {
            let refused = rp.userinfo(bad).await.expect_oauth_error(401, "invalid_token");
            assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer error=\"invalid_token\""));
        }
        app.advance(Span::minutes(10));
        rp.userinfo(&access).await.expect_oauth_error(401, "invalid_token");
    }

    async fn a_token_without_openid_is_not_enough(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let answer = tokens(&app, &rp, &[("scope", "profile")]).await;
        assert!(answer.json().get("id_token").is_none(), "plain OAuth");
        rp.userinfo(&text(&answer, "access_token")).await.expect_oauth_error(403, "insufficient_scope");
    }

    async fn each_scope_lets_its_own_claims_through(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let profile = [
            "birthdate", "family_name", "gender", "given_name", "locale", "middle_name", "name", "nickname", "picture",
            "preferred_username", "profile", "sub", "updated_at", "website", "zoneinfo",
        ];
        for (scope, expected) in [
            ("openid", vec!["sub"]),
            ("openid profile", profile.to_vec()),
            ("openid email", vec!["email", "email_verified", "sub"]),
            ("openid address", vec!["address", "sub"]),
            ("openid phone", vec!["phone_number", "phone_number_verified", "sub"]),
        ] {
            let token = text(&tokens(&app, &rp, &[("scope", scope)]).await, "access_token");
            let claims = rp.userinfo(&token).await.expect_status(200).json();
            assert_eq!(names(&claims), expected, "{scope}");
        }
        let all = tokens(&app, &rp, &[("scope", "openid profile email address phone")]).await;
        let claims = rp.userinfo(&text(&all, "access_token")).await.json();
        assert!(claims["updated_at"].is_i64() && claims["email_verified"] == true && claims["phone_number_verified"] == true);
        assert_eq!(claims["address"]["country"], "JP");
        assert_eq!(claims["preferred_username"], "hanako");
    }

    async fn single_claims_can_be_asked_for(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let asked = r#"{"userinfo":{"name":{"essential":true},"unheard_of":null},"id_token":{"email":null}}"#;
        let answer = tokens(&app, &rp, &[("claims", asked)]).await;
        let claims = rp.userinfo(&text(&answer, "access_token")).await.json();
        assert_eq!(names(&claims), ["name", "sub"]);
        let id_token = crate::support::relying_party::claims(&text(&answer, "id_token"));
        assert_eq!(id_token["email"], "hanako@example.jp");
        assert!(id_token.get("name").is_none());
    }

    async fn a_locked_members_tokens_stop_working(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let answer = rp.redeem(&rp.code(&visitor, HANAKO, &[]).await).await;
        let token = text(&answer, "access_token");
        app.lock_account("hanako").await;
        rp.userinfo(&token).await.expect_status(401);
        assert_eq!(rp.introspect(&token).await, json!({ "active": false }));
        visitor.get("/account/profile").await.expect_status(303);
        visitor.get(&rp.authorize_url(&[("prompt", "none")])).await.expect_redirected_error("login_required");
    }

    async fn a_client_is_told_about_its_own_tokens_only(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (rp, other) = (app.relying_party().await, app.relying_party().await);
        let answer = tokens(&app, &rp, &[("scope", "openid email offline_access")]).await;
        let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
        let seen = rp.introspect(&access).await;
        assert_eq!(seen["active"], true);
        assert_eq!(seen["client_id"], rp.id.as_str());
        assert_eq!(seen["username"], "hanako");
        assert_eq!(seen["scope"], "openid email offline_access");
        assert_eq!(rp.introspect(&refresh).await["active"], true);
        let inactive = json!({ "active": false });
        for token in [&access, &refresh, &"x".to_owned(), &text(&answer, "id_token")] {
            assert_eq!(other.introspect(token).await, inactive);
        }
        let public = app.register(json!({ "token_endpoint_auth_method": "none" }), true).await;
        public.request("/introspect", &[("token", &access)]).await.expect_oauth_error(401, "invalid_client");
        rp.request("/introspect", &[]).await.expect_oauth_error(400, "invalid_request");
        app.advance(Span::minutes(10));
        assert_eq!(rp.introspect(&access).await, inactive);
    }

    async fn revoking_ends_a_token_and_only_ones_own(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (rp, other) = (app.relying_party().await, app.relying_party().await);
        let answer = tokens(&app, &rp, &[("scope", "openid offline_access")]).await;
        let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
        for token in [&access, &refresh] {
            other.request("/revoke", &[("token", token)]).await.expect_status(200);
        }
        rp.userinfo(&access).await.expect_status(200);
        rp.request("/revoke", &[("token", &access)]).await.expect_status(200);
        rp.userinfo(&access).await.expect_status(401);
        let second = rp.refresh(&refresh).await.expect_status(200);
        rp.request("/revoke", &[("token", &text(&second, "refresh_token"))]).await.expect_status(200);
        rp.userinfo(&text(&second, "access_token")).await.expect_status(401);
        rp.refresh(&text(&second, "refresh_token")).await.expect_oauth_error(400, "invalid_grant");
        rp.request("/revoke", &[("token", "unknown")]).await.expect_status(200);
        rp.request("/revoke", &[]).await.expect_oauth_error(400, "invalid_request");
    }
}
