//! The help as staff change it, members with a hash of another system, and what the demo puts in place.

use sekisho::actions::help::publish::{Change, discard_draft, publish, reload, save_draft};
use sekisho::actions::help::{self, Published};
use sekisho::actions::login::lost_methods::reset_by_staff;
use sekisho::actions::member::members::{self, add_with_hash};
use sekisho::actions::member::password_hashes::forget_pepper;
use sekisho::actions::member::set_methods::{DemoMethods, set_methods_of_demo};
use sekisho::actions::protocol::register_client::{KnownClient, replace_clients};
use sekisho::crypto::password_hash::import::import;
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::ClientId;
use sekisho::domain::login::one_time_password::TotpKey;
use sekisho::domain::member::account_event::AccountEvent;
use sekisho::domain::member::authentication_method::Method;
use sekisho::domain::protocol::client::{PkcePolicy, Terms};
use sekisho::domain::secret::Secret;
use sekisho::store::help::help_content;
use sekisho::store::member::{account_events, password_peppers, totp_devices};
use sekisho::store::protocol::clients;
use serde_json::json;

use crate::support::app::{HANAKO, member};
use crate::support::cut::at_every_await;
use crate::support::{Engine, TestApp, on_both_engines};

const STAFF: Actor = Actor::CommandLine(None);
const PATH: &str = "ja/faq/pc-use.md";

async fn generation(app: &TestApp) -> i64 {
    Published::read(&mut app.app.store.reader().await.unwrap()).await.unwrap().generation
}

async fn revisions(app: &TestApp) -> i64 {
    let history = help_content::history(&mut app.app.store.reader().await.unwrap(), PATH).await.unwrap();
    history.len() as i64
}

async fn drafts(app: &TestApp) -> usize {
    help_content::drafts(&mut app.app.store.reader().await.unwrap()).await.unwrap().len()
}

/// Whether the member has an app, and whether it is what they are asked for.
async fn app_and_method(app: &TestApp, user_id: &str) -> (bool, Option<Method>) {
    let member = members::find(&app.app, user_id).await.unwrap().unwrap();
    let mut reader = app.app.store.reader().await.unwrap();
    let devices = totp_devices::of_member(&mut reader, &member.id).await.unwrap();
    (!devices.is_empty(), member.method)
}

