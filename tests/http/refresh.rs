//! Refresh tokens: rotation, reuse, races (RFC 6749, 6; RFC 9700, 4.14.2).

use std::collections::BTreeSet;

use sekisho::domain::unix_time::Span;

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, claims, text};
use crate::support::{Engine, TestApp, on_both_engines};

async fn refresh_token(app: &TestApp, rp: &RelyingParty) -> String {
    let code = rp.code(&app.visitor(), HANAKO, &[("scope", "openid email offline_access")]).await;
    text(&rp.redeem(&code).await.expect_status(200), "refresh_token")
}

on_both_engines! {
    async fn each_use_gives_a_new_token_for_the_same_login(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let code = rp.code(&app.visitor(), HANAKO, &[("scope", "openid email offline_access")]).await;
        let first = rp.redeem(&code).await.expect_status(200);
        app.advance(Span::days(1));
        let second = rp.refresh(&text(&first, "refresh_token")).await.expect_status(200);
        assert_ne!(text(&first, "refresh_token"), text(&second, "refresh_token"));
        let (before, after) = (claims(&text(&first, "id_token")), claims(&text(&second, "id_token")));
        for claim in ["iss", "sub", "aud", "auth_time", "sid"] {
            assert_eq!(before[claim], after[claim], "{claim}");
        }
        assert_eq!(after["iat"], app.now().0);
        assert_eq!((before["nonce"].as_str(), after.get("nonce")), (Some("no-1"), None), "it has done its work");
        rp.userinfo(&text(&second, "access_token")).await.expect_status(200);
    }

    async fn an_old_token_ends_the_whole_chain(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let stolen = refresh_token(&app, &rp).await;
        let second = rp.refresh(&stolen).await.expect_status(200);
        let third = rp.refresh(&text(&second, "refresh_token")).await.expect_status(200);
        rp.refresh(&stolen).await.expect_oauth_error(400, "invalid_grant");
        rp.refresh(&text(&third, "refresh_token")).await.expect_oauth_error(400, "invalid_grant");
        rp.userinfo(&text(&third, "access_token")).await.expect_status(401);
    }

    async fn a_lost_answer_is_given_again_for_a_moment(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let token = refresh_token(&app, &rp).await;
        let lost = rp.refresh(&token).await.expect_status(200);
        app.advance(Span::seconds(10));
        let again = rp.refresh(&token).await.expect_status(200);
        assert_eq!(text(&lost, "refresh_token"), text(&again, "refresh_token"), "one live descendant");
        app.advance(Span::seconds(1));
        rp.refresh(&token).await.expect_oauth_error(400, "invalid_grant");
        rp.refresh(&text(&again, "refresh_token")).await.expect_oauth_error(400, "invalid_grant");
    }

    async fn thirty_two_at_once_never_have_two_live_descendants(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let token = refresh_token(&app, &rp).await;
        let answers = futures::future::join_all((0..32).map(|_| rp.refresh(&token))).await;
        let descendants: BTreeSet<String> =
            answers.iter().filter(|a| a.status == 200).map(|a| text(a, "refresh_token")).collect();
        assert_eq!(descendants.len(), 1, "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
        rp.refresh(descendants.first().unwrap()).await.expect_status(200);
    }

    async fn another_client_can_neither_use_nor_end_a_token(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (rp, other) = (app.relying_party().await, app.relying_party().await);
        let token = refresh_token(&app, &rp).await;
        other.refresh(&token).await.expect_oauth_error(400, "invalid_grant");
        let next = text(&rp.refresh(&token).await.expect_status(200), "refresh_token");
        other.refresh(&token).await.expect_oauth_error(400, "invalid_grant");
        rp.refresh(&next).await.expect_status(200);
    }

    async fn a_wider_scope_is_refused_and_a_narrower_one_given(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let token = refresh_token(&app, &rp).await;
        let with_scope = |token: String, scope: &'static str| {
            let rp = &rp;
            async move {
                rp.request("/token", &[("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", scope)]).await
            }
        };
        with_scope(token.clone(), "openid email phone").await.expect_oauth_error(400, "invalid_scope");
        with_scope(token.clone(), "openid profile").await.expect_oauth_error(400, "invalid_scope");
        let narrow = with_scope(token, "openid").await.expect_status(200);
        assert_eq!(narrow.json()["scope"], "openid");
        let userinfo = rp.userinfo(&text(&narrow, "access_token")).await.expect_status(200).json();
        assert!(userinfo.get("email").is_none());
        assert!(narrow.json().get("id_token").is_some());
        let below = with_scope(text(&narrow, "refresh_token"), "email").await.expect_status(200);
        assert_eq!(below.json().get("id_token"), None, "this is no OpenID Connect request any more");
        rp.userinfo(&text(&below, "access_token")).await.expect_oauth_error(403, "insufficient_scope");
    }

    async fn a_token_ends_when_unused_and_after_its_absolute_time(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let unused = refresh_token(&app, &rp).await;
        app.advance(Span::days(30));
        rp.refresh(&unused).await.expect_oauth_error(400, "invalid_grant");

        let mut token = refresh_token(&app, &rp).await;
        for _ in 0..6 {
            app.advance(Span::days(29));
            token = text(&rp.refresh(&token).await.expect_status(200), "refresh_token");
        }
        app.advance(Span::days(7));
        rp.refresh(&token).await.expect_oauth_error(400, "invalid_grant");
    }

    async fn forged_and_foreign_tokens_are_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let token = refresh_token(&app, &rp).await;
        let other = TestApp::start(engine).await;
        let other_rp = other.relying_party().await;
        let foreign = refresh_token(&other, &other_rp).await;
        for forged in [token.replace(".1.", ".2."), format!("{token}x"), foreign, "skr_x".into(), "x".into()] {
            rp.refresh(&forged).await.expect_oauth_error(400, "invalid_grant");
        }
        rp.refresh(&token).await.expect_status(200);
    }

    async fn a_locked_member_is_not_refreshed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let token = refresh_token(&app, &rp).await;
        app.lock_account(HANAKO.0).await;
        rp.refresh(&token).await.expect_oauth_error(400, "invalid_grant");
    }
}
