//! No journey can be entered in the middle: every address under `/login`, `/account`, `/recovery` and `/logout` is called
//! without the steps before it, out of another browser, by another member, out of turn, too late and again, each time with
//! all the right answers. Nobody gains anything, and in the end the very same answers take their owners on.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sekisho::actions::member::members;
use sekisho::config::{EmailAddress, LostMethods};
use sekisho::crypto::opaque_token::{self, Kind, digest};
use sekisho::domain::ids::MemberId;
use sekisho::domain::login::lost_methods::Standing;
use sekisho::domain::unix_time::Span;
use sekisho::store::member::lost_methods;

use crate::passkeys::{options, with_answer};
use crate::support::app::{TARO, member};
use crate::support::authenticator::Authenticator;
use crate::support::relying_party::{RelyingParty, TWO_FACTORS};
use crate::support::state::State;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};
use crate::totp::{code, key_on};

const SAKURA: (&str, &str) = ("sakura-77", "Test-sakura-1");
const KAEDE: (&str, &str) = ("kaede", "Test-kaede-11");
const JIRO: (&str, &str) = ("jiro", "Test-jiro-11");
const PASSWORD: &str = "Test-others-1";
const NEW: &str = "My-own-words-7";
/// What no page may tell to somebody else.
const SAKURAS: [&str; 4] = ["sakura-77", "城山", "victim.example.jp", "さくらの"];

/// Whose an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// The browser in which the login goes on.
    Browser,
    /// The member who is logged in.
    Member,
    /// The member who is logged in, about a thing that the request names.
    Thing,
    /// Whoever comes: what it needs is in the request, and shows nothing to a stranger.
    Anybody,
}

/// An address, and the request that it would take.
struct Door {
    /// As it stands in `web/routes.rs`.
    pattern: &'static str,
    path: String,
    query: String,
    form: BTreeMap<String, String>,
    of: Of,
    visitor: Rc<Visitor>,
    /// Where the owner is led, or empty if a page is shown.
    leads_to: &'static str,
}

impl Door {
    /// Whether by GET, whether by POST.
    fn takes(&self) -> (bool, bool) {
        let (get, post) = routes()[self.pattern];
        // A passkey instead of a password is asked for by the login page.
        (get && !(self.pattern == "/login/passkey" && self.query.is_empty()), post)
    }
}

/// The addresses of the members' journeys in `web/routes.rs`, and whether each takes GET and POST.
fn routes() -> BTreeMap<String, (bool, bool)> {
    let source = std::fs::read_to_string("src/web/routes.rs").unwrap();
    assert!(!source.contains(".nest("), "addresses are read off `.route(`");
    let paths = std::fs::read_to_string("src/web/paths.rs").unwrap();
    let constants: BTreeMap<&str, &str> = paths
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str = \""))
        .map(|(name, value)| (name, value.trim_end_matches("\";")))
        .collect();
    let mut routes = BTreeMap::new();
    for route in source.split(".route(").skip(1) {
        let (path, methods) = route.trim_start().split_once(',').unwrap();
        let constant = path.trim().strip_prefix("paths::").expect("every address is a constant of web/paths.rs");
        let path = constants[constant];
        if ["/login", "/account", "/recovery", "/logout"].iter().any(|start| path.starts_with(start)) {
            let methods = methods.split(".fallback").next().unwrap();
            routes.insert(path.to_owned(), (methods.contains("get("), methods.contains("post(")));
        }
    }
    routes
}

async fn start(engine: Engine) -> TestApp {
    let app = TestApp::start_with(engine, |settings| {
        settings.authentication.email_address = EmailAddress::Required;
        settings.authentication.recovery_codes = true;
    })
    .await;
    let add = async |(user_id, password): (&str, &str), name: Option<&str>, email: Option<&str>| {
        let mut new = member(user_id);
        new.name = name.map(str::to_owned);
        new.email = email.map(str::to_owned);
        new.email_verified = true;
        members::add(&app.app, new, password, false).await.unwrap();
    };
    add(SAKURA, Some("城山 さくら"), Some("sakura@victim.example.jp")).await;
    add(KAEDE, None, Some("kaede@example.jp")).await;
    add(JIRO, None, Some("jiro@example.jp")).await;
    add(("no-address", PASSWORD), None, None).await;
    for user_id in ["by-mail", "by-app", "by-passkey", "forgetful", "lost-phone"] {
        add((user_id, PASSWORD), None, Some(&format!("{user_id}@example.jp"))).await;
    }
    app
}

