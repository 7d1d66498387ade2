//! Budgets of mail (product.md 1.10): what one person can cause holds back nothing that another waits for or must know.

use sekisho::actions::login::email_codes::{self, Purpose, Sent};
use sekisho::actions::member::account_events::record;
use sekisho::actions::member::members;
use sekisho::config::{Quota, SecondFactor};
use sekisho::domain::actor::Actor;
use sekisho::domain::login::device::Device;
use sekisho::domain::member::account_event::AccountEvent;
use sekisho::domain::unix_time::Span;

use crate::support::app::{HANAKO, member};
use crate::support::mails::Mail;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

const ADDRESS: &str = "hanako@example.jp";
const CHILD: (&str, &str) = ("child", "Test-child-11");
const NEW: &str = "My-own-words-7";

/// Asks from this address for a forgotten user ID, or for the forgotten password of one.
async fn ask(app: &TestApp, from: &str, user_id: Option<&str>, email: &str) -> Answer {
    let path = if user_id.is_some() { "/recovery/forgotten-password" } else { "/recovery/forgotten-user-id" };
    let visitor = app.visitor();
    let mut form = visitor.get(path).await.form();
    form.insert("email".into(), email.into());
    form.extend(user_id.map(|id| ("user_id".to_owned(), id.to_owned())));
    let request = visitor.http.post(app.at(path)).header("x-forwarded-for", from).form(&form);
    let answer = visitor.send(request).await;
    app.answer_recovery().await;
    answer
}

async fn links(app: &TestApp) -> Vec<String> {
    app.mails_to(ADDRESS).await.iter().filter_map(Mail::find_link).collect()
}

async fn told(app: &TestApp, words: &str) -> usize {
    app.mails_to(ADDRESS).await.iter().filter(|mail| mail.text.contains(words)).count()
}

async fn send(visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut form = visitor.get(path).await.form();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    visitor.post(path, &form).await
}

/// At the page that asks for the code that was mailed.
async fn asked_for_a_code(app: &TestApp, visitor: &Visitor, (user_id, password): (&str, &str)) -> Answer {
    let page = visitor.follow(&app.at("/account/profile")).await;
    let page = visitor.log_in_and_follow(&page, user_id, password).await;
    assert!(page.url.contains("/login/email-code?"), "{}", page.url);
    page
}

