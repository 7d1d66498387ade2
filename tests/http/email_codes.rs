//! Codes by e-mail: a first login with an address and a method, and the second factor (product.md 1.2 and 1.6).

use sekisho::actions::member::members;
use sekisho::config::{EmailAddress, MailTransport, SecondFactor};
use sekisho::domain::unix_time::Span;

use crate::support::app::{HANAKO, TARO, member};
use crate::support::mails::Mail;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};
use crate::totp::{code as totp_code, key_on};

async fn required(engine: Engine) -> TestApp {
    TestApp::start_with(engine, |settings| {
        settings.authentication.second_factor = SecondFactor::Required;
        settings.authentication.email_address = EmailAddress::Required;
    })
    .await
}

/// Sends the page's form with these fields, and follows.
async fn send(visitor: &Visitor, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut form = page.form();
    form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let answer = visitor.post(path, &form).await;
    visitor.onward(answer).await
}

/// Hanako, at the page that asks for the code mailed to her.
async fn hanako_asked(app: &TestApp, visitor: &Visitor) -> Answer {
    let page = visitor.follow(&app.at("/account/profile")).await;
    let page = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
    if page.url.contains("/login/method") {
        send(visitor, &page, "/login/method", &[("method", "email")]).await
    } else {
        page
    }
}

fn other_than(code: &str) -> &'static str {
    if code == "000000" { "111111" } else { "000000" }
}