fn filled(page: &Answer, fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut form = page.form();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    form
}

fn ids_on(page: &Answer, selector: &str) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.body);
    let selector = scraper::Selector::parse(selector).unwrap();
    let found = html.select(&selector);
    found.map(|link| link.attr("href").unwrap().rsplit('/').next().unwrap().to_owned()).collect()
}

/// Logs in, out of a browser of its own, as far as the next page.
async fn waiting(app: &TestApp, (user_id, password): (&str, &str), from: &str) -> (Rc<Visitor>, Answer) {
    let visitor = app.visitor();
    let page = visitor.follow(from).await;
    let page = visitor.log_in_and_follow(&page, user_id, password).await.expect_status(200);
    assert!(page.url.contains("?step="), "{}", page.url);
    (Rc::new(visitor), page)
}

/// The query of a page's address.
fn query_of(page: &Answer) -> String {
    format!("?{}", page.url.split_once('?').unwrap().1)
}

/// Every door, each with an owner who stands before it. In the order in which their owners go through in the end.
struct Doors {
    app: TestApp,
    doors: Vec<Door>,
    _client: RelyingParty,
}

impl Doors {
    fn step(&mut self, pattern: &'static str, (visitor, page): &(Rc<Visitor>, Answer), fields: &[(&str, &str)]) {
        let leads_to = if pattern.ends_with("-enrolment") { "https://" } else { "/" };
        self.add(Of::Browser, pattern, pattern.to_owned(), query_of(page), visitor, filled(page, fields), leads_to);
    }

    #[expect(clippy::too_many_arguments, reason = "one line of a table")]
    fn add(
        &mut self,
        of: Of,
        pattern: &'static str,
        path: String,
        query: String,
        visitor: &Rc<Visitor>,
        form: BTreeMap<String, String>,
        leads_to: &'static str,
    ) {
        let visitor = Rc::clone(visitor);
        self.doors.push(Door { pattern, path, query, form, of, visitor, leads_to });
    }

    async fn account(&mut self, of: Of, pattern: &'static str, id: &str, home: &Rc<Visitor>, fields: &[(&str, &str)]) {
        let page = home.get("/account/profile").await.expect_status(200);
        let mut form = filled(&page, fields);
        // Those of other forms on the page.
        form.retain(|name, _| ["csrf", "owner"].contains(&name.as_str()) || fields.iter().any(|(f, _)| f == name));
        let shows = ["/account/recovery-codes", "/account/data"].contains(&pattern);
        let leads_to = if shows { "" } else { "/account/" };
        self.add(of, pattern, pattern.replace("{id}", id), String::new(), home, form, leads_to);
    }

