//! What members do to their own account: each act is done once, whole, whoever hangs up, and not at all where the account was
//! locked, the session ended or more is asked for while it waited.

use sekisho::actions::member::admit::{Caller, NotDone};
use sekisho::actions::member::enrol_authenticator::{self, ConfirmedApp};
use sekisho::actions::member::{
    applications, change_email_address, change_password, choose_method, download_data, end_own_sessions,
    make_recovery_codes, members, passkeys, remove_authenticator, rename_authenticator, set_preferences,
};
use sekisho::crypto::passkey::{User, new_user_handle};
use sekisho::domain::ids::{BrowserSessionId, ClientId, MemberId};
use sekisho::domain::login::assurance::Assurance;
use sekisho::domain::login::device::Device;
use sekisho::domain::login::one_time_password::Code;
use sekisho::domain::member::authentication_method::Method;
use sekisho::domain::member::email_address::EmailAddress;
use sekisho::domain::secret::Secret;
use sekisho::domain::unix_time::Span;
use sekisho::random;
use sekisho::store::login::browser_sessions;
use sekisho::store::member::members as rows;
use sekisho::store::member::totp_devices::{self, TotpDevice};
use sekisho::store::protocol::consents;

use crate::support::app::{digest as digest_of, member};
use crate::support::authenticator::Authenticator;
use crate::support::cut::at_every_await;
use crate::support::{Engine, TestApp, on_both_engines};

/// Each act: its name, the event that it leaves, and a condition on `members m` that holds only when it is done.
const ACTS: [(&str, Option<&str>, &str); 22] = [
    ("choose a language", None, "m.profile LIKE '%\"en\"%'"),
    ("turn notices off", None, "m.notices_off_at IS NOT NULL"),
    (
        "end a session",
        Some("session-ended"),
        "EXISTS (SELECT 1 FROM browser_sessions s WHERE s.member_id = m.member_id AND s.ended_at IS NOT NULL)",
    ),
    (
        "end all others",
        Some("other-sessions-ended"),
        "EXISTS (SELECT 1 FROM browser_sessions s WHERE s.member_id = m.member_id AND s.ended_at IS NOT NULL)",
    ),
    (
        "withdraw trust",
        Some("trust-withdrawn"),
        "NOT EXISTS (SELECT 1 FROM known_devices k WHERE k.member_id = m.member_id AND k.trusted_until IS NOT NULL)",
    ),
    (
        "withdraw an application",
        Some("application-withdrawn"),
        "NOT EXISTS (SELECT 1 FROM consents c WHERE c.member_id = m.member_id)",
    ),
    ("download data", Some("data-downloaded"), "m.disabled_at IS NULL"),
    (
        "change the password",
        Some("password-changed"),
        "EXISTS (SELECT 1 FROM browser_sessions s WHERE s.member_id = m.member_id AND s.ended_at IS NOT NULL)",
    ),
    ("propose an address", None, "EXISTS (SELECT 1 FROM email_codes c WHERE c.member_id = m.member_id)"),
    ("send its code again", None, "(SELECT COUNT(*) FROM mail_outbox o WHERE o.member_id = m.member_id) = 2"),
    ("confirm an address", Some("email-changed"), "m.email LIKE 'new-%'"),
    ("choose a method", Some("method-chosen"), "m.authentication_method = 'email'"),
    ("add an app", Some("totp-added"), "(SELECT COUNT(*) FROM totp_devices d WHERE d.member_id = m.member_id) = 2"),
    ("add a passkey", Some("passkey-added"), "EXISTS (SELECT 1 FROM passkeys p WHERE p.member_id = m.member_id)"),
    ("send a code to enrol e-mail", None, "EXISTS (SELECT 1 FROM email_codes c WHERE c.member_id = m.member_id)"),
    ("enrol e-mail", Some("method-chosen"), "m.email_method_at IS NOT NULL"),
    (
        "rename an app",
        None,
        "EXISTS (SELECT 1 FROM totp_devices d WHERE d.member_id = m.member_id AND d.name = 'other')",
    ),
    (
        "rename a passkey",
        None,
        "EXISTS (SELECT 1 FROM passkeys p WHERE p.member_id = m.member_id AND p.name = 'other')",
    ),
    (
        "remove an app",
        Some("totp-removed"),
        "NOT EXISTS (SELECT 1 FROM totp_devices d WHERE d.member_id = m.member_id)",
    ),
    (
        "remove a passkey",
        Some("passkey-removed"),
        "NOT EXISTS (SELECT 1 FROM passkeys p WHERE p.member_id = m.member_id)",
    ),
    ("remove e-mail", Some("email-method-removed"), "m.email_method_at IS NULL"),
    (
        "make recovery codes",
        Some("recovery-codes-made"),
        "(SELECT COUNT(*) FROM recovery_codes r WHERE r.member_id = m.member_id) = 10",
    ),
];

