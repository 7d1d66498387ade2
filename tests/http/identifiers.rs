//! Every address that takes an identifier, in its path, its query or its form, is tried with those of another member, another
//! client and another session, with made-up ones, and with what can't be one at all. Nothing changes and nothing is told:
//! whose it is and whether it exists makes no difference.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use reqwest::header::LOCATION;
use sekisho::config::RegistrationMode;
use sekisho::domain::protocol::client::PkcePolicy;
use sekisho::domain::unix_time::Span;
use serde_json::{Value, json};

use crate::passkeys::{options, with_answer};
use crate::support::app::HANAKO;
use crate::support::authenticator::Authenticator;
use crate::support::relying_party::{RelyingParty, answer, text};
use crate::support::state::State;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};
use crate::totp::{code, key_on};

const KAEDE: (&str, &str) = ("kaede", "Test-kaede-11");
/// Stands for the identifier in a path or a field.
const HERE: &str = "{here}";
/// What tells of Hanako.
const TOLD: [&str; 4] = ["健保", "hanako", "はなちゃん", "さくら"];
/// No identifiers of ours, as an address carries them.
const HOSTILE: [&str; 12] = [
    "..%2f..%2fprofile",
    "..;",
    "a%0d%0aSet-Cookie:%20x=y",
    "%00",
    "a%00b",
    "%ff%fe",
    "%EF%BC%91%EF%BC%92",
    "%E8%8A%B1",
    "a%20b",
    "'%20OR%201=1%20--",
    "%3Cscript%3E",
    "%25s%25n",
];

/// One way to name something to an address.
struct Probe {
    pattern: &'static str,
    method: Method,
    path: String,
    /// Fields of a form. Empty: no body.
    fields: Vec<(&'static str, String)>,
    json: Option<Value>,
    by: By,
    /// What others have.
    others: Vec<String>,
    made_up: &'static str,
}

enum By {
    /// A member in a browser.
    Member,
    /// The same, who has shown the password alone so far.
    HalfWay,
    /// A client, with its own credentials.
    Client,
    /// A client, with its registration access token.
    ClientItself,
    Anybody,
}

/// Why an address is not tried: it takes no identifier of anything, or what it takes is a secret that opens something to
/// whoever holds it, and is tried by the steps of a journey (`middle.rs`).
const TAKES_NONE: [&str; 51] = [
    "/",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/account/activity",
    "/account/authentication-method",
    "/account/data",
    "/account/email-address",
    "/account/email-address-code",
    "/account/email-method",
    "/account/email-method/delete",
    "/account/language",
    "/account/member-notices",
    "/account/passkey-enrolment",
    "/account/passkeys",
    "/account/password",
    "/account/profile",
    "/account/recovery-codes",
    "/account/totp-enrolment",
    "/authorize/refused",
    "/health/live",
    "/health/ready",
    "/help",
    "/help/faq",
    "/help/guide",
    "/help/search",
    "/help/sitemap.xml",
    "/help/v1",
    "/help/v1/categories",
    "/help/v1/component",
    "/help/v1/faq.jsonld",
    "/help/v1/guide",
    "/help/v1/openapi.json",
    "/help/v1/questions",
    "/help/v1/search",
    "/help/v1/{*rest}",
    "/jwks",
    "/login/continue",
    "/login/email-address",
    "/login/email-address-code",
    "/login/email-code",
    "/login/password",
    "/mail",
    "/member-notices/off",
    "/recovery/cancel-methods-reset",
    "/recovery/forgotten-password",
    "/recovery/forgotten-user-id",
    "/recovery/reset-password",
    "/register",
    "/userinfo",
    // Which members there are, it tells no portal: see `member_notices.rs`.
    "/api/v1/member-notices",
    // Its hints are signed by us and public; what it may do with them is in `logout.rs`.
    "/logout",
];

/// Every address in `web/paths.rs`.
fn addresses() -> BTreeSet<String> {
    let source = std::fs::read_to_string("src/web/paths.rs").unwrap();
    let values = source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str = \""));
    values.map(|(_, value)| value.trim_end_matches("\";").to_owned()).collect()
}

struct Table {
    app: TestApp,
    kaede: Visitor,
    half_way: Visitor,
    client: RelyingParty,
    /// Of the client that Kaede runs.
    registration_token: String,
    probes: Vec<Probe>,
}