    async fn set_up(engine: Engine) -> Doors {
        let app = start(engine).await;
        let rp = app.third_party().await;
        let home = Rc::new(app.visitor_logged_in(SAKURA).await);
        let second_home = Rc::new(app.visitor_logged_in(SAKURA).await);
        let list = app.visitor_logged_in(SAKURA).await.get("/account/sessions").await;
        let session = list.attribute("#session-list > li:first-child h2", "id").unwrap().replace("session-", "");
        let kaedes_home = Rc::new(app.visitor_logged_in(KAEDE).await);
        app.execute("UPDATE members SET email_method_at = 1, authentication_method = 'email' WHERE user_id = 'kaede'")
            .await;

        // What Sakura has: an application that she let in and one that asks for more, an app, a passkey, recovery codes.
        let page = home.follow(&rp.authorize_url(&[("scope", "openid email")])).await;
        home.post("/login/consent", &filled(&page, &[("decision", "allow")])).await.code();
        let consent = home.follow(&rp.authorize_url(&[("scope", "openid profile")])).await.expect_status(200);
        let page = home.get("/account/totp-enrolment").await;
        let key = key_on(&page);
        let form = filled(&page, &[("device_name", "さくらのスマホ"), ("code", &code(&app, &key, 0))]);
        home.post("/account/totp-enrolment", &form).await.expect_status(303);
        let page = home.get("/account/passkey-enrolment").await;
        let mut authenticator = Authenticator::new(&app.issuer);
        let mut form = with_answer(&page, authenticator.create(&options(&page)));
        form.insert("device_name".into(), "さくらの鍵".into());
        home.post("/account/passkey-enrolment", &form).await.expect_status(303);
        let page = home.get("/account/recovery-codes").await;
        let made = home.post("/account/recovery-codes", &page.form()).await;
        let recovery_code = made.text("#codes code").unwrap();
        // Those who logged in before there was a second factor have shown one since.
        app.execute("UPDATE browser_sessions SET assurance = 'two_factors'").await;
        app.advance(Span::minutes(1));
        let now = code(&app, &key, 0);

        let profile = app.at("/account/profile");
        let client = app.relying_party().await;
        let strict = client.authorize_url(&[TWO_FACTORS]);
        let plain = client.authorize_url(&[]);
        let mut all = Doors { app, doors: Vec::new(), _client: client };

        // The login page itself: its flow belongs to a browser.
        let visitor = Rc::new(all.app.visitor());
        let page = visitor.follow(&profile).await;
        let form = filled(&page, &[("user_id", JIRO.0), ("password", JIRO.1)]);
        all.add(
            Of::Browser,
            "/login/password",
            "/login/password".into(),
            query_of(&page),
            &visitor,
            form,
            "/account/profile",
        );
        let visitor = Rc::new(all.app.visitor());
        let page = visitor.follow(&profile).await;
        let form = with_answer(&page, authenticator.get(&options(&page)));
        all.add(
            Of::Browser,
            "/login/passkey",
            "/login/passkey".into(),
            String::new(),
            &visitor,
            form,
            "/account/profile",
        );

        let visitor = Rc::new(all.app.visitor());
        let page = visitor.follow(&plain).await;
        let form = filled(&page, &[("user_id", JIRO.0), ("password", JIRO.1)]);
        let done = visitor.send(visitor.http.post(all.app.at("/login/password")).form(&form)).await.expect_status(303);
        let query = format!("?{}", done.location().unwrap().split_once('?').unwrap().1);
        all.add(Of::Browser, "/login/continue", "/login/continue".into(), query, &visitor, form, "https://");

        let login = waiting(&all.app, SAKURA, &profile).await;
        all.step("/login/totp", &login, &[("code", &now)]);
        let login = waiting(&all.app, SAKURA, &profile).await;
        let page = login.0.get(&login.1.url.replace("/login/totp", "/login/passkey")).await.expect_status(200);
        let form = with_answer(&page, authenticator.get(&options(&page)));
        all.add(
            Of::Browser,
            "/login/passkey",
            "/login/passkey".into(),
            query_of(&page),
            &login.0,
            form,
            "/account/profile",
        );
        let login = waiting(&all.app, SAKURA, &profile).await;
        all.step("/login/recovery-code", &login, &[("recovery_code", &recovery_code)]);
        let login = waiting(&all.app, KAEDE, &profile).await;
        let mailed = all.app.code_mailed_to("kaede@example.jp").await;
        all.step("/login/email-code", &login, &[("code", &mailed)]);

        // One who can't read those codes any more, but has reset the password by mail.
        all.app
            .execute(
                "UPDATE members SET email_method_at = 1, authentication_method = 'email' WHERE user_id = 'lost-phone'",
            )
            .await;
        all.reset_by_mail("lost-phone").await;
        let (visitor, page) = waiting(&all.app, ("lost-phone", PASSWORD), &profile).await;
        let page = visitor.get(&page.url.replace("/login/email-code", "/login/lost-methods")).await.expect_status(200);
        all.step("/login/lost-methods", &(visitor, page), &[("set_up_again", "1")]);

        let login = waiting(&all.app, TARO, &profile).await;
        all.step("/login/initial-password", &login, &[("new_password", NEW), ("new_password_again", NEW)]);
        let login = waiting(&all.app, ("no-address", PASSWORD), &profile).await;
        all.step("/login/email-address", &login, &[("email", "first@example.jp")]);
        let login = waiting(&all.app, ("no-address", PASSWORD), &profile).await;
        let sent = login.0.post("/login/email-address", &filled(&login.1, &[("email", "second@example.jp")])).await;
        let page = login.0.onward(sent).await;
        let mailed = all.app.code_mailed_to("second@example.jp").await;
        all.step("/login/email-address-code", &(Rc::clone(&login.0), page), &[("code", &mailed)]);
        let login = waiting(&all.app, ("by-mail", PASSWORD), &strict).await;
        all.step("/login/method", &login, &[("method", "email")]);
        let (visitor, page) = waiting(&all.app, ("by-app", PASSWORD), &strict).await;
        let page = visitor.get(&page.url.replace("/login/method", "/login/totp-enrolment")).await.expect_status(200);
        let fields = [("device_name", "phone"), ("code", &*code(&all.app, &key_on(&page), 0))];
        all.step("/login/totp-enrolment", &(visitor, page.clone()), &fields);
        let (visitor, page) = waiting(&all.app, ("by-passkey", PASSWORD), &strict).await;
        let page = visitor.get(&page.url.replace("/login/method", "/login/passkey-enrolment")).await.expect_status(200);
        let created = Authenticator::new(&all.app.issuer).create(&options(&page));
        all.step("/login/passkey-enrolment", &(visitor, page), &[("device_name", "phone"), ("answer", &created)]);
        let form = filled(&consent, &[("decision", "allow")]);
        all.add(Of::Browser, "/login/consent", "/login/consent".into(), query_of(&consent), &home, form, "https://");

        all.add_account(&home, &second_home, &kaedes_home, &rp, &session).await;
        all.add_recovery().await;
        let page = second_home.get("/logout").await.expect_status(200);
        let form = filled(&page, &[("decision", "logout")]);
        all.add(Of::Browser, "/logout", "/logout".into(), String::new(), &second_home, form, "");
        all.account(Of::Member, "/account/password", "", &home, &[("new_password", NEW), ("new_password_again", NEW)])
            .await;
        all
    }

