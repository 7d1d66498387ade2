//! Codes and what is issued for them (RFC 6749, 4.1.3; OpenID Connect Core 1.0, 3.1.3).

use crate::support::app::HANAKO;
use crate::support::relying_party::{claims, text};
use crate::support::{Engine, TestApp, on_both_engines};

on_both_engines! {
    async fn a_member_logs_in_and_the_relying_party_gets_tokens(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let code = rp.code(&app.visitor(), HANAKO, &[("scope", "openid email")]).await;
        let answer = rp.redeem(&code).await.expect_status(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.json()["token_type"], "Bearer");
        let id_token = claims(&text(&answer, "id_token"));
        assert_eq!(id_token["iss"], app.issuer.as_str());
        assert_eq!(id_token["nonce"], "no-1");
        assert_eq!(id_token["auth_time"], app.now().0);
        assert!(id_token.get("email").is_none(), "claims are for userinfo");
        let userinfo = rp.userinfo(&text(&answer, "access_token")).await.expect_status(200).json();
        assert_eq!(userinfo["sub"], id_token["sub"]);
        assert_eq!(userinfo["email"], "hanako@example.jp");
        assert!(userinfo.get("name").is_none());
    }
}
