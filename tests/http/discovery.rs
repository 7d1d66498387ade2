//! What the provider says about itself (OpenID Connect Discovery 1.0, 3 and 4; RFC 8414), its keys (RFC 7517), and how one
//! key follows another.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho::actions::protocol::signing_keys::{self, Takeover};
use sekisho::config::RegistrationMode;
use sekisho::domain::unix_time::Span;
use serde_json::{Value, json};

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, text};
use crate::support::visitor::Answer;
use crate::support::{Engine, TestApp, on_both_engines};

const DOCUMENT: &str = "/.well-known/openid-configuration";

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

async fn kids(app: &TestApp) -> BTreeSet<String> {
    let keys = app.visitor().get("/jwks").await.json();
    keys["keys"].as_array().unwrap().iter().map(|k| k["kid"].as_str().unwrap().to_owned()).collect()
}

/// Tokens of a login made now, and the keys that signed them.
async fn log_in(app: &TestApp, rp: &RelyingParty) -> (Answer, BTreeSet<String>) {
    let code = rp.code(&app.visitor(), HANAKO, &[]).await;
    let tokens = rp.redeem(&code).await.expect_status(200);
    let kids = ["access_token", "id_token"].map(|t| kid(&text(&tokens, t))).into();
    (tokens, kids)
}