on_both_engines! {
    async fn what_is_published_stands_with_its_generation(engine: Engine) {
        let app = TestApp::start(engine).await;
        let text = |number: i64| {
            format!("+++\nquestion = \"パソコン {number}\"\ncategory = \"login\"\norder = 1\n+++\nはい。\n")
        };
        at_every_await(
            &app,
            async || Change { path: PATH.into(), content: Some(text(revisions(&app).await)), seen: None },
            async |change| publish(&app.app, std::slice::from_ref(change), "staff", "note").await.unwrap(),
            async |_| assert_eq!(revisions(&app).await, generation(&app).await - 1),
        )
        .await;
        at_every_await(
            &app,
            async || generation(&app).await,
            async |_| reload(&app.app).await.unwrap(),
            async |before| assert!([*before, before + 1].contains(&generation(&app).await)),
        )
        .await;
        at_every_await(
            &app,
            async || drafts(&app).await,
            async |_| save_draft(&app.app, PATH, &text(0), "staff").await.unwrap(),
            async |before| assert!((*before..=1).contains(&drafts(&app).await)),
        )
        .await;
        at_every_await(
            &app,
            async || save_draft(&app.app, PATH, &text(0), "staff").await.unwrap(),
            async |()| discard_draft(&app.app, PATH).await.unwrap(),
            async |()| assert!(drafts(&app).await <= 1),
        )
        .await;
        let mut number = 0;
        at_every_await(
            &app,
            async || {
                number += 1;
                format!("digest {number}")
            },
            async |digest| help::since(&app.app, digest).await.unwrap(),
            async |digest| assert_eq!(help::since(&app.app, digest).await.unwrap(), app.now()),
        )
        .await;
    }

    async fn a_pepper_that_is_given_up_is_gone_or_still_noted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let noted = async || {
            let all = password_peppers::all(&mut app.app.store.reader().await.unwrap()).await.unwrap();
            all.iter().filter(|name| *name == "lost").count()
        };
        at_every_await(
            &app,
            async || {
                let mut tx = app.app.store.write().await.unwrap();
                password_peppers::note(&mut tx, "lost", app.now()).await.unwrap();
                tx.commit().await.unwrap();
            },
            async |()| forget_pepper(&app.app, "lost").await.unwrap(),
            async |()| assert!(noted().await <= 1),
        )
        .await;
        assert_eq!(noted().await, 0, "the last call ended by itself");
    }

    async fn a_member_with_a_hash_of_another_system_is_there_with_it_or_not_at_all(engine: Engine) {
        let app = TestApp::start(engine).await;
        let hash = import("$2b$04$6KzQqNdIvxHjUnPWfrWvYeKnJ8jJlHXyAkr8xGtdqZbqTfBhq1jXa", app.app.passwords.peppers());
        let hash = hash.unwrap();
        let mut number = 0;
        at_every_await(
            &app,
            async || {
                number += 1;
                format!("moved-{number}")
            },
            async |user_id| add_with_hash(&app.app, member(user_id), hash.clone()).await.map(drop).unwrap(),
            async |user_id| {
                if members::find(&app.app, user_id).await.unwrap().is_some() {
                    assert_eq!(app.hash_of(user_id).await, hash.hash);
                }
            },
        )
        .await;
    }

    async fn methods_that_staff_take_away_or_the_demo_puts_in_place_change_all_at_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let id = members::find(&app.app, HANAKO.0).await.unwrap().unwrap().id;
        let with_app = || DemoMethods { email: false, app: Some((TotpKey::new(vec![7; 20]), "Demo".to_owned())) };
        let whole = [(true, Some(Method::Totp)), (false, None)];
        at_every_await(
            &app,
            async || set_methods_of_demo(&app.app, &id, DemoMethods::default()).await.unwrap(),
            async |()| set_methods_of_demo(&app.app, &id, with_app()).await.unwrap(),
            async |()| assert!(whole.contains(&app_and_method(&app, HANAKO.0).await)),
        )
        .await;
        let resets = async || {
            let mut reader = app.app.store.reader().await.unwrap();
            let all = account_events::latest(&mut reader, &id, 1_000).await.unwrap();
            all.iter().filter(|happened| happened.event == AccountEvent::MethodsReset).count()
        };
        at_every_await(
            &app,
            async || {
                set_methods_of_demo(&app.app, &id, with_app()).await.unwrap();
                (members::find(&app.app, HANAKO.0).await.unwrap().unwrap(), resets().await)
            },
            async |(member, _)| reset_by_staff(&app.app, &STAFF, member).await.unwrap(),
            async |(_, before)| {
                let (has_app, method) = app_and_method(&app, HANAKO.0).await;
                assert!(whole.contains(&(has_app, method)));
                assert_eq!(resets().await - before, usize::from(!has_app));
            },
        )
        .await;
    }

    async fn the_clients_of_the_demo_are_replaced_all_or_none(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ids = ["demo-one", "demo-two"];
        at_every_await(
            &app,
            async || {
                let mut tx = app.app.store.write().await.unwrap();
                for id in ids {
                    clients::remove(&mut tx, &ClientId(id.into())).await.unwrap();
                }
                tx.commit().await.unwrap();
            },
            async |()| {
                let known = ids.map(|id| KnownClient {
                    id: ClientId(id.into()),
                    metadata: json!({ "redirect_uris": ["https://demo.example.jp/cb"] }).as_object().unwrap().clone(),
                    terms: Terms { pkce: PkcePolicy::Required, first_party: true, second_factor: None },
                    secret: Some(Secret::new("Test-secret-1".to_owned())),
                });
                replace_clients(&app.app, &STAFF, known.into()).await.unwrap();
            },
            async |()| {
                let mut reader = app.app.store.reader().await.unwrap();
                let one = clients::by_id(&mut reader, ids[0]).await.unwrap().is_some();
                let two = clients::by_id(&mut reader, ids[1]).await.unwrap().is_some();
                assert_eq!(one, two);
            },
        )
        .await;
    }
}
