//! Mail on its way (product.md 1.10): from the outbox to a real mail server, whatever that does.

use std::time::Duration;

use sekisho::actions::mail::queue_mail::{self, Letter, Queued};
use sekisho::actions::mail::send_mail;
use sekisho::app::App;
use sekisho::config::{Settings, SmtpSecurity};
use sekisho::domain::login::device::Device;
use sekisho::domain::member::account_event::AccountEvent;
use sekisho::domain::unix_time::Span;
use sekisho::mail::messages::Message;
use sekisho::store::mail::mail_outbox::{self, Rank, Remembered, State};

use crate::support::mails::Mail;
use crate::support::smtp::{ACCOUNT, Fault, Manner, Taken, Tls};
use crate::support::{Engine, TestApp, on_both_engines};

const HERE: &str = "hanako@example.jp";
const STARTTLS: Manner = Manner { tls: Tls::Starttls, host: "localhost", auth: Some("PLAIN LOGIN") };

fn code() -> Message {
    Message::LoginCode { code: "271828".into(), valid: Span::minutes(10) }
}

/// A message that is of use for ever.
fn event(app: &TestApp, event: AccountEvent) -> Message {
    Message::Account { event, at: app.now(), device: Some(Device::default()) }
}

async fn queue_for(app: &TestApp, to: &str, language: &str, cause: &str, message: Message) -> Queued {
    let mut tx = app.app.store.write().await.unwrap();
    let letter = Letter { to, member: None, language: Some(language), cause, message };
    let queued = queue_mail::queue(&app.app, &mut tx, letter).await.unwrap();
    tx.commit().await.unwrap();
    queued
}

async fn queue(app: &TestApp, message: Message) {
    assert_eq!(queue_for(app, HERE, "ja", &sekisho::random::identifier(), message).await, Queued::Queued);
}

async fn latest(app: &TestApp) -> Remembered {
    mail_outbox::latest(&mut app.app.store.reader().await.unwrap(), None, None, 1).await.unwrap().pop().unwrap()
}

/// What the mail server has taken once all that is due has been tried.
async fn taken(app: &TestApp) -> Vec<Taken> {
    app.send_mail().await;
    app.mail_server.taken()
}

/// How often the mail server was told this.
fn heard(app: &TestApp, command: &str) -> usize {
    app.mail_server.heard().iter().filter(|line| line.starts_with(command)).count()
}

/// Nothing of the mail may have been said to this server.
fn assert_nothing_was_told(app: &TestApp) {
    for command in ["AUTH", "MAIL", "RCPT", "DATA"] {
        assert_eq!(heard(app, command), 0, "{:?}", app.mail_server.heard());
    }
}

