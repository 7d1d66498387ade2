//! "The mail doesn't arrive" (FAQ 2): what staff are told, and what they can do.

use std::collections::BTreeMap;

use sekisho::actions::mail::queue_mail::{Letter, queue};
use sekisho::actions::mail::send_mail::send_due;
use sekisho::actions::member::members;
use sekisho::app::App;
use sekisho::clock::Clock;
use sekisho::config::{Settings, SettingsSource};
use sekisho::domain::ids::MemberId;
use sekisho::domain::member::account_event::AccountEvent;
use sekisho::domain::unix_time::Span;
use sekisho::mail::messages::Message;
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::smtp::{Fault, Manner, SmtpServer};

const HERE: &str = "hanako@example.jp";

fn folder(server: &SmtpServer) -> Folder {
    let port = server.port;
    Folder::with_settings(&format!(
        "[mail]\ntransport = \"smtp\"\nanonymous_per_hour = 2\n[mail.smtp]\nport = {port}\nsecurity = \"none\"\n"
    ))
}

/// As a running server of this folder has it, with a clock that can be moved.
async fn app(folder: &Folder, clock: Clock) -> App {
    let mut settings = Settings::load(&SettingsSource {
        file: Some(folder.path("config/sekisho.toml")),
        environment: BTreeMap::new(),
    })
    .unwrap();
    settings.database.url = format!("sqlite:{}", folder.path("data/sekisho.db").display());
    settings.secrets.master_key_file = folder.path("data/master.key");
    App::start(settings, clock).await.unwrap()
}

async fn hanako(app: &App) -> MemberId {
    members::find(app, "hanako").await.unwrap().unwrap().id
}

fn code() -> Message {
    Message::LoginCode { code: "271828".into(), valid: Span::minutes(10) }
}

fn event(app: &App) -> Message {
    Message::Account { event: AccountEvent::PasswordChanged, at: app.now(), device: None }
}

async fn mail(app: &App, member: &MemberId, message: Message) {
    let mut tx = app.store.write().await.unwrap();
    let cause = sekisho::random::identifier();
    let letter = Letter { to: HERE, member: Some(member), language: None, cause: &cause, message };
    queue(app, &mut tx, letter).await.unwrap();
    tx.commit().await.unwrap();
    while send_due(app).await.unwrap() > 0 {}
}