/// A member with an app, a session with two factors, and what the act needs.
struct Fresh {
    id: MemberId,
    user_id: String,
    caller: Caller,
    session: BrowserSessionId,
    token_digest: String,
    elsewhere: BrowserSessionId,
    client: String,
    device: String,
    passkey: String,
    code: Option<Code>,
}

async fn start(engine: Engine) -> TestApp {
    TestApp::start_with(engine, |settings| {
        settings.authentication.recovery_codes = true;
        settings.authentication.trust_device_for = Some(Span::days(30));
    })
    .await
}

fn confirmed(app: &TestApp) -> ConfirmedApp {
    let (id, now) = (random::identifier(), app.now());
    let sealed_key = app.app.at_rest.seal(&[7; 20], &totp_devices::place(&id));
    ConfirmedApp {
        device: TotpDevice { id, name: "app".into(), sealed_key, created_at: now, last_used_at: now },
        step: 1,
    }
}

/// What an authenticator has just made for this member.
fn new_passkey(app: &TestApp, fresh: &Fresh) -> passkeys::NewPasskey {
    let handle = new_user_handle();
    let user = User { handle: &handle, name: &fresh.user_id, display_name: &fresh.user_id };
    let relying_party = app.app.passkeys.as_ref().unwrap();
    let (options, asked) = relying_party.start_registration("Portal", user, &[], app.now() + Span::minutes(5)).unwrap();
    let answer = Authenticator::new(&app.issuer).create(&options);
    let judged = passkeys::verify(&app.app, &fresh.id, (&asked, &handle), &answer, "key".into()).unwrap();
    let passkeys::Answered::Right(new) = judged else { panic!("refused") };
    new
}