on_both_engines! {
    async fn a_first_login_goes_from_the_initial_password_to_the_method_and_the_notice(engine: Engine) {
        let app = required(engine).await;
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        let page = visitor.log_in_and_follow(&page, TARO.0, TARO.1).await;
        assert!(page.text("#progress").unwrap().contains('1'));
        let own = "My-own-words-7";
        let page = send(&visitor, &page, "/login/initial-password", &[("new_password", own), ("new_password_again", own)]).await;
        assert!(page.url.contains("/login/email-address?"), "{}", page.url);
        // Interrupted here, it goes on here.
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        let page = visitor.log_in_and_follow(&page, TARO.0, own).await;
        assert!(page.url.contains("/login/email-address?"), "{}", page.url);
        let refused = send(&visitor, &page, "/login/email-address", &[("email", "taro")]).await.expect_status(422);
        assert!(refused.text("#email-error").is_some());
        let page = send(&visitor, &page, "/login/email-address", &[("email", " Ｔaro@example.jp ")]).await;
        assert!(page.body.contains("Taro@example.jp"));
        let code = app.code_mailed_to("Taro@example.jp").await;
        send(&visitor, &page, "/login/email-address-code", &[("code", other_than(&code))]).await.expect_status(422);
        let page = send(&visitor, &page, "/login/email-address-code", &[("code", &code)]).await;
        assert!(page.url.contains("/login/method?"), "{}", page.url);
        visitor.get("/account/profile").await.expect_status(303);
        // The address has just been shown to be read: no second code is asked for.
        let page = send(&visitor, &page, "/login/method", &[("method", "email")]).await;
        assert_eq!(page.url, app.at("/account/profile"), "{}", page.body);
        let mails = app.mails_to("Taro@example.jp").await;
        let from: Vec<&str> = mails.iter().map(|mail| mail.header("From")).collect();
        assert!(from.iter().any(|from| from.contains("webmaster@localhost")), "{from:?}");
        assert!(mails.iter().all(|mail| mail.header("Auto-Submitted") == "auto-generated"));
    }

    async fn a_code_by_mail_is_the_second_factor_once_and_in_time(engine: Engine) {
        let app = required(engine).await;
        let visitor = app.visitor();
        let page = hanako_asked(&app, &visitor).await;
        assert!(page.url.contains("/login/email-code?"), "{}", page.url);
        assert!(page.body.contains("h•••••@example.jp") && !page.body.contains("hanako@example.jp"));
        let first = app.code_mailed_to("hanako@example.jp").await;
        // Opened again, it sends no second mail.
        let sent = app.mails_to("hanako@example.jp").await.len();
        visitor.get(&page.url).await.expect_status(200);
        send(&visitor, &page, "/login/email-code", &[("resend", "1")]).await.expect_status(422);
        assert_eq!(app.mails_to("hanako@example.jp").await.len(), sent);
        // Another one takes its place.
        app.advance(Span::minutes(1));
        let again = send(&visitor, &page, "/login/email-code", &[("resend", "1")]).await.expect_status(200);
        assert!(again.text("#sent-again").is_some());
        let second = app.code_mailed_to("hanako@example.jp").await;
        if first != second {
            send(&visitor, &page, "/login/email-code", &[("code", &first)]).await.expect_status(422);
        }
        // Not in another browser.
        let other = app.visitor();
        other.follow(&app.at("/account/profile")).await;
        other.get(&page.url).await.expect_error_page("flow_other_browser");
        app.advance(Span::minutes(10));
        let late = send(&visitor, &page, "/login/email-code", &[("code", &second)]).await.expect_status(422);
        assert!(late.text("#error").is_some());
        send(&visitor, &page, "/login/email-code", &[("resend", "1")]).await.expect_status(200);
        let third = app.code_mailed_to("hanako@example.jp").await;
        let typed = format!(" {} {} ", &third[..3], &third[3..]);
        let done = send(&visitor, &page, "/login/email-code", &[("code", &typed)]).await;
        assert_eq!(done.url, app.at("/account/profile"), "{}", done.body);
        send(&visitor, &page, "/login/email-code", &[("code", &third)]).await.expect_error_page("flow_done");
    }

    async fn after_five_wrong_tries_a_code_is_spent(engine: Engine) {
        let app = required(engine).await;
        let visitor = app.visitor();
        let page = hanako_asked(&app, &visitor).await;
        let code = app.code_mailed_to("hanako@example.jp").await;
        for _ in 0..5 {
            send(&visitor, &page, "/login/email-code", &[("code", other_than(&code))]).await.expect_status(422);
        }
        let spent = send(&visitor, &page, "/login/email-code", &[("code", &code)]).await.expect_status(422);
        assert!(spent.text("#error").unwrap().contains("使えなくなりました"), "{}", spent.body);
        visitor.get("/account/profile").await.expect_status(303);
        // Another mail helps.
        app.advance(Span::minutes(1));
        send(&visitor, &page, "/login/email-code", &[("resend", "1")]).await.expect_status(200);
        let code = app.code_mailed_to("hanako@example.jp").await;
        let done = send(&visitor, &page, "/login/email-code", &[("code", &code)]).await;
        assert_eq!(done.url, app.at("/account/profile"), "{}", done.body);
    }

    async fn the_page_for_the_code_offers_the_other_methods_and_the_recovery_codes(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
            settings.authentication.recovery_codes = true;
        })
        .await;
        let own = app.visitor();
        let page = hanako_asked(&app, &own).await;
        for way in ["#use-totp", "#use-passkey", "#use-recovery-code"] {
            assert!(page.attribute(way, "href").is_none(), "{way} is not registered");
        }
        send(&own, &page, "/login/email-code", &[("code", &app.code_mailed_to("hanako@example.jp").await)]).await;
        let page = own.get("/account/totp-enrolment").await.expect_status(200);
        let key = key_on(&page);
        let fields = [("device_name", "phone"), ("code", &totp_code(&app, &key, 0))];
        send(&own, &page, "/account/totp-enrolment", &fields).await.expect_status(200);
        let page = own.get("/account/recovery-codes").await.expect_status(200);
        send(&own, &page, "/account/recovery-codes", &[]).await.expect_status(200);

        app.advance(Span::minutes(1));
        let visitor = app.visitor();
        let page = hanako_asked(&app, &visitor).await;
        assert!(page.url.contains("/login/email-code?"), "{}", page.url);
        for (way, path) in [("#use-recovery-code", "/login/recovery-code"), ("#use-totp", "/login/totp")] {
            let href = page.attribute(way, "href").unwrap_or_else(|| panic!("{way} is not on {}", page.body));
            let other = visitor.get(&href).await.expect_status(200);
            assert!(other.url.starts_with(&app.at(&format!("{path}?step="))), "{}", other.url);
        }
        assert!(page.attribute("#use-passkey", "href").is_none(), "there is none");
        let totp = visitor.get(&page.attribute("#use-totp", "href").unwrap()).await;
        let done = send(&visitor, &totp, "/login/totp", &[("code", &totp_code(&app, &key, 0))]).await;
        assert_eq!(done.url, app.at("/account/profile"), "{}", done.body);
    }

    async fn an_address_that_another_member_has_may_be_registered_and_both_keep_it(engine: Engine) {
        let app = required(engine).await;
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        let page = visitor.log_in_and_follow(&page, TARO.0, TARO.1).await;
        let own = "My-own-words-7";
        let page = send(&visitor, &page, "/login/initial-password", &[("new_password", own), ("new_password_again", own)]).await;
        let page = send(&visitor, &page, "/login/email-address", &[("email", "hanako@example.jp")]).await;
        let code = app.code_mailed_to("hanako@example.jp").await;
        let page = send(&visitor, &page, "/login/email-address-code", &[("code", &code)]).await;
        let taros = send(&visitor, &page, "/login/method", &[("method", "email")]).await;
        app.advance(Span::minutes(1));
        let visitor = app.visitor();
        let page = hanako_asked(&app, &visitor).await;
        let code = app.code_mailed_to("hanako@example.jp").await;
        let hanakos = send(&visitor, &page, "/login/email-code", &[("code", &code)]).await;
        for (profile, who) in [(taros, TARO.0), (hanakos, HANAKO.0)] {
            assert_eq!(profile.text("#user-id").as_deref(), Some(who), "{}", profile.body);
            assert_eq!(profile.text("#email").as_deref(), Some("hanako@example.jp"));
        }
    }

    async fn ten_wrong_codes_by_mail_lock_the_account_over_several_mails(engine: Engine) {
        let app = required(engine).await;
        let visitor = app.visitor();
        let page = hanako_asked(&app, &visitor).await;
        for mail in 1..=2 {
            let code = app.code_mailed_to("hanako@example.jp").await;
            for n in 1..=5 {
                let answer = send(&visitor, &page, "/login/email-code", &[("code", other_than(&code))]).await;
                if (mail, n) == (2, 5) {
                    answer.expect_error_page("account_locked");
                } else {
                    assert!(answer.expect_status(422).text("#error").unwrap().contains("正しくありません"), "{mail} {n}");
                }
            }
            if mail == 1 {
                // What is spent already counts for nothing.
                let spent = send(&visitor, &page, "/login/email-code", &[("code", &code)]).await.expect_status(422);
                assert!(spent.text("#error").unwrap().contains("使えなくなりました"), "{}", spent.body);
                app.advance(Span::minutes(1));
                send(&visitor, &page, "/login/email-code", &[("resend", "1")]).await.expect_status(200);
            }
        }
        let login = visitor.follow(&app.at("/account/profile")).await;
        let refused = visitor.log_in(&login, HANAKO.0, HANAKO.1).await.expect_status(422);
        assert!(refused.text("#error").unwrap().contains("アカウントがロック"), "{}", refused.body);
    }

    async fn a_code_counts_in_the_login_that_it_was_sent_for_and_in_no_other(engine: Engine) {
        let app = required(engine).await;
        let mut child = member("child");
        child.email = Some("hanako@example.jp".into());
        child.email_verified = true;
        members::add(&app.app, child, "Test-child-11", false).await.unwrap();
        app.execute("UPDATE members SET email_method_at = 1, authentication_method = 'email'").await;
        let (one, two, childs) = (app.visitor(), app.visitor(), app.visitor());
        let page = hanako_asked(&app, &one).await;
        let first = app.code_mailed_to("hanako@example.jp").await;
        app.advance(Span::minutes(1));
        let second_page = hanako_asked(&app, &two).await;
        let login = childs.follow(&app.at("/account/profile")).await;
        let childs_page = childs.log_in_and_follow(&login, "child", "Test-child-11").await;
        let sent = app.mails_to("hanako@example.jp").await;
        let codes: Vec<String> = sent.iter().filter_map(Mail::find_code).filter(|code| *code != first).collect();
        assert_eq!(codes.len(), 2, "each login has its own");
        // The code of the first login, in the other logins of the same and of another member at this address.
        for (visitor, page) in [(&two, &second_page), (&childs, &childs_page)] {
            assert!(page.url.contains("/login/email-code?"), "{}", page.url);
            send(visitor, page, "/login/email-code", &[("code", &first)]).await.expect_status(422);
            visitor.get("/account/profile").await.expect_status(303);
        }
        let done = send(&one, &page, "/login/email-code", &[("code", &first)]).await;
        assert_eq!(done.url, app.at("/account/profile"), "{}", done.body);
    }

    async fn nobody_s_inbox_is_flooded(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
            settings.mail.codes_per_hour = 5;
        })
        .await;
        let visitor = app.visitor();
        let mut page = hanako_asked(&app, &visitor).await;
        for _ in 0..20 {
            app.advance(Span::minutes(1));
            page = send(&visitor, &page, "/login/email-code", &[("resend", "1")]).await;
            app.mails_to("hanako@example.jp").await;
        }
        assert!(page.text("#error").is_some());
        assert_eq!(app.mails_to("hanako@example.jp").await.iter().filter_map(Mail::find_code).count(), 5);
        assert_eq!(app.rows("mail_outbox WHERE kind = 'login-code' AND state = 'sent' AND content IS NULL").await, 5);
    }

    async fn the_mails_of_a_trial_are_shown_and_those_of_members_never(engine: Engine) {
        let trial = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
            settings.mail.transport = MailTransport::Folder;
        })
        .await;
        let visitor = trial.visitor();
        let page = hanako_asked(&trial, &visitor).await;
        trial.send_mail().await;
        let shown = visitor.get("/mail").await.expect_status(200);
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        let code = shown.body.lines().map(str::trim).find(is_code).unwrap_or_else(|| panic!("{}", shown.body));
        let page = send(&visitor, &page, "/login/email-code", &[("code", code)]).await;
        assert_eq!(page.url, trial.at("/account/profile"), "{}", page.body);
        let in_earnest = TestApp::start(engine).await;
        in_earnest.visitor().get("/mail").await.expect_error_page("not_found");
    }
}
