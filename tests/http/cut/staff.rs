//! What staff do with members.

use sekisho::actions::member::members;
use sekisho::domain::actor::Actor;
use sekisho::domain::member::account_event::AccountEvent;
use sekisho::domain::member::profile::Member;
use sekisho::store::member::account_events;

use crate::support::app::HANAKO;
use crate::support::cut::at_every_await;
use crate::support::{Engine, TestApp, on_both_engines};

const STAFF: Actor = Actor::CommandLine(None);

async fn hanako(app: &TestApp) -> Member {
    members::find(&app.app, HANAKO.0).await.unwrap().unwrap()
}

async fn times(app: &TestApp, member: &Member, event: &AccountEvent) -> usize {
    let mut reader = app.app.store.reader().await.unwrap();
    let all = account_events::latest(&mut reader, &member.id, 1_000).await.unwrap();
    all.iter().filter(|happened| happened.event == *event).count()
}

on_both_engines! {
    async fn locking_an_account_and_lifting_the_lock_stand_with_their_events(engine: Engine) {
        let app = TestApp::start(engine).await;
        let locked = async || hanako(&app).await.account_locked_at.is_some();
        at_every_await(
            &app,
            async || {
                let member = hanako(&app).await;
                members::unlock(&app.app, &STAFF, &member).await.unwrap();
                (times(&app, &member, &AccountEvent::AccountLocked).await, hanako(&app).await)
            },
            async |(_, member)| members::lock(&app.app, &STAFF, member).await.unwrap(),
            async |(before, member)| {
                let told = times(&app, member, &AccountEvent::AccountLocked).await - before;
                assert_eq!(told, usize::from(locked().await));
            },
        )
        .await;
        at_every_await(
            &app,
            async || {
                let member = hanako(&app).await;
                members::lock(&app.app, &STAFF, &member).await.unwrap();
                (times(&app, &member, &AccountEvent::LocksLifted).await, hanako(&app).await)
            },
            async |(_, member)| members::unlock(&app.app, &STAFF, member).await.unwrap(),
            async |(before, member)| {
                let told = times(&app, member, &AccountEvent::LocksLifted).await - before;
                assert_eq!(told, usize::from(!locked().await));
            },
        )
        .await;
    }
}
