//! Relying parties that register and look after themselves (OpenID Connect Dynamic Client Registration 1.0; RFC 7591; RFC
//! 7592).

use std::collections::BTreeMap;

use sekisho::actions::member::members;
use sekisho::actions::protocol::register_client::make_initial_access_token;
use sekisho::actions::protocol::rotate_client_secret::rotate_client_secret;
use sekisho::config::{RegistrationMode, Settings};
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::ClientId;
use sekisho::domain::protocol::client::PkcePolicy;
use sekisho::domain::protocol::scope::Scopes;
use sekisho::domain::unix_time::Span;
use sekisho::store::protocol::{clients, consents};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, answer, text};
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

const STAFF: Actor = Actor::CommandLine(None);

fn open(settings: &mut Settings) {
    settings.registration.mode = RegistrationMode::Open;
    settings.registration.pkce = PkcePolicy::Optional;
}

/// What the OpenID Foundation's suite sends.
fn from_the_suite() -> Value {
    json!({
        "client_name": "conformance suite client",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": ["https://www.certification.openid.net/test/a/sekisho/callback"],
        "post_logout_redirect_uris": ["https://www.certification.openid.net/test/a/sekisho/post_logout_redirect"],
        "jwks": { "keys": [{ "kty": "RSA", "e": "AQAB", "use": "sig", "alg": "RS256", "kid": "k1", "n": "sXch" }] },
        "token_endpoint_auth_method": "client_secret_basic",
        "contacts": ["certification@oidf.org"],
    })
}

fn with(mut metadata: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => drop(metadata.as_object_mut().unwrap().remove(name)),
        value => metadata[name] = value,
    }
    metadata
}

async fn register(app: &TestApp, metadata: &Value) -> Answer {
    register_with(app, metadata, None).await
}

async fn register_with(app: &TestApp, metadata: &Value, token: Option<&str>) -> Answer {
    let request = reqwest::Client::new().post(app.at("/register")).json(metadata);
    answer(token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth)).await
}

/// A client that has registered itself.
struct Registered {
    body: Map<String, Value>,
    uri: String,
    token: String,
}

impl Registered {
    async fn new(app: &TestApp, metadata: &Value) -> Registered {
        Registered::of(&register(app, metadata).await.expect_status(201))
    }

    fn of(answer: &Answer) -> Registered {
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned();
        Registered {
            uri: text("registration_client_uri"),
            token: text("registration_access_token"),
            body: body.as_object().unwrap().clone(),
        }
    }

    fn id(&self) -> &str {
        self.body["client_id"].as_str().unwrap()
    }

    fn secret(&self) -> Option<&str> {
        self.body.get("client_secret").and_then(Value::as_str)
    }

    async fn call(&self, method: reqwest::Method, token: &str, body: Option<&Value>) -> Answer {
        let request = reqwest::Client::new().request(method, &self.uri).bearer_auth(token);
        answer(body.into_iter().fold(request, reqwest::RequestBuilder::json)).await
    }

    async fn get(&self) -> Answer {
        self.call(reqwest::Method::GET, &self.token, None).await
    }

    /// Replaces the metadata, naming itself as the standard wants it.
    async fn put(&self, metadata: &Value) -> Answer {
        let metadata = with(metadata.clone(), "client_id", json!(self.id()));
        self.call(reqwest::Method::PUT, &self.token, Some(&metadata)).await
    }

    async fn delete(&self) -> Answer {
        self.call(reqwest::Method::DELETE, &self.token, None).await
    }

    /// The relying party as it stands registered now, with this secret.
    async fn relying_party(&self, app: &TestApp, secret: Option<&str>) -> RelyingParty {
        let stored = clients::by_id(&mut app.app.store.reader().await.unwrap(), self.id()).await.unwrap().unwrap();
        RelyingParty::new(&app.issuer, &stored.client, secret.map(str::to_owned))
    }
}

/// The tokens of a member who logs in and agrees.
async fn log_in(rp: &RelyingParty, visitor: &Visitor) -> Answer {
    let page = visitor.follow(&rp.authorize_url(&[("scope", "openid email offline_access")])).await;
    let consent = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
    let mut form: BTreeMap<String, String> = consent.form();
    form.insert("decision".into(), "allow".into());
    let code = visitor.post("/login/consent", &form).await.code();
    rp.redeem(&code).await.expect_status(200)
}

