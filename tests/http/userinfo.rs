//! What an access token opens and what it does not: userinfo (OpenID Connect Core 1.0, 5.3 to 5.5; RFC 6750), introspection
//! (RFC 7662) and revocation (RFC 7009).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::RequestBuilder;
use sekisho::domain::unix_time::Span;
use serde_json::{Map, Value, json};

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, answer, claims, text};
use crate::support::visitor::Answer;
use crate::support::{Engine, TestApp, on_both_engines};

const ALL_SCOPES: &str = "openid profile email address phone offline_access";

async fn log_in(app: &TestApp, rp: &RelyingParty, change: &[(&str, &str)]) -> Answer {
    let code = rp.code(&app.visitor(), HANAKO, change).await;
    rp.redeem(&code).await.expect_status(200)
}

async fn machine(app: &TestApp) -> RelyingParty {
    app.register(json!({ "grant_types": ["client_credentials"], "scope": "profile" }), true).await
}

async fn token_of(machine: &RelyingParty) -> String {
    text(&machine.request("/token", &[("grant_type", "client_credentials")]).await.expect_status(200), "access_token")
}

/// Userinfo, presented in the way that `with` builds.
async fn userinfo(app: &TestApp, with: impl FnOnce(reqwest::Client, String) -> RequestBuilder) -> Answer {
    answer(with(reqwest::Client::new(), app.at("/userinfo"))).await
}

#[track_caller]
fn invalid(answer: Answer) {
    let answer = answer.expect_oauth_error(401, "invalid_token");
    assert!(
        answer.header("www-authenticate").unwrap().starts_with("Bearer realm=\"sekisho\", error=\"invalid_token\"")
    );
}

