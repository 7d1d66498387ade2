//! What members do who can't log in.

use sekisho::actions::login::lost_methods::{self, CancelLink, password_digest};
use sekisho::actions::member::answer_recovery_requests::answer_recovery_requests;
use sekisho::actions::member::ask_for_recovery::{Asked, ask_for_recovery};
use sekisho::actions::member::members;
use sekisho::actions::member::reset_password::{self, Link};
use sekisho::config::LostMethods;
use sekisho::domain::actor::Actor;
use sekisho::domain::login::device::Device;
use sekisho::domain::login::lost_methods::Standing;
use sekisho::domain::member::profile::Member;
use sekisho::store::member::lost_methods as standings;
use sekisho::store::member::members as stored;

use crate::support::app::{HANAKO, digest};
use crate::support::cut::at_every_await;
use crate::support::{Engine, TestApp, on_both_engines};

const ADDRESS: &str = "hanako@example.jp";
const STAFF: Actor = Actor::CommandLine(None);

fn owner() -> Actor {
    Actor::Member(Device::default())
}

async fn start(engine: Engine) -> TestApp {
    TestApp::start_with(engine, |settings| {
        settings.mail.anonymous_per_hour = 10_000;
        settings.authentication.lost_methods = LostMethods::Staff;
        settings.passwords.history = 0;
    })
    .await
}

async fn hanako(app: &TestApp) -> Member {
    members::find(&app.app, HANAKO.0).await.unwrap().unwrap()
}

/// A link to a new password, as it was mailed.
async fn link(app: &TestApp) -> Link {
    ask_for_recovery(&app.app, Some(HANAKO.0), ADDRESS, "ja").await.unwrap();
    app.answer_recovery().await;
    for link in app.mails_to(ADDRESS).await.iter().rev().filter_map(crate::support::mails::Mail::find_link) {
        let token = link.split("link=").nth(1).unwrap();
        if let Some(link) = reset_password::link(&app.app, token).await.unwrap() {
            return link;
        }
    }
    panic!("no link can be used")
}

/// Hanako after a reset by mail, with the right to ask.
async fn may_ask(app: &TestApp) -> Standing {
    let id = hanako(app).await.id;
    let mut tx = app.app.store.write().await.unwrap();
    stored::set_email_method(&mut tx, &id, Some(app.now())).await.unwrap();
    let password = stored::password(&mut tx, &id).await.unwrap().unwrap();
    let reset = Standing::reset(password_digest(&password), app.now());
    standings::begin(&mut tx, &id, &reset).await.unwrap();
    tx.commit().await.unwrap();
    reset
}

/// Hanako has asked; the link that cancels it.
async fn asked(app: &TestApp) -> CancelLink {
    let reset = may_ask(app).await;
    let token = sekisho::random::token();
    let mut tx = app.app.store.write().await.unwrap();
    let asked = reset.asked(LostMethods::Staff, app.now());
    let id = hanako(app).await.id;
    assert!(standings::advance(&mut tx, &id, &reset, &asked, Some(&digest(&token))).await.unwrap());
    tx.commit().await.unwrap();
    lost_methods::cancel_link(&app.app, &token).await.unwrap().unwrap()
}

/// How often something has happened and was mailed.
async fn told(app: &TestApp, kind: &'static str) -> (i64, i64) {
    let happened = match kind {
        "password-reset" => app.rows("account_events WHERE event LIKE '%password-reset%'").await,
        "methods-reset-asked" => app.rows("account_events WHERE event LIKE '%methods-reset-asked%'").await,
        "methods-reset-cancelled" => app.rows("account_events WHERE event LIKE '%methods-reset-cancelled%'").await,
        "methods-reset-approved" => app.rows("account_events WHERE event LIKE '%methods-reset-approved%'").await,
        other => panic!("{other}"),
    };
    let mailed = match kind {
        "password-reset" => app.rows("mail_outbox WHERE kind = 'password-reset'").await,
        "methods-reset-asked" => app.rows("mail_outbox WHERE kind = 'method-reset-planned'").await,
        "methods-reset-cancelled" => app.rows("mail_outbox WHERE kind = 'methods-reset-cancelled'").await,
        "methods-reset-approved" => app.rows("mail_outbox WHERE kind = 'methods-reset-approved'").await,
        other => panic!("{other}"),
    };
    (happened, mailed)
}

