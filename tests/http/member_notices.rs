//! Notices that portals send to members (product.md 1.10).

use reqwest::header::WWW_AUTHENTICATE;
use sekisho::actions::mail::queue_mail::{self, Letter};
use sekisho::actions::mail::send_mail;
use sekisho::actions::member::members;
use sekisho::config::Quota;
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::ClientId;
use sekisho::domain::member::profile::Profile;
use sekisho::domain::unix_time::Span;
use sekisho::mail::messages::Message;
use sekisho::store::mail::mail_outbox;
use sekisho::store::protocol::clients;
use serde_json::{Value, json};

use crate::support::app::{HANAKO, TARO, member};
use crate::support::mails::Mail;
use crate::support::relying_party::{RelyingParty, answer, text};
use crate::support::visitor::Answer;
use crate::support::{Engine, TestApp, on_both_engines};

const HERE: &str = "hanako@example.jp";
const PATH: &str = "/api/v1/member-notices";

/// A portal that staff let send notices.
async fn portal(app: &TestApp) -> RelyingParty {
    let portal = app.register(json!({ "grant_types": ["authorization_code", "client_credentials"] }), true).await;
    assert!(let_notify(app, &portal.id, true).await);
    portal
}

async fn let_notify(app: &TestApp, client: &str, on: bool) -> bool {
    let mut tx = app.app.store.write().await.unwrap();
    let done = clients::set_member_notices(&mut tx, &ClientId(client.into()), on.then(|| app.now())).await.unwrap();
    tx.commit().await.unwrap();
    done
}

async fn token(portal: &RelyingParty) -> String {
    let fields = [("grant_type", "client_credentials"), ("scope", "member_notices")];
    text(&portal.request("/token", &fields).await.expect_status(200), "access_token")
}

async fn sub(app: &TestApp, user_id: &str) -> String {
    members::find(&app.app, user_id).await.unwrap().unwrap().id.to_string()
}

fn body(sub: &str, words: &str) -> Value {
    json!({ "sub": sub, "texts": { "ja": { "subject": "医療費のお知らせ", "text": words } } })
}

async fn send(app: &TestApp, token: &str, key: &str, body: &Value) -> Answer {
    let http = reqwest::Client::new();
    answer(http.post(app.at(PATH)).bearer_auth(token).header("Idempotency-Key", key).json(body)).await
}

/// The notices that have arrived anywhere.
async fn notices(app: &TestApp) -> Vec<Mail> {
    let mut mails = app.mails_to("").await;
    mails.retain(|mail| mail.header("From").contains("info@localhost"));
    mails
}

/// The mail under this ID: its state, and what staff read of it.
async fn became_of(app: &TestApp, id: &str) -> (String, String) {
    let mail = mail_outbox::by_id(&mut app.app.store.reader().await.unwrap(), id).await.unwrap().unwrap();
    (mail.state.name().to_owned(), mail.answer.unwrap_or_default())
}

/// The link in the header of a notice, whose only use is to turn notices off.
fn off_link(mail: &Mail) -> String {
    let header = mail.header_in_words("List-Unsubscribe");
    header
        .trim()
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .unwrap_or_else(|| panic!("{header}"))
        .to_owned()
}

fn problem(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.body);
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status.as_u16());
    assert!(!problem["detail"].as_str().unwrap().is_empty() && !problem["title"].as_str().unwrap().is_empty());
    problem
}