/// Every claim about hanako but the subject, by scope.
fn about_hanako(app: &TestApp) -> [(&'static str, Value); 4] {
    [
        (
            "profile",
            json!({
                "name": "健保 花子",
                "given_name": "花子",
                "family_name": "健保",
                "middle_name": "M.",
                "nickname": "はなちゃん",
                "preferred_username": "hanako",
                "profile": "https://hanako.example.jp/",
                "picture": "https://hanako.example.jp/me.jpg",
                "website": "https://hanako.example.jp/blog",
                "gender": "female",
                "birthdate": "1955-04-01",
                "zoneinfo": "Asia/Tokyo",
                "locale": "ja-JP",
                "updated_at": app.now().0,
            }),
        ),
        ("email", json!({ "email": "hanako@example.jp", "email_verified": true })),
        ("address", json!({ "address": { "formatted": "京都市南区", "country": "JP" } })),
        ("phone", json!({ "phone_number": "+81 90-1234-5678", "phone_number_verified": true })),
    ]
}

fn without_subject(answer: &Answer) -> Map<String, Value> {
    let mut claims = answer.json().as_object().unwrap().clone();
    assert!(claims.remove("sub").is_some());
    claims
}

on_both_engines! {
    async fn a_token_may_come_in_the_header_or_in_the_form(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let tokens = log_in(&app, &rp, &[]).await;
        let token = text(&tokens, "access_token");
        let form = [("access_token", token.as_str())];
        for answer in [
            userinfo(&app, |http, url| http.get(url).bearer_auth(&token)).await,
            userinfo(&app, |http, url| http.post(url).bearer_auth(&token)).await,
            userinfo(&app, |http, url| http.post(url).form(&form)).await,
            userinfo(&app, |http, url| http.get(url).header("authorization", format!("bearer {token}"))).await,
            userinfo(&app, |http, url| http.post(url).bearer_auth(&token).form(&[("other", "x")])).await,
        ] {
            let answer = answer.expect_status(200);
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.json()["sub"], claims(&text(&tokens, "id_token"))["sub"]);
        }
        let in_address = format!("/userinfo?access_token={token}");
        for twice in [
            userinfo(&app, |http, url| http.post(url).bearer_auth(&token).form(&form)).await,
            userinfo(&app, |http, url| http.post(url).form(&[form[0], ("x", "1"), ("x", "2"), form[0]])).await,
            userinfo(&app, |http, url| http.get(url).bearer_auth(&token).bearer_auth(&token)).await,
            userinfo(&app, |http, url| http.get(url).bearer_auth(&token).basic_auth(&rp.id, rp.secret.as_deref())).await,
            userinfo(&app, |http, _| http.get(app.at(&in_address)).bearer_auth(&token)).await,
            userinfo(&app, |http, _| http.post(app.at(&in_address)).form(&form)).await,
        ] {
            let twice = twice.expect_oauth_error(400, "invalid_request");
            let challenge = twice.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Bearer realm=\"sekisho\", error=\"invalid_request\""), "{challenge}");
        }
    }

    async fn without_a_token_only_the_scheme_is_told(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let token = text(&log_in(&app, &rp, &[]).await, "access_token");
        for answer in [
            userinfo(&app, |http, url| http.get(url)).await,
            userinfo(&app, |http, url| http.post(url)).await,
            userinfo(&app, |http, url| http.get(url).basic_auth(&rp.id, rp.secret.as_deref())).await,
            // Addresses are written into logs: a token in one is not looked at (RFC 9700, 4.3.2).
            userinfo(&app, |http, url| http.get(format!("{url}?access_token={token}"))).await,
            userinfo(&app, |http, url| http.post(url).json(&json!({ "access_token": token }))).await,
        ] {
            let answer = answer.expect_status(401);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"sekisho\""));
            assert_eq!(answer.body, "");
        }
    }

    async fn only_an_access_token_on_a_members_behalf_opens_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let tokens = log_in(&app, &rp, &[("scope", ALL_SCOPES)]).await;
        let token = text(&tokens, "access_token");
        let (head, rest) = token.split_once('.').unwrap();
        let (payload, signature) = rest.split_once('.').unwrap();
        let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"typ":"at+jwt","alg":"none"}"#));
        let mut changed: Value = claims(&token);
        changed["sub"] = json!("somebody-else");
        let changed = format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(changed.to_string()));
        for bad in [
            "garbage".to_owned(),
            "a.b.c".to_owned(),
            unsigned,
            changed,
            text(&tokens, "id_token"),
            text(&tokens, "refresh_token"),
            token_of(&machine(&app).await).await,
        ] {
            invalid(rp.userinfo(&bad).await);
        }
        rp.userinfo(&token).await.expect_status(200);
    }

    async fn a_token_is_good_until_it_expires(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let token = text(&log_in(&app, &rp, &[]).await, "access_token");
        app.advance(Span::seconds(599));
        rp.userinfo(&token).await.expect_status(200);
        app.advance(Span::seconds(1));
        invalid(rp.userinfo(&token).await);
        assert_eq!(rp.introspect(&token).await, json!({ "active": false }));
    }

    async fn each_scope_gives_its_claims_and_no_others(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let mut all = Map::new();
        for (scope, expected) in about_hanako(&app) {
            let tokens = log_in(&app, &rp, &[("scope", &format!("openid {scope}"))]).await;
            let answer = rp.userinfo(&text(&tokens, "access_token")).await.expect_status(200);
            assert_eq!(Value::Object(without_subject(&answer)), expected, "{scope}");
            all.extend(expected.as_object().unwrap().clone());
        }
        let tokens = log_in(&app, &rp, &[("scope", ALL_SCOPES)]).await;
        let answer = rp.userinfo(&text(&tokens, "access_token")).await;
        assert_eq!(without_subject(&answer), all);
        // An ID token that comes with an access token carries none of them (Core 1.0, 5.4).
        let id_token = claims(&text(&tokens, "id_token"));
        let mut members: Vec<&str> = id_token.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"]);

        let tokens = log_in(&app, &rp, &[]).await;
        assert!(without_subject(&rp.userinfo(&text(&tokens, "access_token")).await).is_empty());
        let tokens = log_in(&app, &rp, &[("scope", "email")]).await;
        assert_eq!(tokens.json().get("id_token"), None, "this was no OpenID Connect request");
        let refused = rp.userinfo(&text(&tokens, "access_token")).await.expect_oauth_error(403, "insufficient_scope");
        assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer realm=\"sekisho\", error=\"insufficient_scope\""));
    }

    async fn what_is_not_known_of_a_member_is_left_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.add("jiro", "Test-jiro-12").await;
        let rp = app.relying_party().await;
        let code = rp.code(&app.visitor(), ("jiro", "Test-jiro-12"), &[("scope", ALL_SCOPES)]).await;
        let tokens = rp.redeem(&code).await.expect_status(200);
        let answer = rp.userinfo(&text(&tokens, "access_token")).await;
        assert_eq!(
            Value::Object(without_subject(&answer)),
            json!({ "preferred_username": "jiro", "updated_at": app.now().0 }),
            "neither null nor empty (Core 1.0, 5.3.2)"
        );
    }

    async fn single_claims_can_be_asked_for(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let asked = json!({
            "userinfo": { "name": { "essential": true }, "phone_number": null, "shoe_size": null },
            "id_token": { "email": { "essential": true }, "auth_time": { "essential": true }, "unheard_of": null },
            "elsewhere": { "birthdate": null },
        });
        let tokens = log_in(&app, &rp, &[("scope", "openid offline_access"), ("claims", &asked.to_string())]).await;
        let expected = json!({ "name": "健保 花子", "phone_number": "+81 90-1234-5678" });
        let answer = rp.userinfo(&text(&tokens, "access_token")).await;
        assert_eq!(Value::Object(without_subject(&answer)), expected);
        let id_token = claims(&text(&tokens, "id_token"));
        assert_eq!(id_token["email"], "hanako@example.jp");
        assert_eq!(id_token.get("name"), None);
        // They hold for the whole grant.
        let next = rp.refresh(&text(&tokens, "refresh_token")).await.expect_status(200);
        let answer = rp.userinfo(&text(&next, "access_token")).await;
        assert_eq!(Value::Object(without_subject(&answer)), expected);
    }

    async fn a_claim_that_is_asked_for_is_agreed_to_like_its_scope(engine: Engine) {
        let app = TestApp::start(engine).await;
        let third = app.third_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let agree = async |change: &[(&str, &str)]| {
            let mut form = visitor.follow(&third.authorize_url(change)).await.form();
            form.insert("decision".into(), "allow".into());
            visitor.post("/login/consent", &form).await.code()
        };
        third.redeem(&agree(&[]).await).await.expect_status(200);
        let asked = json!({ "userinfo": { "phone_number": null } }).to_string();
        let silent = [("claims", asked.as_str()), ("prompt", "none")];
        visitor.get(&third.authorize_url(&silent)).await.expect_redirected_error("consent_required");
        let tokens = third.redeem(&agree(&[("claims", &asked)]).await).await.expect_status(200);
        let answer = third.userinfo(&text(&tokens, "access_token")).await;
        assert_eq!(answer.json()["phone_number"], "+81 90-1234-5678");
        visitor.get(&third.authorize_url(&silent)).await.code();
    }

    async fn a_subject_or_an_acr_that_is_demanded_is_met_or_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let code = rp.code(&visitor, HANAKO, &[]).await;
        let subject = claims(&text(&rp.redeem(&code).await, "id_token"))["sub"].clone();
        let ask = async |asked: Value| {
            visitor.get(&rp.authorize_url(&[("prompt", "none"), ("claims", &asked.to_string())])).await
        };
        ask(json!({ "id_token": { "sub": { "value": subject } } })).await.code();
        let other = ask(json!({ "id_token": { "sub": { "value": "somebody-else" } } })).await;
        other.expect_redirected_error("login_required");
        let acr = "urn:sekisho:acr:password";
        let code = ask(json!({ "id_token": { "acr": { "essential": true, "values": ["2", acr] } } })).await.code();
        assert_eq!(claims(&text(&rp.redeem(&code).await, "id_token"))["acr"], acr);
        ask(json!({ "id_token": { "acr": { "values": ["2"] } } })).await.code();
        let unmet = ask(json!({ "id_token": { "acr": { "essential": true, "values": ["2"] } } })).await;
        unmet.expect_redirected_error("unmet_authentication_requirements");
    }

    async fn tokens_and_sessions_of_a_locked_member_stop_working(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let code = rp.code(&visitor, HANAKO, &[("scope", ALL_SCOPES)]).await;
        let tokens = rp.redeem(&code).await.expect_status(200);
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        app.lock_account(HANAKO.0).await;
        invalid(rp.userinfo(&access).await);
        assert_eq!(rp.introspect(&access).await, json!({ "active": false }));
        assert_eq!(rp.introspect(&refresh).await, json!({ "active": false }));
        rp.refresh(&refresh).await.expect_oauth_error(400, "invalid_grant");
        assert!(visitor.get("/account/profile").await.location().unwrap().starts_with("/login/password?flow="));
        visitor.get(&rp.authorize_url(&[("prompt", "none")])).await.expect_redirected_error("login_required");
    }

    async fn a_client_learns_about_its_own_tokens_alone(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (rp, other) = (app.relying_party().await, app.relying_party().await);
        let tokens = log_in(&app, &rp, &[("scope", "openid email offline_access")]).await;
        let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        let subject = claims(&text(&tokens, "id_token"))["sub"].clone();
        let token = claims(&access);
        assert_eq!(
            rp.introspect(&access).await,
            json!({
                "active": true,
                "token_type": "Bearer",
                "client_id": rp.id,
                "sub": subject,
                "username": "hanako",
                "scope": "openid email offline_access",
                "iss": app.issuer,
                "aud": app.issuer,
                "exp": app.now().0 + 600,
                "iat": app.now().0,
                "jti": token["jti"],
            })
        );
        let described = rp.introspect(&refresh).await;
        assert_eq!(described["active"], true);
        assert_eq!(described["sub"], subject);
        assert_eq!(described["client_id"], rp.id.as_str());
        assert_eq!(described["scope"], "openid email offline_access");

        let inactive = json!({ "active": false });
        for unknown in [access.as_str(), refresh.as_str(), "garbage", &text(&tokens, "id_token")] {
            assert_eq!(other.introspect(unknown).await, inactive);
        }
        assert_eq!(rp.introspect(&text(&tokens, "id_token")).await, inactive);
        rp.refresh(&refresh).await.expect_status(200);
        assert_eq!(rp.introspect(&refresh).await, inactive, "another has taken its place");
    }

    async fn who_does_not_authenticate_learns_nothing_about_tokens(engine: Engine) {
        let app = TestApp::start(engine).await;
        let public = app.register(json!({ "token_endpoint_auth_method": "none" }), true).await;
        let rp = app.relying_party().await;
        let token = text(&log_in(&app, &rp, &[]).await, "access_token");
        public.request("/introspect", &[("token", &token)]).await.expect_oauth_error(401, "invalid_client");
        let form = [("token", token.as_str())];
        for path in ["/introspect", "/revoke"] {
            let http = reqwest::Client::new();
            answer(http.post(app.at(path)).form(&form)).await.expect_oauth_error(401, "invalid_client");
            let wrong = answer(http.post(app.at(path)).basic_auth(&rp.id, Some("wrong")).form(&form)).await;
            assert!(wrong.expect_oauth_error(401, "invalid_client").header("www-authenticate").is_some());
            rp.request(path, &[]).await.expect_oauth_error(400, "invalid_request");
        }
        rp.userinfo(&token).await.expect_status(200);
    }

    async fn a_revoked_access_token_ends_alone_and_a_refresh_token_with_its_grant(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let tokens = log_in(&app, &rp, &[("scope", ALL_SCOPES)]).await;
        let revoke = async |token: &str| {
            let answer = rp.request("/revoke", &[("token", token), ("token_type_hint", "nonsense")]).await;
            assert_eq!(answer.expect_status(200).body, "");
        };
        let access = text(&tokens, "access_token");
        revoke(&access).await;
        revoke(&access).await;
        invalid(rp.userinfo(&access).await);
        let next = rp.refresh(&text(&tokens, "refresh_token")).await.expect_status(200);
        rp.userinfo(&text(&next, "access_token")).await.expect_status(200);
        // Also by an old one: whoever holds the chain may end it.
        revoke(&text(&tokens, "refresh_token")).await;
        invalid(rp.userinfo(&text(&next, "access_token")).await);
        rp.refresh(&text(&next, "refresh_token")).await.expect_oauth_error(400, "invalid_grant");
        revoke("garbage").await;

        let machine = machine(&app).await;
        let own = token_of(&machine).await;
        assert_eq!(machine.introspect(&own).await["active"], true);
        machine.request("/revoke", &[("token", &own)]).await.expect_status(200);
        assert_eq!(machine.introspect(&own).await, json!({ "active": false }));
    }

    async fn nobody_revokes_another_clients_tokens(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (rp, other) = (app.relying_party().await, app.relying_party().await);
        let tokens = log_in(&app, &rp, &[("scope", ALL_SCOPES)]).await;
        for name in ["access_token", "refresh_token"] {
            let answer = other.request("/revoke", &[("token", &text(&tokens, name))]).await;
            assert_eq!(answer.expect_status(200).body, "", "as if there had been none");
        }
        rp.userinfo(&text(&tokens, "access_token")).await.expect_status(200);
        rp.refresh(&text(&tokens, "refresh_token")).await.expect_status(200);
        // A public client revokes its own.
        let public = app.register(
            json!({ "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"] }),
            true,
        ).await;
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let pkce = [("code_challenge", challenge), ("code_challenge_method", "S256"), ("scope", ALL_SCOPES)];
        let code = public.code(&app.visitor(), HANAKO, &pkce).await;
        let tokens = public.redeem_with(&code, &[("code_verifier", verifier)]).await.expect_status(200);
        public.request("/revoke", &[("token", &text(&tokens, "refresh_token"))]).await.expect_status(200);
        invalid(public.userinfo(&text(&tokens, "access_token")).await);
    }
}