/// Hanako and a child who share an address; both log in with codes by mail.
async fn family(engine: Engine) -> TestApp {
    let app = TestApp::start_with(engine, |settings| {
        settings.authentication.second_factor = SecondFactor::Required;
        settings.mail.codes_per_hour = 5;
        settings.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let mut child = member(CHILD.0);
    child.email = Some(ADDRESS.into());
    child.email_verified = true;
    members::add(&app.app, child, CHILD.1, false).await.unwrap();
    app.execute("UPDATE members SET email_method_at = 1, authentication_method = 'email' WHERE email IS NOT NULL")
        .await;
    app
}

on_both_engines! {
    async fn what_strangers_ask_for_holds_back_neither_a_code_nor_the_notice_of_a_changed_password(engine: Engine) {
        let app = family(engine).await;
        for stranger in 0..15 {
            ask(&app, &format!("203.0.113.{stranger}"), None, ADDRESS).await.expect_status(200);
            ask(&app, &format!("203.0.113.{stranger}"), Some(HANAKO.0), ADDRESS).await.expect_status(200);
        }
        let visitor = app.visitor();
        let page = asked_for_a_code(&app, &visitor, HANAKO).await;
        let code = app.code_mailed_to(ADDRESS).await;
        let mut form = page.form();
        form.insert("code".into(), code);
        assert_eq!(visitor.post("/login/email-code", &form).await.location(), Some("/account/profile"));
        let fields = [("new_password", NEW), ("new_password_again", NEW)];
        assert_eq!(send(&visitor, "/account/password", &fields).await.location(), Some("/account/profile"));
        assert_eq!(told(&app, "パスワードが変更されました").await, 1);
    }

    async fn a_flood_leaves_no_rows_behind_and_the_last_link_that_was_mailed_can_be_used(engine: Engine) {
        let app = family(engine).await;
        for stranger in 0..40 {
            let from = format!("203.0.113.{stranger}");
            ask(&app, &from, None, if stranger % 2 == 0 { ADDRESS } else { "HANAKO@example.jp" }).await.expect_status(200);
            ask(&app, &from, Some(HANAKO.0), ADDRESS).await.expect_status(200);
            ask(&app, &from, Some(HANAKO.0), &format!("{stranger}@example.jp")).await.expect_status(200);
            ask(&app, &from, Some("nobody"), ADDRESS).await.expect_status(200);
        }
        assert_eq!(app.rows("mail_outbox").await, 10, "five of each kind");
        assert_eq!(app.rows("mail_outbox WHERE merged = 35").await, 2, "staff see that there were more");
        assert_eq!(app.rows("password_links").await, 5);
        let links = links(&app).await;
        assert_eq!((links.len(), app.rows("mail_outbox WHERE content IS NOT NULL").await), (5, 0));

        let visitor = app.visitor();
        let mut usable = Vec::new();
        for link in links {
            let page = visitor.get(&link).await.expect_status(200);
            usable.extend(page.text("#whose").map(|_| page));
        }
        assert_eq!(usable.len(), 1, "the last one");
        let mut form = usable[0].form();
        form.extend(["new_password", "new_password_again"].map(|name| (name.to_owned(), NEW.to_owned())));
        assert!(visitor.post("/recovery/reset-password", &form).await.text("#done").is_some());
        assert_eq!(told(&app, "リンクから、新しいパスワード").await, 1);
        // An hour later there is room again.
        app.advance(Span::hours(1));
        ask(&app, "203.0.113.1", Some(HANAKO.0), ADDRESS).await.expect_status(200);
        assert_eq!(app.rows("password_links WHERE taken_at IS NULL").await, 1);
    }

    async fn members_of_a_family_share_an_address_and_no_budget(engine: Engine) {
        let app = family(engine).await;
        let childs = app.visitor();
        let mut page = asked_for_a_code(&app, &childs, CHILD).await;
        for _ in 0..8 {
            app.advance(Span::minutes(1));
            let mut form = page.form();
            form.insert("resend".into(), "1".into());
            page = childs.post("/login/email-code", &form).await;
            app.send_mail().await;
        }
        assert!(page.text("#error").is_some(), "{}", page.body);
        // The code that was sent last still counts: the one that was not sent has not taken its place.
        let last = app.code_mailed_to(ADDRESS).await;
        assert_eq!(app.mails_to(ADDRESS).await.iter().filter_map(Mail::find_code).count(), 5);
        let mut form = page.form();
        form.insert("code".into(), last);
        assert_eq!(childs.post("/login/email-code", &form).await.location(), Some("/account/profile"));
        let before = app.mails_to(ADDRESS).await.len();
        asked_for_a_code(&app, &app.visitor(), HANAKO).await;
        assert!(app.mails_to(ADDRESS).await[before..].iter().any(|mail| mail.find_code().is_some()));

        for _ in 0..8 {
            ask(&app, "203.0.113.1", Some(CHILD.0), ADDRESS).await;
        }
        ask(&app, "203.0.113.1", Some(HANAKO.0), ADDRESS).await;
        ask(&app, "203.0.113.1", None, ADDRESS).await;
        let visitor = app.visitor();
        let mut usable = Vec::new();
        for link in links(&app).await {
            usable.extend(visitor.get(&link).await.text("#whose"));
        }
        assert!(usable.len() == 2 && usable.iter().any(|whose| whose.contains("hanako")), "{usable:?}");
        assert_eq!(told(&app, "    child").await, 1);
    }

    async fn of_many_codes_asked_for_at_once_no_more_are_sent_than_may_be(engine: Engine) {
        let app = family(engine).await;
        let hanako = members::find(&app.app, HANAKO.0).await.unwrap().unwrap();
        let one = async |login: usize| {
            let place = Purpose::Login.place(&login.to_string());
            let mut tx = app.app.store.write().await.unwrap();
            let sent = email_codes::send(&app.app, &mut tx, Purpose::Login, &place, &hanako, ADDRESS, "ja").await.unwrap();
            tx.commit().await.unwrap();
            sent == Sent::Sent
        };
        let all = futures::future::join_all((0..20).map(one)).await;
        assert_eq!(all.into_iter().filter(|sent| *sent).count(), 5);
        assert_eq!((app.rows("mail_outbox").await, app.rows("email_codes").await), (5, 5));
    }

    async fn locks_that_strangers_make_fall_flood_no_inbox_and_hide_nothing(engine: Engine) {
        let app = family(engine).await;
        let hanako = members::find(&app.app, HANAKO.0).await.unwrap().unwrap();
        let happens = async |event: AccountEvent| {
            let mut tx = app.app.store.write().await.unwrap();
            record(&app.app, &mut tx, &hanako, event, &Actor::Stranger(Device::default())).await.unwrap();
            tx.commit().await.unwrap();
        };
        for _ in 0..12 {
            happens(AccountEvent::PasswordLocked).await;
        }
        for _ in 0..12 {
            happens(AccountEvent::PasskeyAdded { name: "x".into() }).await;
        }
        assert_eq!(app.mails_to(ADDRESS).await.len(), 5 + 12);
    }

    async fn what_is_typed_opens_no_new_budget_and_spends_nobody_else_s(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.rate_limits.recovery_by_address = Quota { per_minute: 1, burst: 3 };
            settings.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        })
        .await;
        for i in 0..3 {
            ask(&app, "2001:db8::1", Some(&format!("nobody-{i}")), &format!("{i}@example.jp")).await.expect_status(200);
        }
        for (i, from) in ["2001:db8::1", "2001:db8::ffff:1"].into_iter().enumerate() {
            let refused = ask(&app, from, Some(&format!("no-{i}")), &format!("no-{i}@example.jp")).await.expect_status(429);
            assert!(refused.header("retry-after").is_some());
            ask(&app, from, None, "new@example.jp").await.expect_status(429);
        }
        // From many addresses about one member: she herself may still ask.
        for stranger in 0..50 {
            ask(&app, &format!("203.0.113.{stranger}"), Some(HANAKO.0), "other@example.jp").await.expect_status(200);
        }
        ask(&app, "198.51.100.1", Some(HANAKO.0), ADDRESS).await.expect_status(200);
        assert_eq!(links(&app).await.len(), 1);
    }
}