on_both_engines! {
    async fn the_document_lists_what_is_on_and_nothing_else(engine: Engine) {
        let app = TestApp::start(engine).await;
        let document = app.visitor().get(DOCUMENT).await.expect_status(200).json();
        let expected = json!({
            "issuer": app.issuer,
            "authorization_endpoint": app.at("/authorize"),
            "token_endpoint": app.at("/token"),
            "userinfo_endpoint": app.at("/userinfo"),
            "jwks_uri": app.at("/jwks"),
            "end_session_endpoint": app.at("/logout"),
            "revocation_endpoint": app.at("/revoke"),
            "introspection_endpoint": app.at("/introspect"),
            "scopes_supported": ["openid", "profile", "email", "address", "phone", "offline_access"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "acr_values_supported": [
                "urn:sekisho:acr:password", "urn:sekisho:acr:two-factors", "urn:sekisho:acr:phishing-resistant"
            ],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "display_values_supported": ["page"],
            "claim_types_supported": ["normal"],
            "claims_supported": [
                "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid",
                "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
                "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
                "email", "email_verified", "address", "phone_number", "phone_number_verified",
            ],
            "claims_parameter_supported": true,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "ui_locales_supported": ["ja", "en"],
            "authorization_response_iss_parameter_supported": true,
        });
        assert_eq!(document, expected);
    }

    async fn every_endpoint_listed_is_there(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.registration.mode = RegistrationMode::Open).await;
        let document = app.visitor().get(DOCUMENT).await.json();
        assert_eq!(document["registration_endpoint"], app.at("/register"));
        for (name, address) in document.as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                let status = app.visitor().get(address.as_str().unwrap()).await.status;
                assert_ne!(status, 404, "{name}");
            }
        }
    }

    async fn both_paths_give_one_document_that_any_script_may_read_and_keep(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let document = visitor.get(DOCUMENT).await;
        assert_eq!(visitor.get("/.well-known/oauth-authorization-server").await.body, document.body, "RFC 8414, 3");
        assert_eq!(document.header("content-type"), Some("application/json"));
        assert_eq!(visitor.get("/jwks").await.header("content-type"), Some("application/jwk-set+json"));
        for path in [DOCUMENT, "/.well-known/oauth-authorization-server", "/jwks"] {
            let answer = visitor.send(visitor.http.get(app.at(path)).header("origin", "https://spa.example")).await;
            assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            assert_eq!(answer.header("set-cookie"), None);
        }
        for path in ["/token", "/userinfo", "/revoke"] {
            let ask = visitor
                .http
                .request(reqwest::Method::OPTIONS, app.at(path))
                .header("origin", "https://spa.example")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization");
            let answer = visitor.send(ask).await.expect_status(200);
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        }
        // Where cookies count, no other origin's script reads.
        for path in ["/authorize", "/login/password", "/logout", "/introspect"] {
            let answer = visitor.send(visitor.http.get(app.at(path)).header("origin", "https://spa.example")).await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        }
    }

    async fn each_key_says_what_it_is_for_and_keeps_its_secret(engine: Engine) {
        let app = TestApp::start(engine).await;
        let set = app.visitor().get("/jwks").await.json();
        let keys = set["keys"].as_array().unwrap();
        let algorithms: BTreeSet<&str> = keys.iter().map(|k| k["alg"].as_str().unwrap()).collect();
        assert_eq!(algorithms, BTreeSet::from(["ES256", "RS256"]));
        assert_eq!(kids(&app).await.len(), keys.len(), "no two share a kid");
        for key in keys {
            assert_eq!(key["use"], "sig");
            let members: BTreeSet<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
            let public = match key["kty"].as_str().unwrap() {
                "RSA" => ["kty", "n", "e", "kid", "alg", "use"].as_slice(),
                "EC" => ["kty", "crv", "x", "y", "kid", "alg", "use"].as_slice(),
                other => panic!("{other}"),
            };
            assert_eq!(members, public.iter().copied().collect());
        }
    }

    async fn a_new_key_is_published_before_it_signs_and_the_old_one_stays(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let (_, old) = log_in(&app, &rp).await;
        assert_eq!(kids(&app).await, old);

        signing_keys::rotate(&app.app, Takeover::Announced).await.unwrap();
        let both = kids(&app).await;
        assert_eq!(both.len(), 4);
        let new: BTreeSet<String> = both.difference(&old).cloned().collect();
        // Relying parties have not seen the new ones yet.
        app.advance(Span::hours(23));
        assert_eq!(log_in(&app, &rp).await.1, old);
        app.advance(Span::minutes(55));
        let (last, signed_by) = log_in(&app, &rp).await;
        assert_eq!(signed_by, old);

        app.advance(Span::minutes(5));
        let (first, signed_by) = log_in(&app, &rp).await;
        assert_eq!(signed_by, new);
        assert_eq!(kids(&app).await, both);
        rp.userinfo(&text(&last, "access_token")).await.expect_status(200);
        rp.userinfo(&text(&first, "access_token")).await.expect_status(200);
        // Until the last token of the old ones is of no use, not even as a hint at logout.
        app.advance(Span::seconds(12 * 3_600 - 1));
        assert_eq!(kids(&app).await, both);
        app.advance(Span::seconds(1));
        assert_eq!(kids(&app).await, new);
        assert_eq!(log_in(&app, &rp).await.1, new);
    }

    async fn a_key_that_leaked_is_gone_at_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let code = rp.code(&visitor, HANAKO, &[("scope", "openid offline_access")]).await;
        let tokens = rp.redeem(&code).await.expect_status(200);
        let old = kids(&app).await;

        signing_keys::rotate(&app.app, Takeover::Immediate).await.unwrap();
        let new = kids(&app).await;
        assert!(new.len() == 2 && new.is_disjoint(&old));
        rp.userinfo(&text(&tokens, "access_token")).await.expect_status(401);
        assert_eq!(rp.introspect(&text(&tokens, "access_token")).await, json!({ "active": false }));
        let hint = text(&tokens, "id_token");
        // A hint that can't be checked any more is no hint, and no dead end.
        let answered = visitor.get(&rp.authorize_url(&[("id_token_hint", &hint)])).await;
        assert!(answered.code().starts_with("skc_"));
        // Who holds a refresh token goes on with tokens of the new key.
        let next = rp.refresh(&text(&tokens, "refresh_token")).await.expect_status(200);
        assert!(new.contains(&kid(&text(&next, "access_token"))));
        rp.userinfo(&text(&next, "access_token")).await.expect_status(200);
        // Nor is it back with a clock that is set back to when it was good.
        app.app.clock.set_back(Span::hours(1));
        app.app.reload_keys().await.unwrap();
        assert_eq!(kids(&app).await, new);
    }

    async fn a_key_that_has_grown_old_is_followed_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let old = kids(&app).await;
        app.advance(Span::hours(90 * 24 - 1));
        signing_keys::ensure(&app.app).await.unwrap();
        assert_eq!(kids(&app).await, old);
        app.advance(Span::hours(2));
        signing_keys::ensure(&app.app).await.unwrap();
        signing_keys::ensure(&app.app).await.unwrap();
        assert_eq!(kids(&app).await.len(), 4);
        app.advance(Span::days(2));
        signing_keys::ensure(&app.app).await.unwrap();
        let new = kids(&app).await;
        assert!(new.len() == 2 && new.is_disjoint(&old));
    }
}
