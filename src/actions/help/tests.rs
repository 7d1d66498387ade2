use url::Url;

use super::*;
use crate::config::{EmailAddress, LockRelease, Method, SecondFactor};
use crate::domain::login::one_time_password::Tolerance;
use crate::domain::unix_time::Span;

type Changed = fn(&mut Settings);

/// The text of a question or section in a language; empty if it is not there.
fn text(content: &HelpContent, locale: &str, id: &str) -> String {
    let help = content.in_locale(locale);
    let question = help.question(id).map(|(_, question)| format!("{}\n{}", question.question, question.answer.text));
    question.or_else(|| help.section(id).map(|section| section.body.text.clone())).unwrap_or_default()
}

fn content(change: impl FnOnce(&mut Settings)) -> HelpContent {
    let mut settings = Settings::default();
    settings.society.inquiry_url = Url::parse("https://society.example.jp/inquiry").ok();
    change(&mut settings);
    build(&files::shipped(), &settings, &Catalogue::load().expect("the translations are whole")).expect("it is sound")
}

#[test]
fn every_setting_that_an_answer_quotes_changes_it_in_every_language() {
    let cases: [(&str, Changed, &[&str], &str); 36] = [
        (
            "passwords.min_length",
            |s| s.passwords.min_length = 13,
            &["password-policy", "change-password", "first-login"],
            "13",
        ),
        (
            "passwords.max_length",
            |s| s.passwords.max_length = 97,
            &["password-policy", "change-password", "first-login"],
            "97",
        ),
        (
            "passwords.initial_lifetime",
            |s| s.passwords.initial_lifetime = Span::days(17),
            &["user-id-unknown", "initial-password-expired", "first-login"],
            "17",
        ),
        (
            "passwords.reset_link_lifetime",
            |s| s.passwords.reset_link_lifetime = Span::minutes(47),
            &["password-forgotten"],
            "47",
        ),
        ("user_ids.min_length", |s| s.user_ids.min_length = 6, &["user-id-unknown"], "6"),
        ("user_ids.max_length", |s| s.user_ids.max_length = 23, &["user-id-unknown"], "23"),
        ("user_ids.symbols", |s| s.user_ids.symbols = "~".into(), &["user-id-unknown"], "~"),
        (
            "locks.password.threshold",
            |s| s.locks.password.threshold = 19,
            &["password-locked", "invalid-credentials"],
            "19",
        ),
        (
            "locks.password.release",
            |s| s.locks.password.release = LockRelease::Time { after: Span::minutes(43) },
            &["password-locked"],
            "43",
        ),
        ("locks.account.threshold", |s| s.locks.account.threshold = 29, &["account-locked", "otp-incorrect"], "29"),
        (
            "locks.account.release",
            |s| s.locks.account.release = LockRelease::Time { after: Span::hours(7) },
            &["account-locked"],
            "7",
        ),
        (
            "authentication.email_codes.lifetime",
            |s| s.authentication.email_codes.lifetime = Span::minutes(37),
            &["otp-incorrect", "email-address-changed"],
            "37",
        ),
        ("authentication.email_codes.tries", |s| s.authentication.email_codes.tries = 7, &["otp-incorrect"], "7"),
        (
            "authentication.email_codes.resend_after",
            |s| s.authentication.email_codes.resend_after = Span::seconds(53),
            &["otp-incorrect"],
            "53",
        ),
        (
            "authentication.app.max_devices",
            |s| s.authentication.app.max_devices = 11,
            &["several-devices", "authentication-methods"],
            "11",
        ),
        (
            "authentication.app.tolerance",
            |s| s.authentication.app.tolerance = Tolerance { steps_back: 3, steps_ahead: 0 },
            &["otp-not-accepted", "otp-incorrect"],
            "90",
        ),
        (
            "authentication.passkeys.max_passkeys",
            |s| s.authentication.passkeys.max_passkeys = 33,
            &["authentication-methods"],
            "33",
        ),
        (
            "authentication.fresh_for",
            |s| s.authentication.fresh_for = Span::minutes(41),
            &["remove-device", "change-method"],
            "41",
        ),
        (
            "authentication.trust_device_for",
            |s| s.authentication.trust_device_for = Some(Span::days(59)),
            &["trusted-device"],
            "59",
        ),
        (
            "authentication.recovery_codes",
            |s| s.authentication.recovery_codes = true,
            &["recovery-codes", "account-locked"],
            "1",
        ),
        ("sessions.idle", |s| s.sessions.idle = Span::minutes(71), &["logged-out-by-itself"], "71"),
        ("sessions.absolute", |s| s.sessions.absolute = Span::hours(73), &["logged-out-by-itself"], "73"),
        ("sessions.login_time_limit", |s| s.sessions.login_time_limit = Span::minutes(79), &["login-expired"], "79"),
        (
            "mail.no_reply",
            |s| s.mail.no_reply = "robot@kenpo.example".into(),
            &["sender-addresses", "mail-not-received", "was-that-me"],
            "robot@kenpo.example",
        ),
        ("mail.info", |s| s.mail.info = "news@kenpo.example".into(), &["sender-addresses"], "news@kenpo.example"),
        (
            "mail.webmaster",
            |s| s.mail.webmaster = "office@kenpo.example".into(),
            &["sender-addresses", "was-that-me"],
            "office@kenpo.example",
        ),
        (
            "society.inquiry_url",
            |s| s.society.inquiry_url = Url::parse("https://kenpo.example/ask").ok(),
            &[
                "user-id-unknown",
                "initial-password-expired",
                "login-expired",
                "password-locked",
                "account-locked",
                "email-address-unusable",
                "was-that-me",
                "user-name-differs",
                "contact",
            ],
            "https://kenpo.example/ask",
        ),
        (
            "society.name",
            |s| {
                for locale in ["ja", "en"] {
                    drop(s.society.name.0.insert(locale.into(), "Kenpo Z".into()))
                }
            },
            &["user-id-unknown", "user-name-differs", "sender-addresses", "contact"],
            "Kenpo Z",
        ),
        (
            "society.service_name",
            |s| {
                for locale in ["ja", "en"] {
                    drop(s.society.service_name.0.insert(locale.into(), "Portal Z".into()))
                }
            },
            &["password-policy", "sender-addresses", "change-method", "main-functions"],
            "Portal Z",
        ),
        ("passwords.refuse_common", |s| s.passwords.refuse_common = false, &["password-policy"], "password1"),
        (
            "authentication.methods (email)",
            |s| s.authentication.methods = vec![Method::Totp, Method::Passkey],
            &[
                "pc-use",
                "authentication-methods",
                "main-functions",
                "was-that-me",
                "email-address-unusable",
                "sender-addresses",
            ],
            "",
        ),
        (
            "authentication.methods (totp)",
            |s| s.authentication.methods = vec![Method::Email, Method::Passkey],
            &["pc-use", "authentication-methods", "main-functions", "passkey-qr-not-read"],
            "",
        ),
        (
            "authentication.methods (passkey)",
            |s| s.authentication.methods = vec![Method::Email, Method::Totp],
            &[
                "pc-use",
                "password-locked",
                "remove-device",
                "was-that-me",
                "authentication-methods",
                "main-functions",
                "recommended-environment",
            ],
            "",
        ),
        (
            "authentication.second_factor",
            |s| s.authentication.second_factor = SecondFactor::Optional,
            &["remove-device", "device-changed-or-lost", "first-login"],
            "",
        ),
        (
            "authentication.second_factor (off)",
            |s| s.authentication.second_factor = SecondFactor::Off,
            &["main-functions"],
            "",
        ),
        (
            "authentication.email_address",
            |s| s.authentication.email_address = EmailAddress::Optional,
            &["first-login"],
            "",
        ),
    ];
    let before = content(|_| ());
    for (setting, change, ids, word) in cases {
        let after = content(change);
        for locale in ["ja", "en"] {
            for id in ids {
                let (old, new) = (text(&before, locale, id), text(&after, locale, id));
                assert_ne!(old, new, "{setting} does not change {locale}/{id}");
                assert!(new.contains(word), "{setting}: {locale}/{id} does not say {word}: {new}");
            }
        }
    }
}

