//! Codes and what is issued for them (RFC 6749, 4.1.3, 5.2 and 10.5; OpenID Connect Core 1.0, 3.1.3).

use sekisho::domain::unix_time::Span;
use serde_json::json;

use crate::support::app::HANAKO;
use crate::support::relying_party::{answer, claims, text};
use crate::support::{Engine, TestApp, on_both_engines};

// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

on_both_engines! {
    async fn a_member_logs_in_and_the_relying_party_gets_tokens(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let code = rp.code(&app.visitor(), HANAKO, &[("scope", "openid email")]).await;
        let answer = rp.redeem(&code).await.expect_status(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.json()["token_type"], "Bearer");
        assert!(answer.json().get("refresh_token").is_none(), "nobody asked for offline_access");
        let id_token = claims(&text(&answer, "id_token"));
        assert_eq!(id_token["iss"], app.issuer.as_str());
        assert_eq!(id_token["nonce"], "no-1");
        assert_eq!(id_token["aud"], rp.id.as_str(), "a plain text");
        assert_eq!(id_token["auth_time"], app.now().0);
        assert!(id_token.get("email").is_none(), "claims are for userinfo");
        let userinfo = rp.userinfo(&text(&answer, "access_token")).await.expect_status(200).json();
        assert_eq!(userinfo["sub"], id_token["sub"]);
        assert_eq!(userinfo["email"], "hanako@example.jp");
        assert!(userinfo.get("name").is_none());
    }

    async fn a_code_presented_twice_revokes_what_it_gave_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let code = rp.code(&app.visitor(), HANAKO, &[("scope", "openid offline_access")]).await;
        let first = rp.redeem(&code).await.expect_status(200);
        app.advance(Span::seconds(30));
        rp.redeem(&code).await.expect_oauth_error(400, "invalid_grant");
        rp.userinfo(&text(&first, "access_token")).await.expect_status(401);
        rp.refresh(&text(&first, "refresh_token")).await.expect_oauth_error(400, "invalid_grant");
    }

    async fn another_client_can_neither_redeem_a_code_nor_end_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (rp, other) = (app.relying_party().await, app.relying_party().await);
        let code = rp.code(&app.visitor(), HANAKO, &[]).await;
        let theft = other.redeem_with(&code, &[("redirect_uri", &rp.redirect_uri)]).await;
        theft.expect_oauth_error(400, "invalid_grant");
        let tokens = rp.redeem(&code).await.expect_status(200);
        other.redeem_with(&code, &[("redirect_uri", &rp.redirect_uri)]).await.expect_oauth_error(400, "invalid_grant");
        rp.userinfo(&text(&tokens, "access_token")).await.expect_status(200);
    }

    async fn a_code_is_bound_to_its_redirect_uri_and_its_time(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.register(json!({ "redirect_uris": ["https://rp.example.jp/cb", "https://rp.example.jp/cb2"] }), true).await;
        let visitor = app.visitor();
        let code = rp.code(&visitor, HANAKO, &[]).await;
        for uri in ["", "https://rp.example.jp/cb2", "https://rp.example.jp/cb/"] {
            rp.redeem_with(&code, &[("redirect_uri", uri)]).await.expect_oauth_error(400, "invalid_grant");
        }
        rp.redeem(&code).await.expect_status(200);
        let late = rp.code(&visitor, HANAKO, &[]).await;
        app.advance(Span::seconds(60));
        rp.redeem(&late).await.expect_oauth_error(400, "invalid_grant");
    }

    async fn of_sixteen_who_redeem_at_once_one_wins(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        for _ in 0..3 {
            let code = rp.code(&visitor, HANAKO, &[]).await;
            let answers = futures::future::join_all((0..16).map(|_| rp.redeem(&code))).await;
            let won = answers.iter().filter(|a| a.status == 200).count();
            assert_eq!(won, 1, "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
            for lost in answers.into_iter().filter(|a| a.status != 200) {
                lost.expect_oauth_error(400, "invalid_grant");
            }
        }
    }

    async fn pkce_binds_a_code_to_who_asked(engine: Engine) {
        let app = TestApp::start(engine).await;
        let public = app.register(json!({ "token_endpoint_auth_method": "none" }), true).await;
        let visitor = app.visitor();
        let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
        let code = public.code(&visitor, HANAKO, &pkce).await;
        for verifier in ["", CHALLENGE, "too-short"] {
            public.redeem_with(&code, &[("code_verifier", verifier)]).await.expect_oauth_error(400, "invalid_grant");
        }
        public.redeem_with(&code, &[("code_verifier", VERIFIER)]).await.expect_status(200);
        let plain = [("code_challenge", VERIFIER), ("code_challenge_method", "plain")];
        visitor.get(&public.authorize_url(&plain)).await.expect_redirected_error("invalid_request");
        visitor.get(&public.authorize_url(&[])).await.expect_redirected_error("invalid_request");
        // Where the request had no challenge, a verifier shows that somebody took it away.
        let confidential = app.relying_party().await;
        let code = confidential.code(&visitor, HANAKO, &[]).await;
        let downgraded = confidential.redeem_with(&code, &[("code_verifier", VERIFIER)]).await;
        downgraded.expect_oauth_error(400, "invalid_grant");
    }

    async fn each_error_of_the_token_endpoint_has_its_code(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let code = ("code", "skc_x");
        rp.request("/token", &[code]).await.expect_oauth_error(400, "invalid_request");
        rp.request("/token", &[("grant_type", "authorization_code")]).await.expect_oauth_error(400, "invalid_request");
        rp.request("/token", &[("grant_type", "password"), ("username", "hanako"), ("password", HANAKO.1)])
            .await
            .expect_oauth_error(400, "unsupported_grant_type");
        rp.request("/token", &[("grant_type", "client_credentials")]).await.expect_oauth_error(400, "unauthorized_client");
        rp.redeem("skc_unknown").await.expect_oauth_error(400, "invalid_grant");
        rp.request("/token", &[("grant_type", "authorization_code"), code, ("code", "again")])
            .await
            .expect_oauth_error(400, "invalid_request");
        let machine = app.register(json!({ "grant_types": ["client_credentials"], "scope": "profile" }), true).await;
        machine
            .request("/token", &[("grant_type", "client_credentials"), ("scope", "email")])
            .await
            .expect_oauth_error(400, "invalid_scope");
        let own = machine.request("/token", &[("grant_type", "client_credentials")]).await.expect_status(200);
        assert_eq!(own.json().get("scope"), None, "nothing about members goes to who did not ask, and none is no scope");
        assert_eq!(claims(&text(&own, "access_token")).get("scope"), None);
        let described = machine.introspect(&text(&own, "access_token")).await;
        assert_eq!((described.get("scope"), described.get("username")), (None, None));
    }

    async fn a_client_that_fails_to_authenticate_learns_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let secret = rp.secret.clone().unwrap();
        let post = |fields: Vec<(&'static str, String)>, basic: Option<(String, String)>| {
            let mut request = reqwest::Client::new().post(app.at("/token")).form(&fields);
            if let Some((id, secret)) = basic {
                request = request.basic_auth(id, Some(secret));
            }
            crate::support::relying_party::answer(request)
        };
        let grant = ("grant_type", "authorization_code".to_owned());
        let wrong = post(vec![grant.clone()], Some((rp.id.clone(), "wrong".into()))).await;
        let unknown = post(vec![grant.clone()], Some(("nobody".into(), "wrong".into()))).await;
        assert_eq!(wrong.body, unknown.body);
        let wrong = wrong.expect_oauth_error(401, "invalid_client");
        assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic"));
        unknown.expect_oauth_error(401, "invalid_client");
        // However it tries, it is told the scheme (RFC 9110, 15.5.2).
        let in_form = vec![grant.clone(), ("client_id", rp.id.clone()), ("client_secret", "wrong".to_owned())];
        for tried in [in_form, vec![grant.clone(), ("client_id", rp.id.clone())], vec![grant.clone()]] {
            let refused = post(tried, None).await.expect_oauth_error(401, "invalid_client");
            assert!(refused.header("www-authenticate").unwrap().starts_with("Basic realm="));
        }
        let both = vec![grant.clone(), ("client_secret", secret.clone())];
        post(both, Some((rp.id.clone(), secret))).await.expect_oauth_error(400, "invalid_request");
    }

    async fn a_secret_is_taken_in_the_header_and_in_the_form_whatever_the_client_is_registered_for(engine: Engine) {
        let app = TestApp::start(engine).await;
        let grant = ("grant_type", "authorization_code");
        for method in ["client_secret_basic", "client_secret_post"] {
            let rp = app.register(json!({ "token_endpoint_auth_method": method }), true).await;
            let secret = rp.secret.clone().unwrap();
            let (id, secret) = (rp.id.as_str(), secret.as_str());
            let http = || reqwest::Client::new().post(app.at("/token"));
            let in_form = [grant, ("code", "skc_x"), ("client_id", id), ("client_secret", secret)];
            let bare = [grant, ("code", "skc_x")];
            for request in [
                http().form(&in_form),
                http().header("authorization", "").form(&in_form),
                http().basic_auth(id, Some(secret)).form(&bare),
                http().header("authorization", "").basic_auth(id, Some(secret)).form(&bare),
            ] {
                // The client is known; its code is not.
                answer(request).await.expect_oauth_error(400, "invalid_grant");
            }
            let wrong = [grant, ("code", "skc_x"), ("client_id", id), ("client_secret", "wrong")];
            for request in [http().form(&wrong), http().basic_auth(id, Some("wrong")).form(&bare)] {
                answer(request).await.expect_oauth_error(401, "invalid_client");
            }
            for request in [
                http().basic_auth(id, Some(secret)).form(&in_form),
                http().basic_auth(id, Some(secret)).basic_auth(id, Some(secret)).form(&bare),
                http().basic_auth(id, Some(secret)).bearer_auth("x").form(&bare),
            ] {
                answer(request).await.expect_oauth_error(400, "invalid_request");
            }
            // No secret at all is none, however it is written.
            for request in [http().basic_auth(id, Some("")).form(&bare), http().form(&[grant, ("client_id", id)])] {
                answer(request).await.expect_oauth_error(401, "invalid_client");
            }
        }
    }

    async fn a_public_client_may_send_an_empty_secret_and_no_other(engine: Engine) {
        let app = TestApp::start(engine).await;
        let public = app.register(json!({ "token_endpoint_auth_method": "none" }), true).await;
        let http = || reqwest::Client::new().post(app.at("/token"));
        let form = [("grant_type", "authorization_code"), ("code", "skc_x"), ("client_id", public.id.as_str())];
        let with_empty = form.into_iter().chain([("client_secret", "")]).collect::<Vec<_>>();
        for request in [
            http().form(&form),
            http().form(&with_empty),
            http().basic_auth(&public.id, Some("")).form(&form),
            http().basic_auth(&public.id, None::<&str>).form(&form[..2]),
        ] {
            answer(request).await.expect_oauth_error(400, "invalid_grant");
        }
        let with_secret = form.into_iter().chain([("client_secret", "x")]).collect::<Vec<_>>();
        for request in [http().form(&with_secret), http().basic_auth(&public.id, Some("x")).form(&form)] {
            answer(request).await.expect_oauth_error(401, "invalid_client");
        }
    }

    async fn a_code_is_worth_nothing_after_logout_or_lock(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let code = rp.code(&visitor, HANAKO, &[]).await;
        let page = visitor.get("/account/profile").await;
        visitor.post("/logout", &page.form()).await.expect_status(200);
        rp.redeem(&code).await.expect_oauth_error(400, "invalid_grant");

        let code = rp.code(&visitor, HANAKO, &[]).await;
        app.lock_account(HANAKO.0).await;
        rp.redeem(&code).await.expect_oauth_error(400, "invalid_grant");
    }
}
