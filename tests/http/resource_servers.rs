//! Access tokens for interfaces of others (RFC 8707; RFC 9068): whom they are for, who is told about them.

use sekisho::actions::protocol::change_client::{ScopesChanged, change_scopes};
use sekisho::actions::protocol::resource_servers::{ResourceAdded, add_resource, remove_resource};
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::ClientId;
use sekisho::domain::protocol::client::Client;
use sekisho::domain::protocol::resource_server::ResourceServer;
use sekisho::domain::protocol::scope::Scopes;
use sekisho::store::protocol::clients;
use serde_json::{Value, json};

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, answer, claims, text};
use crate::support::visitor::Answer;
use crate::support::{Engine, TestApp, on_both_engines};

const STAFF: Actor = Actor::CommandLine(None);
const CLAIMS: &str = "https://claims.example.jp/api";
const KAKEI: &str = "urn:example:kakei";

async fn add(app: &TestApp, identifier: &str, scopes: &[&str], client: Option<&RelyingParty>) -> ResourceAdded {
    let server = ResourceServer {
        identifier: identifier.into(),
        name: "An API".into(),
        scopes: Scopes::of(scopes),
        client: client.map(|rp| ClientId(rp.id.clone())),
        created_at: app.now(),
    };
    add_resource(&app.app, &STAFF, server).await.unwrap()
}

/// Two resource servers; the first asks about its tokens as the client that is answered.
async fn resource_servers(app: &TestApp) -> RelyingParty {
    let api = machine(app, "").await;
    assert_eq!(add(app, CLAIMS, &["claims.read", "claims.write"], Some(&api)).await, ResourceAdded::Done);
    assert_eq!(add(app, KAKEI, &["kakei"], None).await, ResourceAdded::Done);
    api
}

async fn machine(app: &TestApp, scope: &str) -> RelyingParty {
    app.register(json!({ "grant_types": ["client_credentials"], "scope": scope }), true).await
}

async fn portal(app: &TestApp, scope: &str, first_party: bool) -> RelyingParty {
    let grant_types = ["authorization_code", "refresh_token"];
    app.register(json!({ "grant_types": grant_types, "scope": scope }), first_party).await
}

fn query(parameters: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// The code of a member who logs in with these parameters beside the usual ones.
async fn code(app: &TestApp, rp: &RelyingParty, scope: &str, resources: &[&str]) -> String {
    let visitor = app.visitor_logged_in(HANAKO).await;
    let resources: Vec<_> = resources.iter().map(|resource| ("resource", *resource)).collect();
    visitor.follow(&format!("{}&{}", rp.authorize_url(&[("scope", scope)]), query(&resources))).await.code()
}

async fn redeem(rp: &RelyingParty, code: &str, resources: &[&str]) -> Answer {
    let mut fields = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &rp.redirect_uri)];
    fields.extend(resources.iter().map(|resource| ("resource", *resource)));
    rp.request("/token", &fields).await
}

async fn refresh(rp: &RelyingParty, token: &str, further: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    fields.extend(further);
    rp.request("/token", &fields).await
}

async fn own_token(rp: &RelyingParty, further: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", "client_credentials")];
    fields.extend(further);
    rp.request("/token", &fields).await
}

/// Whom the access token is for, and what it may do.
fn target(answer: &Answer) -> (Value, Value) {
    let token = claims(&text(answer, "access_token"));
    assert_eq!(token.get("scope"), answer.json().get("scope"));
    (token["aud"].clone(), token.get("scope").cloned().unwrap_or_default())
}