/// The newest mail in this state.
fn id_of(folder: &Folder, state: &str) -> String {
    let listed = folder.run(&["mail", "list", "--state", state, "--json"]).json();
    listed[0]["id"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_when_a_mail_was_accepted_and_by_whom_and_why_it_was_refused() {
    let server = SmtpServer::start(Manner::default());
    let folder = folder(&server);
    folder.run(&["member", "add", "hanako", "--email", HERE]).ok();
    folder.run(&["member", "add", "taro"]).ok();
    let app = app(&folder, Clock::System).await;
    let member = hanako(&app).await;
    assert!(folder.run(&["member", "show", "hanako"]).ok().contains("No mail is remembered."));

    mail(&app, &member, code()).await;
    server.once(Fault::Answers("RCPT", "550 5.1.1 no such mailbox"));
    mail(&app, &member, event(&app)).await;
    server.once(Fault::Answers("RCPT", "450 4.2.1 greylisted"));
    mail(&app, &member, event(&app)).await;
    let at = format!("localhost:{}", server.port);
    let shown = folder.run(&["member", "show", "hanako"]).ok();
    for part in [
        format!("login-code to {HERE}: accepted by {at} at 2"),
        "250 2.0.0 queued as 4711".to_owned(),
        format!("password-changed to {HERE}: refused by {at} at 2"),
        "550 5.1.1 no such mailbox".to_owned(),
        "waiting to be tried again at 2".to_owned(),
        format!("after one try; {at} said: 450 4.2.1 greylisted"),
    ] {
        assert!(shown.contains(&part), "{part} is not in: {shown}");
    }
    let json = folder.run(&["member", "show", "hanako", "--json"]).json();
    assert_eq!(json["latest_mails"].as_array().unwrap().len(), 3);

    let listed = folder.run(&["mail", "list"]).ok();
    for part in ["sent", "refused", "queued", HERE, "login-code"] {
        assert!(listed.contains(part), "{part} is not in: {listed}");
    }
    let of = |arguments: &[&str]| {
        folder.run(&[&["--json", "mail", "list"], arguments].concat()).json().as_array().unwrap().len()
    };
    assert_eq!((of(&[]), of(&["--limit", "2"])), (3, 2));
    assert_eq!((of(&["--member", "Hanako"]), of(&["--member", "taro"]), of(&["--state", "refused"])), (3, 0, 1));
    folder.run(&["mail", "list", "--member", "nobody"]).refused(&["no member", "nobody"]);

    // For everybody who has the address: nobody's own, and each one's to know of.
    let mut tx = app.store.write().await.unwrap();
    let message = Message::UserIds { user_ids: vec!["hanako".into()] };
    let letter = Letter { to: "Hanako@example.jp", member: None, language: None, cause: "user ids", message };
    queue(&app, &mut tx, letter).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((of(&[]), of(&["--member", "hanako"]), of(&["--member", "taro"])), (4, 4, 0));
    assert!(
        folder.run(&["member", "show", "hanako"]).ok().contains("user-ids to Hanako@example.jp: waiting to be sent")
    );

    let refused = id_of(&folder, "refused");
    let shown = folder.run(&["mail", "show", &refused]).ok();
    for part in ["refused by", "550 5.1.1", &format!("`sekisho mail resend {refused}` tries it again")] {
        assert!(shown.contains(part), "{part} is not in: {shown}");
    }
    let sent = folder.run(&["mail", "show", &id_of(&folder, "sent"), "--json"]).json();
    assert_eq!((&sent["server"], &sent["has_content"], &sent["attempts"]), (&json!(at), &json!(false), &json!(1)));
    assert_eq!(sent["expires_at"].as_i64().unwrap(), sent["queued_at"].as_i64().unwrap() + 600);
    folder.run(&["mail", "show", "nothing"]).refused(&["no mail \"nothing\"", "sekisho mail list"]);
    // What a mail said is not shown to anybody.
    assert!(!folder.run(&["mail", "show", &refused, "--json"]).out.contains("271828"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_sends_again_what_staff_ask_it_to_once() {
    let server = SmtpServer::start(Manner::default());
    let folder = folder(&server);
    folder.run(&["member", "add", "hanako", "--email", HERE]).ok();
    let app = app(&folder, Clock::System).await;
    let member = hanako(&app).await;
    server.once(Fault::Answers(".", "554 5.7.1 looks like spam"));
    mail(&app, &member, event(&app)).await;
    let refused = id_of(&folder, "refused");

    let running = folder.serve();
    assert!(folder.run(&["mail", "resend", &refused]).ok().contains(&format!("to {HERE}")));
    let taken = server.wait_for(1);
    assert!(taken[0].message.contains(&format!("Message-ID: <{refused}@localhost>")));
    while folder.run(&["mail", "show", &refused, "--json"]).json()["state"] != "sent" {}
    folder.run(&["mail", "resend", &refused]).refused(&["can't be sent again", "accepted by", "is not kept"]);
    drop(running);
    assert_eq!(server.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_no_use_or_gone_is_not_sent_again() {
    let server = SmtpServer::start(Manner::default());
    let folder = folder(&server);
    folder.run(&["member", "add", "hanako", "--email", HERE]).ok();
    // Commands have the system's clock: what is eleven minutes old here has expired there.
    let clock = Clock::manual(Clock::System.now());
    let early = Clock::manual(Clock::System.now() - Span::minutes(11));
    let before = app(&folder, early).await;
    let member = hanako(&before).await;
    server.once(Fault::Answers("RCPT", "550 5.1.1 no such mailbox"));
    mail(&before, &member, code()).await;
    folder.run(&["mail", "resend", &id_of(&folder, "refused")]).refused(&["can't be sent again", "of no use any more"]);

    // Beyond what is sent in an hour: nothing is kept, but staff see that it was asked for.
    let app = app(&folder, clock).await;
    for _ in 0..5 {
        mail(&app, &member, Message::PasswordReset { link: "https://x.example.jp".into(), valid: Span::minutes(30) })
            .await;
    }
    let sent = id_of(&folder, "sent");
    assert!(folder.run(&["mail", "show", &sent]).ok().contains("asked for 3 more times"));
    assert_eq!(folder.run(&["mail", "show", &sent, "--json"]).json()["merged"], 3);

    // Given up, and tried again from the start.
    server.always(Fault::Answers("RCPT", "450 4.2.1 greylisted"));
    app.clock.advance(Span::hours(2));
    mail(&app, &member, event(&app)).await;
    app.clock.advance(Span::days(3));
    while send_due(&app).await.unwrap() > 0 {}
    let given_up = id_of(&folder, "given_up");
    assert!(folder.run(&["mail", "show", &given_up]).ok().contains("after 2 tries"));
    assert_eq!(folder.run(&["mail", "resend", &given_up, "--json"]).json()["state"], "queued");
    let again = folder.run(&["mail", "show", &given_up, "--json"]).json();
    assert_eq!((&again["attempts"], &again["finished_at"]), (&json!(0), &Value::Null));
    folder.run(&["mail", "resend", "nothing"]).refused(&["no mail \"nothing\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_asks_the_mail_server() {
    let manner = Manner { auth: Some("PLAIN"), ..Manner::default() };
    let server = SmtpServer::start(manner);
    let folder = folder(&server);
    assert!(folder.run(&["doctor"]).ok().contains(&format!("localhost:{} takes mail from here", server.port)));
    server.always(Fault::Answers("EHLO", "554 5.7.1 not from you"));
    let doctor = folder.run(&["doctor"]);
    assert!(
        doctor.code == Some(1) && doctor.out.contains("takes no mail from here: 554 5.7.1 not from you"),
        "{doctor:?}"
    );
    server.stop();
    let doctor = folder.run(&["doctor"]);
    assert!(doctor.code == Some(1) && doctor.out.contains("WRONG  mail: localhost:"), "{doctor:?}");
    let trial = Folder::new().run(&["doctor"]).ok();
    assert!(trial.contains("reach nobody"), "{trial}");
}