async fn fresh(app: &TestApp, act: &str) -> Fresh {
    let user_id = format!("m{}", random::identifier().to_lowercase().replace(['_', '-'], "x"));
    let mut new = member(&user_id);
    new.email = Some(format!("{user_id}@example.jp"));
    new.email_verified = true;
    let id = members::add(&app.app, new, "Test-others-1", false).await.unwrap().id;
    let (token, session) = app.session_of(&id, Assurance::TwoFactors).await;
    let caller = Caller::new(Some(&token), Device::default());
    let (_, elsewhere) = app.session_of(&id, Assurance::TwoFactors).await;
    let client = app.third_party().await.id;
    let mut tx = app.app.store.write().await.unwrap();
    let ConfirmedApp { device, step } = confirmed(app);
    assert!(totp_devices::insert(&mut tx, &id, &device, step, 5).await.unwrap());
    rows::set_method(&mut tx, &id, Some(Method::Totp)).await.unwrap();
    if ["choose a method", "remove e-mail"].contains(&act) {
        rows::set_email_method(&mut tx, &id, Some(app.now())).await.unwrap();
    }
    let scopes = sekisho::domain::protocol::scope::Scopes::parse("openid").unwrap();
    consents::add(&mut tx, &id, &ClientId(client.clone()), &scopes, app.now()).await.unwrap();
    let browser = random::identifier();
    sekisho::store::login::known_devices::note(&mut tx, &browser, &id, app.now()).await.unwrap();
    sekisho::store::login::known_devices::trust(&mut tx, &browser, &id, app.now() + Span::days(1)).await.unwrap();
    tx.commit().await.unwrap();
    let (token_digest, device, passkey) = (digest_of(&token), device.id, String::new());
    let mut fresh =
        Fresh { id, user_id, caller, session, token_digest, elsewhere, client, device, passkey, code: None };
    match act {
        "rename a passkey" | "remove a passkey" => {
            enrol_authenticator::passkey(&app.app, &fresh.caller, new_passkey(app, &fresh), false).await.unwrap();
            let mut reader = app.app.store.reader().await.unwrap();
            let all = sekisho::store::member::passkeys::of_member(&mut reader, &fresh.id).await.unwrap();
            fresh.passkey = all[0].id.clone();
        }
        "send its code again" | "confirm an address" => {
            let address = address(&fresh);
            change_email_address::propose(&app.app, &fresh.caller, &address, "ja").await.unwrap();
            app.advance(app.app.settings.authentication.email_codes.resend_after);
            if act == "confirm an address" {
                fresh.code = Code::understand(&app.code_mailed_to(address.as_str()).await);
            }
        }
        "enrol e-mail" => {
            enrol_authenticator::send_email_code(&app.app, &fresh.caller, "ja").await.unwrap();
            fresh.code = Code::understand(&app.code_mailed_to(&format!("{}@example.jp", fresh.user_id)).await);
        }
        _ => {}
    }
    fresh
}

fn address(fresh: &Fresh) -> EmailAddress {
    EmailAddress::understand(&format!("new-{}@example.jp", fresh.user_id)).unwrap()
}

async fn call(app: &TestApp, act: &str, fresh: &Fresh) -> Result<(), NotDone> {
    let (on, caller) = (&app.app, &fresh.caller);
    let code = || fresh.code.clone().unwrap();
    match act {
        "choose a language" => {
            let english = on.catalogue.locales().find(|locale| locale.tag() == "en").unwrap();
            set_preferences::language(on, caller, english).await
        }
        "turn notices off" => set_preferences::notices(on, caller, false).await,
        "end a session" => end_own_sessions::one(on, caller, &fresh.elsewhere).await.map(drop),
        "end all others" => end_own_sessions::all_others(on, caller).await,
        "withdraw trust" => end_own_sessions::trust(on, caller).await,
        "withdraw an application" => applications::withdraw(on, caller, &fresh.client, "ja").await.map(drop),
        "download data" => download_data::download_data(on, caller, "ja").await.map(drop),
        "change the password" => {
            let typed = Secret::new("My-own-words-7".to_owned());
            change_password::change_password(on, caller, &typed).await.map(drop)
        }
        "propose an address" => change_email_address::propose(on, caller, &address(fresh), "ja").await.map(drop),
        "send its code again" => change_email_address::send_again(on, caller, "ja").await.map(drop),
        "confirm an address" => change_email_address::confirm(on, caller, &code(), false).await.map(drop),
        "choose a method" => choose_method::choose_method(on, caller, Method::Email).await.map(drop),
        "add an app" => enrol_authenticator::app(on, caller, confirmed(app), false).await.map(drop),
        "add a passkey" => enrol_authenticator::passkey(on, caller, new_passkey(app, fresh), false).await.map(drop),
        "send a code to enrol e-mail" => enrol_authenticator::send_email_code(on, caller, "ja").await.map(drop),
        "enrol e-mail" => enrol_authenticator::email(on, caller, &code()).await.map(drop),
        "rename an app" => rename_authenticator::app(on, caller, &fresh.device, "other").await.map(drop),
        "rename a passkey" => rename_authenticator::passkey(on, caller, &fresh.passkey, "other").await.map(drop),
        "remove an app" => remove_authenticator::app(on, caller, &fresh.device).await.map(drop),
        "remove a passkey" => remove_authenticator::passkey(on, caller, &fresh.passkey).await.map(drop),
        "remove e-mail" => remove_authenticator::email(on, caller).await.map(drop),
        "make recovery codes" => make_recovery_codes::make_recovery_codes(on, caller).await.map(drop),
        other => panic!("{other}?"),
    }
}

