//! Mail, portals' notices, and what readers say of the help.

use std::collections::BTreeMap;

use sekisho::actions::help::count_feedback::{count_misses, count_vote};
use sekisho::actions::mail::member_notices::{ask, turn};
use sekisho::actions::mail::queue_mail::{self, Letter};
use sekisho::actions::mail::send_mail;
use sekisho::actions::member::members;
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::ClientId;
use sekisho::domain::member::account_event::AccountEvent;
use sekisho::domain::member::member_notice::{MemberNotice, Words};
use sekisho::mail::messages::Message;
use sekisho::store::mail::mail_outbox;
use sekisho::store::protocol::clients;

use crate::support::app::HANAKO;
use crate::support::cut::at_every_await;
use crate::support::{Engine, TestApp, on_both_engines};

const ADDRESS: &str = "hanako@example.jp";

async fn queue(app: &TestApp) {
    let mut tx = app.app.store.write().await.unwrap();
    let message = Message::Account { event: AccountEvent::PasswordChanged, at: app.now(), device: None };
    let cause = sekisho::random::identifier();
    let letter = Letter { to: ADDRESS, member: None, language: None, cause: &cause, message };
    queue_mail::queue(&app.app, &mut tx, letter).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_engines! {
    async fn a_mail_that_was_begun_is_sent_and_that_is_written_down(engine: Engine) {
        let app = TestApp::start(engine).await;
        at_every_await(
            &app,
            async || queue(&app).await,
            async |()| send_mail::send_due(&app.app).await.unwrap(),
            async |()| {
                assert_eq!(app.rows("mail_outbox WHERE claimed_until IS NOT NULL").await, 0);
                let sent = usize::try_from(app.rows("mail_outbox WHERE state = 'sent'").await).unwrap();
                assert_eq!(app.mail_server.taken().len(), sent);
            },
        )
        .await;
        at_every_await(
            &app,
            async || {
                queue(&app).await;
                app.execute("UPDATE mail_outbox SET state = 'refused', attempts = 1, finished_at = 1 WHERE state = 'queued'").await;
                app.execute("DELETE FROM mail_outbox WHERE state <> 'refused'").await;
                let mut reader = app.app.store.reader().await.unwrap();
                mail_outbox::latest(&mut reader, None, None, 1).await.unwrap().pop().unwrap().id
            },
            async |id| drop(send_mail::resend(&app.app, &Actor::CommandLine(None), id).await.unwrap()),
            async |_| assert_eq!(app.rows("mail_outbox WHERE state = 'queued' AND attempts = 0").await, 1),
        )
        .await;
    }

    async fn a_notice_is_taken_with_its_mail_and_turned_off_or_on(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| settings.mail.notices_per_address_per_day = 10_000).await;
        let client = ClientId(app.relying_party().await.id);
        let mut tx = app.app.store.write().await.unwrap();
        clients::set_member_notices(&mut tx, &client, Some(app.now())).await.unwrap();
        tx.commit().await.unwrap();
        let hanako = members::find(&app.app, HANAKO.0).await.unwrap().unwrap().id;
        let words = Words { subject: "x".into(), text: "x".into() };
        let notice = MemberNotice { sub: hanako.to_string(), texts: BTreeMap::from([("ja".into(), words)]) };
        at_every_await(
            &app,
            async || (app.rows("member_notices").await, sekisho::random::identifier()),
            async |(_, key)| ask(&app.app, &client, key, &notice).await.unwrap(),
            async |(before, _)| {
                assert_eq!(app.rows("member_notices").await, before + 1);
                assert_eq!(app.rows("mail_outbox WHERE kind = 'member-notice'").await, before + 1);
            },
        )
        .await;
        at_every_await(
            &app,
            async || turn(&app.app, &hanako, true).await.unwrap(),
            async |()| turn(&app.app, &hanako, false).await.unwrap(),
            async |()| assert_eq!(app.rows("members WHERE notices_off_at IS NOT NULL").await, 1),
        )
        .await;
    }

    async fn what_readers_say_of_the_help_is_counted(engine: Engine) {
        let app = TestApp::start(engine).await;
        at_every_await(
            &app,
            async || app.execute("DELETE FROM help_votes").await,
            async |()| count_vote(&app.app, "password-locked", "ja", true).await.unwrap(),
            async |()| assert_eq!(app.rows("help_votes WHERE helpful = 1").await, 1),
        )
        .await;
        at_every_await(
            &app,
            async || app.execute("DELETE FROM help_misses").await,
            async |()| count_misses(&app.app, vec![("ja".into(), "x".into(), 2)]).await.unwrap(),
            async |()| assert_eq!(app.rows("help_misses WHERE misses = 2").await, 1),
        )
        .await;
    }
}