fn filled(page: &Answer, fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut form = page.form();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    form
}

fn last_of_link(page: &Answer, selector: &str) -> String {
    let href = page.attribute(selector, "href").unwrap_or_else(|| panic!("no {selector}: {}", page.body));
    href.rsplit('/').next().unwrap().to_owned()
}

async fn set_up(engine: Engine) -> Table {
    let app = TestApp::start_with(engine, |settings| {
        settings.registration.mode = RegistrationMode::Open;
        settings.registration.pkce = PkcePolicy::Optional;
    })
    .await;
    app.add(KAEDE.0, KAEDE.1).await;

    // Hanako: an app, a passkey, two sessions, an application that she let in, its tokens, a login and a consent under way.
    let theirs = app.third_party().await;
    let hanako = app.visitor_logged_in(HANAKO).await;
    let page = hanako.get("/account/totp-enrolment").await;
    let key = key_on(&page);
    let form = filled(&page, &[("device_name", "さくらのスマホ"), ("code", &code(&app, &key, 0))]);
    hanako.post("/account/totp-enrolment", &form).await.expect_status(303);
    let page = hanako.get("/account/passkey-enrolment").await;
    let mut form = with_answer(&page, Authenticator::new(&app.issuer).create(&options(&page)));
    form.insert("device_name".into(), "さくらの鍵".into());
    hanako.post("/account/passkey-enrolment", &form).await.expect_status(303);
    let device = last_of_link(&hanako.get("/account/authentication-method").await, "#apps a[id^=rename-]");
    let passkey = last_of_link(&hanako.get("/account/passkeys").await, "#passkeys a[id^=rename-]");
    let session = hanako.get("/account/sessions").await.attribute("#session-list > li:first-child h2", "id").unwrap();
    let session = session.replace("session-", "");
    let allow = async |scope: &str| {
        let page = hanako.follow(&theirs.authorize_url(&[("scope", scope)])).await;
        if page.location().is_some() {
            return page.code();
        }
        let sent = hanako.post("/login/consent", &filled(&page, &[("decision", "allow")])).await;
        hanako.onward(sent).await.code()
    };
    let tokens = theirs.redeem(&allow("openid offline_access").await).await.expect_status(200);
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let unused_code = allow("openid offline_access").await;
    let consent = hanako.follow(&theirs.authorize_url(&[("scope", "openid profile")])).await.expect_status(200);
    let grant = consent.form()["grant"].clone();
    let other = app.visitor();
    let page = other.follow(&app.at("/account/profile")).await;
    let waiting = other.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
    let step = waiting.url.split_once("step=").unwrap().1.to_owned();

    // Kaede: an app of her own, a client that she has registered, and a login that waits for the code.
    let kaede = app.visitor_logged_in(KAEDE).await;
    let page = kaede.get("/account/totp-enrolment").await;
    let key = key_on(&page);
    let form = filled(&page, &[("device_name", "phone"), ("code", &code(&app, &key, 0))]);
    kaede.post("/account/totp-enrolment", &form).await.expect_status(303);
    // She may change what is hers, so that it is not for that that she can't change what is not.
    kaede.get("/account/authentication-method").await.expect_status(200);
    let own = last_of_link(&kaede.get("/account/authentication-method").await, "#apps a[id^=rename-]");
    let path = format!("/account/totp-devices/{own}");
    let form = filled(&kaede.get(&path).await.expect_status(200), &[("device_name", "her phone")]);
    kaede.post(&path, &form).await.expect_status(303);
    let half_way = app.visitor();
    let page = half_way.follow(&app.at("/account/profile")).await;
    let at_totp = half_way.log_in_and_follow(&page, KAEDE.0, KAEDE.1).await;
    let metadata = json!({
        "redirect_uris": ["https://kaede.example.jp/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_basic",
    });
    let registered = answer(reqwest::Client::new().post(app.at("/register")).json(&metadata)).await.json();
    let registration_token = registered["registration_access_token"].as_str().unwrap().to_owned();
    let client = app.relying_party().await;
    // Another one that looks after itself, with a token of its own.
    let neighbour = answer(reqwest::Client::new().post(app.at("/register")).json(&metadata)).await.json();
    let neighbour = neighbour["client_id"].as_str().unwrap();
    app.advance(Span::seconds(1));
    // The first answer of the help writes down since when it is what it is.
    app.visitor().get("/help").await.expect_status(200);

    let mut probes = Vec::new();
    let mut add = |pattern, method: Method, path: &str, fields: &[(&'static str, &str)], by, others: &[&str]| {
        let made_up = match by {
            By::ClientItself => "rp-bm90aGluZyB0aGVyZSE",
            _ => "bm90aGluZyB0aGVyZSE_-g",
        };
        probes.push(Probe {
            pattern,
            method,
            path: path.to_owned(),
            fields: fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            json: None,
            by,
            others: others.iter().map(|other| (*other).to_owned()).collect(),
            made_up,
        });
    };
    for (pattern, id) in [("/account/totp-devices/{id}", &device), ("/account/passkeys/{id}", &passkey)] {
        let path = pattern.replace("{id}", HERE);
        add(pattern, Method::GET, &path, &[], By::Member, &[id, &device, &passkey, &session]);
        add(pattern, Method::POST, &path, &[("device_name", "mine now")], By::Member, &[id]);
        add(pattern, Method::GET, &path, &[], By::Anybody, &[id]);
    }
    for (pattern, id) in [("/account/totp-devices/{id}/delete", &device), ("/account/passkeys/{id}/delete", &passkey)] {
        let path = pattern.replace("{id}", HERE);
        add(pattern, Method::GET, &path, &[], By::Member, &[id]);
        add(pattern, Method::POST, &path, &[("sure", "1")], By::Member, &[id]);
    }
    add("/account/sessions", Method::POST, "/account/sessions", &[("end", HERE)], By::Member, &[&session]);
    add(
        "/account/applications",
        Method::POST,
        "/account/applications",
        &[("withdraw", HERE)],
        By::Member,
        &[&theirs.id],
    );
    let fields = [("step", at_totp.form()["step"].clone()), ("code", code(&app, &key, 1))];
    let fields = [("step", &*fields[0].1), ("code", &*fields[1].1), ("device", HERE)];
    add("/login/totp", Method::POST, "/login/totp", &fields, By::HalfWay, &[&device]);
    for pattern in [
        "/login/totp",
        "/login/passkey",
        "/login/recovery-code",
        "/login/lost-methods",
        "/login/method",
        "/login/totp-enrolment",
        "/login/passkey-enrolment",
        "/login/initial-password",
    ] {
        let path = format!("{pattern}?step={HERE}");
        add(pattern, Method::GET, &path, &[], By::Member, &[&step]);
        add(pattern, Method::POST, pattern, &[("step", HERE), ("code", "123456")], By::Member, &[&step]);
    }
    let path = format!("/login/consent?grant={HERE}");
    add("/login/consent", Method::GET, &path, &[], By::Member, &[&grant]);
    let fields = [("grant", HERE), ("decision", "allow")];
    add("/login/consent", Method::POST, "/login/consent", &fields, By::Member, &[&grant]);

    let pattern = "/register/{client_id}";
    let others = [theirs.id.as_str(), client.id.as_str(), neighbour];
    let path = pattern.replace("{client_id}", HERE);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        add(pattern, method.clone(), &path, &[], By::ClientItself, &others);
        add(pattern, method, &path, &[], By::Anybody, &others);
    }
    let redeem = [("grant_type", "authorization_code"), ("code", HERE), ("redirect_uri", client.redirect_uri.as_str())];
    add("/token", Method::POST, "/token", &redeem, By::Client, &[&unused_code]);
    let redeem = [("grant_type", "authorization_code"), ("code", HERE), ("redirect_uri", theirs.redirect_uri.as_str())];
    add("/token", Method::POST, "/token", &redeem, By::Client, &[&unused_code]);
    let refreshes = [("grant_type", "refresh_token"), ("refresh_token", HERE)];
    add("/token", Method::POST, "/token", &refreshes, By::Client, &[&refresh]);
    for hint in ["access_token", "refresh_token"] {
        let fields = [("token", HERE), ("token_type_hint", hint)];
        add("/introspect", Method::POST, "/introspect", &fields, By::Client, &[&access, &refresh]);
        add("/revoke", Method::POST, "/revoke", &fields, By::Client, &[&access, &refresh]);
    }
    let query =
        format!("/authorize?response_type=code&scope=openid&redirect_uri=https://x.example.jp/&client_id={HERE}");
    add("/authorize", Method::GET, &query, &[], By::Member, &[]);
    for (pattern, path) in [
        ("/help/faq/{id}", "/help/faq/{here}"),
        ("/help/v1/categories/{id}", "/help/v1/categories/{here}"),
        ("/help/v1/questions/{id}", "/help/v1/questions/{here}"),
        ("/help/v1/guide/{id}", "/help/v1/guide/{here}"),
        ("/help/v1/images/{hash}/{name}", "/help/v1/images/{here}/login.png"),
        ("/help/v1/images/{hash}/{name}", "/help/v1/images/abc/{here}"),
        ("/help/component/{version}/sekisho-help.js", "/help/component/{here}/sekisho-help.js"),
        ("/assets/{hash}/{name}", "/assets/{here}/style.css"),
        ("/assets/{hash}/{name}", "/assets/abc/{here}"),
    ] {
        add(pattern, Method::GET, path, &[], By::Anybody, &[&device, &theirs.id]);
    }
    add("/help/faq/{id}/votes", Method::POST, "/help/faq/{here}/votes", &[("helpful", "yes")], By::Member, &[&device]);
    let path = "/help/v1/questions/{here}/votes";
    add("/help/v1/questions/{id}/votes", Method::POST, path, &[], By::Anybody, &[&device]);
    for probe in &mut probes {
        probe.json = match (probe.pattern, &probe.method) {
            ("/help/v1/questions/{id}/votes", _) => Some(json!({ "helpful": true })),
            ("/register/{client_id}", method) if *method == Method::PUT => {
                Some(json!({ "client_id": HERE, "redirect_uris": ["https://kaede.example.jp/callback"] }))
            }
            _ => None,
        };
    }
    Table { app, kaede, half_way, client, registration_token, probes }
}

impl Table {
    async fn ask(&self, probe: &Probe, in_address: &str, plain: &str) -> Answer {
        let visitor = match probe.by {
            By::Member => &self.kaede,
            By::HalfWay => &self.half_way,
            _ => &self.app.visitor(),
        };
        let url = self.app.at(&probe.path.replace(HERE, in_address));
        let mut request = visitor.http.request(probe.method.clone(), url);
        let mut fields: Vec<(String, String)> =
            probe.fields.iter().map(|(name, value)| ((*name).to_owned(), value.replace(HERE, plain))).collect();
        match probe.by {
            By::Member if probe.method == Method::POST => {
                let page = visitor.get("/account/profile").await.expect_status(200).form();
                fields.extend(["csrf", "owner"].map(|name| (name.to_owned(), page[name].clone())));
            }
            By::HalfWay => {
                let login = visitor.follow(&self.app.at("/account/profile")).await.form();
                fields.push(("csrf".into(), login["csrf"].clone()));
            }
            By::Client => request = request.basic_auth(&self.client.id, self.client.secret.as_ref()),
            By::ClientItself => request = request.bearer_auth(&self.registration_token),
            _ => {}
        }
        if let Some(body) = &probe.json {
            let body: Value = match serde_json::from_str(&body.to_string()).unwrap() {
                Value::Object(mut body) => {
                    for value in body.values_mut().filter(|value| *value == HERE) {
                        *value = plain.into();
                    }
                    body.into()
                }
                other => other,
            };
            request = request.json(&body);
        } else if !fields.is_empty() {
            request = request.form(&fields);
        }
        answer(request).await
    }
}

/// An answer without what differs each time, and without the identifier itself.
fn told(answer: &Answer, identifier: &str) -> String {
    let to = answer.headers.get(LOCATION).map_or("", |to| to.to_str().unwrap()).split('?').next().unwrap();
    let body = match answer.error_code() {
        Some(code) => format!("{code} {:?}", answer.text("h1")),
        None if answer.body.starts_with('{') => answer.body.clone(),
        None => format!("{:?} {:?}", answer.text("h1"), answer.text("main")),
    };
    format!("{} {to} {body}", answer.status).replace(identifier, "…")
}

#[track_caller]
fn unchanged(before: &State, after: &State, what: &str) {
    for (table, rows) in after {
        let new: Vec<_> = rows.iter().filter(|row| !before[table].contains(row)).collect();
        let gone: Vec<_> = before[table].iter().filter(|row| !rows.contains(row)).collect();
        assert!(new.is_empty() && gone.is_empty(), "{what} changed {table}: {gone:#?} became {new:#?}");
    }
}

on_both_engines! {
    async fn every_address_is_in_the_table(engine: Engine) {
        let table = set_up(engine).await;
        let tried: BTreeSet<String> = table.probes.iter().map(|probe| probe.pattern.to_owned()).collect();
        let none: BTreeSet<String> = TAKES_NONE.map(str::to_owned).into();
        assert_eq!(tried.intersection(&none).collect::<Vec<_>>(), Vec::<&String>::new());
        assert_eq!(tried.union(&none).cloned().collect::<BTreeSet<_>>(), addresses());
        let with_a_name = addresses().into_iter().filter(|path| path.contains('{') && !path.contains("{*"));
        assert_eq!(with_a_name.filter(|path| !tried.contains(path)).collect::<Vec<_>>(), Vec::<String>::new());
    }

    async fn what_belongs_to_others_is_as_if_it_were_not_there(engine: Engine) {
        let table = set_up(engine).await;
        let before = table.app.state().await;
        for probe in &table.probes {
            let what = format!("{} {}", probe.method, probe.path);
            let expected = told(&table.ask(probe, probe.made_up, probe.made_up).await, probe.made_up);
            for other in &probe.others {
                let answer = table.ask(probe, other, other).await;
                if is_secret(probe) {
                    assert!(answer.error_code().is_some_and(|code| code.starts_with("flow_")), "{what}: {}", answer.body);
                } else {
                    assert_eq!(told(&answer, other), expected, "{what} with {other}");
                }
                for word in TOLD {
                    assert!(!answer.body.contains(word), "{what} tells {word}: {}", answer.body);
                }
                assert!(!answer.status.is_server_error(), "{what} with {other}: {}", answer.body);
            }
            unchanged(&before, &table.app.state().await, &what);
        }
    }

    async fn what_is_no_identifier_is_as_if_it_were_not_there(engine: Engine) {
        let table = set_up(engine).await;
        let before = table.app.state().await;
        let long = "x".repeat(5_000);
        for probe in &table.probes {
            for hostile in HOSTILE.into_iter().chain([long.as_str()]) {
                let what = format!("{} {} with {hostile}", probe.method, probe.path);
                let plain: Vec<u8> = url::form_urlencoded::parse(format!("x={}", hostile.replace('+', "%2B")).as_bytes())
                    .map(|(_, value)| value.into_owned().into_bytes())
                    .next()
                    .unwrap();
                let answer = table.ask(probe, hostile, &String::from_utf8_lossy(&plain)).await;
                assert!(!answer.status.is_server_error() && !answer.status.is_success() || is_public(probe), "{what}: {} {}", answer.status, answer.body);
                if probe.path.split('?').next().unwrap().contains(HERE) {
                    assert!([400, 401, 403, 404].contains(&answer.status.as_u16()), "{what}: {}", answer.status);
                }
                if answer.status.is_redirection() {
                    let to = answer.location().unwrap_or_else(|| panic!("{what} leads nowhere"));
                    assert!(to.starts_with('/') && to.bytes().all(|byte| byte.is_ascii_graphic()), "{what}: {to}");
                }
                assert!(answer.headers.get_all("set-cookie").iter().all(|cookie| !cookie.to_str().unwrap().starts_with("x=")));
            }
            unchanged(&before, &table.app.state().await, probe.pattern);
        }
    }
}

/// What it names is a secret of 256 bits that one browser was given: another one is told that it is not its own.
fn is_secret(probe: &Probe) -> bool {
    probe.path.ends_with("?step={here}")
        || probe.path.ends_with("?grant={here}")
        || probe.fields.iter().any(|(name, value)| ["step", "grant"].contains(name) && value == HERE)
}

/// Answers 200 whatever is named: whether a token is good, and that it is gone.
fn is_public(probe: &Probe) -> bool {
    ["/introspect", "/revoke"].contains(&probe.pattern)
}
