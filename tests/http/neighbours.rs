//! What a browser, its extensions, a proxy or another application on the same host put next to what we expect: cookies,
//! headers and form fields of theirs, in whatever bytes. Nobody's login breaks over it.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use reqwest::{Method, redirect};

use crate::support::app::HANAKO;
use crate::support::relying_party::answer;
use crate::support::visitor::Answer;
use crate::support::{Engine, TestApp, on_both_engines};

/// A browser whose headers the test writes, byte by byte.
struct Sender {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

/// Makes the `Cookie` headers out of the one that would do.
type Arrangement = fn(&str) -> Vec<Vec<u8>>;

impl Sender {
    fn new() -> Sender {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Sender { http, cookies: BTreeMap::new() }
    }

    async fn send(
        &mut self,
        method: Method,
        url: &str,
        more: HeaderMap,
        arrange: Arrangement,
        form: Option<&[(String, String)]>,
    ) -> Answer {
        let ours: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers = HeaderMap::new();
        for value in arrange(&ours.join("; ")) {
            headers.append("cookie", HeaderValue::from_bytes(&value).unwrap());
        }
        let mut request = self.http.request(method, url).headers(headers);
        if let Some(form) = form {
            request = request.form(form);
        }
        // A content type among them replaces the form's own.
        let answer = answer(request.headers(more)).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        answer
    }

    async fn follow(&mut self, url: String, more: &HeaderMap, arrange: Arrangement) -> Answer {
        let first = self.send(Method::GET, &url, more.clone(), arrange, None).await;
        let Some(to) = first.location() else { return first };
        let there = reqwest::Url::parse(&url).unwrap().join(to).unwrap();
        self.send(Method::GET, there.as_str(), more.clone(), arrange, None).await
    }

    /// Logs in to the account and looks at the profile.
    async fn log_in(&mut self, app: &TestApp, more: &HeaderMap, arrange: Arrangement, fields: &[(&str, &str)]) {
        let page = self.follow(app.at("/account/profile"), more, arrange).await.expect_status(200);
        let mut form: Vec<(String, String)> = page.form().into_iter().collect();
        form.extend([("user_id", HANAKO.0), ("password", HANAKO.1)].map(|(n, v)| (n.to_owned(), v.to_owned())));
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let sent = self.send(Method::POST, &app.at("/login/password"), more.clone(), arrange, Some(&form)).await;
        assert_eq!(sent.location(), Some("/account/profile"), "{}", sent.body);
        let profile = self.send(Method::GET, &app.at("/account/profile"), more.clone(), arrange, None).await;
        assert!(profile.expect_status(200).body.contains("健保 花子"));
    }
}

fn alone(ours: &str) -> Vec<Vec<u8>> {
    vec![ours.as_bytes().to_vec()]
}

on_both_engines! {
    async fn cookies_of_other_applications_on_the_same_host_break_no_login(engine: Engine) {
        let app = TestApp::start(engine).await;
        let arrangements: [(&str, Arrangement); 8] = [
            ("UTF-8 before", |ours| vec![["name=健保 花子; ".as_bytes(), ours.as_bytes()].concat()]),
            ("UTF-8 after", |ours| vec![[ours.as_bytes(), "; name=花子".as_bytes()].concat()]),
            ("Shift_JIS before", |ours| vec![[b"name=\x89\xd4\x8eq; ", ours.as_bytes()].concat()]),
            ("broken pairs around", |ours| vec![format!(";; =; lone; \"x=y; {ours};;= ; a").into_bytes()]),
            ("a header of its own before", |ours| vec![b"name=\xff\xfe".to_vec(), ours.as_bytes().to_vec()]),
            ("a header for each", |ours| ours.split("; ").map(|pair| pair.as_bytes().to_vec()).collect()),
            ("our names with values that are not ours before", |ours| {
                vec![
                    b"sekisho-session=\xff; sekisho-session=; sekisho-browser=x; sekisho-language=?".to_vec(),
                    format!("sekisho-browser=skw_{}; {ours}", "+".repeat(43)).into_bytes(),
                ]
            }),
            ("many others", |ours| vec![format!("{}{ours}", "other=value; ".repeat(300)).into_bytes()]),
        ];
        for (_, arrange) in arrangements {
            Sender::new().log_in(&app, &HeaderMap::new(), arrange, &[]).await;
        }
    }

    async fn no_byte_in_a_header_breaks_a_page(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        })
        .await;
        let names = [
            "accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "cache-control", "dnt",
            "forwarded", "idempotency-key", "if-match", "if-modified-since", "if-none-match", "origin", "pragma", "range",
            "referer", "sec-ch-ua", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "sec-gpc", "user-agent", "via",
            "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-requested-with",
        ];
        let mut hostile = HeaderMap::new();
        for name in names.map(HeaderName::from_static) {
            // The help answers 406 to a request that accepts none of its types.
            let value = if name == "accept" { &b"*/*, \xff/\x80;q=\xe9"[..] } else { b"\xff\xfe, \"\t;q=;=\xe8\x8a\xb1" };
            hostile.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        Sender::new().log_in(&app, &hostile, alone, &[]).await;
        for path in ["/help", "/help/faq", "/help/v1/questions", "/jwks", "/.well-known/openid-configuration", "/health/live"] {
            let seen = Sender::new().follow(app.at(path), &hostile, alone).await;
            assert_eq!(seen.status, 200, "{path}: {}", seen.body);
        }
        // The parameter of a type, too.
        let mut typed = HeaderMap::new();
        let form = HeaderValue::from_bytes(b"Application/X-WWW-Form-Urlencoded; charset=\xff").unwrap();
        typed.insert("content-type", form);
        Sender::new().log_in(&app, &typed, alone, &[]).await;
    }

    async fn a_header_that_a_stranger_has_spoilt_does_not_hide_where_a_request_comes_from(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            settings.rate_limits.pages_by_address = sekisho::config::Quota { per_minute: 1, burst: 2 };
        })
        .await;
        let ask = |forwarded: &'static [u8]| {
            let forwarded = HeaderValue::from_bytes(forwarded).unwrap();
            answer(reqwest::Client::new().get(app.at("/help")).header("x-forwarded-for", forwarded))
        };
        ask(b"\xff, 198.51.100.1").await.expect_status(200);
        ask(b"198.51.100.1").await.expect_status(200);
        ask(b"\xff, 198.51.100.1").await.expect_status(429);
        ask(b"\xff, 198.51.100.2").await.expect_status(200);
    }

    async fn form_fields_of_extensions_and_password_managers_are_passed_over(engine: Engine) {
        let app = TestApp::start(engine).await;
        let fields = [
            ("username", "somebody"),
            ("current-password", "other"),
            ("__extension[field]", "\u{0}花\u{feff}"),
            ("", "nameless"),
            ("password", "typed-by-an-extension-after-ours"),
            ("csrf", "another"),
        ];
        Sender::new().log_in(&app, &HeaderMap::new(), alone, &fields).await;
        let many: Vec<(String, String)> = (0..300).map(|n| (format!("field-{n}"), "x".to_owned())).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Sender::new().log_in(&app, &HeaderMap::new(), alone, &many).await;
    }
}