#[test]
fn with_any_settings_the_help_is_sound_and_has_no_holes() {
    let methods: [&[Method]; 8] = [
        &[],
        &[Method::Email],
        &[Method::Totp],
        &[Method::Passkey],
        &[Method::Email, Method::Totp],
        &[Method::Email, Method::Passkey],
        &[Method::Totp, Method::Passkey],
        &Method::ALL,
    ];
    for methods in methods {
        for second_factor in [SecondFactor::Required, SecondFactor::Optional, SecondFactor::Off] {
            for extras in [false, true] {
                let content = content(|settings| {
                    settings.authentication.methods = methods.into();
                    settings.authentication.second_factor = second_factor;
                    settings.authentication.recovery_codes = extras;
                    settings.authentication.trust_device_for = extras.then_some(Span::days(30));
                    if extras {
                        settings.society.inquiry_url = None;
                        settings.user_ids.symbols = String::new();
                    }
                });
                for locale in ["ja", "en"] {
                    let help = content.in_locale(locale);
                    let questions = help.categories.iter().flat_map(|category| &category.questions);
                    let bodies =
                        questions.map(|q| (&q.id, &q.answer)).chain(help.guide.iter().map(|s| (&s.id, &s.body)));
                    for (id, body) in bodies {
                        assert!(body.text.chars().count() > 20, "{locale}/{id} {methods:?}: {}", body.text);
                        for hole in [
                            "。。",
                            "、。",
                            "、\n",
                            "、</",
                            "方は、回復",
                            "  .",
                            " ,",
                            "（）",
                            "\n\n\n",
                            "``",
                            "<p></p>",
                            "<li></li>",
                            "<ul></ul>",
                        ] {
                            assert!(
                                !body.text.contains(hole) && !body.html.contains(hole),
                                "{locale}/{id}: {hole:?} in {}",
                                body.text
                            );
                        }
                    }
                }
            }
        }
    }
}
