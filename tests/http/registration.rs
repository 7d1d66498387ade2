//! Dynamic registration and its management (OpenID Registration 1.0; RFC 7591; RFC 7592).

use reqwest::Client;
use sekisho::actions::clients::initial_access_token;
use sekisho::config::RegistrationMode;
use sekisho::domain::protocol::client::PkcePolicy;
use sekisho::domain::unix_time::Span;
use serde_json::{Value, json};

use crate::support::app::HANAKO;
use crate::support::relying_party::answer;
use crate::support::visitor::Answer;
use crate::support::{Engine, TestApp, on_both_engines};

async fn open(engine: Engine) -> TestApp {
    TestApp::start_with(engine, |settings| {
        settings.registration.mode = RegistrationMode::Open;
        settings.registration.pkce = PkcePolicy::Optional;
    })
    .await
}

async fn register(app: &TestApp, metadata: &Value) -> Answer {
    answer(Client::new().post(app.at("/register")).json(metadata)).await
}

/// What the conformance suite sends.
fn suite() -> Value {
    json!({
        "client_name": "suite client",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": ["https://suite.example/test/a/alias/callback"],
        "token_endpoint_auth_method": "client_secret_basic",
        "contacts": ["certification@suite.example"],
        "jwks": { "keys": [] },
    })
}

struct Own {
    uri: String,
    token: String,
    metadata: Value,
}

impl Own {
    async fn new(app: &TestApp) -> Own {
        let metadata = register(app, &suite()).await.expect_status(201).json();
        Own {
            uri: metadata["registration_client_uri"].as_str().unwrap().into(),
            token: metadata["registration_access_token"].as_str().unwrap().into(),
            metadata,
        }
    }

    async fn get(&self) -> Answer {
        answer(Client::new().get(&self.uri).bearer_auth(&self.token)).await
    }

    async fn put(&self, metadata: &Value) -> Answer {
        answer(Client::new().put(&self.uri).bearer_auth(&self.token).json(metadata)).await
    }

    /// What a client would send to change itself: what it was told, less what can't be sent.
    fn changed(&self, change: Value) -> Value {
        let mut metadata = self.metadata.clone();
        for name in
            ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
        {
            metadata.as_object_mut().unwrap().remove(name);
        }
        for (name, value) in change.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        metadata
    }
}