#[track_caller]
fn refused(answer: Answer) {
    let answer = answer.expect_oauth_error(401, "invalid_token");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer realm=\"sekisho\", error=\"invalid_token\""), "{challenge}");
}

/// No token was sent: only the scheme is told.
#[track_caller]
fn asked_for_a_token(answer: Answer) {
    let answer = answer.expect_status(401);
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"sekisho\""));
    assert_eq!(answer.body, "");
}

/// A PUT whose body comes when the test says so.
struct SlowPut {
    connection: TcpStream,
    body: String,
}

impl SlowPut {
    /// Sends the head and waits until the provider asks for the body.
    async fn begin(registered: &Registered, metadata: &Value) -> SlowPut {
        let body = with(metadata.clone(), "client_id", json!(registered.id())).to_string();
        let uri = url::Url::parse(&registered.uri).unwrap();
        let authority = format!("127.0.0.1:{}", uri.port().unwrap());
        let head = format!(
            "PUT {} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
            uri.path(),
            registered.token,
            body.len()
        );
        let mut connection = TcpStream::connect(authority).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut asked = [0; 12];
        connection.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100");
        SlowPut { connection, body }
    }

    /// Sends the body; the answer's status.
    async fn end(mut self) -> u16 {
        self.connection.write_all(self.body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.connection.read_to_string(&mut answer).await.unwrap();
        let status = answer.split("HTTP/1.1 ").nth(1).unwrap();
        status[..3].parse().unwrap()
    }
}

/// Whether the token endpoint takes this secret.
async fn accepts(app: &TestApp, registered: &Registered, secret: &str) -> bool {
    let rp = registered.relying_party(app, Some(secret)).await;
    rp.redeem("skc_x").await.json()["error"] == "invalid_grant"
}

on_both_engines! {
    async fn unless_it_is_turned_on_there_is_no_such_endpoint(engine: Engine) {
        let app = TestApp::start(engine).await;
        register(&app, &from_the_suite()).await.expect_status(404);
        let rp = app.relying_party().await;
        let http = reqwest::Client::new();
        let own = app.at(&format!("/register/{}", rp.id));
        for request in [http.get(&own), http.put(&own).json(&from_the_suite()), http.delete(&own)] {
            answer(request.bearer_auth("skr_x")).await.expect_status(404);
        }
    }

    async fn an_initial_access_token_registers_one_client(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.registration.mode = RegistrationMode::InitialAccessToken).await;
        let token = async || make_initial_access_token(&app.app, &STAFF, Span::hours(1)).await.unwrap().expose().clone();
        let metadata = from_the_suite();
        asked_for_a_token(register(&app, &metadata).await);
        refused(register_with(&app, &metadata, Some("wrong")).await);
        let expired = token().await;
        app.advance(Span::hours(1));
        refused(register_with(&app, &metadata, Some(&expired)).await);

        let good = token().await;
        // A mistake in the metadata does not use it up.
        let bad = with(metadata.clone(), "redirect_uris", json!(["javascript:alert(1)"]));
        register_with(&app, &bad, Some(&good)).await.expect_oauth_error(400, "invalid_redirect_uri");
        let registered = Registered::of(&register_with(&app, &metadata, Some(&good)).await.expect_status(201));
        refused(register_with(&app, &metadata, Some(&good)).await);
        // It is no registration access token, nor the other way round.
        refused(registered.call(reqwest::Method::GET, &good, None).await);
        refused(register_with(&app, &metadata, Some(&registered.token)).await);

        let contended = token().await;
        let answers =
            futures::future::join_all((0..8).map(|_| register_with(&app, &metadata, Some(&contended)))).await;
        assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 1);
        answers.into_iter().filter(|a| a.status != 201).for_each(refused);
    }

    async fn who_registers_is_served_at_once(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let answer = register(&app, &from_the_suite()).await.expect_status(201);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let registered = Registered::of(&answer);
        for name in ["client_name", "grant_types", "response_types", "redirect_uris", "post_logout_redirect_uris",
            "token_endpoint_auth_method", "contacts"]
        {
            assert_eq!(registered.body[name], from_the_suite()[name], "{name}");
        }
        assert_eq!(registered.body["client_secret_expires_at"], 0);
        assert_eq!(registered.body["client_id_issued_at"], app.now().0);
        assert_eq!(registered.body["id_token_signed_response_alg"], "RS256");
        assert_eq!(registered.uri, app.at(&format!("/register/{}", registered.id())));
        assert!(registered.body.get("jwks").is_none(), "what is not used is not promised");

        let rp = registered.relying_party(&app, registered.secret()).await;
        let tokens = log_in(&rp, &app.visitor()).await;
        rp.userinfo(&text(&tokens, "access_token")).await.expect_status(200);
        rp.refresh(&text(&tokens, "refresh_token")).await.expect_status(200);
    }

    async fn nobody_registers_as_the_societys_own(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.registration.mode = RegistrationMode::Open).await;
        let mut metadata = from_the_suite();
        for (name, value) in
            [("first_party", json!(true)), ("pkce", json!("optional")), ("client_id", json!("portal")), ("id", json!("portal"))]
        {
            metadata = with(metadata, name, value);
        }
        let registered = Registered::new(&app, &metadata).await;
        assert_ne!(registered.id(), "portal");
        let rp = registered.relying_party(&app, registered.secret()).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let refused = visitor.follow(&rp.authorize_url(&[])).await;
        assert_eq!(refused.error_code().as_deref(), Some("invalid_request"));
        let pkce = [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];
        let page = visitor.follow(&rp.authorize_url(&pkce)).await;
        assert!(page.form().contains_key("grant"), "the member is asked");
        // Neither does it become so later.
        let public = with(metadata.clone(), "token_endpoint_auth_method", json!("none"));
        registered.put(&public).await.expect_status(200);
        let stored = clients::by_id(&mut app.app.store.reader().await.unwrap(), registered.id()).await.unwrap().unwrap();
        assert!(!stored.client.first_party);
        assert_eq!(stored.client.pkce, PkcePolicy::Required);
    }

    async fn a_client_reads_what_is_registered_of_it(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let metadata = with(from_the_suite(), "initiate_login_uri", json!("https://rp.example.jp/start"));
        let registered = Registered::new(&app, &metadata).await;
        assert_eq!(registered.body["initiate_login_uri"], "https://rp.example.jp/start");
        app.advance(Span::hours(1));
        let answer = registered.get().await.expect_status(200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        // All that the registration said (RFC 7592, 3), but for the secret: only its digest is kept.
        let mut expected = registered.body.clone();
        expected.remove("client_secret");
        expected.remove("client_secret_expires_at");
        assert_eq!(answer.json(), Value::Object(expected));
    }

    async fn a_client_replaces_all_of_its_metadata(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let registered = Registered::new(&app, &with(from_the_suite(), "logo_uri", json!("https://www.certification.openid.net/l.png"))).await;
        let moved = with(from_the_suite(), "redirect_uris", json!(["https://moved.example.jp/callback"]));
        let answer = registered.put(&moved).await.expect_status(200).json();
        assert_eq!(answer["redirect_uris"], moved["redirect_uris"]);
        assert_eq!(answer["registration_access_token"], registered.token.as_str());
        assert_eq!(answer["registration_client_uri"], registered.uri.as_str());
        assert_eq!(answer.get("logo_uri"), None, "what is left out is taken away (RFC 7592, 2.2)");
        assert_eq!(registered.get().await.json(), answer);
        // The secret is still the one of the beginning; the old redirect URI is of no use.
        let rp = registered.relying_party(&app, registered.secret()).await;
        assert_eq!(rp.redirect_uri, "https://moved.example.jp/callback");
        log_in(&rp, &app.visitor()).await;
        let old = from_the_suite()["redirect_uris"][0].as_str().unwrap().to_owned();
        app.visitor().get(&rp.authorize_url(&[("redirect_uri", &old)])).await.expect_error_page("redirect_uri_mismatch");
        // It may name its secret, if it is the right one.
        registered.put(&with(moved.clone(), "client_secret", json!(registered.secret()))).await.expect_status(200);
        for (name, value) in [
            ("client_secret", json!("mine now")),
            ("client_secret", json!(5)),
            ("client_secret_expires_at", json!(0)),
            ("client_id_issued_at", json!(1)),
            ("registration_access_token", json!(registered.token)),
            ("registration_client_uri", json!(registered.uri)),
            ("grant_types", json!(["password"])),
        ] {
            let refused = registered.put(&with(moved.clone(), name, value)).await;
            refused.expect_oauth_error(400, "invalid_client_metadata");
        }
        for id in [json!(null), json!("another"), json!(5)] {
            let body = with(moved.clone(), "client_id", id);
            let refused = registered.call(reqwest::Method::PUT, &registered.token, Some(&body)).await;
            refused.expect_oauth_error(400, "invalid_client_metadata");
        }
        assert_eq!(registered.get().await.json(), answer, "nothing was changed");
    }

    async fn only_a_clients_own_token_opens_its_registration(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let registered = Registered::new(&app, &from_the_suite()).await;
        let other = Registered::new(&app, &from_the_suite()).await;
        let by_staff = app.relying_party().await;
        let staffs = Registered { uri: app.at(&format!("/register/{}", by_staff.id)), ..Registered::new(&app, &from_the_suite()).await };
        let nobodys = Registered { uri: app.at("/register/a%00b"), ..Registered::new(&app, &from_the_suite()).await };
        let body = with(from_the_suite(), "client_id", json!(registered.id()));
        for (target, token) in [
            (&registered, "wrong"),
            (&registered, other.token.as_str()),
            (&registered, registered.secret().unwrap()),
            (&staffs, other.token.as_str()),
            (&nobodys, other.token.as_str()),
        ] {
            refused(target.call(reqwest::Method::GET, token, None).await);
            refused(target.call(reqwest::Method::PUT, token, Some(&body)).await);
            refused(target.call(reqwest::Method::DELETE, token, None).await);
        }
        for request in [reqwest::Client::new().get(&registered.uri), reqwest::Client::new().get(&registered.uri).bearer_auth("")] {
            asked_for_a_token(answer(request).await);
        }
        let twice = reqwest::Client::new().get(&registered.uri).bearer_auth(&registered.token).bearer_auth("x");
        answer(twice).await.expect_oauth_error(400, "invalid_request");
        registered.get().await.expect_status(200);
    }

    async fn a_secret_comes_and_goes_with_the_method_of_authentication(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let method = |method: &str| with(from_the_suite(), "token_endpoint_auth_method", json!(method));
        let registered = Registered::new(&app, &method("client_secret_basic")).await;
        let first = registered.secret().unwrap().to_owned();
        // The one before a rotation is still taken for a while.
        let id = ClientId(registered.id().to_owned());
        let second = rotate_client_secret(&app.app, &STAFF, &id, Span::days(30)).await.unwrap().unwrap().expose().clone();
        let accepts = async |secret: &str| accepts(&app, &registered, secret).await;
        assert!(accepts(&first).await && accepts(&second).await);

        let answer = registered.put(&method("none")).await.expect_status(200).json();
        assert_eq!(answer.get("client_secret"), None);
        let rp = registered.relying_party(&app, None).await;
        rp.redeem("skc_x").await.expect_oauth_error(400, "invalid_grant");

        let answer = registered.put(&method("client_secret_post")).await.expect_status(200).json();
        let third = answer["client_secret"].as_str().unwrap().to_owned();
        assert_eq!(answer["client_secret_expires_at"], 0);
        assert!(accepts(&third).await);
        assert!(!accepts(&first).await && !accepts(&second).await, "no secret comes back");
        // From one method with a secret to another it stays.
        let answer = registered.put(&method("client_secret_basic")).await.expect_status(200).json();
        assert_eq!(answer.get("client_secret"), None);
        assert!(accepts(&third).await);
    }

    async fn a_slow_change_does_not_bring_an_old_secret_back(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let registered = Registered::new(&app, &from_the_suite()).await;
        let leaked = registered.secret().unwrap().to_owned();
        let id = ClientId(registered.id().to_owned());
        let slow = SlowPut::begin(&registered, &from_the_suite()).await;
        let new = rotate_client_secret(&app.app, &STAFF, &id, Span::ZERO).await.unwrap().unwrap().expose().clone();
        assert_eq!(slow.end().await, 200);
        assert!(accepts(&app, &registered, &new).await);
        assert!(!accepts(&app, &registered, &leaked).await);

        // Nor does one that comes while the rotation is being written.
        let mut tx = app.app.store.write().await.unwrap();
        let digest = crate::support::app::digest("of a third secret");
        assert!(clients::rotate_secret(&mut tx, &id, &digest, app.now(), app.now()).await.unwrap());
        let metadata = from_the_suite();
        let (put, ()) = tokio::join!(registered.put(&metadata), async {
            if engine == Engine::Postgres {
                app.until_somebody_waits_for_a_row().await;
            }
            tx.commit().await.unwrap();
        });
        put.expect_status(200);
        assert!(accepts(&app, &registered, "of a third secret").await);
        assert!(!accepts(&app, &registered, &new).await);
    }

    async fn a_slow_change_does_not_outlive_the_client(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let registered = Registered::new(&app, &from_the_suite()).await;
        let slow = SlowPut::begin(&registered, &from_the_suite()).await;
        registered.delete().await.expect_status(204);
        assert_eq!(slow.end().await, 401);
        assert_eq!(app.rows("clients").await, 0);
    }

    async fn who_edits_may_say_which_revision_they_saw(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let answer = register(&app, &from_the_suite()).await.expect_status(201);
        let registered = Registered::of(&answer);
        let etag = answer.header("etag").unwrap().to_owned();
        assert_eq!(registered.get().await.header("etag"), Some(etag.as_str()));
        let body = with(from_the_suite(), "client_id", json!(registered.id()));
        let send = async |method: reqwest::Method, if_match: &str| {
            let request = reqwest::Client::new().request(method, &registered.uri).bearer_auth(&registered.token);
            crate::support::relying_party::answer(request.header("if-match", if_match).json(&body)).await
        };
        let changed = send(reqwest::Method::PUT, &format!("\"x\", {etag}")).await.expect_status(200);
        let next = changed.header("etag").unwrap().to_owned();
        assert_ne!(etag, next);
        for old in [etag.as_str(), &format!("W/{next}"), "nonsense"] {
            send(reqwest::Method::PUT, old).await.expect_oauth_error(412, "invalid_request");
            send(reqwest::Method::DELETE, old).await.expect_oauth_error(412, "invalid_request");
        }
        send(reqwest::Method::PUT, "*").await.expect_status(200);
        rotate_client_secret(&app.app, &STAFF, &ClientId(registered.id().to_owned()), Span::ZERO).await.unwrap();
        send(reqwest::Method::PUT, &next).await.expect_oauth_error(412, "invalid_request");
        let now = registered.get().await.header("etag").unwrap().to_owned();
        send(reqwest::Method::DELETE, &now).await.expect_status(204);
    }

    async fn two_pages_that_are_agreed_to_at_once_are_both_remembered(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let mut pages = Vec::new();
        for scope in ["openid email", "openid phone", "openid address", "openid profile"] {
            let mut form = visitor.follow(&rp.authorize_url(&[("scope", scope)])).await.form();
            form.insert("decision".into(), "allow".into());
            pages.push(form);
        }
        // The row that they all add to is held until each of them waits.
        let hanako = members::find(&app.app, HANAKO.0).await.unwrap().unwrap().id;
        let (client, openid) = (ClientId(rp.id.clone()), Scopes::parse("openid").unwrap());
        let mut tx = app.app.store.write().await.unwrap();
        consents::add(&mut tx, &hanako, &client, &openid, app.now()).await.unwrap();
        let answers = futures::future::join_all(pages.iter().map(|form| visitor.post("/login/consent", form)));
        let let_go = async {
            if engine == Engine::Postgres {
                app.until_so_many_wait_for_a_row(4).await;
            }
            tx.commit().await.unwrap();
        };
        let (answers, ()) = tokio::join!(answers, let_go);
        answers.into_iter().for_each(|answer| drop(answer.code()));
        let silent = [("scope", "openid profile email address phone"), ("prompt", "none")];
        visitor.get(&rp.authorize_url(&silent)).await.code();
    }

    async fn a_client_that_removes_itself_takes_its_tokens_along(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let registered = Registered::new(&app, &from_the_suite()).await;
        let rp = registered.relying_party(&app, registered.secret()).await;
        let visitor = app.visitor();
        let tokens = log_in(&rp, &visitor).await;
        let answer = registered.delete().await.expect_status(204);
        assert_eq!(answer.body, "");
        rp.userinfo(&text(&tokens, "access_token")).await.expect_status(401);
        rp.refresh(&text(&tokens, "refresh_token")).await.expect_oauth_error(401, "invalid_client");
        visitor.get(&rp.authorize_url(&[])).await.expect_error_page("client_unknown");
        refused(registered.get().await);
        refused(registered.delete().await);
    }

    async fn a_redirect_uri_that_could_leak_a_code_is_refused(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        for uri in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "vbscript:x",
            "http://rp.example.jp/callback",
            "http://localhost.evil.example/callback",
            "http://127.0.0.1.evil.example/callback",
            "https://rp.example.jp/callback#fragment",
            "https://rp.example.jp/callback#",
            "https://*.example.jp/callback",
            "https://rp.example.jp/*",
            "https://rp.example.jp/call\nback",
            "https://rp.example.jp/call\u{0}back",
            "https://rp.example.jp\\@evil.example/",
            "https://rp.example.jp@evil.example/",
            "https://user:password@rp.example.jp/",
            "https://",
            "https:///callback",
            "https:rp.example.jp",
            "http://",
            "//rp.example.jp/callback",
            "/callback",
            "",
            "jp.example.app:/callback",
            "https://rp.example.jp/a/../callback",
            "https://RP.example.jp/callback",
            "https://健保.example.jp/callback",
        ] {
            for name in ["redirect_uris", "post_logout_redirect_uris"] {
                let answer = register(&app, &with(from_the_suite(), name, json!([uri]))).await;
                let code = answer.json()["error"].as_str().map(str::to_owned);
                let codes = ["invalid_redirect_uri", "invalid_client_metadata"];
                assert!(codes.contains(&code.as_deref().unwrap_or_default()), "{name} {uri:?}: {}", answer.body);
                answer.expect_status(400);
            }
        }
        // One bad among good ones is enough; a native application may use loopback and a scheme of its own.
        let mixed = json!(["https://rp.example.jp/callback", "http://rp.example.jp/callback"]);
        let answer = register(&app, &with(from_the_suite(), "redirect_uris", mixed)).await;
        answer.expect_oauth_error(400, "invalid_redirect_uri");
        let native = with(from_the_suite(), "application_type", json!("native"));
        let uris = json!(["http://127.0.0.1/callback", "http://[::1]/callback", "jp.example.app:/callback"]);
        register(&app, &with(native, "redirect_uris", uris)).await.expect_status(201);
    }

    async fn metadata_that_could_not_be_kept_to_is_refused(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        for (name, value) in [
            ("grant_types", json!(["password"])),
            ("grant_types", json!(["implicit"])),
            ("grant_types", json!(["refresh_token"])),
            ("grant_types", json!("authorization_code")),
            ("response_types", json!(["code id_token"])),
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("id_token_signed_response_alg", json!("none")),
            ("id_token_signed_response_alg", json!("HS256")),
            ("userinfo_signed_response_alg", json!("RS256")),
            ("id_token_encrypted_response_alg", json!("RSA-OAEP")),
            ("require_pushed_authorization_requests", json!(true)),
            ("dpop_bound_access_tokens", json!(true)),
            ("subject_type", json!("pairwise")),
            ("sector_identifier_uri", json!("https://rp.example.jp/sector.json")),
            ("application_type", json!("service")),
            ("scope", json!("admin")),
            ("client_name", json!({ "en": "x" })),
            ("client_name", json!("line\nbreak")),
            ("client_name", json!("x".repeat(201))),
            ("contacts", json!("a@example.jp")),
            ("contacts", json!(["a\u{0}b"])),
            ("default_max_age", json!(-1)),
            ("logo_uri", json!("javascript:alert(1)")),
            ("policy_uri", json!("http://rp.example.jp/policy")),
            ("tos_uri", json!("data:text/html,x")),
            ("initiate_login_uri", json!("http://rp.example.jp/start")),
            ("initiate_login_uri", json!("http://localhost/start")),
        ] {
            let answer = register(&app, &with(from_the_suite(), name, value.clone())).await;
            let answer = answer.expect_oauth_error(400, "invalid_client_metadata");
            assert!(answer.json()["error_description"].as_str().unwrap().contains(name), "{name} {value}: {}", answer.body);
        }
        for uris in [json!(null), json!([]), json!("https://rp.example.jp/callback"), json!([5])] {
            let answer = register(&app, &with(from_the_suite(), "redirect_uris", uris)).await;
            answer.expect_oauth_error(400, "invalid_redirect_uri");
        }
    }

    async fn what_does_not_exist_here_is_left_out_of_the_answer(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let mut metadata = from_the_suite();
        for (name, value) in [
            ("backchannel_logout_uri", json!("https://www.certification.openid.net/logout")),
            ("backchannel_logout_session_required", json!(true)),
            ("frontchannel_logout_uri", json!("https://www.certification.openid.net/logout")),
            ("grant_types", json!(["authorization_code", "implicit", "urn:ietf:params:oauth:grant-type:device_code"])),
            ("response_types", json!(["code", "id_token"])),
            ("scope", json!("openid email admin")),
            ("policy_uri", json!("https://bank.example.jp/policy")),
            ("tos_uri", json!("https://www.certification.openid.net/terms")),
            ("logo_uri", json!("https://bank.example.jp/logo.png")),
        ] {
            metadata[name] = value;
        }
        let registered = Registered::new(&app, &metadata).await;
        let answer = registered.get().await.expect_status(200).json();
        for body in [&Value::Object(registered.body.clone()), &answer] {
            assert_eq!(body["grant_types"], json!(["authorization_code"]));
            assert_eq!(body["response_types"], json!(["code"]));
            assert_eq!(body["scope"], "openid email");
            assert_eq!(body["tos_uri"], metadata["tos_uri"]);
            for name in ["backchannel_logout_uri", "frontchannel_logout_uri", "policy_uri", "logo_uri"] {
                assert_eq!(body.get(name), None, "{name}");
            }
        }
        registered.put(&metadata).await.expect_status(200);
        let rp = registered.relying_party(&app, registered.secret()).await;
        let page = app.visitor().follow(&rp.authorize_url(&[("scope", "openid profile")])).await;
        assert_eq!(page.error_code().as_deref(), Some("invalid_scope"));
    }

    async fn a_body_that_is_not_metadata_is_refused(engine: Engine) {
        let app = TestApp::start_with(engine, open).await;
        let send = |content_type: &'static str, body: String| {
            answer(reqwest::Client::new().post(app.at("/register")).header("content-type", content_type).body(body))
        };
        let good = from_the_suite().to_string();
        for (content_type, body) in [
            ("application/json", "not json".to_owned()),
            ("application/json", "[]".to_owned()),
            ("application/json", "null".to_owned()),
            ("application/json", String::new()),
            ("application/json", format!("{good} trailing")),
            ("application/x-www-form-urlencoded", good.clone()),
            ("text/plain", good.clone()),
            ("application/json", with(from_the_suite(), "x", json!("x".repeat(100_000))).to_string()),
            ("application/json", "[".repeat(10_000)),
        ] {
            send(content_type, body).await.expect_oauth_error(400, "invalid_client_metadata");
        }
        send("application/json; charset=utf-8", good).await.expect_status(201);
    }

    async fn no_more_register_than_the_settings_allow(engine: Engine) {
        let app = TestApp::start_with(engine, |s| {
            open(s);
            s.registration.max_clients = 2;
        })
        .await;
        app.relying_party().await;
        let first = Registered::new(&app, &from_the_suite()).await;
        Registered::new(&app, &from_the_suite()).await;
        register(&app, &from_the_suite()).await.expect_oauth_error(400, "invalid_client_metadata");
        first.delete().await.expect_status(204);
        Registered::new(&app, &from_the_suite()).await;
    }
}