on_both_engines! {
    async fn a_mail_arrives_whole_in_the_language_of_its_reader(engine: Engine) {
        let app = TestApp::start_with_smtp(engine, STARTTLS, |_| {}).await;
        for (language, service, subject, name) in
            [("ja", "会員ポータル", "ワンタイムパスワード", "iPhone の 花子"), ("en", "Member Portal", "one-time password", "Hanako's")]
        {
            queue_for(&app, HERE, language, &format!("code in {language}"), code()).await;
            let arrived = taken(&app).await.pop().unwrap();
            assert_eq!((arrived.from.as_str(), arrived.to.as_slice()), ("no-reply@localhost", &[HERE.to_owned()][..]));
            assert!(arrived.encrypted);
            assert_eq!(arrived.account.as_deref(), Some(ACCOUNT.0));
            let mail = Mail::read(arrived.message);
            assert_eq!(mail.header_in_words("From").replace('"', ""), format!("{service} <no-reply@localhost>"));
            assert_eq!(mail.header_in_words("To"), HERE);
            assert!(mail.header_in_words("Subject").contains(subject), "{}", mail.header_in_words("Subject"));
            assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
            assert_eq!(mail.header("Message-ID"), format!("<{}@localhost>", latest(&app).await.id));
            let date = chrono::DateTime::parse_from_rfc2822(mail.header("Date")).unwrap();
            assert_eq!(date.timestamp(), app.now().0);
            assert!(mail.text.contains("271828") && mail.html.contains("271828"));
            assert_eq!(mail.find_code().as_deref(), Some("271828"));
            assert!(mail.html.contains(&format!("lang=\"{language}\"")), "{}", mail.html);

            let added = event(&app, AccountEvent::TotpAdded { name: name.into() });
            queue_for(&app, HERE, language, &format!("added in {language}"), added).await;
            let mail = Mail::read(taken(&app).await.pop().unwrap().message);
            assert!(mail.text.contains(name), "{}", mail.text);
            let first_login = event(&app, AccountEvent::FirstLogin);
            queue_for(&app, HERE, language, &format!("first login in {language}"), first_login).await;
            let arrived = taken(&app).await.pop().unwrap();
            assert_eq!(arrived.from, "webmaster@localhost");
            assert!(Mail::read(arrived.message).header_in_words("From").contains("<webmaster@localhost>"));
            app.advance(Span::minutes(1));
        }
        assert_eq!(app.rows("mail_outbox WHERE state = 'sent' AND content IS NULL").await, 6);
        assert!(latest(&app).await.answer.unwrap().contains("queued as 4711"));
    }

    async fn tls_from_the_first_byte_and_the_older_way_to_log_in_are_spoken_too(engine: Engine) {
        let manner = Manner { tls: Tls::Implicit, auth: Some("LOGIN"), ..Manner::default() };
        let app = TestApp::start_with_smtp(engine, manner, |_| {}).await;
        queue(&app, code()).await;
        let taken = taken(&app).await;
        assert!(taken.len() == 1 && taken[0].encrypted && taken[0].account.is_some(), "{taken:?}");
        app.app.mail.reaches_server().await.unwrap();
    }

    async fn without_the_encryption_that_is_asked_for_nothing_is_told(engine: Engine) {
        let strict = |settings: &mut Settings| settings.mail.smtp.security = SmtpSecurity::Starttls;
        let stranger = Manner { host: "mail.example.org", ..STARTTLS };
        let unknown = |settings: &mut Settings| settings.mail.smtp.ca_file = None;
        for app in [
            // It offers none; perhaps somebody between has taken the offer away.
            TestApp::start_with_smtp(engine, Manner { auth: Some("PLAIN"), ..Manner::default() }, strict).await,
            // It is another server than the one in the settings.
            TestApp::start_with_smtp(engine, stranger, |_| {}).await,
            // Nobody that is known vouches for it.
            TestApp::start_with_smtp(engine, STARTTLS, unknown).await,
            TestApp::start_with_smtp(engine, Manner { tls: Tls::Implicit, ..STARTTLS }, unknown).await,
        ] {
            queue(&app, code()).await;
            assert!(taken(&app).await.is_empty());
            assert_nothing_was_told(&app);
            let mail = latest(&app).await;
            assert_eq!(mail.state, State::Queued, "{mail:?}");
            app.app.mail.reaches_server().await.unwrap_err();
        }
        // It offers encryption and then will not do it.
        let app = TestApp::start_with_smtp(engine, STARTTLS, |_| {}).await;
        app.mail_server.always(Fault::Answers("STARTTLS", "454 4.7.0 not available"));
        queue(&app, code()).await;
        assert!(taken(&app).await.is_empty());
        assert_nothing_was_told(&app);
        assert!(latest(&app).await.answer.unwrap().contains("454 4.7.0 not available"));
    }

    async fn a_password_that_the_server_refuses_loses_no_mail(engine: Engine) {
        let app = TestApp::start_with_smtp(engine, STARTTLS, |settings| {
            std::fs::write(settings.mail.smtp.password_file.as_ref().unwrap(), "wrong").unwrap();
        })
        .await;
        queue(&app, event(&app, AccountEvent::PasswordChanged)).await;
        assert!(taken(&app).await.is_empty());
        let mail = latest(&app).await;
        assert_eq!(mail.state, State::Queued);
        assert!(mail.answer.unwrap().contains("535 5.7.8 bad user name or password"));
        assert!(app.app.mail.reaches_server().await.unwrap_err().contains("535"));
        // Somebody mends the settings and starts again.
        let settings = app.app.settings.clone();
        std::fs::write(settings.mail.smtp.password_file.as_ref().unwrap(), ACCOUNT.1).unwrap();
        let mended = App::start(settings, app.app.clock.clone()).await.unwrap();
        app.advance(Span::seconds(30));
        assert_eq!(send_mail::send_due(&mended).await.unwrap(), 1);
        assert_eq!(app.mail_server.taken().len(), 1);
    }

    async fn a_server_that_can_t_just_now_is_asked_again_after_growing_pauses(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| settings.mail.give_up_after = Span::hours(3)).await;
        queue(&app, event(&app, AccountEvent::PasswordChanged)).await;
        for (tries, fault, pause) in [
            (1, Fault::Answers("RCPT", "450 4.2.1 greylisted"), 30),
            (2, Fault::Answers(".", "451 4.3.0 no room"), 60),
            (3, Fault::Answers("MAIL", "421 4.3.2 closing"), 120),
            (4, Fault::Cuts("EHLO"), 240),
            (5, Fault::Cuts("RCPT"), 480),
            // What it says of us is not said of the mail.
            (6, Fault::Answers("MAIL", "553 5.7.1 this sender is not yours"), 960),
        ] {
            app.mail_server.once(fault);
            assert!(taken(&app).await.is_empty());
            let mail = latest(&app).await;
            assert_eq!((mail.state, mail.attempts), (State::Queued, tries), "{mail:?}");
            app.advance(Span::seconds(pause - 1));
            app.send_mail().await;
            assert_eq!(latest(&app).await.attempts, tries, "too early after {fault:?}");
            app.advance(Span::seconds(1));
        }
        assert_eq!(taken(&app).await.len(), 1);
        app.advance(Span::hours(3));
        assert_eq!(taken(&app).await.len(), 1);

        // Not for ever.
        app.mail_server.always(Fault::Answers("RCPT", "450 4.2.1 greylisted"));
        queue(&app, event(&app, AccountEvent::PasswordChanged)).await;
        for _ in 0..12 {
            app.send_mail().await;
            app.advance(Span::hours(1));
        }
        let mail = latest(&app).await;
        assert_eq!(mail.state, State::GivenUp, "{mail:?}");
        assert!(mail.answer.unwrap().contains("450 4.2.1 greylisted"));
        app.mail_server.mend();
        assert_eq!(taken(&app).await.len(), 1);
    }

    async fn what_the_server_refuses_for_good_is_written_down_in_its_words(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (fault, words) in [
            (Fault::Answers("RCPT", "550 5.1.1 no such mailbox"), "550 5.1.1 no such mailbox"),
            (Fault::Answers("DATA", "554 5.7.1 not from you"), "554 5.7.1 not from you"),
            (Fault::Answers(".", "550-5.7.1 looks like\r\n550 5.7.1 spam"), "550 5.7.1 looks like"),
        ] {
            app.mail_server.once(fault);
            queue(&app, code()).await;
            assert!(taken(&app).await.is_empty());
            let mail = latest(&app).await;
            assert_eq!(mail.state, State::Refused, "{mail:?}");
            assert!(mail.answer.as_ref().unwrap().contains(words), "{mail:?}");
            let asked = heard(&app, "RCPT");
            for _ in 0..5 {
                app.advance(Span::hours(1));
                assert!(taken(&app).await.is_empty());
            }
            assert_eq!(heard(&app, "RCPT"), asked);
        }
    }

    async fn one_cause_is_one_mail_and_a_lost_answer_brings_the_same_one_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let changed = || event(&app, AccountEvent::PasswordChanged);
        assert_eq!(queue_for(&app, HERE, "ja", "once", changed()).await, Queued::Queued);
        assert_eq!(queue_for(&app, HERE, "ja", "once", changed()).await, Queued::Already);
        // The server has taken the mail, and nobody hears its goodbye.
        app.mail_server.once(Fault::Cuts("QUIT"));
        assert_eq!(taken(&app).await.len(), 1);
        assert_eq!(queue_for(&app, HERE, "ja", "once", changed()).await, Queued::Already);
        app.advance(Span::hours(1));
        assert_eq!(taken(&app).await.len(), 1);

        // Nobody hears that it has taken it: the next one is known by its Message-ID for the same.
        app.mail_server.once(Fault::Cuts("."));
        queue(&app, changed()).await;
        assert_eq!(taken(&app).await.len(), 2);
        app.advance(Span::seconds(30));
        let taken = taken(&app).await;
        let ids: Vec<_> = taken.iter().map(|mail| Mail::read(mail.message.clone()).header("Message-ID").to_owned()).collect();
        assert!(ids.len() == 3 && ids[0] != ids[1] && ids[1] == ids[2], "{ids:?}");
        assert_eq!(latest(&app).await.state, State::Sent);
    }

    async fn a_server_that_was_away_gets_what_is_still_of_use(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.mail_server.stop();
        queue(&app, code()).await;
        queue(&app, event(&app, AccountEvent::PasswordChanged)).await;
        app.send_mail().await;
        assert_eq!(app.rows("mail_outbox WHERE state = 'queued' AND attempts = 1").await, 2);
        app.advance(Span::minutes(11));
        app.mail_server.start_again();
        let taken = taken(&app).await;
        assert_eq!(taken.len(), 1);
        assert!(Mail::read(taken[0].message.clone()).find_code().is_none());
        assert_eq!(app.rows("mail_outbox WHERE state = 'expired' AND content IS NULL").await, 1);
        assert_eq!(app.rows("mail_outbox WHERE state = 'sent' AND content IS NULL").await, 1);
    }

    async fn a_server_that_falls_silent_does_not_hold_up_the_next_mail(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| settings.mail.smtp.timeout = Span::seconds(1)).await;
        for command in ["EHLO", "RCPT", "."] {
            app.mail_server.once(Fault::Hangs(command));
            queue(&app, event(&app, AccountEvent::PasswordChanged)).await;
            let in_time = tokio::time::timeout(Duration::from_secs(30), app.send_mail());
            in_time.await.expect("it was waited for an answer that never comes");
            let mail = latest(&app).await;
            assert_eq!(mail.state, State::Queued);
            assert!(mail.answer.unwrap().contains("does not answer"));
            app.advance(Span::hours(1));
            app.send_mail().await;
            assert_eq!(latest(&app).await.state, State::Sent);
        }
    }

    async fn two_nodes_share_the_outbox_and_send_each_mail_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other = App::start(app.app.settings.clone(), app.app.clock.clone()).await.unwrap();
        for _ in 0..15 {
            queue(&app, code()).await;
        }
        let work = |node: App| async move { while send_mail::send_due(&node).await.unwrap() > 0 {} };
        tokio::join!(work(app.app.clone()), work(other.clone()));
        app.send_mail().await;
        let mut ids: Vec<_> =
            app.mail_server.taken().into_iter().map(|mail| Mail::read(mail.message).header("Message-ID").to_owned()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), app.mail_server.taken().len()), (15, 15));

        // A node that dies while it takes care of a mail: after a while the other does.
        queue(&app, event(&app, AccountEvent::PasswordChanged)).await;
        let mut tx = other.store.write().await.unwrap();
        let due = mail_outbox::due(&mut tx, app.now(), Rank::First, 8).await.unwrap();
        mail_outbox::claim(&mut tx, &due[0], app.now(), app.now() + Span::minutes(5)).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        app.advance(Span::seconds(299));
        assert_eq!(taken(&app).await.len(), 15);
        app.advance(Span::seconds(1));
        assert_eq!(taken(&app).await.len(), 16);
    }

    async fn a_stop_gives_back_what_no_server_has_and_waits_for_what_one_may_have(engine: Engine) {
        let app = TestApp::start(engine).await;
        let settings = app.app.settings.clone();
        let node = || App::start(settings.clone(), app.app.clock.clone());
        let changed = || event(&app, AccountEvent::PasswordChanged);
        for (round, until) in ["EHLO", "RCPT", "DATA"].into_iter().enumerate() {
            let stopped = node().await.unwrap();
            if until != "DATA" {
                app.mail_server.once(Fault::Hangs(until));
            }
            let before = heard(&app, until);
            queue(&app, changed()).await;
            let job = tokio::spawn(send_mail::keep_sending(stopped.clone()));
            while heard(&app, until) == before {
                tokio::task::yield_now().await;
            }
            // As the program stops: nothing new sets out, the jobs end, and the verbs are waited for.
            stopped.stopping.cancel();
            job.abort();
            while !stopped.verbs.is_empty() {
                tokio::task::yield_now().await;
            }
            assert_eq!(app.rows("mail_outbox WHERE claimed_until IS NOT NULL").await, 0, "{until}");
            // At once the next start sends it, once.
            let next = node().await.unwrap();
            while send_mail::send_due(&next).await.unwrap() > 0 {}
            assert_eq!(app.mail_server.taken().len(), round + 1, "{until}");
            assert_eq!(app.rows("mail_outbox WHERE state = 'sent' AND attempts = 1").await, i64::try_from(round + 1).unwrap());
        }
    }

    async fn no_address_and_no_name_adds_a_header_or_a_recipient(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.society.service_name.0.insert("ja".into(), "ポータル\" <victim@example.jp>, x".into());
            settings.society.service_name.0.insert("en".into(), "Portal\" <victim@example.jp>, \\".into());
        })
        .await;
        for (cause, to) in [
            "a@example.jp\r\nBcc: victim@example.jp",
            "a@example.jp>\r\nRCPT TO:<victim@example.jp",
            "a@example.jp, victim@example.jp",
            "a@example.jp\n",
            "\"a\r\nBcc: victim\"@example.jp",
            "花子@example.jp",
            "a@例え.jp",
            "<victim@example.jp>",
            "@victim.example.jp",
            "",
        ]
        .into_iter()
        .enumerate()
        {
            queue_for(&app, to, "ja", &cause.to_string(), code()).await;
            assert!(taken(&app).await.is_empty(), "{to:?}");
            assert_nothing_was_told(&app);
            assert_eq!(latest(&app).await.state, State::Refused, "{to:?}");
            app.advance(Span::seconds(1));
        }
        // Some phones have such an address and no other.
        queue_for(&app, "hana..ko.@docomo.ne.jp", "ja", "phone", code()).await;
        let taken_now = taken(&app).await;
        assert!(taken_now.len() == 1, "{:?} {:?}", latest(&app).await, app.mail_server.heard());
        let phone = "\"hana..ko.\"@docomo.ne.jp";
        assert_eq!(taken_now[0].to, [phone]);
        assert_eq!(Mail::read(taken_now[0].message.clone()).header("To"), phone);

        let smuggled = "x\r\n.\r\nMAIL FROM:<x@example.jp>\r\nRCPT TO:<victim@example.jp>\r\nDATA\r\n.dot\r\n";
        for language in ["ja", "en"] {
            let before = taken(&app).await.len();
            let named = event(&app, AccountEvent::TotpAdded { name: smuggled.into() });
            queue_for(&app, HERE, language, &format!("smuggled in {language}"), named).await;
            let taken = taken(&app).await;
            assert_eq!(taken.len(), before + 1);
            assert_eq!(taken[before].to, [HERE]);
            let message = &taken[before].message;
            let head = message.split("\r\n\r\n").next().unwrap().to_ascii_lowercase();
            let from = head.lines().find(|line| line.starts_with("from: ")).unwrap();
            assert!(from.ends_with(" <no-reply@localhost>") || head.contains("\r\n <no-reply@localhost>"), "{from}");
            assert!(head.contains("\r\nsubject: ") && !head.contains("\r\nbcc:") && !head.contains("\nbcc"), "{head}");
            assert!(Mail::read(message.clone()).text.contains("DATA"));
        }
    }
}
