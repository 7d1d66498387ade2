//! The steps of a login, and attempts that were wrong.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sekisho::actions::login::Browser;
use sekisho::actions::login::enrol_method::{enrol_email, enrol_passkey, enrol_totp};
use sekisho::actions::login::log_in_with_passkey::log_in_with_passkey;
use sekisho::actions::login::log_in_with_password::{Outcome, log_in_with_password};
use sekisho::actions::login::lost_methods::set_up_again;
use sekisho::actions::login::note_session_use::note_session_use;
use sekisho::actions::login::one_time_passwords::recovery_code_digest;
use sekisho::actions::login::register_email_address::{register_email_address, send_address_code, send_login_code};
use sekisho::actions::login::replace_initial_password::replace_initial_password;
use sekisho::actions::login::show_second_factor::{
    Shown, show_email_code, show_passkey, show_recovery_code, show_totp,
};
use sekisho::actions::login::take_step::{Begun, StepOf};
use sekisho::actions::login::tell_of_password_locks::tell_of_password_locks;
use sekisho::actions::member::disable_member::{disable_member, enable_member};
use sekisho::actions::member::enrol_authenticator::{ConfirmedApp, add_app};
use sekisho::actions::member::issue_password::issue_password;
use sekisho::actions::member::lift_locks::lift_locks;
use sekisho::actions::member::members;
use sekisho::actions::member::passkeys::{self, Answered, NewPasskey};
use sekisho::config::SecondFactor;
use sekisho::crypto::opaque_token;
use sekisho::crypto::passkey::{User, new_user_handle};
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::FlowId;
use sekisho::domain::login::flow::{AccountPage, Continue, Flow};
use sekisho::domain::login::one_time_password::{Code, TotpKey, step_at};
use sekisho::domain::login::recovery_code::of_places;
use sekisho::domain::member::account_event::AccountEvent;
use sekisho::domain::member::authentication_method::Method;
use sekisho::domain::member::profile::Member;
use sekisho::domain::unix_time::Span;
use sekisho::random;
use sekisho::store::login::{browser_sessions, one_time_password_failures, password_failures};
use sekisho::store::member::members as stored;
use sekisho::store::member::totp_devices::{self, TotpDevice};
use sekisho::store::member::{account_events, lost_methods, recovery_codes};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::app::{HANAKO, TARO};
use crate::support::authenticator::Authenticator;
use crate::support::cut::at_every_await;
use crate::support::relying_party::answer;
use crate::support::{Engine, TestApp, on_both_engines};

const STAFF: Actor = Actor::CommandLine(None);
const MAILBOX: &str = "hanako@example.jp";

async fn member(app: &TestApp, user_id: &str) -> Member {
    members::find(&app.app, user_id).await.unwrap().unwrap()
}

fn browser() -> Browser {
    Browser { digest: random::identifier(), ..Browser::default() }
}

fn flow(app: &TestApp) -> Flow {
    Flow {
        id: FlowId(random::identifier()),
        started_at: app.now(),
        then: Continue::Account(AccountPage::Profile),
        confirms: None,
        first_started_at: None,
    }
}

async fn attempt(app: &TestApp, browser: &Browser, user_id: &str, password: &str) -> Outcome<()> {
    log_in_with_password(&app.app, browser, flow(app), user_id, password, |_| Ok(())).await.unwrap()
}

/// A login that the password has begun.
async fn begun(app: &TestApp, (user_id, password): (&str, &str)) -> StepOf {
    let browser = browser();
    match attempt(app, &browser, user_id, password).await {
        Outcome::Begun(Begun::On(_, token)) => StepOf { token: token.expose().clone(), browser },
        _ => panic!("a further step expected"),
    }
}

async fn times(app: &TestApp, member: &Member, event: &AccountEvent) -> usize {
    let mut reader = app.app.store.reader().await.unwrap();
    let all = account_events::latest(&mut reader, &member.id, 10_000).await.unwrap();
    all.iter().filter(|happened| happened.event.name() == event.name()).count()
}

