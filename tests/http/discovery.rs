//! Discovery (OpenID Connect Discovery 1.0, 3; RFC 8414) and the key set (RFC 7517).

use sekisho::actions::signing_keys::{Takeover, rotate};
use sekisho::config::RegistrationMode;
use sekisho::domain::unix_time::Span;
use serde_json::Value;

use crate::support::app::HANAKO;
use crate::support::relying_party::{answer, text};
use crate::support::{Engine, TestApp, on_both_engines};

async fn document(app: &TestApp) -> Value {
    answer(reqwest::Client::new().get(app.at("/.well-known/openid-configuration"))).await.expect_status(200).json()
}

async fn key_ids(app: &TestApp) -> Vec<String> {
    let jwks = answer(reqwest::Client::new().get(app.at("/jwks"))).await.expect_status(200).json();
    jwks["keys"].as_array().unwrap().iter().map(|k| k["kid"].as_str().unwrap().to_owned()).collect()
}

fn key_id(token: &str) -> String {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

on_both_engines! {
    async fn the_document_lists_what_is_on_and_nothing_else(engine: Engine) {
        let app = TestApp::start(engine).await;
        let found = answer(reqwest::Client::new().get(app.at("/.well-known/openid-configuration"))).await;
        assert_eq!(found.header("content-type"), Some("application/json"));
        assert!(found.header("cache-control").unwrap().starts_with("public, max-age="));
        assert_eq!(found.header("access-control-allow-origin"), Some("*"));
        let metadata = found.json();
        assert_eq!(metadata["issuer"], app.issuer.as_str());
        for endpoint in ["authorization", "token", "userinfo", "end_session", "revocation", "introspection"] {
            let url = metadata[format!("{endpoint}_endpoint")].as_str().unwrap();
            assert!(url.starts_with(&app.issuer), "{url}");
            let status = answer(reqwest::Client::new().get(url)).await.status.as_u16();
            assert!(status != 404 && status < 500, "{url}: {status}");
        }
        assert!(metadata.get("registration_endpoint").is_none());
        let list = |name: &str| -> Vec<&str> {
            metadata[name].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
        };
        assert_eq!(list("response_types_supported"), ["code"]);
        assert_eq!(list("subject_types_supported"), ["public"]);
        assert_eq!(list("id_token_signing_alg_values_supported"), ["RS256", "ES256"]);
        assert_eq!(list("code_challenge_methods_supported"), ["S256"]);
        assert_eq!(list("token_endpoint_auth_methods_supported"), ["client_secret_basic", "client_secret_post", "none"]);
        assert_eq!(list("grant_types_supported"), ["authorization_code", "refresh_token", "client_credentials"]);
        assert_eq!(list("ui_locales_supported"), ["ja", "en"]);
        assert!(list("scopes_supported").contains(&"openid") && list("claims_supported").contains(&"phone_number_verified"));
        assert_eq!(metadata["request_parameter_supported"], false);
        assert_eq!(metadata["request_uri_parameter_supported"], false);
        assert_eq!(metadata["claims_parameter_supported"], true);
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
        assert!(metadata.get("request_object_signing_alg_values_supported").is_none());
        let oauth = answer(reqwest::Client::new().get(app.at("/.well-known/oauth-authorization-server"))).await;
        assert_eq!(oauth.json(), metadata);
        let open = TestApp::start_with(engine, |s| s.registration.mode = RegistrationMode::Open).await;
        assert_eq!(document(&open).await["registration_endpoint"], open.at("/register").as_str());
    }

    async fn the_key_set_is_public_in_every_sense(engine: Engine) {
        let app = TestApp::start(engine).await;
        let jwks = answer(reqwest::Client::new().get(app.at("/jwks"))).await.expect_status(200);
        assert_eq!(jwks.header("content-type"), Some("application/jwk-set+json"));
        let keys = jwks.json()["keys"].as_array().unwrap().clone();
        assert_eq!(keys.len(), 2);
        for key in &keys {
            for member in ["kid", "alg", "use", "kty"] {
                assert!(key[member].is_string(), "{member} in {key}");
            }
            assert!(["d", "p", "q", "dp", "dq", "qi"].iter().all(|private| key.get(private).is_none()));
        }
        assert_ne!(keys[0]["kid"], keys[1]["kid"]);
    }

    async fn a_new_key_is_published_before_it_signs_and_the_old_one_kept(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let before = key_ids(&app).await;
        rotate(&app.app, Takeover::Announced).await.unwrap();
        let during = key_ids(&app).await;
        assert!(during.len() == 4 && before.iter().all(|id| during.contains(id)));
        let old = rp.redeem(&rp.code(&app.visitor(), HANAKO, &[]).await).await;
        assert!(before.contains(&key_id(&text(&old, "id_token"))), "not yet");
        app.advance(Span::hours(24));
        let new = rp.redeem(&rp.code(&app.visitor(), HANAKO, &[]).await).await;
        let signed_by = key_id(&text(&new, "id_token"));
        assert!(!before.contains(&signed_by) && during.contains(&signed_by));
        assert_eq!(key_ids(&app).await.len(), 4, "tokens signed before still count");
        app.advance(Span::days(1));
        assert_eq!(key_ids(&app).await.len(), 2);
    }

    async fn a_key_that_leaked_is_gone_at_once_with_its_tokens(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let tokens = rp.redeem(&rp.code(&app.visitor(), HANAKO, &[]).await).await;
        let before = key_ids(&app).await;
        app.advance(Span::seconds(1));
        rotate(&app.app, Takeover::Immediate).await.unwrap();
        let after = key_ids(&app).await;
        assert!(after.len() == 2 && before.iter().all(|id| !after.contains(id)));
        rp.userinfo(&text(&tokens, "access_token")).await.expect_status(401);
        let new = rp.redeem(&rp.code(&app.visitor(), HANAKO, &[]).await).await.expect_status(200);
        rp.userinfo(&text(&new, "access_token")).await.expect_status(200);
    }
}