on_both_engines! {
    async fn scopes_say_whom_a_token_is_for_unless_the_request_does(engine: Engine) {
        let app = TestApp::start(engine).await;
        resource_servers(&app).await;
        let rp = portal(&app, "openid email claims.read kakei", true).await;
        let issuer = app.issuer.as_str();
        for (scope, named, aud, granted) in [
            ("openid email", vec![], json!(issuer), "openid email"),
            ("claims.read", vec![], json!(CLAIMS), "claims.read"),
            ("openid claims.read", vec![], json!([issuer, CLAIMS]), "openid claims.read"),
            ("openid claims.read", vec![CLAIMS], json!([CLAIMS, issuer]), "openid claims.read"),
            ("claims.read kakei", vec![KAKEI], json!(KAKEI), "kakei"),
            ("openid kakei", vec![issuer], json!(issuer), "openid"),
            // Named without a scope of its own, it means all that the client has there.
            ("openid", vec![CLAIMS], json!([CLAIMS, issuer]), "openid claims.read"),
        ] {
            let code = code(&app, &rp, scope, &named).await;
            let tokens = redeem(&rp, &code, &[]).await.expect_status(200);
            assert_eq!(target(&tokens), (aud, json!(granted)), "{scope} {named:?}");
            assert_eq!(tokens.json().get("id_token").is_some(), scope.contains("openid"));
            let opens = granted.contains("openid");
            let userinfo = rp.userinfo(&text(&tokens, "access_token")).await;
            assert_eq!(userinfo.status == 200, opens, "{scope} {named:?}: {}", userinfo.body);
        }
    }

    async fn a_resource_that_is_unknown_or_not_the_clients_is_refused_alike(engine: Engine) {
        let app = TestApp::start(engine).await;
        resource_servers(&app).await;
        let rp = portal(&app, "openid kakei", true).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        for name in [CLAIMS, "https://other.example.jp", "kakei", "urn:example:kakei#x"] {
            let url = format!("{}&{}", rp.authorize_url(&[]), query(&[("resource", name)]));
            visitor.get(&url).await.expect_redirected_error("invalid_target");
        }
        let machine = machine(&app, "kakei").await;
        for name in [CLAIMS, "https://other.example.jp"] {
            own_token(&machine, &[("resource", name)]).await.expect_oauth_error(400, "invalid_target");
        }
        // A scope that is there but not the client's is refused as ever.
        visitor.get(&rp.authorize_url(&[("scope", "openid claims.read")])).await.expect_redirected_error("invalid_scope");
    }

    async fn one_token_is_for_a_part_of_what_was_granted(engine: Engine) {
        let app = TestApp::start(engine).await;
        resource_servers(&app).await;
        let rp = portal(&app, "openid offline_access claims.read claims.write kakei", true).await;
        let scope = "openid offline_access claims.read kakei";
        let code = code(&app, &rp, scope, &[CLAIMS, KAKEI]).await;
        // For several at once only if they are named: each could use it at the others. The code stays good meanwhile.
        redeem(&rp, &code, &[]).await.expect_oauth_error(400, "invalid_target");
        redeem(&rp, &code, &["https://other.example.jp"]).await.expect_oauth_error(400, "invalid_target");
        let first = redeem(&rp, &code, &[CLAIMS]).await.expect_status(200);
        assert_eq!(target(&first), (json!(CLAIMS), json!("offline_access claims.read")));
        assert!(first.json().get("id_token").is_some(), "the login is the client's business");
        rp.userinfo(&text(&first, "access_token")).await.expect_oauth_error(401, "invalid_token");

        let token = text(&first, "refresh_token");
        refresh(&rp, &token, &[("resource", "https://other.example.jp")]).await.expect_oauth_error(400, "invalid_target");
        let second = refresh(&rp, &token, &[("resource", KAKEI)]).await.expect_status(200);
        assert_eq!(target(&second).0, json!(KAKEI));
        let both = [("resource", KAKEI), ("resource", CLAIMS)];
        let third = refresh(&rp, &text(&second, "refresh_token"), &both).await.expect_status(200);
        assert_eq!(target(&third).0, json!([CLAIMS, KAKEI]));
        // A narrower scope names it as well.
        let fourth = refresh(&rp, &text(&third, "refresh_token"), &[("scope", "claims.read")]).await.expect_status(200);
        assert_eq!(target(&fourth), (json!(CLAIMS), json!("claims.read")));
    }

    async fn a_machine_gets_tokens_for_what_it_is_registered_for(engine: Engine) {
        let app = TestApp::start(engine).await;
        let api = resource_servers(&app).await;
        let one = machine(&app, "claims.read").await;
        for further in [&[][..], &[("resource", CLAIMS)], &[("scope", "claims.read")]] {
            let token = own_token(&one, further).await.expect_status(200);
            assert_eq!(target(&token), (json!(CLAIMS), json!("claims.read")), "{further:?}");
            assert_eq!(claims(&text(&token, "access_token"))["sub"], one.id.as_str());
            let seen = api.introspect(&text(&token, "access_token")).await;
            assert_eq!((&seen["active"], &seen["client_id"]), (&json!(true), &json!(one.id)));
        }
        own_token(&one, &[("scope", "claims.write")]).await.expect_oauth_error(400, "invalid_scope");
        let two = machine(&app, "claims.read claims.write kakei").await;
        own_token(&two, &[]).await.expect_oauth_error(400, "invalid_target");
        let token = own_token(&two, &[("resource", CLAIMS)]).await.expect_status(200);
        assert_eq!(target(&token), (json!(CLAIMS), json!("claims.read claims.write")));
        let both = own_token(&two, &[("resource", CLAIMS), ("resource", KAKEI)]).await.expect_status(200);
        assert_eq!(target(&both).0, json!([CLAIMS, KAKEI]));
        // It opens nothing here.
        one.userinfo(&text(&token, "access_token")).await.expect_oauth_error(401, "invalid_token");
        let notice = reqwest::Client::new().post(app.at("/api/v1/member-notices"));
        answer(notice.bearer_auth(text(&token, "access_token"))).await.expect_status(401);
    }

    async fn a_resource_server_is_told_its_own_part_of_its_own_tokens(engine: Engine) {
        let app = TestApp::start(engine).await;
        let api = resource_servers(&app).await;
        let rp = portal(&app, "openid email offline_access claims.read kakei", true).await;
        let code_for = async |scope: &str| code(&app, &rp, scope, &[]).await;
        let tokens = redeem(&rp, &code_for("openid email offline_access claims.read").await, &[]).await.expect_status(200);
        let token = text(&tokens, "access_token");
        let subject = claims(&text(&tokens, "id_token"))["sub"].clone();
        let seen = api.introspect(&token).await;
        assert_eq!(
            seen,
            json!({
                "active": true,
                "token_type": "Bearer",
                "client_id": rp.id,
                "sub": subject,
                "scope": "claims.read",
                "iss": app.issuer,
                "aud": CLAIMS,
                "exp": app.now().0 + 600,
                "iat": app.now().0,
                "jti": claims(&token)["jti"],
            }),
            "neither the user ID nor what it may do elsewhere"
        );
        let whole = rp.introspect(&token).await;
        assert_eq!((&whole["username"], &whole["scope"]), (&json!("hanako"), &tokens.json()["scope"]));

        let inactive = json!({ "active": false });
        let elsewhere = redeem(&rp, &code_for("openid kakei").await, &[]).await.expect_status(200);
        for not_its_own in [text(&elsewhere, "access_token"), text(&tokens, "refresh_token"), text(&tokens, "id_token")] {
            assert_eq!(api.introspect(&not_its_own).await, inactive);
        }
        assert_eq!(machine(&app, "claims.read").await.introspect(&token).await, inactive, "who may call it is not it");
        // Nor may it end what it is shown; who got it may, and a lock ends it too.
        api.request("/revoke", &[("token", &token)]).await.expect_status(200);
        assert_eq!(api.introspect(&token).await["active"], true);
        app.lock_account(HANAKO.0).await;
        assert_eq!(api.introspect(&token).await, inactive);
    }

    async fn a_member_agrees_to_the_scopes_of_a_resource_server(engine: Engine) {
        let app = TestApp::start(engine).await;
        resource_servers(&app).await;
        let third = portal(&app, "openid claims.read", false).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let agree = async |url: &str| {
            let page = visitor.follow(url).await;
            let mut form = page.form();
            form.insert("decision".into(), "allow".into());
            (page, visitor.post("/login/consent", &form).await.code())
        };
        agree(&third.authorize_url(&[])).await;
        let silent = format!("{}&{}", third.authorize_url(&[("prompt", "none")]), query(&[("resource", CLAIMS)]));
        visitor.get(&silent).await.expect_redirected_error("consent_required");
        let (page, _) = agree(&format!("{}&{}", third.authorize_url(&[]), query(&[("resource", CLAIMS)]))).await;
        assert!(page.text("#scopes").unwrap().contains("claims.read"), "{}", page.body);
        visitor.get(&silent).await.code();
    }

    async fn a_scope_that_is_taken_from_a_client_is_neither_redeemed_nor_refreshed(engine: Engine) {
        let app = TestApp::start(engine).await;
        resource_servers(&app).await;
        let all = Scopes::of(&["openid", "offline_access", "claims.read", "claims.write"]);
        let rp = portal(&app, &all.to_string(), true).await;
        let id = ClientId(rp.id.clone());
        let change = async |scopes: Scopes| change_scopes(&app.app, &STAFF, &id, scopes).await.unwrap();
        let first = redeem(&rp, &code(&app, &rp, &all.to_string(), &[]).await, &[]).await.expect_status(200);
        let waiting = code(&app, &rp, "openid claims.read", &[]).await;
        let refused = change(all.joined_with(&Scopes::of(&["claims.admin"]))).await;
        assert!(matches!(refused, ScopesChanged::Unknown { known } if known.contains("kakei")));
        assert_eq!(change(all.without("claims.read")).await, ScopesChanged::Done);
        let redeemed = redeem(&rp, &waiting, &[]).await.expect_status(200);
        assert_eq!(target(&redeemed), (json!(app.issuer), json!("openid")));
        let next = refresh(&rp, &text(&first, "refresh_token"), &[]).await.expect_status(200);
        assert_eq!(next.json()["scope"], "openid offline_access claims.write");
        let gone = refresh(&rp, &text(&next, "refresh_token"), &[("scope", "claims.read")]).await;
        gone.expect_oauth_error(400, "invalid_scope");
    }

    async fn what_is_removed_leaves_no_scope_behind(engine: Engine) {
        let app = TestApp::start(engine).await;
        resource_servers(&app).await;
        let rp = portal(&app, "openid offline_access claims.read claims.write kakei", true).await;
        let code = code(&app, &rp, "openid offline_access claims.read", &[]).await;
        let tokens = redeem(&rp, &code, &[]).await.expect_status(200);
        assert!(remove_resource(&app.app, &STAFF, CLAIMS).await.unwrap());
        assert!(!remove_resource(&app.app, &STAFF, CLAIMS).await.unwrap());
        let stored = clients::by_id(&mut app.app.store.reader().await.unwrap(), &rp.id).await.unwrap().unwrap();
        assert_eq!(stored.client.scopes.to_string(), "openid offline_access kakei");
        // The next one with a scope of that name is another.
        assert_eq!(add(&app, "https://new.example.jp", &["claims.read"], None).await, ResourceAdded::Done);
        let next = refresh(&rp, &text(&tokens, "refresh_token"), &[]).await.expect_status(200);
        assert_eq!(target(&next), (json!(app.issuer), json!("openid offline_access")));
        let url = rp.authorize_url(&[("scope", "openid claims.read")]);
        app.visitor_logged_in(HANAKO).await.get(&url).await.expect_redirected_error("invalid_scope");
    }

    async fn a_new_scope_is_nobodys_whatever_was_left_of_an_old_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let third = portal(&app, "openid", false).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let mut form = visitor.follow(&third.authorize_url(&[])).await.form();
        form.insert("decision".into(), "allow".into());
        visitor.post("/login/consent", &form).await.code();
        // As a registration may leave it that meets the removal of the resource server.
        let mut tx = app.app.store.write().await.unwrap();
        let stored = clients::held(&mut tx, &third.id).await.unwrap().unwrap();
        let client = Client { scopes: Scopes::of(&["openid", "claims.read"]), ..stored.client };
        clients::update(&mut tx, &client, stored.secret_digest.as_deref(), app.now()).await.unwrap();
        tx.commit().await.unwrap();
        app.execute("UPDATE consents SET scope = 'openid claims.read'").await;
        assert_eq!(add(&app, CLAIMS, &["claims.read"], None).await, ResourceAdded::Done);
        let url = third.authorize_url(&[("scope", "openid claims.read")]);
        visitor.get(&url).await.expect_redirected_error("invalid_scope");
        assert_eq!(change_scopes(&app.app, &STAFF, &client.id, client.scopes.clone()).await.unwrap(), ScopesChanged::Done);
        let silent = third.authorize_url(&[("scope", "openid claims.read"), ("prompt", "none")]);
        visitor.get(&silent).await.expect_redirected_error("consent_required");
    }

    async fn a_name_or_a_scope_is_registered_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        resource_servers(&app).await;
        assert_eq!(add(&app, CLAIMS, &["new"], None).await, ResourceAdded::Exists("resource server"));
        assert_eq!(add(&app, "https://new.example.jp", &["new", "kakei"], None).await, ResourceAdded::Exists("scope"));
        assert!(matches!(add(&app, "https://new.example.jp", &["openid"], None).await, ResourceAdded::Wrong(_)));
        let public = app.register(json!({ "token_endpoint_auth_method": "none" }), true).await;
        assert_eq!(add(&app, "https://new.example.jp", &["new"], Some(&public)).await, ResourceAdded::NoSuchClient);
        assert_eq!(app.rows("resource_servers").await, 2);
        assert_eq!(app.rows("resource_scopes").await, 3);
        // A client that registers itself gets none of these scopes.
        let rp = portal(&app, "openid", true).await;
        app.visitor_logged_in(HANAKO).await.get(&rp.authorize_url(&[("scope", "openid kakei")])).await
            .expect_redirected_error("invalid_scope");
    }
}