    async fn add_account(
        &mut self,
        home: &Rc<Visitor>,
        second_home: &Rc<Visitor>,
        kaedes: &Rc<Visitor>,
        rp: &RelyingParty,
        session: &str,
    ) {
        let device = ids_on(&home.get("/account/authentication-method").await, "#apps a[id^=rename-]").remove(0);
        let passkey = ids_on(&home.get("/account/passkeys").await, "#passkeys a[id^=rename-]").remove(0);
        let fresh = kaedes.get("/account/totp-enrolment").await.expect_status(200);
        let app_fields = [
            ("device_name", "tablet"),
            ("enrolment", &fresh.form()["enrolment"]),
            ("code", &code(&self.app, &key_on(&fresh), 0)),
        ]
        .map(|(name, value)| (name, value.to_owned()));
        let question = kaedes.get("/account/passkey-enrolment").await.expect_status(200);
        let created = Authenticator::new(&self.app.issuer).create(&options(&question));
        home.get("/account/email-method").await.expect_status(200);
        let method_code = self.app.code_mailed_to("sakura@victim.example.jp").await;
        let page = second_home.get("/account/email-address").await;
        let form = filled(&page, &[("email", "second@victim.example.jp")]);
        second_home.post("/account/email-address", &form).await.expect_status(303);
        let address_code = self.app.code_mailed_to("second@victim.example.jp").await;

        for path in ["/account/profile", "/account/passkeys", "/account/activity"] {
            self.account(Of::Member, path, "", home, &[]).await;
        }
        self.account(Of::Member, "/account/language", "", home, &[("language", "en")]).await;
        self.account(Of::Member, "/account/member-notices", "", home, &[("notices", "off")]).await;
        self.account(Of::Thing, "/account/totp-devices/{id}", &device, home, &[("device_name", "renamed")]).await;
        self.account(Of::Thing, "/account/passkeys/{id}", &passkey, home, &[("device_name", "renamed")]).await;
        self.account(Of::Member, "/account/email-method", "", home, &[("code", &method_code)]).await;
        self.account(Of::Member, "/account/authentication-method", "", home, &[("method", "totp")]).await;
        let fields = [("device_name", "tablet"), ("enrolment", &*app_fields[1].1), ("code", &*app_fields[2].1)];
        self.account(Of::Member, "/account/totp-enrolment", "", kaedes, &fields).await;
        let sealed = question.form()["question"].clone();
        let fields = [("device_name", "key"), ("question", &*sealed), ("answer", &*created)];
        self.account(Of::Member, "/account/passkey-enrolment", "", kaedes, &fields).await;
        self.account(Of::Member, "/account/email-method/delete", "", kaedes, &[]).await;
        self.account(Of::Member, "/account/email-address", "", home, &[("email", "third@victim.example.jp")]).await;
        self.account(Of::Member, "/account/email-address-code", "", second_home, &[("code", &address_code)]).await;
        self.account(Of::Member, "/account/recovery-codes", "", home, &[]).await;
        self.account(Of::Member, "/account/data", "", home, &[]).await;
        self.account(Of::Thing, "/account/passkeys/{id}/delete", &passkey, home, &[]).await;
        self.account(Of::Thing, "/account/totp-devices/{id}/delete", &device, home, &[]).await;
        self.account(Of::Thing, "/account/applications", "", home, &[("withdraw", &rp.id)]).await;
        self.account(Of::Thing, "/account/sessions", "", home, &[("end", session)]).await;
    }

