//! Headers: those that answers carry, and those of requests that must have no effect.

use crate::support::app::HANAKO;
use crate::support::relying_party::answer;
use crate::support::{Engine, TestApp, on_both_engines};

on_both_engines! {
    async fn every_page_forbids_foreign_script_framing_and_referrers(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let login = visitor.follow(&rp.authorize_url(&[])).await;
        let leaving = visitor.log_in(&login, HANAKO.0, HANAKO.1).await.expect_status(200);
        let error = visitor.get("/authorize").await;
        let missing = visitor.get("/nowhere").await.expect_status(404);
        for page in [&login, &leaving, &error, &missing] {
            let policy = page.header("content-security-policy").unwrap();
            for part in ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self';"] {
                assert!(policy.contains(part), "{policy}");
            }
            assert!(!policy.contains("unsafe"));
            assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(page.header("x-frame-options"), Some("DENY"));
            assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(page.header("cache-control"), Some("no-store"));
        }
    }

    async fn a_forged_host_has_no_effect(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let bare = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let forged = |url: String| {
            answer(
                bare.get(url)
                    .header("host", "evil.example")
                    .header("x-forwarded-host", "evil.example")
                    .header("x-forwarded-proto", "https")
                    .header("forwarded", "host=evil.example;proto=https"),
            )
        };
        let honest = answer(bare.get(app.at("/.well-known/openid-configuration"))).await;
        assert_eq!(forged(app.at("/.well-known/openid-configuration")).await.body, honest.body);
        let to_login = forged(rp.authorize_url(&[])).await.expect_status(303);
        assert!(to_login.location().unwrap().starts_with("/login/password?flow="));
        assert!(!to_login.header("set-cookie").unwrap().contains("__Host-"));
        let login = forged(app.at("/login/password")).await;
        assert!(login.location().unwrap().starts_with("/login/password"));
        let refusal = forged(rp.authorize_url(&[("prompt", "none")])).await;
        assert_eq!(refusal.parameters()["iss"], app.issuer);
    }

    async fn a_script_of_another_origin_may_call_what_is_meant_for_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let preflight = |path: &str| {
            answer(
                reqwest::Client::new()
                    .request(reqwest::Method::OPTIONS, app.at(path))
                    .header("origin", "https://spa.example.jp")
                    .header("access-control-request-method", "GET")
                    .header("access-control-request-headers", "authorization"),
            )
        };
        for path in ["/userinfo", "/token", "/jwks", "/.well-known/openid-configuration"] {
            let allowed = preflight(path).await.expect_status(200);
            assert_eq!(allowed.header("access-control-allow-origin"), Some("*"), "{path}");
            assert!(allowed.header("access-control-allow-headers").unwrap().contains("authorization"));
        }
        assert!(preflight("/login/password").await.header("access-control-allow-origin").is_none());
    }

    async fn a_page_is_never_compressed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let login = visitor.follow(&app.at("/account/profile")).await;
        let request = visitor.http.get(&login.url).header("accept-encoding", "gzip");
        assert_eq!(visitor.send(request).await.header("content-encoding"), None);
        let json = visitor.http.get(app.at("/help/v1/questions")).header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(json.headers()["content-encoding"], "gzip");
    }

    async fn a_connection_that_sends_its_request_too_slowly_is_closed(engine: Engine) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let app = TestApp::start_with(engine, |s| s.http.header_timeout = sekisho::domain::unix_time::Span::seconds(1)).await;
        let address = app.issuer.replace("http://localhost", "127.0.0.1");
        for begun in ["", "GET /health/live HTTP/1.1\r\nHost: x\r\n"] {
            let mut connection = tokio::net::TcpStream::connect(&address).await.unwrap();
            connection.write_all(begun.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            let closed = tokio::time::timeout(std::time::Duration::from_secs(20), connection.read_to_end(&mut answer)).await;
            assert!(closed.is_ok(), "still open after {begun:?}");
        }
        let mut whole = tokio::net::TcpStream::connect(&address).await.unwrap();
        whole.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        whole.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    async fn an_unused_method_is_answered_as_such(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        visitor.get("/token").await.expect_status(405);
        let delete = visitor.send(visitor.http.delete(app.at("/account/profile"))).await;
        delete.expect_status(405);
    }

    async fn a_body_beyond_the_limit_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let long = "x".repeat(100_000);
        rp.request("/token", &[("grant_type", &long)]).await.expect_oauth_error(400, "invalid_request");
        let visitor = app.visitor();
        let mut form = visitor.follow(&rp.authorize_url(&[])).await.form();
        form.insert("user_id".into(), long);
        visitor.post("/login/password", &form).await.expect_error_page("request_invalid");
    }
}
