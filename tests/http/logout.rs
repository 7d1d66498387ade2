//! `/logout` (OpenID Connect RP-Initiated Logout 1.0).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho::domain::unix_time::Span;

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, text};
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

const BYE: &str = "https://rp.example.jp/logged-out";

fn logout_url(parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/logout?{query}")
}

/// A member logged in at a relying party: the browser, and the ID token.
async fn logged_in(app: &TestApp, rp: &RelyingParty) -> (Visitor, Answer) {
    let visitor = app.visitor();
    let code = rp.code(&visitor, HANAKO, &[("scope", "openid offline_access")]).await;
    (visitor, rp.redeem(&code).await.expect_status(200))
}

async fn still_logged_in(visitor: &Visitor, rp: &RelyingParty) -> bool {
    let answer = visitor.get(&rp.authorize_url(&[("prompt", "none")])).await;
    answer.parameters().contains_key("code")
}

on_both_engines! {
    async fn with_a_hint_the_member_is_logged_out_and_returned_with_the_state(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let state = "s".repeat(128);
        let (visitor, tokens) = logged_in(&app, &rp).await;
        assert!(still_logged_in(&visitor, &rp).await);
        let hint = text(&tokens, "id_token");
        let url = logout_url(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE), ("state", &state)]);
        let answer = visitor.get(&url).await.expect_status(303);
        assert_eq!(answer.location(), Some(format!("{BYE}?state={state}").as_str()));
        visitor.get(&rp.authorize_url(&[("prompt", "none")])).await.expect_redirected_error("login_required");
        // Offline access was granted to outlive the session.
        rp.refresh(&text(&tokens, "refresh_token")).await.expect_status(200);

        let (visitor, tokens) = logged_in(&app, &rp).await;
        let hint = text(&tokens, "id_token");
        let answer = visitor.get(&logout_url(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])).await;
        assert_eq!(answer.location(), Some(BYE), "no state asked for, none returned");
        assert!(!still_logged_in(&visitor, &rp).await);
    }

    async fn an_expired_hint_is_as_good_and_post_as_good_as_get(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let (visitor, tokens) = logged_in(&app, &rp).await;
        app.advance(Span::minutes(50));
        let form = [("id_token_hint", text(&tokens, "id_token")), ("post_logout_redirect_uri", BYE.into()), ("client_id", rp.id.clone())]
            .map(|(name, value)| (name.to_owned(), value));
        // From another site no cookie of ours comes along: it is asked for again by GET.
        let bare = app.visitor().post("/logout", &form.clone().into_iter().collect()).await.expect_status(303);
        assert!(!bare.headers.contains_key("set-cookie") && still_logged_in(&visitor, &rp).await);
        let answer = visitor.get(bare.location().unwrap()).await;
        assert_eq!(answer.location(), Some(BYE));
        assert!(!still_logged_in(&visitor, &rp).await);
    }

    async fn an_unregistered_address_is_never_gone_to(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let (visitor, tokens) = logged_in(&app, &rp).await;
        let hint = text(&tokens, "id_token");
        for uri in ["https://evil.example/", "https://rp.example.jp/logged-out?foo=bar", "https://rp.example.jp/logged-out/", "javascript:alert(1)"] {
            let url = logout_url(&[("id_token_hint", &hint), ("post_logout_redirect_uri", uri), ("state", "x")]);
            visitor.get(&url).await.expect_error_page("post_logout_redirect_uri_mismatch");
        }
        assert!(still_logged_in(&visitor, &rp).await);
    }

    async fn a_hint_that_is_not_ours_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (rp, other) = (app.relying_party().await, app.relying_party().await);
        let (visitor, tokens) = logged_in(&app, &rp).await;
        let hint = text(&tokens, "id_token");
        let payload = hint.split('.').nth(1).unwrap();
        let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
        let foreign_app = TestApp::start(engine).await;
        let foreign_rp = foreign_app.relying_party().await;
        let (_, foreign) = logged_in(&foreign_app, &foreign_rp).await;
        // The same keys, in tests, but another issuer; and with another signature.
        let (head, _) = hint.rsplit_once('.').unwrap();
        let (_, signature) = text(&foreign, "id_token").rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        for bad in [unsigned, format!("{head}.{signature}"), text(&tokens, "access_token"), "x".into()] {
            let url = logout_url(&[("id_token_hint", &bad), ("post_logout_redirect_uri", BYE), ("state", "x")]);
            visitor.get(&url).await.expect_error_page("logout_hint_invalid");
        }
        let url = logout_url(&[("id_token_hint", &text(&foreign, "id_token")), ("post_logout_redirect_uri", BYE)]);
        visitor.get(&url).await.expect_error_page("logout_hint_invalid");
        let url = logout_url(&[("id_token_hint", &hint), ("client_id", &other.id), ("post_logout_redirect_uri", BYE)]);
        visitor.get(&url).await.expect_error_page("logout_hint_invalid");
        assert!(still_logged_in(&visitor, &rp).await);
    }

    async fn without_a_hint_the_member_is_asked_and_may_stay(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        for parameters in [&[][..], &[("state", "x")], &[("post_logout_redirect_uri", BYE), ("state", "x")]] {
            let (visitor, _) = logged_in(&app, &rp).await;
            let page = visitor.get(&logout_url(parameters)).await.expect_status(200);
            assert!(still_logged_in(&visitor, &rp).await);
            let mut form = page.form();
            form.insert("decision".into(), "stay".into());
            visitor.post("/logout", &form).await;
            assert!(still_logged_in(&visitor, &rp).await);
            form.insert("decision".into(), "logout".into());
            let done = visitor.post("/logout", &form).await.expect_status(200);
            assert_eq!(done.location(), None);
            assert!(!still_logged_in(&visitor, &rp).await);
        }
        // A client that names itself without proof: the member is asked, and returned only then.
        let (visitor, _) = logged_in(&app, &rp).await;
        let url = logout_url(&[("client_id", &rp.id), ("post_logout_redirect_uri", BYE), ("state", "x")]);
        let mut form = visitor.get(&url).await.expect_status(200).form();
        form.insert("decision".into(), "logout".into());
        assert_eq!(visitor.post("/logout", &form).await.location(), Some("https://rp.example.jp/logged-out?state=x"));
    }

    async fn another_site_can_not_log_a_member_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let (visitor, _) = logged_in(&app, &rp).await;
        let (_, others) = logged_in(&app, &rp).await;
        let form = |csrf: &str| [("csrf".to_owned(), csrf.to_owned()), ("decision".to_owned(), "logout".to_owned())].into_iter().collect();
        visitor.post("/logout", &form("guessed")).await.expect_error_page("form_expired");
        assert!(still_logged_in(&visitor, &rp).await);
        // A hint of the same member's other login is proof enough of who asks; another browser's session stays.
        let elsewhere = app.visitor_logged_in(HANAKO).await;
        visitor.get(&logout_url(&[("id_token_hint", &text(&others, "id_token"))])).await.expect_status(200);
        assert!(!still_logged_in(&visitor, &rp).await);
        assert!(still_logged_in(&elsewhere, &rp).await);
    }

    async fn who_is_logged_out_already_is_told_so(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = visitor.get("/logout").await.expect_status(200);
        assert!(page.text("h1").is_some() && page.location().is_none());
        let page = visitor.get(&logout_url(&[("post_logout_redirect_uri", "https://evil.example/")])).await;
        assert_eq!(page.location(), None);
    }
}
