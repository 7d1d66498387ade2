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
        let wanted = "authorization,content-type,dpop,x-requested-with,traceparent";
        let preflight = |method: &'static str, path: &str| {
            answer(
                reqwest::Client::new()
                    .request(reqwest::Method::OPTIONS, app.at(path))
                    .header("origin", "https://spa.example.jp")
                    .header("access-control-request-method", method)
                    .header("access-control-request-headers", wanted),
            )
        };
        for (method, path) in [
            ("GET", "/userinfo"),
            ("POST", "/userinfo"),
            ("POST", "/token"),
            ("POST", "/revoke"),
            ("GET", "/jwks"),
            ("GET", "/.well-known/openid-configuration"),
            ("GET", "/.well-known/oauth-authorization-server"),
            ("POST", "/register"),
            ("GET", "/register/some-client"),
            ("PUT", "/register/some-client"),
            ("DELETE", "/register/some-client"),
            ("GET", "/help/v1/questions"),
            ("POST", "/help/v1/questions/pc-use/votes"),
        ] {
            let allowed = preflight(method, path).await.expect_status(200);
            assert_eq!(allowed.header("access-control-allow-origin"), Some("*"), "{path}");
            let methods = allowed.header("access-control-allow-methods").unwrap();
            assert!(methods.split(',').any(|one| one.trim() == method), "{method} {path}: {methods}");
            let headers = allowed.header("access-control-allow-headers").unwrap();
            for name in wanted.split(',') {
                assert!(headers.split(',').any(|one| one.trim() == name), "{name} {path}: {headers}");
            }
            assert!(allowed.header("access-control-allow-credentials").is_none());
        }
        for path in ["/login/password", "/account/profile", "/introspect", "/logout", "/authorize"] {
            assert!(preflight("POST", path).await.header("access-control-allow-origin").is_none(), "{path}");
        }
        // The answers themselves, refusals among them, can be read by the script.
        for path in ["/register", "/token", "/revoke"] {
            let refused = answer(reqwest::Client::new().post(app.at(path)).header("origin", "https://spa.example.jp")).await;
            assert!(refused.status.is_client_error());
            assert_eq!(refused.header("access-control-allow-origin"), Some("*"), "{path}");
        }
    }

    async fn what_is_the_same_for_everybody_is_given_in_the_form_that_the_reader_takes(engine: Engine) {
        let app = TestApp::start(engine).await;
        let page = app.visitor().get("/help").await;
        let style = page.attribute("link[rel=stylesheet]", "href").unwrap();
        let component = format!("/help/component/{}/sekisho-help.js", sekisho::web::help::component::VERSION);
        let paths = [
            style.as_str(),
            component.as_str(),
            "/.well-known/openid-configuration",
            "/jwks",
            "/help/v1/questions",
            "/help/v1/openapi.json",
            "/help/v1/component",
            "/help/sitemap.xml",
        ];
        for path in paths {
            let get = |accepted: &'static str, tag: Option<String>| {
                let mut request = reqwest::Client::new().get(app.at(path)).header("accept-encoding", accepted);
                if let Some(tag) = tag {
                    request = request.header("if-none-match", tag);
                }
                answer(request)
            };
            let tag = |answer: &crate::support::visitor::Answer| answer.header("etag").map(str::to_owned);
            let (plain, gzip) = (get("identity", None).await, get("br, gzip;q=0.5", None).await);
            assert_eq!((plain.status.as_u16(), plain.header("content-encoding")), (200, None), "{path}");
            assert_eq!(gzip.header("content-encoding"), Some("gzip"), "{path}");
            assert_ne!(tag(&plain), tag(&gzip), "{path}");
            for answer in [&plain, &gzip] {
                let vary: Vec<&str> = answer.headers.get_all("vary").iter().map(|v| v.to_str().unwrap()).collect();
                assert!(vary.join(", ").contains("accept-encoding"), "{path}: {vary:?}");
            }
            assert_eq!(get("gzip;q=0", None).await.header("content-encoding"), None);
            get("gzip", tag(&gzip)).await.expect_status(304);
            get("identity", tag(&plain)).await.expect_status(304);
            get("identity", tag(&gzip)).await.expect_status(200);
        }
        // What is made for one reader is not compressed.
        let search = reqwest::Client::new().get(app.at("/help/v1/search?q=password")).header("accept-encoding", "gzip");
        assert_eq!(answer(search).await.header("content-encoding"), None);
    }

    async fn the_root_and_a_bookmarked_login_page_lead_to_the_portal(engine: Engine) {
        let portal = "https://portal.example.jp/members";
        let app = TestApp::start_with(engine, |s| s.society.portal_url = Some(portal.parse().unwrap())).await;
        for path in ["/", "/login/password"] {
            assert_eq!(app.visitor().get(path).await.expect_status(303).location(), Some(portal), "{path}");
            let member = app.visitor_logged_in(HANAKO).await;
            assert_eq!(member.get(path).await.location(), Some(portal), "{path}");
        }
        // The address of a login that is long over, or was another browser's.
        let bookmark = app.visitor().follow(&app.at("/account/profile")).await.url;
        let other = app.visitor();
        other.get("/help").await;
        let page = other.get(&bookmark).await.expect_error_page("flow_other_browser");
        assert_eq!(page.attribute("#way-on", "href").as_deref(), Some(portal));

        let app = TestApp::start(engine).await;
        assert_eq!(app.visitor().get("/").await.expect_status(303).location(), Some("/account/profile"));
        app.visitor().follow(&app.at("/")).await.expect_status(200);
        let login = app.visitor().get("/login/password").await.expect_status(303);
        assert!(login.location().unwrap().starts_with("/login/password?flow="));
    }

    async fn nobody_meets_the_limits_of_the_help_but_a_flood(engine: Engine) {
        let few = sekisho::config::Quota { per_minute: 60, burst: 3 };
        let app = TestApp::start_with(engine, |s| {
            s.rate_limits.help_by_address = few;
            s.rate_limits.pages_by_address = few;
        })
        .await;
        for path in ["/help/v1/questions", "/help/faq"] {
            let get = || answer(reqwest::Client::new().get(app.at(path)));
            for _ in 0..3 {
                get().await.expect_status(200);
            }
            let refused = get().await.expect_status(429);
            assert_eq!(refused.header("retry-after"), Some("1"));
            app.advance(sekisho::domain::unix_time::Span::seconds(1));
            get().await.expect_status(200);
        }
        let usual = sekisho::config::RateLimits::default();
        assert!(usual.help_by_address.per_minute >= 6_000 && usual.pages_by_address.per_minute >= 6_000);
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