on_both_engines! {
    async fn it_is_off_unless_the_settings_say_otherwise(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app, &suite()).await.expect_status(404);
        answer(Client::new().get(app.at("/register/x")).bearer_auth("x")).await.expect_status(404);
    }

    async fn an_initial_access_token_registers_one_client(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.registration.mode = RegistrationMode::InitialAccessToken).await;
        let with = |token: String| answer(Client::new().post(app.at("/register")).bearer_auth(token).json(&suite()));
        register(&app, &suite()).await.expect_status(401);
        with("ski_wrong".into()).await.expect_status(401);
        let token = initial_access_token(&app.app, Span::hours(1)).await.unwrap();
        // A refused request does not use it up.
        let bad = Client::new().post(app.at("/register")).bearer_auth(token.expose()).json(&json!({ "redirect_uris": ["http://x/"] }));
        answer(bad).await.expect_status(400);
        with(token.expose().clone()).await.expect_status(201);
        with(token.expose().clone()).await.expect_status(401);
        let late = initial_access_token(&app.app, Span::hours(1)).await.unwrap();
        app.advance(Span::hours(1));
        with(late.expose().clone()).await.expect_status(401);
    }

    async fn a_registered_client_works_at_once(engine: Engine) {
        let app = open(engine).await;
        let answered = register(&app, &suite()).await.expect_status(201);
        assert_eq!(answered.header("cache-control"), Some("no-store"));
        let metadata = answered.json();
        assert_eq!(metadata["client_secret_expires_at"], 0);
        assert_eq!(metadata["client_name"], "suite client");
        assert!(metadata["client_id_issued_at"].is_i64());
        let id = metadata["client_id"].as_str().unwrap();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("response_type", "code"), ("client_id", id), ("scope", "openid"), ("redirect_uri", "https://suite.example/test/a/alias/callback")])
            .finish();
        let visitor = app.visitor();
        let page = visitor.follow(&app.at(&format!("/authorize?{query}"))).await;
        let mut consent = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await.form();
        consent.insert("decision".into(), "allow".into());
        let code = visitor.post("/login/consent", &consent).await.code();
        let request = Client::new().post(app.at("/token")).basic_auth(id, metadata["client_secret"].as_str()).form(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", "https://suite.example/test/a/alias/callback"),
        ]);
        answer(request).await.expect_status(200);
    }

    async fn a_client_reads_changes_and_removes_itself(engine: Engine) {
        let app = open(engine).await;
        let own = Own::new(&app).await;
        let read = own.get().await.expect_status(200).json();
        assert_eq!(read["redirect_uris"], own.metadata["redirect_uris"]);
        assert!(read.get("client_secret").is_none(), "only its digest is kept");
        let changed = own.changed(json!({ "redirect_uris": ["https://suite.example/new"], "initiate_login_uri": "https://suite.example/start" }));
        let answered = own.put(&changed).await.expect_status(200).json();
        assert_eq!(answered["redirect_uris"], json!(["https://suite.example/new"]));
        assert_eq!(own.get().await.json()["initiate_login_uri"], "https://suite.example/start");
        // A public client has no secret; confidential again, it gets a new one.
        let public = own.put(&own.changed(json!({ "token_endpoint_auth_method": "none", "client_secret": null }))).await;
        public.expect_oauth_error(400, "invalid_client_metadata");
        let mut to_public = own.changed(json!({ "token_endpoint_auth_method": "none" }));
        to_public.as_object_mut().unwrap().remove("client_secret");
        own.put(&to_public).await.expect_status(200);
        to_public["token_endpoint_auth_method"] = json!("client_secret_post");
        assert!(own.put(&to_public).await.expect_status(200).json()["client_secret"].is_string());

        let removed = answer(Client::new().delete(&own.uri).bearer_auth(&own.token)).await;
        removed.expect_status(204);
        own.get().await.expect_status(401);
    }

    async fn nobody_else_can_touch_a_client(engine: Engine) {
        let app = open(engine).await;
        let (own, other) = (Own::new(&app).await, Own::new(&app).await);
        let http = Client::new();
        for token in ["", "skg_wrong", &other.token] {
            answer(http.get(&own.uri).bearer_auth(token)).await.expect_status(401);
            answer(http.put(&own.uri).bearer_auth(token).json(&own.changed(json!({})))).await.expect_status(401);
            answer(http.delete(&own.uri).bearer_auth(token)).await.expect_status(401);
        }
        let unknown = app.at("/register/a%00b");
        answer(http.get(unknown).bearer_auth(&own.token)).await.expect_status(401);
        own.put(&own.changed(json!({ "client_id": other.metadata["client_id"] }))).await.expect_oauth_error(400, "invalid_client_metadata");
        own.put(&own.changed(json!({ "client_secret": "chosen" }))).await.expect_oauth_error(400, "invalid_client_metadata");
        own.put(&own.changed(json!({ "registration_access_token": own.token }))).await.expect_oauth_error(400, "invalid_client_metadata");
        own.get().await.expect_status(200);
    }

    async fn what_is_dangerous_or_not_supported_is_refused_with_its_field(engine: Engine) {
        let app = open(engine).await;
        for uri in [
            "javascript:alert(1)", "data:text/html,x", "http://rp.example.jp/cb", "https://rp.example.jp/cb#fragment",
            "https://*.example.jp/cb", "https://rp.example.jp/\u{7}", "https://rp.example.jp/\n", "https://", "https:///cb",
            "/relative", "https://user:pw@rp.example.jp/", "https://rp.example.jp\\@evil.example/",
        ] {
            let refused = register(&app, &json!({ "redirect_uris": [uri] })).await;
            refused.expect_oauth_error(400, "invalid_redirect_uri");
        }
        for (change, field) in [
            (json!({ "grant_types": ["password"] }), "grant_types"),
            (json!({ "response_types": ["token"] }), "response_types"),
            (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "token_endpoint_auth_method"),
            (json!({ "initiate_login_uri": "http://rp.example.jp/start" }), "initiate_login_uri"),
            (json!({ "logo_uri": "javascript:alert(1)" }), "logo_uri"),
            (json!({ "post_logout_redirect_uris": ["https://rp.example.jp/#x"] }), "post_logout_redirect_uris"),
            (json!({ "subject_type": "pairwise" }), "subject_type"),
            (json!({ "userinfo_signed_response_alg": "RS256" }), "userinfo_signed_response_alg"),
            (json!({ "client_name": "a\u{0}b" }), "client_name"),
            (json!({ "contacts": ["a\u{0}b"] }), "contacts"),
            (json!({ "scope": "openid everything" }), "scope"),
        ] {
            let mut metadata = suite();
            for (name, value) in change.as_object().unwrap() {
                metadata[name] = value.clone();
            }
            let refused = register(&app, &metadata).await.expect_oauth_error(400, "invalid_client_metadata");
            assert!(refused.json()["error_description"].as_str().unwrap().contains(field), "{}", refused.body);
        }
        register(&app, &json!({})).await.expect_oauth_error(400, "invalid_redirect_uri");
        for body in ["", "[]", "{", "null"] {
            let request = Client::new().post(app.at("/register")).header("content-type", "application/json").body(body);
            answer(request).await.expect_oauth_error(400, "invalid_client_metadata");
        }
        let form = Client::new().post(app.at("/register")).form(&[("redirect_uris", "https://rp.example.jp/")]);
        answer(form).await.expect_oauth_error(400, "invalid_client_metadata");
    }

    async fn only_so_many_clients_may_register_themselves(engine: Engine) {
        let app = TestApp::start_with(engine, |s| {
            s.registration.mode = RegistrationMode::Open;
            s.registration.max_clients = 2;
        })
        .await;
        app.relying_party().await;
        register(&app, &suite()).await.expect_status(201);
        register(&app, &suite()).await.expect_status(201);
        register(&app, &suite()).await.expect_status(400);
    }
}