on_both_engines! {
    async fn a_request_is_written_down_and_answered(engine: Engine) {
        let app = start(engine).await;
        at_every_await(
            &app,
            async || app.execute("DELETE FROM recovery_requests").await,
            async |()| ask_for_recovery(&app.app, Some(HANAKO.0), ADDRESS, "ja").await.unwrap(),
            async |()| assert_eq!(app.rows("recovery_requests").await, 1),
        )
        .await;
        at_every_await(
            &app,
            async || assert_eq!(ask_for_recovery(&app.app, Some(HANAKO.0), ADDRESS, "ja").await.unwrap(), Asked::WrittenDown),
            async |()| answer_recovery_requests(&app.app).await.unwrap(),
            async |()| {
                // A link is there with its mail, and nothing is half taken.
                assert_eq!(app.rows("recovery_requests WHERE claimed_until IS NOT NULL").await, 0);
                assert_eq!(app.rows("password_links").await, app.rows("mail_outbox").await);
                assert!(app.rows("password_links WHERE taken_at IS NULL").await <= 1);
            },
        )
        .await;
    }

    async fn a_reset_stands_with_its_event_its_mail_and_the_end_of_all_sessions(engine: Engine) {
        let app = start(engine).await;
        at_every_await(
            &app,
            async || {
                let link = link(&app).await;
                (told(&app, "password-reset").await, app.hash_of(HANAKO.0).await, link)
            },
            async |(_, _, link)| reset_password::reset_password(&app.app, &owner(), link, "My-own-words-7").await.unwrap(),
            async |((happened, mailed), hash, _)| {
                assert_ne!(app.hash_of(HANAKO.0).await, *hash);
                assert_eq!(told(&app, "password-reset").await, (happened + 1, mailed + 1));
                assert_eq!(app.rows("password_links WHERE taken_at IS NULL").await, 0);
            },
        )
        .await;
    }

    async fn asking_to_set_the_methods_up_again_and_taking_it_back_stand_with_their_mails(engine: Engine) {
        let app = start(engine).await;
        at_every_await(
            &app,
            async || {
                may_ask(&app).await;
                told(&app, "methods-reset-asked").await
            },
            async |_| lost_methods::ask(&app.app, &owner(), &hanako(&app).await.id).await.unwrap(),
            async |(happened, mailed)| {
                let done = app.rows("lost_methods WHERE stage = 'asked'").await;
                assert_eq!(told(&app, "methods-reset-asked").await, (happened + done, mailed + done));
            },
        )
        .await;
        at_every_await(
            &app,
            async || {
                let link = asked(&app).await;
                (told(&app, "methods-reset-cancelled").await, link)
            },
            async |(_, link)| lost_methods::cancel(&app.app, &owner(), link).await.unwrap(),
            async |((happened, mailed), _)| {
                assert_eq!(app.rows("lost_methods WHERE stage = 'cancelled'").await, 1);
                assert_eq!(told(&app, "methods-reset-cancelled").await, (happened + 1, mailed + 1));
            },
        )
        .await;
        at_every_await(
            &app,
            async || {
                asked(&app).await;
                (told(&app, "methods-reset-approved").await, hanako(&app).await.id)
            },
            async |(_, id)| lost_methods::approve(&app.app, &STAFF, id).await.unwrap().unwrap(),
            async |((happened, mailed), _)| {
                assert_eq!(app.rows("lost_methods WHERE stage = 'approved'").await, 1);
                assert_eq!(told(&app, "methods-reset-approved").await, (happened + 1, mailed + 1));
            },
        )
        .await;
    }
}
