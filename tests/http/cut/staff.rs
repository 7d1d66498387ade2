//! What staff do with members: each act is done once, with its event, whoever hangs up.

use sekisho::actions::member::correct_name::correct_name;
use sekisho::actions::member::disable_member::{disable_member, enable_member};
use sekisho::actions::member::issue_password::issue_password;
use sekisho::actions::member::lift_locks::lift_locks;
use sekisho::actions::member::lock_account::lock_account;
use sekisho::actions::member::members;
use sekisho::actions::member::set_email_address::set_email_address;
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::MemberId;
use sekisho::domain::login::assurance::Assurance;
use sekisho::domain::member::email_address::EmailAddress;
use sekisho::random;

use crate::support::app::member;
use crate::support::cut::at_every_await;
use crate::support::{Engine, TestApp, on_both_engines};

const STAFF: Actor = Actor::CommandLine(None);
const NO_SESSION: &str =
    "NOT EXISTS (SELECT 1 FROM browser_sessions s WHERE s.member_id = m.member_id AND s.ended_at IS NULL)";

/// Each act: its name, the event that it leaves, and what then holds of `members m`.
const ACTS: [(&str, &str, &str); 7] = [
    ("lock", "account-locked", "m.account_locked_at IS NOT NULL"),
    ("lift the locks", "locks-lifted", "m.account_locked_at IS NULL"),
    ("disable", "account-disabled", "m.disabled_at IS NOT NULL"),
    ("enable", "account-enabled", "m.disabled_at IS NULL"),
    ("correct the name", "name-corrected", "m.name = '健保 花'"),
    ("set the address", "email-changed", "m.email = 'new@example.jp' AND m.email_verified_at IS NOT NULL"),
    (
        "issue a password",
        "password-issued",
        "EXISTS (SELECT 1 FROM member_passwords p WHERE p.member_id = m.member_id AND p.initial_until IS NOT NULL)",
    ),
];

async fn fresh(app: &TestApp, act: &str) -> MemberId {
    let new = member(&format!("m{}", random::identifier().to_lowercase().replace(['_', '-'], "x")));
    let id = members::add(&app.app, new, "Test-others-1", false).await.unwrap().id;
    app.session_of(&id, Assurance::Password).await;
    match act {
        "lift the locks" => assert!(lock_account(&app.app, &STAFF, &id).await.unwrap()),
        "enable" => assert!(disable_member(&app.app, &STAFF, &id).await.unwrap()),
        _ => {}
    }
    id
}

async fn call(app: &TestApp, act: &str, id: &MemberId) -> bool {
    let on = &app.app;
    match act {
        "lock" => lock_account(on, &STAFF, id).await.unwrap(),
        "lift the locks" => lift_locks(on, &STAFF, id).await.unwrap().account_lock,
        "disable" => disable_member(on, &STAFF, id).await.unwrap(),
        "enable" => enable_member(on, &STAFF, id).await.unwrap(),
        "correct the name" => correct_name(on, &STAFF, id, "健保 花").await.unwrap(),
        "set the address" => {
            let address = EmailAddress::understand("new@example.jp").unwrap();
            set_email_address(on, &STAFF, id, &address).await.unwrap()
        }
        "issue a password" => issue_password(on, &STAFF, id, "Staff-chose-this-1", true).await.unwrap(),
        other => panic!("{other}?"),
    }
}

async fn is_done(app: &TestApp, act: &str, done: &str, id: &MemberId) -> bool {
    let ends = ["lock", "disable", "issue a password"].contains(&act);
    let too = if ends { format!(" AND {NO_SESSION}") } else { String::new() };
    app.number(format!("SELECT COUNT(*) FROM members m WHERE m.member_id = '{id}' AND {done}{too}")).await == 1
}

async fn events(app: &TestApp, kind: &str, id: &MemberId) -> i64 {
    let of = format!("member_id = '{id}' AND actor = 'command_line' AND event LIKE '%\"{kind}\"%'");
    app.number(format!("SELECT COUNT(*) FROM account_events WHERE {of}")).await
}

on_both_engines! {
    async fn what_staff_began_is_done_once_with_its_event_whoever_hangs_up(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (act, event, done) in ACTS {
            at_every_await(
                &app,
                async || {
                    let id = fresh(&app, act).await;
                    assert!(!is_done(&app, act, done, &id).await, "{act}: done before");
                    id
                },
                async |id| call(&app, act, id).await,
                // A password is hashed before anything begins.
                async |id| {
                    let told = events(&app, event, id).await;
                    assert_eq!(told, i64::from(is_done(&app, act, done, id).await), "{act}");
                    assert!(told == 1 || act == "issue a password", "{act}");
                },
            )
            .await;
        }
    }

    async fn what_is_so_already_is_not_done_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (act, event, _) in ACTS {
            let id = fresh(&app, act).await;
            assert!(call(&app, act, &id).await, "{act}");
            // Another password is another password.
            let again = act == "issue a password";
            assert_eq!(call(&app, act, &id).await, again, "{act}");
            assert_eq!(events(&app, event, &id).await, 1 + i64::from(again), "{act}");
        }
    }
}