    /// As after a reset by mail, to the password that the member has.
    async fn reset_by_mail(&self, user_id: &str) -> (MemberId, Standing) {
        let id = members::find(&self.app.app, user_id).await.unwrap().unwrap().id;
        let standing = Standing::reset(digest(&self.app.hash_of(user_id).await), self.app.now());
        let mut tx = self.app.app.store.write().await.unwrap();
        lost_methods::begin(&mut tx, &id, &standing).await.unwrap();
        tx.commit().await.unwrap();
        (id, standing)
    }

    async fn add_recovery(&mut self) {
        let visitor = Rc::new(self.app.visitor());
        for (path, fields) in [
            ("/recovery/forgotten-password", &[("user_id", "forgetful"), ("email", "forgetful@example.jp")][..]),
            ("/recovery/forgotten-user-id", &[("email", "forgetful@example.jp")]),
        ] {
            let page = visitor.get(path).await;
            self.add(Of::Anybody, path, path.into(), String::new(), &visitor, filled(&page, fields), "");
        }
        let link = opaque_token::new(Kind::CancelLink).expose().clone();
        let (id, standing) = self.reset_by_mail("forgetful").await;
        let mut tx = self.app.app.store.write().await.unwrap();
        let asked = standing.asked(LostMethods::Staff, self.app.now());
        assert!(lost_methods::advance(&mut tx, &id, &standing, &asked, Some(&digest(&link))).await.unwrap());
        tx.commit().await.unwrap();
        let path = "/recovery/cancel-methods-reset";
        let page = visitor.get(&format!("{path}?link={link}")).await.expect_status(200);
        self.add(Of::Anybody, path, path.into(), query_of(&page), &visitor, filled(&page, &[]), "");
        let form = self.doors.iter().find(|door| door.pattern == "/recovery/forgotten-password").unwrap().form.clone();
        visitor.post("/recovery/forgotten-password", &form).await.expect_status(200);
        self.app.answer_recovery().await;
        let mail = self.app.mails_to("forgetful@example.jp").await.pop().unwrap();
        let link = mail.text.lines().find(|line| line.contains("/recovery/")).unwrap().to_owned();
        let page = visitor.get(&link).await.expect_status(200);
        let form = filled(&page, &[("new_password", NEW), ("new_password_again", NEW)]);
        let path = "/recovery/reset-password";
        self.add(Of::Anybody, path, path.into(), query_of(&page), &visitor, form, "");
    }
}