on_both_engines! {
    async fn a_notice_arrives_in_the_portal_s_words_and_can_be_turned_off(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = portal(&app).await;
        let mut alice = member("alice");
        alice.email = Some("alice@example.jp".into());
        alice.email_verified = true;
        alice.profile = Profile { locale: Some("en-GB".into()), ..Profile::default() };
        members::add(&app.app, alice, "Test-alice-1", false).await.unwrap();
        let link = portal.redirect_uri.replace("/callback", "/expenses?year=2026&month=10");
        let body = |sub: &str| json!({ "sub": sub, "texts": {
            "ja": { "subject": "医療費のお知らせ", "text": format!("10月分を掲載しました。\n\n{link}\n") },
            "en": { "subject": "Medical expenses", "text": format!("Those of October are there.\n.dot\n{link} <now>\n") },
        }});
        let token = token(&portal).await;
        let accepted = send(&app, &token, "to hanako", &body(&sub(&app, HANAKO.0).await)).await.expect_status(202);
        let id = text(&accepted, "id");
        let mail = app.mails_to(HERE).await.pop().unwrap();
        assert_eq!(mail.header_in_words("From").replace('"', ""), "会員ポータル <info@localhost>");
        assert_eq!(mail.header_in_words("Subject"), "医療費のお知らせ");
        assert_eq!(mail.header("Message-ID"), format!("<{id}@localhost>"));
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        assert_eq!(mail.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        for words in ["テストポータルからのお知らせです。", "10月分を掲載しました。\n\nhttps://", &link, &off_link(&mail)] {
            assert!(mail.text.replace("\r\n", "\n").contains(words), "{words} is not in {}", mail.text);
        }
        assert!(mail.html.contains(&format!("<a href=\"{}\">", link.replace('&', "&amp;"))), "{}", mail.html);
        assert_eq!(became_of(&app, &id).await.0, "sent");

        send(&app, &token, "to alice", &body(&sub(&app, "alice").await)).await.expect_status(202);
        let mail = app.mails_to("alice@example.jp").await.pop().unwrap();
        assert_eq!(mail.header_in_words("Subject"), "Medical expenses");
        assert!(mail.text.contains("This is a notice from Example RP.") && mail.text.contains("\n.dot"), "{}", mail.text);
        assert!(mail.html.contains("&lt;now&gt;"), "{}", mail.html);
        // Other mails are not turned off and do not say so.
        let mut tx = app.app.store.write().await.unwrap();
        let code = Message::LoginCode { code: "271828".into(), valid: Span::minutes(10) };
        let letter = Letter { to: HERE, member: None, language: None, cause: "code", message: code };
        queue_mail::queue(&app.app, &mut tx, letter).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(app.mails_to(HERE).await.pop().unwrap().header("List-Unsubscribe"), "");
    }

    async fn only_a_client_that_staff_let_and_for_itself_may_ask(engine: Engine) {
        let app = TestApp::start(engine).await;
        let hanako = sub(&app, HANAKO.0).await;
        let body = body(&hanako, "x");
        let other = app.register(json!({ "grant_types": ["authorization_code", "client_credentials"] }), true).await;
        let fields = [("grant_type", "client_credentials"), ("scope", "member_notices")];
        assert_eq!(other.request("/token", &fields).await.expect_status(400).json()["error"], "invalid_scope");
        let plain = text(&other.request("/token", &fields[..1]).await.expect_status(200), "access_token");
        let refused = send(&app, &plain, "k", &body).await.expect_status(403);
        assert!(refused.header(WWW_AUTHENTICATE.as_str()).unwrap().contains("insufficient_scope"));
        assert!(problem(&refused)["detail"].as_str().unwrap().contains("client_credentials"));

        let portal = portal(&app).await;
        // No member can give this scope.
        let code = portal.code(&app.visitor(), HANAKO, &[("scope", "openid member_notices")]).await;
        let of_member = text(&portal.redeem(&code).await.expect_status(200), "access_token");
        problem(&send(&app, &of_member, "k", &body).await.expect_status(403));
        let nobody = reqwest::Client::new().post(app.at(PATH)).header("Idempotency-Key", "k").json(&body);
        let nobody = answer(nobody).await.expect_status(401);
        problem(&nobody);
        assert_eq!(nobody.header(WWW_AUTHENTICATE.as_str()), Some("Bearer realm=\"sekisho\""));
        let forged = send(&app, "eyJhbGciOiJub25lIn0.e30.", "k", &body).await.expect_status(401);
        assert!(forged.header(WWW_AUTHENTICATE.as_str()).unwrap().contains("invalid_token"));

        let good = token(&portal).await;
        send(&app, &good, "k", &body).await.expect_status(202);
        // What staff take back ends at once, not with the token.
        let_notify(&app, &portal.id, false).await;
        problem(&send(&app, &good, "k2", &body).await.expect_status(403));
        let_notify(&app, &portal.id, true).await;
        app.advance(Span::minutes(11));
        problem(&send(&app, &good, "k3", &body).await.expect_status(401));
        assert_eq!(notices(&app).await.len(), 1);

        // A client that registered itself could change where its notices may lead.
        app.execute("UPDATE clients SET registration_token_digest = 'x', member_notices_at = NULL").await;
        assert!(!let_notify(&app, &portal.id, true).await);
    }

    async fn what_is_wrong_with_a_notice_is_named_with_its_place_and_nothing_is_mailed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = portal(&app).await;
        let token = token(&portal).await;
        let hanako = sub(&app, HANAKO.0).await;
        for (wrong, pointer) in [
            (body(&hanako, "https://evil.example/ を開いてください"), "/texts/ja/text"),
            (body(&hanako, "a\u{0}b"), "/texts/ja/text"),
            (body(&hanako, &"あ".repeat(3_001)), "/texts/ja/text"),
            (json!({ "sub": hanako, "texts": { "en": { "subject": "a\r\nBcc: victim@example.jp", "text": "x" } } }), "/texts/en/subject"),
            (body("", "x"), "/sub"),
            (body("a\u{0}", "x"), "/sub"),
            (json!({ "sub": hanako, "texts": {} }), "/texts"),
        ] {
            let refused = send(&app, &token, "k", &wrong).await.expect_status(422);
            let errors = problem(&refused)["errors"].clone();
            assert_eq!(errors[0]["pointer"], pointer, "{errors}");
        }
        let refused = send(&app, &token, "k", &body(&hanako, "https://evil.example/")).await.json();
        let detail = refused["errors"][0]["detail"].as_str().unwrap();
        let own = url::Url::parse(&portal.redirect_uri).unwrap();
        assert!(detail.contains("evil.example") && detail.contains(own.host_str().unwrap()), "{detail}");

        let malformed = [json!({ "sub": hanako }), json!({ "sub": hanako, "texts": {}, "html": "<b>" }), json!([])];
        for wrong in malformed {
            let refused = send(&app, &token, "k", &wrong).await.expect_status(400);
            assert!(problem(&refused)["detail"].as_str().unwrap().contains("line 1"), "{}", refused.body);
        }
        let good = body(&hanako, "x");
        let http = reqwest::Client::new();
        let post = || http.post(app.at(PATH)).bearer_auth(&token);
        let no_key = answer(post().json(&good)).await.expect_status(400);
        assert!(problem(&no_key)["detail"].as_str().unwrap().contains("Idempotency-Key"));
        problem(&answer(post().header("Idempotency-Key", "k").body(good.to_string())).await.expect_status(415));
        let large = body(&hanako, &"x".repeat(70_000));
        problem(&send(&app, &token, "k", &large).await.expect_status(400));
        problem(&send(&app, &token, &"k".repeat(256), &good).await.expect_status(400));
        assert_eq!(notices(&app).await.len(), 0);
        // None of this has used the key up.
        send(&app, &token, "k", &good).await.expect_status(202);
        assert_eq!(notices(&app).await.len(), 1);
    }

    async fn a_notice_that_is_sent_again_is_mailed_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (first, second) = (portal(&app).await, portal(&app).await);
        let (token, other_token) = (token(&first).await, token(&second).await);
        let hanako = sub(&app, HANAKO.0).await;
        let notice = body(&hanako, "x");
        let answers = futures::future::join_all((0..4).map(|_| send(&app, &token, "2026-10", &notice))).await;
        let ids: Vec<String> = answers.into_iter().map(|answer| text(&answer.expect_status(202), "id")).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(notices(&app).await.len(), 1);
        app.advance(Span::minutes(5));
        assert_eq!(text(&send(&app, &token, "2026-10", &notice).await.expect_status(202), "id"), ids[0]);
        let other = send(&app, &token, "2026-10", &body(&hanako, "y")).await.expect_status(422);
        assert!(problem(&other)["detail"].as_str().unwrap().contains("another notice"));
        assert_eq!(notices(&app).await.len(), 1);
        // Keys are each client's own.
        let of_other = text(&send(&app, &other_token, "2026-10", &body(&hanako, "y")).await.expect_status(202), "id");
        assert_ne!(of_other, ids[0]);
        send(&app, &token, "2026-11", &notice).await.expect_status(202);
        assert_eq!(notices(&app).await.len(), 3);
    }

    async fn the_answer_tells_nothing_of_the_member_and_staff_read_why_nothing_left(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = portal(&app).await;
        let token = token(&portal).await;
        let (hanako, taro) = (sub(&app, HANAKO.0).await, sub(&app, TARO.0).await);
        let mut shapes = Vec::new();
        let mut ids = Vec::new();
        app.execute("UPDATE members SET notices_off_at = 1 WHERE user_id = 'hanako'").await;
        for (key, to) in [("off", hanako.as_str()), ("no address", taro.as_str()), ("nobody", "no-such-member")] {
            let answer = send(&app, &token, key, &body(to, "x")).await.expect_status(202);
            let id = text(&answer, "id");
            shapes.push((answer.body.replace(&id, "ID"), answer.headers.len()));
            ids.push(id);
        }
        app.execute("UPDATE members SET notices_off_at = NULL, disabled_at = 1 WHERE user_id = 'hanako'").await;
        let gone = send(&app, &token, "gone", &body(&hanako, "x")).await.expect_status(202);
        shapes.push((gone.body.replace(&text(&gone, "id"), "ID"), gone.headers.len()));
        assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:?}");
        assert_eq!(notices(&app).await.len(), 0);
        assert_eq!(became_of(&app, &ids[0]).await, ("withheld".into(), "the member wants no notices".into()));
        assert!(became_of(&app, &ids[1]).await.1.contains("no address"));
        assert_eq!(app.rows("mail_outbox WHERE content IS NOT NULL").await, 0);
        // Not even staff send what is not wanted.
        assert!(matches!(send_mail::resend(&app.app, &Actor::CommandLine(None), &ids[0]).await.unwrap(), send_mail::Resent::Cannot(_)));
    }

    async fn one_press_turns_notices_off_and_nothing_else(engine: Engine) {
        let app = TestApp::start(engine).await;
        // Where no portal may send any, there is nothing to turn off.
        let member = app.visitor_logged_in(HANAKO).await;
        assert!(member.get("/account/profile").await.text("#change-notices").is_none());
        let portal = portal(&app).await;
        let token = token(&portal).await;
        let hanako = sub(&app, HANAKO.0).await;
        send(&app, &token, "1", &body(&hanako, "x")).await.expect_status(202);
        let link = off_link(&notices(&app).await.pop().unwrap());
        assert!(link.starts_with(&app.at("/member-notices/off?link=")) && !link.contains(&hanako), "{link}");

        // Opening it does nothing: mail scanners do.
        let stranger = app.visitor();
        let page = stranger.get(&link).await.expect_status(200);
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert!(page.text("#off").is_some() && !page.body.contains("hanako"), "{}", page.body);
        send(&app, &token, "2", &body(&hanako, "x")).await.expect_status(202);
        assert_eq!(notices(&app).await.len(), 2);

        // RFC 8058, 3.1: without cookies.
        let one_click = reqwest::Client::new().post(&link).form(&[("List-Unsubscribe", "One-Click")]);
        let done = answer(one_click).await.expect_status(200);
        assert!(done.text("#done").is_some() && done.header("set-cookie").is_none());
        send(&app, &token, "3", &body(&hanako, "x")).await.expect_status(202);
        assert_eq!(notices(&app).await.len(), 2);
        // Nobody is logged in by it.
        stranger.get("/account/profile").await.expect_status(303);
        for bad in ["", "x", &link[link.len() - 20..], &"A".repeat(86)] {
            let url = app.at(&format!("/member-notices/off?link={bad}"));
            stranger.get(&url).await.expect_error_page("not_found");
            answer(reqwest::Client::new().post(&url)).await.expect_status(404);
        }

        // The member's own switch.
        let chosen = |page: &Answer| page.attribute("#notices option[selected]", "value");
        let page = member.get("/account/profile").await.expect_status(200);
        assert_eq!(chosen(&page).as_deref(), Some("off"));
        for (choice, mailed) in [("on", 3), ("off", 3), ("on", 4)] {
            let mut form = page.form();
            form.insert("notices".into(), choice.into());
            assert_eq!(member.post("/account/member-notices", &form).await.location(), Some("/account/profile"));
            let page = member.get("/account/profile").await;
            assert!(page.text("#notice").is_some());
            assert_eq!(chosen(&page).as_deref(), Some(choice));
            send(&app, &token, &format!("{choice} {mailed}"), &body(&hanako, "x")).await.expect_status(202);
            assert_eq!(notices(&app).await.len(), mailed, "{choice}");
        }
        // The button on the page is the same as the mail program's.
        let mut form = stranger.get(&link).await.form();
        form.clear();
        assert!(stranger.post(&link, &form).await.expect_status(200).text("#done").is_some());
        assert_eq!(chosen(&member.get("/account/profile").await).as_deref(), Some("off"));
    }

    async fn a_portal_that_floods_stops_no_one_time_password(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.mail.codes_per_hour = 5;
            settings.mail.notices_per_address_per_day = 12;
        })
        .await;
        let portal = portal(&app).await;
        let token = token(&portal).await;
        let hanako = sub(&app, HANAKO.0).await;
        for key in 0..20 {
            send(&app, &token, &key.to_string(), &body(&hanako, "x")).await.expect_status(202);
        }
        app.advance(Span::seconds(1));
        for cause in 0..6 {
            let mut tx = app.app.store.write().await.unwrap();
            let code = Message::LoginCode { code: "271828".into(), valid: Span::minutes(10) };
            let letter = Letter { to: HERE, member: None, language: None, cause: &cause.to_string(), message: code };
            queue_mail::queue(&app.app, &mut tx, letter).await.unwrap();
            tx.commit().await.unwrap();
        }
        // What somebody waits for leaves first, however long the notices have waited.
        send_mail::send_due(&app.app).await.unwrap();
        let first: Vec<_> = app.mail_server.taken().into_iter().map(|mail| mail.from).collect();
        assert_eq!(first.iter().filter(|from| *from == "no-reply@localhost").count(), 5, "{first:?}");
        let all = app.mails_to(HERE).await;
        assert_eq!(all.len(), 5 + 12);
        // The day after, there is room again.
        app.advance(Span::days(1));
        send(&app, &token, "the day after", &body(&hanako, "x")).await.expect_status(401);
        let token = crate::member_notices::token(&portal).await;
        send(&app, &token, "the day after", &body(&hanako, "x")).await.expect_status(202);
        assert_eq!(app.mails_to(HERE).await.len(), 5 + 13);
    }

    async fn a_client_that_asks_too_often_is_told_when_to_come_back(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.rate_limits.notices_by_client = Quota { per_minute: 1, burst: 2 };
        })
        .await;
        let (first, second) = (portal(&app).await, portal(&app).await);
        let token_of_first = token(&first).await;
        let hanako = sub(&app, HANAKO.0).await;
        for key in ["1", "2"] {
            send(&app, &token_of_first, key, &body(&hanako, "x")).await.expect_status(202);
        }
        let refused = send(&app, &token_of_first, "3", &body(&hanako, "x")).await.expect_status(429);
        problem(&refused);
        assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
        send(&app, &token(&second).await, "1", &body(&hanako, "x")).await.expect_status(202);
    }
}