async fn is_done(app: &TestApp, done: &str, fresh: &Fresh) -> bool {
    app.number(format!("SELECT COUNT(*) FROM members m WHERE m.member_id = '{}' AND {done}", fresh.id)).await == 1
}

async fn events(app: &TestApp, kind: &str, fresh: &Fresh) -> i64 {
    let of = format!("member_id = '{}' AND event LIKE '%\"{kind}\"%'", fresh.id);
    app.number(format!("SELECT COUNT(*) FROM account_events WHERE {of}")).await
}

on_both_engines! {
    async fn what_a_member_began_is_done_once_with_its_event_whoever_hangs_up(engine: Engine) {
        let app = start(engine).await;
        for (act, event, done) in ACTS {
            at_every_await(
                &app,
                async || {
                    let fresh = fresh(&app, act).await;
                    assert!(act == "download data" || !is_done(&app, done, &fresh).await, "{act}: done before");
                    let before = events(&app, event.unwrap_or("none"), &fresh).await;
                    (fresh, before)
                },
                async |(fresh, _)| call(&app, act, fresh).await.unwrap(),
                async |(fresh, before)| {
                    assert!(is_done(&app, done, fresh).await, "{act}");
                    let told = events(&app, event.unwrap_or("none"), fresh).await - before;
                    assert_eq!(told, i64::from(event.is_some()), "{act}");
                },
            )
            .await;
        }
    }

    async fn an_act_that_waited_for_a_lock_an_ended_session_or_a_new_factor_is_not_done(engine: Engine) {
        let app = start(engine).await;
        for (act, event, done) in ACTS {
            for meanwhile in ["locked", "ended", "asked for more"] {
                let fresh = fresh(&app, act).await;
                let mut tx = app.app.store.write().await.unwrap();
                rows::held(&mut tx, &fresh.id).await.unwrap();
                let told_before = events(&app, event.unwrap_or("none"), &fresh).await;
                let waiting = call(&app, act, &fresh);
                let change = async {
                    if engine == Engine::Postgres {
                        app.until_somebody_waits_for_a_row().await;
                    }
                    match meanwhile {
                        "locked" => rows::lock_account(&mut tx, &fresh.id, None, app.now()).await.unwrap(),
                        "ended" => {
                            browser_sessions::end(&mut tx, &fresh.session, app.now()).await.unwrap();
                        }
                        _ => {
                            let (session, token) = (&fresh.session, &fresh.token_digest);
                            assert!(browser_sessions::raise(&mut tx, session, Assurance::Password, token).await.unwrap());
                        }
                    }
                    tx.commit().await.unwrap();
                };
                let (outcome, ()) = tokio::join!(waiting, change);
                let refused = match meanwhile {
                    "asked for more" => matches!(outcome, Err(NotDone::ShowAgain(_))),
                    _ => matches!(outcome, Err(NotDone::LoggedOut)),
                };
                assert!(refused, "{act}, {meanwhile}: {outcome:?}");
                assert!(act == "download data" || ended_by_hand(act, meanwhile) || !is_done(&app, done, &fresh).await, "{act}, {meanwhile}");
                assert_eq!(events(&app, event.unwrap_or("none"), &fresh).await, told_before, "{act}, {meanwhile}");
            }
        }
    }
}

/// The test itself has ended a session.
fn ended_by_hand(act: &str, meanwhile: &str) -> bool {
    meanwhile == "ended" && ["end a session", "end all others", "change the password"].contains(&act)
}