async fn wrong_passwords(app: &TestApp, user_id: &str) -> u32 {
    let account = app.app.account_key(&app.app.user_ids.lookup_key(user_id));
    let mut reader = app.app.store.reader().await.unwrap();
    password_failures::all(&mut reader, &account).await.unwrap().iter().map(|(_, count)| count.failures).sum()
}

async fn wrong_codes(app: &TestApp, member: &Member) -> u32 {
    let mut reader = app.app.store.reader().await.unwrap();
    one_time_password_failures::count(&mut reader, &member.id).await.unwrap().map_or(0, |count| count.failures)
}

async fn sessions(app: &TestApp, member: &Member) -> usize {
    let mut reader = app.app.store.reader().await.unwrap();
    let since = app.now() - Span::hours(1);
    browser_sessions::of_member(&mut reader, &member.id, since, app.now()).await.unwrap().len()
}

fn key() -> TotpKey {
    TotpKey::new(vec![7; 20])
}

fn code(app: &TestApp) -> Code {
    key().code_at(step_at(app.now()))
}

fn wrong_code(app: &TestApp) -> Code {
    let right = [-1, 0].map(|off| key().code_at(step_at(app.now()) + off).expose().to_owned());
    (0..3).map(Code::of_number).find(|code| !right.iter().any(|one| one == code.expose())).unwrap()
}

fn confirmed(app: &TestApp, id: &str) -> ConfirmedApp {
    let sealed_key = app.app.at_rest.seal(key().expose(), &totp_devices::place(id));
    let (created_at, last_used_at) = (app.now(), app.now());
    ConfirmedApp {
        device: TotpDevice { id: id.into(), name: "phone".into(), sealed_key, created_at, last_used_at },
        step: 0,
    }
}

/// As a job does, at a time drawn by chance.
async fn tell_later(app: &TestApp) {
    app.advance(Span::seconds(15));
    while tell_of_password_locks(&app.app).await.unwrap() > 0 {}
}

/// A passkey that an authenticator has made for this member.
fn new_passkey(app: &TestApp, member: &Member, handle: &str) -> (Authenticator, NewPasskey) {
    let relying_party = app.app.passkeys.as_ref().unwrap();
    let user = User { handle, name: &member.user_id, display_name: &member.user_id };
    let expires_at = app.now() + Span::minutes(5);
    let (options, asked) = relying_party.start_registration("Portal", user, &[], expires_at).unwrap();
    let mut authenticator = Authenticator::new(&app.issuer);
    let answer = authenticator.create(&options);
    let judged = passkeys::verify(&app.app, &member.id, (&asked, handle), &answer, "key".into()).unwrap();
    let Answered::Right(new) = judged else { panic!("refused") };
    (authenticator, new)
}

/// Hanako has an authenticator app.
async fn by_app(engine: Engine) -> TestApp {
    let app = TestApp::start_with(engine, |settings| settings.authentication.recovery_codes = true).await;
    let hanako = member(&app, HANAKO.0).await;
    let mut tx = app.app.store.write().await.unwrap();
    assert!(add_app(&app.app, &mut tx, &hanako, confirmed(&app, "phone"), &STAFF).await.unwrap());
    tx.commit().await.unwrap();
    app
}

/// Sends a form and hangs up at once.
async fn send_and_hang_up(app: &TestApp, path: &str, cookie: &str, form: &BTreeMap<String, String>) {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let address = app.issuer.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await.unwrap();
}

