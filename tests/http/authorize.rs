//! `/authorize`: which requests are answered where (RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2).

use serde_json::json;

use crate::support::app::HANAKO;
use crate::support::{Engine, TestApp, on_both_engines};

on_both_engines! {
    /// Until client and redirect URI are known to belong together, nothing is sent anywhere.
    async fn a_request_from_nowhere_gets_a_page_and_no_redirect(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        for (change, code) in [
            (("client_id", ""), "client_unknown"),
            (("client_id", "nobody"), "client_unknown"),
            (("client_id", "a\0b"), "client_unknown"),
            (("redirect_uri", ""), "redirect_uri_missing"),
        ] {
            visitor.get(&rp.authorize_url(&[change])).await.expect_status(400).expect_error_page(code);
        }
        let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", rp.authorize_url(&[]));
        visitor.get(&twice).await.expect_error_page("request_invalid");
        let twice = format!("{}&client_id=other", rp.authorize_url(&[]));
        visitor.get(&twice).await.expect_error_page("client_unknown");
    }

    async fn a_redirect_uri_that_is_not_registered_letter_by_letter_gets_a_page(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.register(json!({ "redirect_uris": ["https://rp.example.jp/callback"] }), true).await;
        let visitor = app.visitor();
        for uri in [
            "https://rp.example.jp/callback/..;/evil",
            "https://rp.example.jp/callback/../evil",
            "https://rp.example.jp\\callback",
            "https://rp.example.jp\\@evil.example/callback",
            "https://evil@rp.example.jp/callback",
            "https://rp.example.jp@evil.example/callback",
            "https://rp.example.jp/callback#fragment",
            "https://rp.example.jp/callback?added=query",
            "https://rp.example.jp:8443/callback",
            "https://rp.example.jp:443/callback",
            "https://RP.example.jp/callback",
            "https://rp.example.jp/Callback",
            "https://rp.example.jp./callback",
            "https://rp.example.jp/callback/",
            "https://rp.example.jp/callback%00",
            "http://rp.example.jp/callback",
            "//rp.example.jp/callback",
            "/callback",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            let answer = visitor.get(&rp.authorize_url(&[("redirect_uri", uri)])).await;
            answer.expect_status(400).expect_error_page("redirect_uri_mismatch");
        }
    }

    async fn each_error_of_the_standard_goes_to_the_client_with_its_state(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let machine = app
            .register(json!({ "grant_types": ["client_credentials"], "redirect_uris": ["https://m.example.jp/"], "scope": "profile" }), true)
            .await;
        let public = app.register(json!({ "token_endpoint_auth_method": "none" }), true).await;
        let visitor = app.visitor();
        for (rp, change, code) in [
            (&rp, ("response_type", ""), "invalid_request"),
            (&rp, ("response_type", "token"), "unsupported_response_type"),
            (&rp, ("response_type", "code id_token"), "unsupported_response_type"),
            (&rp, ("response_mode", "fragment"), "invalid_request"),
            (&rp, ("scope", "unheard-of"), "invalid_scope"),
            (&rp, ("scope", "openid \"quoted\""), "invalid_scope"),
            (&machine, ("state", "st-1"), "unauthorized_client"),
            (&rp, ("prompt", "none"), "login_required"),
            (&rp, ("prompt", "none login"), "invalid_request"),
            (&rp, ("prompt", "surprise"), "invalid_request"),
            (&rp, ("max_age", "soon"), "invalid_request"),
            (&rp, ("claims", "not json"), "invalid_request"),
            (&rp, ("request", "e30.e30."), "request_not_supported"),
            (&rp, ("request_uri", "https://rp.example.jp/r"), "request_uri_not_supported"),
            (&rp, ("registration", "{}"), "registration_not_supported"),
            (&rp, ("code_challenge", "short"), "invalid_request"),
            (&rp, ("code_challenge_method", "S256"), "invalid_request"),
            (&public, ("state", "st-1"), "invalid_request"),
        ] {
            let answer = visitor.get(&rp.authorize_url(&[change])).await.expect_redirected_error(code);
            let parameters = answer.parameters();
            assert!(answer.location().unwrap().starts_with(&rp.redirect_uri));
            assert_eq!(parameters["state"], "st-1", "{change:?}");
            assert_eq!(parameters["iss"], app.issuer, "RFC 9207");
            let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
            assert_eq!(names, ["error", "error_description", "iss", "state"]);
            assert!(parameters["error_description"].chars().all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'));
        }
        let twice = format!("{}&nonce=again", rp.authorize_url(&[]));
        visitor.get(&twice).await.expect_redirected_error("invalid_request");
    }

    /// RFC 6749, 3.1: what is not known or has no value is ignored.
    async fn what_is_not_known_or_empty_is_ignored_however_often_it_comes(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        for added in ["utm_source=a&utm_source=b", "prompt=&max_age=&claims=&request=", "display=x&foo=1&foo=2&nonce="] {
            visitor.get(&format!("{}&{added}", rp.authorize_url(&[]))).await.code();
        }
        let many: String = (0..200).map(|i| format!("&n{i}=1")).collect();
        let answer = visitor.get(&format!("{}{many}", rp.authorize_url(&[]))).await;
        assert!(answer.status.is_client_error() || answer.parameters()["error"] == "invalid_request");
    }

    async fn the_state_comes_back_byte_for_byte(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let every: String = (' '..='~').collect();
        let longest: String = every.chars().cycle().take(4_096).collect();
        for state in [every.as_str(), "a b+c d", &"s".repeat(2_049), &longest] {
            // Through the login pages, and at once.
            app.advance(sekisho::domain::unix_time::Span::hours(13));
            for _ in 0..2 {
                let page = visitor.follow(&rp.authorize_url(&[("state", state)])).await;
                let answer = match page.location() {
                    None => visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await,
                    Some(_) => page,
                };
                assert_eq!(answer.parameters()["state"], state);
                assert!(!answer.location().unwrap().contains('+'), "a space is %20, which every parser reads as one");
            }
            let refused = visitor.get(&rp.authorize_url(&[("state", state), ("scope", "unheard-of")])).await;
            assert_eq!(refused.expect_redirected_error("invalid_scope").parameters()["state"], state);
        }
        let longer = visitor.get(&rp.authorize_url(&[("state", &"s".repeat(4_097))])).await;
        longer.expect_redirected_error("invalid_request");
    }

    async fn hints_that_can_not_be_used_are_ignored(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let other = app.relying_party().await;
        let visitor = app.visitor();
        let of_other = other.redeem(&other.code(&app.visitor(), HANAKO, &[]).await).await;
        let of_other = crate::support::relying_party::text(&of_other, "id_token");
        let many = ["x-none"; 50].join(" ");
        let long = "a".repeat(257);
        for change in [
            ("login_hint", long.as_str()),
            ("ui_locales", &many),
            ("ui_locales", "en_US"),
            ("id_token_hint", "x.y.z"),
            ("id_token_hint", &of_other),
            ("display", "hologram"),
        ] {
            let page = visitor.follow(&rp.authorize_url(&[change])).await;
            assert!(page.location().is_none() && page.form().contains_key("flow"), "{change:?}");
            let language = page.attribute("html", "lang");
            assert_eq!(language.as_deref(), Some(if change.1 == "en_US" { "en" } else { "ja" }));
        }
        // A silent answer would say that the member of the hint is logged in.
        let visitor = app.visitor_logged_in(HANAKO).await;
        for hint in ["x.y.z", of_other.as_str()] {
            let silent = visitor.get(&rp.authorize_url(&[("id_token_hint", hint), ("prompt", "none")])).await;
            silent.expect_redirected_error("login_required");
        }
        for huge in ["4294967296", "99999999999999999999"] {
            visitor.get(&rp.authorize_url(&[("max_age", huge)])).await.code();
        }
        for malformed in ["-1", "1.5", "+5", "1e3"] {
            visitor.get(&rp.authorize_url(&[("max_age", malformed)])).await.expect_redirected_error("invalid_request");
        }
    }

    async fn a_program_on_the_members_machine_is_answered_on_any_port(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let uris = json!(["http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb"]);
        for (kind, by_name) in [(None, false), (Some("web"), false), (Some("native"), true)] {
            let mut metadata = json!({ "redirect_uris": uris });
            if let Some(kind) = kind {
                metadata["application_type"] = json!(kind);
            }
            let rp = app.register(metadata, true).await;
            for (uri, matches) in [
                ("http://127.0.0.1:1/cb", true),
                ("http://127.0.0.1:65535/cb", true),
                ("http://[::1]:50123/cb", true),
                ("http://localhost:50123/cb", by_name),
                ("http://127.0.0.1:0/cb", false),
                ("http://127.0.0.1:65536/cb", false),
                ("http://127.0.0.1:/cb", false),
                ("http://127.0.0.1:50123/cb/", false),
                ("http://127.0.0.1:50123@evil.example/cb", false),
                ("https://127.0.0.1:50123/cb", false),
            ] {
                let answer = visitor.get(&rp.authorize_url(&[("redirect_uri", uri)])).await;
                if matches {
                    let code = answer.code();
                    assert!(answer.location().unwrap().starts_with(&format!("{uri}?")));
                    rp.redeem_with(&code, &[("redirect_uri", uri)]).await.expect_status(200);
                } else {
                    answer.expect_status(400).expect_error_page("redirect_uri_mismatch");
                }
            }
        }
    }

    async fn what_fails_inside_is_told_to_the_client_by_the_two_codes_for_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        app.execute("ALTER TABLE consents RENAME TO consents_away").await;
        let answer = visitor.get(&rp.authorize_url(&[])).await.expect_redirected_error("server_error");
        assert!(!answer.parameters()["error_description"].contains("consents"), "nothing of the inside is told");
        app.execute("ALTER TABLE consents_away RENAME TO consents").await;

        // Somebody else holds SQLite's only connection that writes.
        let app = TestApp::start_with(engine, |s| s.database.max_connections = 2).await;
        let rp = app.third_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let lock = app.app.store.write().await.unwrap();
        let asked = visitor.get(&rp.authorize_url(&[])).await;
        match engine {
            Engine::Sqlite => drop(asked.expect_redirected_error("temporarily_unavailable")),
            Engine::Postgres => assert!(asked.location().is_some(), "the second connection is enough"),
        }
        drop(lock);
        assert!(visitor.follow(&rp.authorize_url(&[])).await.form().contains_key("grant"));
    }

    async fn the_member_may_cancel_or_refuse(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[])).await;
        let mut form = page.form();
        form.insert("cancel".into(), "1".into());
        visitor.post("/login/password", &form).await.expect_redirected_error("access_denied");

        let consent = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        let host = url::Url::parse(&rp.redirect_uri).unwrap().host_str().unwrap().to_owned();
        assert!(consent.text("#goes-to").unwrap().contains(&host), "a name can be chosen, a host can't");
        let mut form = consent.form();
        form.insert("decision".into(), "deny".into());
        visitor.post("/login/consent", &form).await.expect_redirected_error("access_denied");
        // The page was answered: it can't be answered again, the other way.
        form.insert("decision".into(), "allow".into());
        visitor.post("/login/consent", &form).await.expect_error_page("flow_done");
    }

    async fn consent_is_asked_once_and_a_first_party_never_asks(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let first = app.relying_party().await;
        visitor.get(&first.authorize_url(&[("scope", "openid email")])).await.code();

        let third = app.third_party().await;
        let silent = visitor.get(&third.authorize_url(&[("prompt", "none")])).await;
        silent.expect_redirected_error("consent_required");
        let consent = visitor.follow(&third.authorize_url(&[("scope", "openid email")])).await;
        let mut form = consent.form();
        form.insert("decision".into(), "allow".into());
        let code = visitor.post("/login/consent", &form).await.code();
        third.redeem(&code).await.expect_status(200);
        visitor.get(&third.authorize_url(&[("scope", "openid email")])).await.code();
        visitor.get(&third.authorize_url(&[("prompt", "none"), ("scope", "email openid")])).await.code();
        // More than was agreed to is asked for again, and so is everything with prompt=consent.
        let more = visitor.follow(&third.authorize_url(&[("scope", "openid email phone")])).await;
        assert!(more.location().is_none() && more.form().contains_key("grant"));
        let again = visitor.follow(&third.authorize_url(&[("prompt", "consent")])).await;
        assert!(again.location().is_none() && again.form().contains_key("grant"));
    }

    async fn a_request_by_post_is_asked_for_again_with_our_cookies(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let url = url::Url::parse(&rp.authorize_url(&[])).unwrap();
        let form = url.query_pairs().into_owned().collect();
        let answer = visitor.post("/authorize", &form).await.expect_status(303);
        assert!(answer.location().unwrap().starts_with("/authorize?"));
        visitor.follow(answer.location().unwrap()).await.code();
    }

    async fn a_flood_of_requests_writes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let rows = async || {
            let mut counts = Vec::new();
            for table in ["authorization_grants", "browser_sessions", "logins", "password_failures", "known_devices"] {
                counts.push(app.rows(table).await);
            }
            counts
        };
        let before = rows().await;
        for _ in 0..20 {
            let visitor = app.visitor();
            let page = visitor.follow(&rp.authorize_url(&[])).await;
            assert!(page.form().contains_key("flow"));
        }
        assert_eq!(rows().await, before);
    }
}