/// Asks by GET and by POST, where the address takes them: what came back.
async fn knock(visitor: &Visitor, door: &Door, query: &str, form: Option<&BTreeMap<String, String>>) -> Vec<Answer> {
    let (get, post) = door.takes();
    let mut answers = Vec::new();
    if get && form.is_none_or(|_| door.of != Of::Anybody) {
        answers.push(visitor.get(&format!("{}{query}", door.path)).await);
    }
    if let Some(form) = form.filter(|_| post) {
        answers.push(visitor.post(&door.path, form).await);
    }
    answers
}

fn gives_a_login(answer: &Answer) -> bool {
    let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    cookies.into_iter().any(|cookie| {
        let (name, rest) = cookie.split_once('=').unwrap();
        ["sekisho-session", "sekisho-device"].contains(&name) && !rest.starts_with(';')
    })
}

/// What somebody else got: no login, no redirect with a code, nothing of Sakura's, no failure of ours.
#[track_caller]
fn gained_nothing(answer: &Answer, what: &str) {
    let words = format!("{what}: {} {} {:?} {}", answer.url, answer.status, answer.location(), answer.body);
    assert!(!gives_a_login(answer), "{words}");
    assert!(!answer.status.is_server_error(), "{words}");
    let inside = ["/login/", "/account/", "/logout?"];
    assert!(answer.location().is_none_or(|to| inside.iter().any(|start| to.starts_with(start))), "{words}");
    for told in SAKURAS {
        assert!(!answer.body.contains(told), "{told}! {words}");
    }
}

#[track_caller]
fn unchanged(before: &State, after: &State, what: &str) {
    for (table, rows) in after {
        let new: Vec<_> = rows.iter().filter(|row| !before[table].contains(row)).collect();
        let gone: Vec<_> = before[table].iter().filter(|row| !rows.contains(row)).collect();
        assert!(new.is_empty() && gone.is_empty(), "{what} changed {table}: {gone:#?} became {new:#?}");
    }
}

/// The form, with the marks of another browser or member, or without.
fn with_marks(door: &Door, csrf: Option<&str>, owner: Option<&str>) -> BTreeMap<String, String> {
    let mut form = door.form.clone();
    for (name, mark) in [("csrf", csrf), ("owner", owner)] {
        form.remove(name);
        form.extend(mark.map(|mark| (name.to_owned(), mark.to_owned())));
    }
    form
}