on_both_engines! {
    async fn the_password_lock_falls_with_its_event_and_its_mail(engine: Engine) {
        let app = TestApp::start(engine).await;
        at_every_await(
            &app,
            async || {
                let hanako = member(&app, HANAKO.0).await;
                lift_locks(&app.app, &STAFF, &hanako.id).await.unwrap();
                for _ in 0..4 {
                    attempt(&app, &browser(), HANAKO.0, "Wrong-password-1").await;
                }
                app.advance(Span::hours(2));
                (times(&app, &hanako, &AccountEvent::PasswordLocked).await, app.mails_to(MAILBOX).await.len(), hanako)
            },
            async |_| attempt(&app, &browser(), HANAKO.0, "Wrong-password-1").await,
            async |(events, mails, hanako)| {
                tell_later(&app).await;
                let locked = usize::from(wrong_passwords(&app, HANAKO.0).await == 5);
                assert_eq!(times(&app, hanako, &AccountEvent::PasswordLocked).await - events, locked);
                assert_eq!(app.mails_to(MAILBOX).await.len() - mails, locked);
            },
        )
        .await;
    }

    async fn a_right_password_leaves_no_counted_failure_behind(engine: Engine) {
        let app = TestApp::start(engine).await;
        let hanako = member(&app, HANAKO.0).await;
        at_every_await(
            &app,
            async || (sessions(&app, &hanako).await, times(&app, &hanako, &AccountEvent::FirstLogin).await),
            async |_| attempt(&app, &browser(), HANAKO.0, HANAKO.1).await,
            async |(before, _)| {
                assert_eq!(wrong_passwords(&app, HANAKO.0).await, 0);
                let begun = sessions(&app, &hanako).await - before;
                assert!(begun <= 1);
            },
        )
        .await;
        let logins = times(&app, &hanako, &AccountEvent::LoggedIn { with: None }).await;
        assert_eq!(logins, sessions(&app, &hanako).await);
        assert_eq!(times(&app, &hanako, &AccountEvent::FirstLogin).await, 1);
    }

    async fn the_tenth_wrong_code_is_counted_with_the_lock_its_event_and_its_mail(engine: Engine) {
        let app = by_app(engine).await;
        at_every_await(
            &app,
            async || {
                let hanako = member(&app, HANAKO.0).await;
                lift_locks(&app.app, &STAFF, &hanako.id).await.unwrap();
                let step = begun(&app, HANAKO).await;
                for _ in 0..9 {
                    show_totp(&app.app, &step, None, &wrong_code(&app), false).await.unwrap();
                }
                app.advance(Span::minutes(20));
                let mails = app.mails_to(MAILBOX).await.len();
                (step, times(&app, &hanako, &AccountEvent::AccountLocked).await, mails)
            },
            async |(step, ..)| show_totp(&app.app, step, None, &wrong_code(&app), false).await.unwrap(),
            async |(_, events, mails)| {
                let hanako = member(&app, HANAKO.0).await;
                let locked = usize::from(hanako.account_locked_at.is_some());
                assert_eq!(wrong_codes(&app, &hanako).await, 9 + u32::try_from(locked).unwrap());
                assert_eq!(times(&app, &hanako, &AccountEvent::AccountLocked).await - events, locked);
                assert_eq!(app.mails_to(MAILBOX).await.len() - mails, locked);
            },
        )
        .await;
    }

    async fn a_right_code_ends_the_login_whole_or_can_be_shown_again(engine: Engine) {
        let app = by_app(engine).await;
        let hanako = member(&app, HANAKO.0).await;
        at_every_await(
            &app,
            async || {
                app.advance(Span::minutes(1));
                (begun(&app, HANAKO).await, sessions(&app, &hanako).await)
            },
            async |(step, _)| show_totp(&app.app, step, None, &code(&app), false).await.unwrap(),
            async |(step, before)| {
                if sessions(&app, &hanako).await == *before {
                    show_totp(&app.app, step, None, &code(&app), false).await.unwrap();
                }
                assert_eq!(sessions(&app, &hanako).await, before + 1);
                assert_eq!(wrong_codes(&app, &hanako).await, 0);
            },
        )
        .await;
        let mut codes = (0..10).map(|n| of_places(&[n; 12]));
        let all: Vec<_> = codes.clone().map(|code| recovery_code_digest(&app.app, &hanako.id, &code)).collect();
        let mut tx = app.app.store.write().await.unwrap();
        recovery_codes::replace_all(&mut tx, &hanako.id, &all, app.now()).await.unwrap();
        tx.commit().await.unwrap();
        at_every_await(
            &app,
            async || (begun(&app, HANAKO).await, sessions(&app, &hanako).await, codes.next().unwrap()),
            async |(step, _, code)| show_recovery_code(&app.app, step, code).await.unwrap(),
            async |(step, before, code)| {
                if sessions(&app, &hanako).await == *before {
                    show_recovery_code(&app.app, step, code).await.unwrap();
                }
                assert_eq!(sessions(&app, &hanako).await, before + 1);
            },
        )
        .await;
    }

    async fn a_step_that_waited_for_a_lock_or_a_disabling_is_not_taken(engine: Engine) {
        let app = by_app(engine).await;
        let hanako = member(&app, HANAKO.0).await;
        for disables in [false, true] {
            app.advance(Span::minutes(1));
            let step = begun(&app, HANAKO).await;
            let mut tx = app.app.store.write().await.unwrap();
            if disables {
                assert!(stored::set_disabled(&mut tx, &hanako.id, Some(app.now())).await.unwrap());
            } else {
                stored::lock_account(&mut tx, &hanako.id, None, app.now()).await.unwrap();
            }
            let code = code(&app);
            let commit = async {
                if engine == Engine::Postgres {
                    app.until_somebody_waits_for_a_row().await;
                }
                tx.commit().await.unwrap();
            };
            let (shown, ()) = tokio::join!(show_totp(&app.app, &step, None, &code, false), commit);
            assert!(matches!(shown.unwrap(), Shown::NotNow));
            assert_eq!(sessions(&app, &hanako).await, 0);
            app.unlock(HANAKO.0).await;
        }
    }

    async fn the_steps_of_a_first_login_are_taken_whole_or_can_be_taken_again(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
            settings.authentication.email_address = sekisho::config::EmailAddress::Required;
        })
        .await;
        at_every_await(
            &app,
            async || {
                let taro = member(&app, TARO.0).await;
                let mut reader = app.app.store.reader().await.unwrap();
                let initial = stored::password(&mut reader, &taro.id).await.unwrap().unwrap();
                (begun(&app, TARO).await, initial)
            },
            async |(step, initial)| {
                replace_initial_password(&app.app, step, initial, "My-own-words-7").await.unwrap()
            },
            async |(_, initial)| {
                let taro = member(&app, TARO.0).await;
                let replaced = app.hash_of(TARO.0).await != initial.hash;
                assert_eq!(times(&app, &taro, &AccountEvent::PasswordChanged).await, usize::from(replaced));
                issue_password(&app.app, &STAFF, &taro.id, TARO.1, true).await.unwrap();
                app.execute("DELETE FROM account_events WHERE event LIKE '%password%'").await;
            },
        )
        .await;
        // His own from now on; then the address, its code, and the app.
        let taro = member(&app, TARO.0).await;
        issue_password(&app.app, &STAFF, &taro.id, "My-own-words-7", false).await.unwrap();
        let own = (TARO.0, "My-own-words-7");
        at_every_await(
            &app,
            async || (begun(&app, own).await, app.mails_to("taro@example.jp").await.len()),
            async |(step, _)| send_address_code(&app.app, step, "taro@example.jp", "ja").await.unwrap(),
            async |(_, mails)| {
                let codes = app.rows("email_codes").await;
                let sent = app.mails_to("taro@example.jp").await.len() - mails;
                assert_eq!(codes, i64::try_from(sent).unwrap());
                app.execute("DELETE FROM email_codes").await;
            },
        )
        .await;
        at_every_await(
            &app,
            async || {
                app.advance(Span::hours(2));
                let step = begun(&app, own).await;
                send_address_code(&app.app, &step, "taro@example.jp", "ja").await.unwrap();
                (step, Code::understand(&app.code_mailed_to("taro@example.jp").await).unwrap())
            },
            async |(step, code)| register_email_address(&app.app, step, code).await.unwrap(),
            async |_| {
                let taro = member(&app, TARO.0).await;
                let changes = times(&app, &taro, &AccountEvent::EmailChanged { from: None, to: String::new() }).await;
                assert_eq!(changes, usize::from(taro.verified_email().is_some()));
                app.execute("UPDATE members SET email = NULL, email_verified_at = NULL WHERE user_id = 'taro'").await;
                app.execute("DELETE FROM account_events WHERE event LIKE '%email%'").await;
            },
        )
        .await;
        app.execute("UPDATE members SET email = 'taro@example.jp', email_verified_at = 1 WHERE user_id = 'taro'").await;
        let mut apps = 0..;
        at_every_await(
            &app,
            async || (begun(&app, own).await, format!("app-{}", apps.next().unwrap())),
            async |(step, id)| enrol_totp(&app.app, step, confirmed(&app, id)).await.unwrap(),
            async |_| {
                let taro = member(&app, TARO.0).await;
                let enrolled = app.rows("totp_devices").await;
                assert_eq!(usize::try_from(enrolled).unwrap(), times(&app, &taro, &AccountEvent::TotpAdded { name: String::new() }).await);
                assert_eq!(enrolled == 1, taro.method.is_some());
                assert_eq!(usize::try_from(enrolled).unwrap(), sessions(&app, &taro).await);
                disable_member(&app.app, &STAFF, &taro.id).await.unwrap();
                enable_member(&app.app, &STAFF, &taro.id).await.unwrap();
                app.execute("DELETE FROM totp_devices").await;
                app.execute("DELETE FROM account_events").await;
                app.execute("UPDATE members SET authentication_method = NULL").await;
            },
        )
        .await;
    }

    async fn a_login_code_is_mailed_or_not_written_down(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.execute("UPDATE members SET email_method_at = 1, authentication_method = 'email' WHERE user_id = 'hanako'").await;
        at_every_await(
            &app,
            async || {
                app.advance(Span::hours(2));
                (begun(&app, HANAKO).await, app.mails_to(MAILBOX).await.len())
            },
            async |(step, _)| send_login_code(&app.app, step, "ja").await.unwrap(),
            async |(_, mails)| {
                let sent = app.mails_to(MAILBOX).await.len() - mails;
                assert_eq!(app.rows("email_codes").await, i64::try_from(sent).unwrap());
                app.execute("DELETE FROM email_codes").await;
            },
        )
        .await;
    }

    async fn codes_by_mail_are_shown_and_enrolled_whole_or_again(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
        })
        .await;
        let hanako = member(&app, HANAKO.0).await;
        at_every_await(
            &app,
            async || begun(&app, HANAKO).await,
            async |step| enrol_email(&app.app, step).await.unwrap(),
            async |_| {
                let enrolled = usize::from(member(&app, HANAKO.0).await.email_method_at.is_some());
                let method = AccountEvent::MethodChosen { method: Method::Email };
                assert_eq!(times(&app, &hanako, &method).await, enrolled);
                app.execute("UPDATE members SET email_method_at = NULL, authentication_method = NULL").await;
                app.execute("DELETE FROM account_events").await;
            },
        )
        .await;
        app.execute("UPDATE members SET email_method_at = 1, authentication_method = 'email' WHERE user_id = 'hanako'").await;
        at_every_await(
            &app,
            async || {
                app.advance(Span::hours(2));
                let step = begun(&app, HANAKO).await;
                send_login_code(&app.app, &step, "ja").await.unwrap();
                let code = Code::understand(&app.code_mailed_to(MAILBOX).await).unwrap();
                (step, code, times(&app, &hanako, &AccountEvent::LoggedIn { with: None }).await)
            },
            async |(step, code, _)| show_email_code(&app.app, step, code, false).await.unwrap(),
            async |(step, code, before)| {
                let logins = async || times(&app, &hanako, &AccountEvent::LoggedIn { with: None }).await;
                if logins().await == *before {
                    show_email_code(&app.app, step, code, false).await.unwrap();
                }
                assert_eq!((logins().await, wrong_codes(&app, &hanako).await), (before + 1, 0));
            },
        )
        .await;
    }

    async fn passkeys_are_enrolled_and_shown_whole_or_again(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
        })
        .await;
        let hanako = member(&app, HANAKO.0).await;
        let handle = new_user_handle();
        at_every_await(
            &app,
            async || {
                let step = begun(&app, HANAKO).await;
                let (_, new) = new_passkey(&app, &hanako, &handle);
                (step, Mutex::new(Some(new)))
            },
            async |(step, new)| {
                let new = new.lock().unwrap().take().unwrap();
                drop(enrol_passkey(&app.app, step, new).await.unwrap());
            },
            async |_| {
                let enrolled = usize::try_from(app.rows("passkeys").await).unwrap();
                assert_eq!(times(&app, &hanako, &AccountEvent::PasskeyAdded { name: String::new() }).await, enrolled);
                assert_eq!(member(&app, HANAKO.0).await.method.is_some(), enrolled == 1);
                app.execute("DELETE FROM passkeys").await;
                app.execute("DELETE FROM account_events").await;
                app.execute("UPDATE members SET authentication_method = NULL").await;
            },
        )
        .await;
        let mut tx = app.app.store.write().await.unwrap();
        let (mut authenticator, new) = new_passkey(&app, &hanako, &handle);
        let _added = passkeys::add(&app.app, &mut tx, &hanako, new, &STAFF).await.unwrap();
        tx.commit().await.unwrap();
        // Of the enrolments above.
        app.execute("DELETE FROM used_webauthn_challenges").await;
        let relying_party = app.app.passkeys.as_ref().unwrap();
        let logins = async || times(&app, &hanako, &AccountEvent::LoggedIn { with: None }).await;
        for instead_of_password in [true, false] {
            at_every_await(
                &app,
                async || {
                    let step = begun(&app, HANAKO).await;
                    let expires_at = app.now() + Span::minutes(5);
                    let mut reader = app.app.store.reader().await.unwrap();
                    let existing = sekisho::store::member::passkeys::of_member(&mut reader, &hanako.id).await.unwrap();
                    let (options, asked) = match instead_of_password {
                        true => relying_party.start_login(expires_at).unwrap(),
                        false => relying_party.start_for_member(&existing, expires_at).unwrap(),
                    };
                    (step, authenticator.get(&options), Mutex::new(Some(asked)), logins().await)
                },
                async |(step, answer, asked, _)| {
                    let asked = asked.lock().unwrap().take().unwrap();
                    if instead_of_password {
                        let browser = &step.browser;
                        drop(log_in_with_passkey(&app.app, browser, flow(&app), asked, answer).await.unwrap());
                    } else {
                        drop(show_passkey(&app.app, step, &hanako.id, asked, answer).await.unwrap());
                    }
                },
                async |(_, _, _, before)| {
                    let done = logins().await - before;
                    let answered = app.rows("used_webauthn_challenges").await;
                    assert_eq!(i64::try_from(done).unwrap(), answered);
                    app.execute("DELETE FROM used_webauthn_challenges").await;
                },
            )
            .await;
        }
    }

    async fn the_use_of_a_session_is_noted_or_not(engine: Engine) {
        let app = TestApp::start(engine).await;
        let hanako = member(&app, HANAKO.0).await;
        attempt(&app, &browser(), HANAKO.0, HANAKO.1).await;
        let used = async || {
            let mut reader = app.app.store.reader().await.unwrap();
            let since = app.now() - Span::hours(1);
            browser_sessions::of_member(&mut reader, &hanako.id, since, app.now()).await.unwrap().remove(0)
        };
        at_every_await(
            &app,
            async || {
                app.advance(Span::minutes(2));
                used().await
            },
            async |session| note_session_use(&app.app, &session.id).await.unwrap(),
            async |session| {
                let now = used().await.last_used_at;
                assert!(now == session.last_used_at || now == app.now());
            },
        )
        .await;
    }

    async fn setting_up_again_uses_the_right_up_or_leaves_everything(engine: Engine) {
        let app = by_app(engine).await;
        at_every_await(
            &app,
            async || {
                let hanako = member(&app, HANAKO.0).await;
                let mut tx = app.app.store.write().await.unwrap();
                let digest = digest_of_password(&app).await;
                let reset = sekisho::domain::login::lost_methods::Standing::reset(digest, app.now());
                let asked = reset.asked(app.app.settings.authentication.lost_methods, app.now());
                lost_methods::begin(&mut tx, &hanako.id, &reset).await.unwrap();
                let approved = asked.approved(app.now());
                assert!(lost_methods::advance(&mut tx, &hanako.id, &reset, &asked, None).await.unwrap());
                assert!(lost_methods::advance(&mut tx, &hanako.id, &asked, &approved, None).await.unwrap());
                assert!(add_app(&app.app, &mut tx, &hanako, confirmed(&app, "phone"), &STAFF).await.unwrap());
                tx.commit().await.unwrap();
                (begun(&app, HANAKO).await, times(&app, &hanako, &AccountEvent::MethodsReset).await)
            },
            async |(step, _)| set_up_again(&app.app, step).await.unwrap(),
            async |(_, before)| {
                let hanako = member(&app, HANAKO.0).await;
                let right_is_left = app.rows("lost_methods").await == 1;
                assert_eq!(app.rows("totp_devices").await == 1, right_is_left);
                let told = times(&app, &hanako, &AccountEvent::MethodsReset).await - before;
                assert_eq!(told, usize::from(!right_is_left));
            },
        )
        .await;
    }

    async fn connections_that_close_early_leave_no_lock_untold_and_no_right_password_counted(engine: Engine) {
        let app = TestApp::start(engine).await;
        // A browser whose cookie is known here.
        let cookie = format!("sekisho-browser={}", opaque_token::new(opaque_token::Kind::Browser).expose());
        let open = async |path: &str| answer(reqwest::Client::new().get(app.at(path)).header("cookie", &cookie)).await;
        let mut form = open("/login/password").await.form();
        form.insert("user_id".into(), HANAKO.0.into());
        let quiet = async || {
            for _ in 0..200 {
                while !app.app.verbs.is_empty() {
                    tokio::task::yield_now().await;
                }
                tokio::task::yield_now().await;
            }
        };
        form.insert("password".into(), HANAKO.1.into());
        for _ in 0..10 {
            send_and_hang_up(&app, "/login/password", &cookie, &form).await;
            quiet().await;
        }
        attempt(&app, &browser(), HANAKO.0, HANAKO.1).await;
        quiet().await;
        assert_eq!(wrong_passwords(&app, HANAKO.0).await, 0);

        form.insert("password".into(), "Wrong-password-1".into());
        let mut sent = 0;
        while wrong_passwords(&app, HANAKO.0).await < 5 {
            send_and_hang_up(&app, "/login/password", &cookie, &form).await;
            quiet().await;
            sent += 1;
            assert!(sent < 500, "no attempt is counted");
        }
        let hanako = member(&app, HANAKO.0).await;
        tell_later(&app).await;
        assert_eq!(times(&app, &hanako, &AccountEvent::PasswordLocked).await, 1);
        let told = app.mails_to(MAILBOX).await;
        assert_eq!(told.iter().filter(|mail| mail.text.contains("正しくないパスワード")).count(), 1);
    }
}

async fn digest_of_password(app: &TestApp) -> String {
    crate::support::app::digest(&app.hash_of(HANAKO.0).await)
}
