//! The help that portals display: JSON and pages.

use crate::support::relying_party::answer;
use crate::support::{Engine, TestApp, on_both_engines};

const QUESTIONS: [&str; 20] = [
    "user-id-unknown",
    "mail-not-received",
    "password-forgotten",
    "password-locked",
    "account-locked",
    "password-policy",
    "invalid-credentials",
    "otp-not-accepted",
    "otp-incorrect",
    "several-devices",
    "remove-device",
    "user-name-differs",
    "device-changed-or-lost",
    "pc-use",
    "security-key-invalid",
    "phone-qr-not-read",
    "change-method",
    "sender-addresses",
    "app-qr-not-read",
    "passkey-qr-not-read",
];

on_both_engines! {
    async fn the_twenty_questions_are_there_in_both_languages(engine: Engine) {
        let app = TestApp::start(engine).await;
        let http = reqwest::Client::new();
        for locale in ["ja", "en"] {
            let faq = answer(http.get(app.at(&format!("/help/v1/faq?locale={locale}")))).await.expect_status(200);
            assert_eq!(faq.header("content-type"), Some("application/json"));
            assert_eq!(faq.header("content-language"), Some(locale));
            let json = faq.json();
            let categories = json["categories"].as_array().unwrap();
            let questions: Vec<&serde_json::Value> =
                categories.iter().flat_map(|c| c["questions"].as_array().unwrap()).collect();
            for id in QUESTIONS {
                let question = questions.iter().find(|q| q["id"] == id).unwrap_or_else(|| panic!("{id}"));
                for part in ["question", "answer_html", "answer_markdown", "answer_text"] {
                    assert!(!question[part].as_str().unwrap().trim().is_empty(), "{id} {part}");
                }
                let one = answer(http.get(app.at(&format!("/help/v1/faq/{id}?locale={locale}")))).await.json();
                assert_eq!(one["answer_text"], question["answer_text"]);
                let page = answer(http.get(app.at(&format!("/help/faq/{id}?ui_locales={locale}")))).await;
                assert_eq!(page.text("h1").as_deref(), question["question"].as_str());
            }
            let guide = answer(http.get(app.at(&format!("/help/v1/guide?locale={locale}")))).await.json();
            assert!(guide["sections"].as_array().unwrap().iter().all(|s| !s["body_html"].as_str().unwrap().is_empty()));
        }
    }

    async fn an_answer_says_what_the_settings_say(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.passwords.min_length = 11;
            settings.locks.password.threshold = 7;
            settings.mail.no_reply = "nobody@kenpo.example".into();
        })
        .await;
        let http = reqwest::Client::new();
        let text = async |id: &str, locale: &str| {
            let question = answer(http.get(app.at(&format!("/help/v1/faq/{id}?locale={locale}")))).await.json();
            question["answer_text"].as_str().unwrap().to_owned()
        };
        for locale in ["ja", "en"] {
            assert!(text("password-policy", locale).await.contains("11"));
            assert!(text("password-locked", locale).await.contains('7'));
            assert!(text("sender-addresses", locale).await.contains("nobody@kenpo.example"));
        }
    }

    async fn what_has_not_changed_is_not_sent_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let http = reqwest::Client::new();
        let url = app.at("/help/v1/faq?locale=ja");
        let first = answer(http.get(&url)).await.expect_status(200);
        let etag = first.header("etag").unwrap();
        assert!(first.header("cache-control").unwrap().contains("public"));
        assert_eq!(first.header("access-control-allow-origin"), Some("*"));
        let again = answer(http.get(&url).header("if-none-match", etag)).await.expect_status(304);
        assert!(again.body.is_empty());
        answer(http.get(app.at("/help/v1/faq/nothing"))).await.expect_status(404);
    }
}