on_both_engines! {
    async fn every_address_is_here(engine: Engine) {
        let all = Doors::set_up(engine).await;
        let here: BTreeSet<String> = all.doors.iter().map(|door| door.pattern.to_owned()).collect();
        let routed: BTreeSet<String> = routes().into_keys().collect();
        assert_eq!(routed.difference(&here).collect::<Vec<_>>(), Vec::<&String>::new(), "add them to `Doors::set_up`");
        assert_eq!(here.difference(&routed).collect::<Vec<_>>(), Vec::<&String>::new(), "these are no more");
    }

    async fn who_has_none_of_it_gains_nothing(engine: Engine) {
        let all = Doors::set_up(engine).await;
        let before = all.app.state().await;
        let stranger = all.app.visitor();
        let mark = stranger.follow(&all.app.at("/account/profile")).await.form()["csrf"].clone();
        for door in &all.doors {
            let what = format!("{} for a stranger", door.pattern);
            // Out of nowhere, with the form of a page that was never opened, and with the marks of the owner's.
            let bare = all.app.visitor();
            let empty = BTreeMap::new();
            for form in [Some(&empty), Some(&door.form)] {
                for answer in knock(&all.app.visitor(), door, "", form).await.iter().chain(&knock(&bare, door, "", form).await) {
                    gained_nothing(answer, &what);
                    assert!(answer.status != 200 || ["/logout", "/recovery/reset-password"].contains(&door.pattern), "{what}: {}", answer.body);
                }
            }
            let marks_alone = BTreeMap::from([("csrf".to_owned(), mark.clone())]);
            for answer in knock(&stranger, door, "", Some(&marks_alone)).await {
                gained_nothing(&answer, &what);
            }
            unchanged(&before, &all.app.state().await, &what);
        }
    }

    async fn another_browser_gains_nothing_with_all_that_the_owner_has(engine: Engine) {
        let all = Doors::set_up(engine).await;
        let stranger = all.app.visitor();
        let mark = stranger.follow(&all.app.at("/account/profile")).await.form()["csrf"].clone();
        let before = all.app.state().await;
        for door in all.doors.iter().filter(|door| door.of != Of::Anybody) {
            let what = format!("{} in another browser", door.pattern);
            let owner = door.form.get("owner").map(String::as_str);
            for csrf in [&mark, &door.form["csrf"]] {
                for answer in knock(&stranger, door, &door.query, Some(&with_marks(door, Some(csrf), owner))).await {
                    gained_nothing(&answer, &what);
                    assert!(answer.status.is_client_error() || answer.location().is_some() || door.pattern == "/logout", "{what}: {}", answer.body);
                }
            }
            unchanged(&before, &all.app.state().await, &what);
        }
    }

    async fn another_member_gains_nothing(engine: Engine) {
        let all = Doors::set_up(engine).await;
        let jiro = all.app.visitor_logged_in(JIRO).await;
        let his = members::find(&all.app.app, JIRO.0).await.unwrap().unwrap().id;
        let of_the_others = |mut state: State| {
            state.values_mut().for_each(|rows| rows.retain(|row| !row.contains(his.as_str())));
            state
        };
        let own = jiro.get("/account/profile").await.form();
        let before = of_the_others(all.app.state().await);
        for door in all.doors.iter().filter(|door| door.of != Of::Anybody) {
            let what = format!("{} by another member", door.pattern);
            let (mark, theirs) = (own["csrf"].as_str(), door.form.get("owner").map(String::as_str));
            let mut forms = vec![with_marks(door, Some(mark), theirs), with_marks(door, Some(&door.form["csrf"]), theirs)];
            // About a thing of Sakura's, in Jiro's own name. (What he does with his own account is his affair.)
            if door.of != Of::Member {
                forms.push(with_marks(door, Some(mark), Some(&own["owner"])));
            }
            for form in forms {
                for answer in knock(&jiro, door, &door.query, Some(&form)).await {
                    gained_nothing(&answer, &what);
                }
            }
            unchanged(&before, &of_the_others(all.app.state().await), &what);
        }
        assert_eq!(jiro.get("/account/profile").await.text("#user-id").as_deref(), Some(JIRO.0), "and is still logged in");
    }

    async fn a_form_without_the_browsers_mark_does_nothing_in_the_right_browser(engine: Engine) {
        let all = Doors::set_up(engine).await;
        let mark = all.app.visitor().follow(&all.app.at("/account/profile")).await.form()["csrf"].clone();
        let before = all.app.state().await;
        for door in &all.doors {
            if !door.takes().1 {
                continue;
            }
            let what = format!("{} without the mark", door.pattern);
            let owner = door.form.get("owner").map(String::as_str);
            for csrf in [Some(mark.as_str()), Some(""), None] {
                let answer = door.visitor.post(&door.path, &with_marks(door, csrf, owner)).await;
                assert!(!gives_a_login(&answer) && !answer.status.is_success(), "{what}: {}", answer.body);
                // A relying party's logout by POST is asked for again by GET, and that page asks the member.
                let to = answer.location().unwrap_or_default().to_owned();
                assert!(to.is_empty() || door.pattern == "/logout" && to.starts_with("/logout?"), "{what}: {to}");
            }
            unchanged(&before, &all.app.state().await, &what);
        }
    }

    async fn out_of_turn_every_page_of_a_login_leads_to_the_one_whose_turn_it_is(engine: Engine) {
        let all = Doors::set_up(engine).await;
        let is_step = |door: &&Door| door.form.contains_key("step");
        let before = all.app.state().await;
        for own in all.doors.iter().filter(is_step) {
            let token = own.form["step"].clone();
            for other in all.doors.iter().filter(is_step) {
                let what = format!("{} at the turn of {}", other.pattern, own.pattern);
                let mut form = with_marks(other, Some(&own.form["csrf"]), None);
                form.insert("step".into(), token.clone());
                let page = own.visitor.get(&format!("{}?step={token}", other.path)).await;
                let to = page.location().unwrap_or_default().to_owned();
                // Other ways to the same end: those of a second factor, an address and its code, a method and its enrolment.
                if page.status == 200 || other.pattern == own.pattern || to.ends_with(&format!("{}?step={token}", other.pattern)) {
                    continue;
                }
                assert!(to.ends_with(&format!("?step={token}")), "{what}: {to}");
                let answer = own.visitor.post(&other.path, &form).await;
                assert!(answer.location().is_some_and(|to| to.ends_with(&format!("?step={token}"))), "{what}: {}", answer.body);
                assert!(!gives_a_login(&answer));
                unchanged(&before, &all.app.state().await, &what);
            }
        }
    }

    async fn too_late_nothing_is_gained_and_the_way_on_is_shown(engine: Engine) {
        let all = Doors::set_up(engine).await;
        all.app.advance(Span::minutes(31));
        let before = all.app.state().await;
        for door in &all.doors {
            // A request can be cancelled for as long as it stands.
            let lasts = ["/logout", "/recovery/cancel-methods-reset"].contains(&door.pattern);
            if lasts || door.pattern.starts_with("/recovery/forgotten") {
                continue;
            }
            let what = format!("{} too late", door.pattern);
            let (_, post) = door.takes();
            // Any login will do for these, however old.
            if !post || ["/account/language", "/account/member-notices"].contains(&door.pattern) {
                continue;
            }
            let answer = door.visitor.post(&door.path, &door.form).await;
            assert!(!gives_a_login(&answer), "{what}");
            let to = answer.location().unwrap_or_default();
            assert!(!answer.status.is_server_error() && (to.is_empty() || to.starts_with("/login/password?flow=")), "{what}: {to}");
            let way_on = ["a.button", "form"].iter().any(|way| answer.text(&format!("main {way}")).is_some());
            assert!(!to.is_empty() || way_on, "{what}: {}", answer.body);
            unchanged(&before, &all.app.state().await, &what);
        }
    }

    async fn the_owners_go_through_once(engine: Engine) {
        let all = Doors::set_up(engine).await;
        let mut state = all.app.state().await;
        for door in &all.doors {
            let (get, post) = door.takes();
            if get {
                let page = door.visitor.get(&format!("{}{}", door.path, door.query)).await;
                assert!(!page.status.is_client_error() && !page.status.is_server_error(), "{}: {}", door.pattern, page.body);
            }
            if post {
                let answer = door.visitor.post(&door.path, &door.form).await;
                let to = answer.location().unwrap_or_default();
                assert!(answer.status == 200 || answer.status == 303, "{}: {}", door.pattern, answer.body);
                assert!(to.starts_with(door.leads_to), "{}: {to}", door.pattern);
                let after = all.app.state().await;
                assert!(after != state, "{} did nothing", door.pattern);
                state = after;
            }
        }
        // And again: what was finished opens nothing any more.
        let before = all.app.state().await;
        let links = ["/recovery/reset-password", "/recovery/cancel-methods-reset"];
        for door in all.doors.iter().filter(|door| door.of == Of::Browser || links.contains(&door.pattern)) {
            if door.form.contains_key("flow") || door.pattern == "/logout" {
                continue;
            }
            let what = format!("{} again", door.pattern);
            for answer in knock(&door.visitor, door, &door.query, Some(&door.form)).await {
                assert!(!gives_a_login(&answer) && answer.location().is_none_or(|to| !to.contains("code=")), "{what}");
            }
            unchanged(&before, &all.app.state().await, &what);
        }
    }
}
