//! The help that portals display: the API, its pages, and what staff publish.

use std::collections::BTreeSet;

use scraper::{Html, Selector};
use sekisho::actions::help::publish::{self, Change, PublishError};
use sekisho::config::{Method, Quota};
use sekisho::store::help::help_content::{self, Revision};
use sekisho::store::help::help_feedback;
use serde_json::{Value, json};

use crate::support::json_schema;
use crate::support::relying_party::answer;
use crate::support::visitor::Answer;
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

async fn get(app: &TestApp, path: &str) -> Answer {
    answer(reqwest::Client::new().get(app.at(path))).await
}

async fn get_with(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request =
        headers.iter().fold(reqwest::Client::new().get(app.at(path)), |r, (name, value)| r.header(*name, *value));
    answer(request).await
}

async fn json(app: &TestApp, path: &str) -> Value {
    get(app, path).await.expect_status(200).json()
}

async fn vote(app: &TestApp, id: &str, body: &str) -> Answer {
    let request = reqwest::Client::new().post(app.at(&format!("/help/v1/questions/{id}/votes?locale=ja")));
    answer(request.header("content-type", "application/json").body(body.to_owned())).await
}

fn change(path: &str, content: &str) -> Change {
    Change { path: path.into(), content: Some(content.into()), seen: None }
}

fn question(title: &str, category: &str, answer: &str) -> String {
    format!("+++\nquestion = \"{title}\"\ncategory = \"{category}\"\norder = 1\n+++\n{answer}\n")
}

/// Asks until it holds.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !holds().await {
        assert!(std::time::Instant::now() < patience, "it never came to hold");
        tokio::task::yield_now().await;
    }
}

on_both_engines! {
    async fn the_twenty_questions_are_there_in_both_languages(engine: Engine) {
        let app = TestApp::start(engine).await;
        for locale in ["ja", "en"] {
            let all = get(&app, &format!("/help/v1/questions?locale={locale}")).await.expect_status(200);
            assert_eq!(all.header("content-type"), Some("application/json"));
            assert_eq!(all.header("content-language"), Some(locale));
            let all = all.json();
            let all = all["questions"].as_array().unwrap();
            let categories = json(&app, &format!("/help/v1/categories?locale={locale}")).await;
            let listed: Vec<&Value> =
                categories["categories"].as_array().unwrap().iter().flat_map(|c| c["questions"].as_array().unwrap()).collect();
            assert_eq!(all.len(), listed.len());
            for id in QUESTIONS {
                let question = all.iter().find(|q| q["id"] == id).unwrap_or_else(|| panic!("{id}"));
                assert_eq!(question["language"], locale);
                for form in ["html", "markdown", "text"] {
                    assert!(!question["answer"][form].as_str().unwrap().trim().is_empty(), "{id} {form}");
                }
                assert_eq!(question["url"], app.at(&format!("/help/faq/{id}?ui_locales={locale}")));
                assert!(!question["related"].as_array().unwrap().is_empty(), "{id}");
                let mut one = json(&app, &format!("/help/v1/questions/{id}?locale={locale}")).await;
                assert_eq!(one.as_object_mut().unwrap().remove("locale"), Some(json!(locale)));
                assert_eq!(&one, question);
                let category = question["category"]["id"].as_str().unwrap();
                let category = json(&app, &format!("/help/v1/categories/{category}?locale={locale}")).await;
                assert!(category["questions"].as_array().unwrap().iter().any(|q| q["id"] == id && q["title"] == question["title"]));
                let page = get(&app, &format!("/help/faq/{id}?ui_locales={locale}")).await;
                assert_eq!(page.text("h1").as_deref(), question["title"].as_str());
            }
            let guide = json(&app, &format!("/help/v1/guide?locale={locale}")).await;
            let sections = guide["sections"].as_array().unwrap();
            assert!(sections.iter().any(|section| section["id"] == "recommended-environment"));
            for section in sections {
                assert!(!section["body"]["html"].as_str().unwrap().is_empty());
                let one = json(&app, &format!("/help/v1/guide/{}?locale={locale}", section["id"].as_str().unwrap())).await;
                assert_eq!(one["body"], section["body"]);
            }
        }
    }

    async fn an_answer_says_what_the_settings_say(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.passwords.min_length = 11;
            settings.locks.password.threshold = 7;
            settings.mail.no_reply = "nobody@kenpo.example".into();
        })
        .await;
        for (id, word) in [("password-policy", "11"), ("password-locked", "7"), ("sender-addresses", "nobody@kenpo.example")] {
            for locale in ["ja", "en"] {
                let question = json(&app, &format!("/help/v1/questions/{id}?locale={locale}")).await;
                assert!(question["answer"]["text"].as_str().unwrap().contains(word), "{question}");
            }
        }
    }

    async fn the_language_is_that_of_the_query_then_of_the_browser_then_japanese(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (query, accepted, expected) in
            [("?locale=en", "ja", "en"), ("", "en-GB, ja;q=0.5", "en"), ("", "fr", "ja"), ("?locale=fr", "en", "en")]
        {
            for path in ["categories", "questions", "questions/pc-use", "guide"] {
                let got = get_with(&app, &format!("/help/v1/{path}{query}"), &[("accept-language", accepted)]).await;
                assert_eq!(got.header("content-language"), Some(expected), "{path}{query}");
                assert!(got.header("vary").unwrap().contains("accept-language"));
                assert_eq!(got.json()["locale"], expected);
            }
        }
    }

    async fn a_question_can_be_had_in_every_form(engine: Engine) {
        let app = TestApp::start(engine).await;
        let path = "/help/v1/questions/password-policy";
        for (name, kind, part) in [
            ("json", "application/json", "\"answer\":{"),
            ("jsonld", "application/ld+json", "\"@type\":\"FAQPage\""),
            ("html", "text/html; charset=utf-8", "<ul>"),
            ("markdown", "text/markdown; charset=utf-8", "- "),
            ("text", "text/plain; charset=utf-8", "- "),
        ] {
            let by_name = get(&app, &format!("{path}?format={name}&locale=en")).await.expect_status(200);
            let media_type = kind.split(';').next().unwrap();
            let by_type = get_with(&app, &format!("{path}?locale=en"), &[("accept", media_type)]).await.expect_status(200);
            for got in [&by_name, &by_type] {
                assert_eq!(got.header("content-type"), Some(kind));
                assert!(got.body.contains(part) && got.body.contains("characters"), "{}", got.body);
                assert!(got.header("vary").unwrap().contains("accept"));
            }
            assert_eq!(by_name.header("etag"), by_type.header("etag"));
        }
        let fragment = get(&app, &format!("{path}?format=html")).await;
        assert!(fragment.header("content-security-policy").unwrap().contains("sandbox"));
        let all = get_with(&app, "/help/v1/questions", &[("accept", "application/ld+json")]).await;
        assert_eq!(all.body, get(&app, "/help/v1/faq.jsonld").await.body);
        assert!(!all.body.contains('<'), "it stands within a script element");
        assert!(all.json()["mainEntity"].as_array().unwrap().len() >= 20);
        get_with(&app, path, &[("accept", "image/png")]).await.expect_status(406);
    }

    async fn what_has_not_changed_is_not_sent_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let path = "/help/v1/questions?locale=ja";
        let first = get(&app, path).await.expect_status(200);
        let (etag, date) = (first.header("etag").unwrap(), first.header("last-modified").unwrap());
        assert_eq!(first.header("cache-control"), Some("public, no-cache"));
        assert_eq!(first.header("access-control-allow-origin"), Some("*"));
        // A proxy that compresses makes our tag a weak one.
        let (weak, both) = (format!("W/{etag}"), format!("\"other\", {etag}"));
        let past = "Sun, 22 Nov 2020 01:42:00 GMT";
        let future = "Sun, 22 Nov 2099 01:42:00 GMT";
        for (conditions, expected) in [
            (vec![("if-none-match", etag)], 304),
            (vec![("if-none-match", weak.as_str())], 304),
            (vec![("if-none-match", both.as_str())], 304),
            (vec![("if-none-match", "*")], 304),
            (vec![("if-none-match", etag), ("accept-encoding", "gzip")], 200),
            (vec![("if-none-match", etag), ("accept-encoding", "gzip;q=0")], 304),
            (vec![("if-none-match", "\"other\"")], 200),
            (vec![("if-none-match", "\"other\""), ("if-modified-since", date)], 200),
            (vec![("if-modified-since", date)], 304),
            (vec![("if-modified-since", past)], 200),
            (vec![("if-modified-since", future)], 200),
            (vec![("if-modified-since", "yesterday")], 200),
        ] {
            let again = get_with(&app, path, &conditions).await;
            assert_eq!(again.status.as_u16(), expected, "{conditions:?}");
            assert_eq!(again.body.is_empty(), expected == 304);
            for name in ["etag", "cache-control", "vary", "last-modified"] {
                assert!(again.header(name).is_some(), "{name} is missing, {conditions:?}");
            }
        }
        get_with(&app, "/help/v1/questions?locale=en", &[("if-none-match", etag)]).await.expect_status(200);
        let zipped = get_with(&app, path, &[("accept-encoding", "gzip")]).await;
        let zipped_etag = zipped.header("etag").unwrap();
        assert_eq!(zipped.header("content-encoding"), Some("gzip"));
        assert_ne!(zipped_etag, etag, "each form has its own");
        let conditions = [("accept-encoding", "gzip"), ("if-none-match", zipped_etag)];
        get_with(&app, path, &conditions).await.expect_status(304);
        get_with(&app, path, &[("if-none-match", zipped_etag)]).await.expect_status(200);
        let head = answer(reqwest::Client::new().head(app.at(path))).await.expect_status(200);
        assert_eq!((head.body.as_str(), head.header("etag")), ("", Some(etag)));
    }

    async fn every_node_serves_and_dates_the_same(engine: Engine) {
        let app = TestApp::start(engine).await;
        let first = get(&app, "/help/v1/guide").await;
        app.advance(sekisho::domain::unix_time::Span::days(3));
        let other = app.another_node().await;
        let second = get(&other, "/help/v1/guide").await;
        assert_eq!(first.header("last-modified"), second.header("last-modified"));
    }

    async fn what_is_published_is_in_the_next_answer_of_every_node(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other = app.another_node().await;
        let path = "/help/v1/questions/pc-use?locale=ja";
        let before = get(&app, path).await;
        get(&other, path).await.expect_status(200);
        app.advance(sekisho::domain::unix_time::Span::hours(1));

        let text = question("パソコンで使えますか", "login", "はい、{{ service.name }}は使えます。");
        publish::publish(&app.app, &[change("ja/faq/pc-use.md", &text)], "staff", "shorter").await.unwrap();
        let etag = before.header("etag").unwrap();
        for node in [&app, &other] {
            let after = get_with(node, path, &[("if-none-match", etag)]).await.expect_status(200);
            assert_eq!(after.json()["title"], "パソコンで使えますか");
            assert!(after.json()["answer"]["text"].as_str().unwrap().starts_with("はい、会員ポータル"));
            assert_ne!(after.header("last-modified"), before.header("last-modified"));
            assert_eq!(get(node, "/help/faq/pc-use?ui_locales=ja").await.text("h1").as_deref(), Some("パソコンで使えますか"));
            let found = json(node, "/help/v1/search?q=パソコンで使えますか&locale=ja").await;
            assert_eq!(found["hits"][0]["title"], "パソコンで使えますか");
        }

        publish::roll_back(&app.app, "ja/faq/pc-use.md", 0, Some(1), "staff").await.unwrap();
        for node in [&app, &other] {
            let back = get(node, path).await;
            assert_eq!((back.header("etag"), back.header("last-modified")), (before.header("etag"), before.header("last-modified")));
            // A browser that kept the old answer may show it; one that kept the one in between may not.
            let since = before.header("last-modified").unwrap();
            get_with(node, path, &[("if-modified-since", since)]).await.expect_status(304);
        }
    }

    async fn what_has_mistakes_is_not_published_and_two_writers_do_not_overwrite_each_other(engine: Engine) {
        let app = TestApp::start(engine).await;
        let good = question("Q", "login", "A");
        for (path, text, word) in [
            ("ja/faq/pc-use.md", question("Q", "no-such", "A"), "ja/faq/pc-use.md:3"),
            ("ja/faq/pc-use.md", question("Q", "login", "{{ no.such }}"), "ja/faq/pc-use.md:6"),
            ("ja/faq/pc-use.md", question("Q", "login", "<script>alert(1)</script>"), "HTML"),
            ("ja/categories.toml", "[[category]]\nid = \"c\"\ntitle = \"C\"".into(), "no category"),
            ("../../etc/passwd", good.clone(), "is no text"),
            ("ja/faq/../x.md", good.clone(), "is no text"),
            ("ja/images/login.png", good.clone(), "is no text"),
            ("ja/faq/pc-use.md", "x".repeat(300_000), "longer"),
        ] {
            let refused = publish::publish(&app.app, &[change(path, &text)], "staff", "").await.unwrap_err().to_string();
            assert!(refused.contains(word), "{path}: {refused}");
        }
        assert_eq!(app.rows("help_revisions").await, 0);

        let seen = |number| Change { seen: Some(number), ..change("ja/faq/pc-use.md", &good) };
        publish::publish(&app.app, &[seen(0)], "hanako", "").await.unwrap();
        let late = publish::publish(&app.app, &[seen(0)], "taro", "").await.unwrap_err();
        assert!(matches!(&late, PublishError::Overtaken(by) if by.author == "hanako"), "{late}");
        publish::publish(&app.app, &[seen(1)], "taro", "").await.unwrap();
        assert_eq!(app.rows("help_revisions").await, 2);
    }

    async fn who_publishes_what_another_is_publishing_at_that_moment_is_told(engine: Engine) {
        let app = TestApp::start(engine).await;
        let path = "ja/faq/pc-use.md";
        let content = Some(question("Q", "login", "A"));
        let mut tx = app.app.store.write().await.unwrap();
        let generation = help_content::generation(&mut tx).await.unwrap();
        assert!(help_content::next_generation(&mut tx, generation).await.unwrap());
        let (base_digest, author, note) = (String::new(), "hanako".into(), String::new());
        let published_at = app.now();
        let first = Revision { path: path.into(), number: 1, content, base_digest, author, note, published_at };
        help_content::insert(&mut tx, &first).await.unwrap();
        let second = [Change { seen: Some(0), ..change(path, &question("Q", "login", "B")) }];
        let commit = async {
            if engine == Engine::Postgres {
                app.until_somebody_waits_for_a_row().await;
            }
            tx.commit().await.unwrap();
        };
        let (late, ()) = tokio::join!(publish::publish(&app.app, &second, "taro", ""), commit);
        let late = late.unwrap_err();
        assert!(matches!(&late, PublishError::Overtaken(by) if by.author == "hanako"), "{late}");
        assert_eq!(app.rows("help_revisions").await, 1);
    }

    async fn drafts_are_kept_apart_and_go_when_they_are_published(engine: Engine) {
        let app = TestApp::start(engine).await;
        publish::save_draft(&app.app, "ja/faq/pc-use.md", "not yet {{", "staff").await.unwrap();
        publish::save_draft(&app.app, "ja/faq/pc-use.md", &question("D", "login", "A"), "staff").await.unwrap();
        assert_ne!(json(&app, "/help/v1/questions/pc-use?locale=ja").await["title"], "D");
        let drafts = sekisho::store::help::help_content::drafts(&mut app.app.store.reader().await.unwrap()).await.unwrap();
        let content = publish::preview(&app.app, &[change("ja/faq/pc-use.md", &drafts[0].content)]).await.unwrap();
        assert_eq!(content.in_locale("ja").question("pc-use").unwrap().1.question, "D");
        publish::publish(&app.app, &[change("ja/faq/pc-use.md", &drafts[0].content)], "staff", "").await.unwrap();
        assert_eq!(app.rows("help_drafts").await, 0);
        assert!(matches!(publish::discard_draft(&app.app, "ja/faq/pc-use.md").await, Err(PublishError::NoDraft(_))));
    }

    async fn a_bad_text_leaves_the_last_good_content_in_place(engine: Engine) {
        let app = TestApp::start(engine).await;
        let text = question("Good", "login", "A");
        publish::publish(&app.app, &[change("ja/faq/pc-use.md", &text)], "staff", "").await.unwrap();
        assert_eq!(json(&app, "/help/v1/questions/pc-use?locale=ja").await["title"], "Good");
        // As an upgrade would leave it that no longer knows a live value.
        app.execute("UPDATE help_revisions SET content = 'spoilt {{ no.such }}'").await;
        app.execute("UPDATE help_generation SET generation = generation + 1").await;
        assert_eq!(json(&app, "/help/v1/questions/pc-use?locale=ja").await["title"], "Good");
        // A node that starts now has nothing else to show than the file.
        let other = app.another_node().await;
        let shown = json(&other, "/help/v1/questions/pc-use?locale=ja").await;
        assert!(shown["title"].as_str().unwrap().contains("パソコン"), "{shown}");
    }

    async fn a_folder_is_read_again_on_reload_alone(engine: Engine) {
        let folder = tempfile::tempdir().unwrap();
        for file in sekisho::actions::help::files::shipped() {
            let path = folder.path().join(file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file.content).unwrap();
        }
        let app = TestApp::start_with(engine, |settings| settings.help.folder = Some(folder.path().into())).await;
        let (path, file) = ("/help/v1/questions/pc-use?locale=ja", folder.path().join("ja/faq/pc-use.md"));
        get(&app, path).await.expect_status(200);
        std::fs::write(&file, question("New", "login", "A")).unwrap();
        assert_ne!(json(&app, path).await["title"], "New");
        publish::reload(&app.app).await.unwrap();
        assert_eq!(json(&app, path).await["title"], "New");
        std::fs::write(&file, "spoilt").unwrap();
        let refused = publish::reload(&app.app).await.unwrap_err().to_string();
        assert!(refused.contains("ja/faq/pc-use.md:1"), "{refused}");
        assert_eq!(json(&app, path).await["title"], "New");
        // Starting with it, the help that comes with Sekisho stands in: members can log in.
        let other = app.another_node().await;
        assert!(json(&other, path).await["title"].as_str().unwrap().contains("パソコン"));
    }

    async fn search_finds_marks_and_bounds(engine: Engine) {
        let app = TestApp::start(engine).await;
        let found = json(&app, "/help/v1/search?q=スマホを変えた&locale=ja").await;
        assert_eq!(found["hits"][0]["id"], "device-changed-or-lost", "{found}");
        assert!(found["hits"][0]["title_html"].as_str().unwrap().contains("<mark>"));
        assert!(found["total"].as_u64().unwrap() >= found["hits"].as_array().unwrap().len() as u64);
        let one = json(&app, "/help/v1/search?q=パスワード&locale=ja&limit=1").await;
        assert_eq!(one["hits"].as_array().unwrap().len(), 1);
        let browsers = json(&app, "/help/v1/search?q=推奨ブラウザ&locale=ja").await;
        assert_eq!(browsers["guide"][0]["id"], "recommended-environment", "{browsers}");
        let hostile = json(&app, "/help/v1/search?q=%3Cscript%3Ealert(1)%3C/script%3E パスワード&locale=ja").await;
        for hit in hostile["hits"].as_array().unwrap() {
            let html = format!("{}{}", hit["title_html"], hit["snippet"]["html"]);
            assert!(!html.contains("<script"), "{html}");
        }
        for (query, parameter) in [
            ("", "q"),
            ("?q=", "q"),
            ("?q=%20%20", "q"),
            ("?q=a&q=b", "q"),
            ("?q=a&limit=0", "limit"),
            ("?q=a&limit=51", "limit"),
            ("?q=a&limit=x", "limit"),
            ("?q=a&local=ja", "local"),
        ] {
            let refused = get(&app, &format!("/help/v1/search{query}")).await.expect_status(400);
            assert_eq!(refused.header("content-type"), Some("application/problem+json"));
            assert_eq!(refused.json()["parameter"], parameter, "{query}");
            assert!(!refused.json()["fix"].as_str().unwrap().is_empty());
        }
        let long = "あ".repeat(201);
        get(&app, &format!("/help/v1/search?q={long}")).await.expect_status(400);
        get(&app, &format!("/help/v1/search?q={}", "あ".repeat(200))).await.expect_status(200);
    }

    async fn searches_and_votes_are_bounded_for_each_address(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.rate_limits.help_searches_by_address = Quota { per_minute: 1, burst: 2 };
            settings.rate_limits.help_votes_by_address = Quota { per_minute: 1, burst: 1 };
        })
        .await;
        for _ in 0..2 {
            get(&app, "/help/v1/search?q=x").await.expect_status(200);
        }
        let refused = get(&app, "/help/v1/search?q=x").await.expect_status(429);
        assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
        get(&app, "/help/search?q=x").await.expect_status(429);
        vote(&app, "pc-use", r#"{"helpful":true}"#).await.expect_status(204);
        vote(&app, "pc-use", r#"{"helpful":true}"#).await.expect_status(429);
        assert_eq!(app.rows("help_votes").await, 1);
    }

    async fn votes_are_counted_without_saying_whose(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (body, expected) in [
            (r#"{"helpful":true}"#, 204),
            (r#"{"helpful":false}"#, 204),
            (r#"{"helpful":true}"#, 204),
            (r#"{"helpful":1}"#, 400),
            (r#"{"helpful":true,"who":"hanako"}"#, 400),
            ("", 400),
            ("[]", 400),
        ] {
            let got = vote(&app, "pc-use", body).await;
            assert_eq!(got.status.as_u16(), expected, "{body}");
            assert_eq!(got.header("access-control-allow-origin"), Some("*"));
            assert!(got.header("set-cookie").is_none());
        }
        vote(&app, "no-such-question", r#"{"helpful":true}"#).await.expect_status(404);
        let url = app.at("/help/v1/questions/pc-use/votes");
        answer(reqwest::Client::new().post(&url).body(r#"{"helpful":true}"#)).await.expect_status(415);
        answer(reqwest::Client::new().get(&url)).await.expect_status(405);
        let votes = help_feedback::votes(&mut app.app.store.reader().await.unwrap()).await.unwrap();
        assert_eq!(votes.len(), 1);
        assert_eq!((votes[0].question.as_str(), votes[0].helpful, votes[0].unhelpful), ("pc-use", 2, 1));
    }

    async fn a_vote_on_a_page_counts_once_in_a_browser(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = visitor.get("/help/faq/pc-use?ui_locales=en").await;
        let mut form = page.form();
        form.insert("helpful".into(), "no".into());
        for _ in 0..2 {
            let done = visitor.post("/help/faq/pc-use/votes", &form).await;
            assert_eq!(done.location(), Some("/help/faq/pc-use#vote"), "{}", done.body);
        }
        let again = visitor.get("/help/faq/pc-use").await;
        assert!(again.body.contains("Thank you") && !again.body.contains("helpful-yes"), "{}", again.body);
        assert!(visitor.get("/help/faq/account-locked").await.body.contains("helpful-yes"));
        form.insert("csrf".into(), "forged".into());
        assert_eq!(visitor.post("/help/faq/pc-use/votes", &form).await.status.as_u16(), 400);
        let votes = help_feedback::votes(&mut app.app.store.reader().await.unwrap()).await.unwrap();
        assert_eq!((votes[0].helpful, votes[0].unhelpful), (0, 1));
    }

    async fn what_was_sought_in_vain_is_counted_without_saying_by_whom(engine: Engine) {
        let app = TestApp::start(engine).await;
        for query in ["予防接種", "予防接種 ", "ﾖﾎﾞｳｾｯｼｭ", "パスワード", "hanako@example.jp", "09012345678", "xyz12345"] {
            get(&app, &format!("/help/v1/search?q={query}&locale=ja")).await.expect_status(200);
        }
        get(&app, "/help/search?q=予防接種&ui_locales=ja").await.expect_status(200);
        let misses = async || {
            let mut reader = app.app.store.reader().await.unwrap();
            let misses = help_feedback::misses(&mut reader, 100).await.unwrap();
            misses.into_iter().map(|miss| (miss.query, miss.misses)).collect::<BTreeSet<_>>()
        };
        let expected = BTreeSet::from([("予防接種".to_owned(), 3), ("よぼうせっしゅ".to_owned(), 1)]);
        until(async || misses().await == expected).await;
    }

    async fn misses_are_bounded(engine: Engine) {
        let app = TestApp::start(engine).await;
        let counts: Vec<_> = (0..20).map(|n| ("ja".to_owned(), format!("query {n:02}"), 1 + n % 3)).collect();
        let mut tx = app.app.store.write().await.unwrap();
        help_feedback::count_misses(&mut tx, &counts, app.now()).await.unwrap();
        assert_eq!(help_feedback::bound_misses(&mut tx, 8).await.unwrap(), 12);
        tx.commit().await.unwrap();
        let left = help_feedback::misses(&mut app.app.store.reader().await.unwrap(), 100).await.unwrap();
        assert_eq!(left.len(), 8);
        assert!(left.iter().take(6).all(|miss| miss.misses == 3), "what is sought most stays");
    }

    async fn scripts_of_any_origin_may_read_it_unless_the_settings_name_some(engine: Engine) {
        let closed = TestApp::start_with(engine, |settings| {
            settings.help.allowed_origins = vec!["https://portal.example.jp".into()];
        })
        .await;
        for (origin, allowed) in [("https://portal.example.jp", true), ("https://evil.example", false), ("null", false)] {
            for path in ["/help/v1/questions", "/help/v1/search?q=x", "/help/v1/nothing"] {
                let got = get_with(&closed, path, &[("origin", origin)]).await;
                assert_eq!(got.header("access-control-allow-origin") == Some(origin), allowed, "{origin} {path}");
                assert!(got.header("access-control-allow-credentials").is_none());
            }
        }
        let preflight = reqwest::Client::new()
            .request(reqwest::Method::OPTIONS, closed.at("/help/v1/questions/pc-use/votes"))
            .header("origin", "https://portal.example.jp")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let preflight = answer(preflight).await.expect_status(200);
        assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"));
        assert!(preflight.header("access-control-allow-headers").unwrap().contains("content-type"));
    }

    async fn mistakes_are_answered_as_problem_details(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (method, path, expected) in [
            ("GET", "/help/v1/questions/no-such-question", 404),
            ("GET", "/help/v1/questions/%3Cscript%3E", 404),
            ("GET", "/help/v1/categories/nothing", 404),
            ("GET", "/help/v1/guide/nothing", 404),
            ("GET", "/help/v1/images/x/y.png", 404),
            ("GET", "/help/v1/nothing", 404),
            ("GET", "/help/v1", 404),
            ("GET", "/help/v1/questions?locale=ja&locale=en", 400),
            ("GET", "/help/v1/questions?%3Cscript%3E=1", 400),
            ("GET", "/help/v1/questions?format=xml", 400),
            ("GET", "/help/v1/guide?format=json", 400),
            ("POST", "/help/v1/questions", 405),
            ("DELETE", "/help/v1/questions/pc-use", 405),
        ] {
            let got = answer(reqwest::Client::new().request(method.parse().unwrap(), app.at(path))).await;
            assert_eq!(got.status.as_u16(), expected, "{method} {path}");
            assert_eq!(got.header("content-type"), Some("application/problem+json"), "{method} {path}");
            assert_eq!(got.header("access-control-allow-origin"), Some("*"), "scripts must be able to read what went wrong");
            let problem = got.json();
            assert_eq!(problem["status"], expected);
            assert!(!problem["fix"].as_str().unwrap().is_empty() && !problem["detail"].as_str().unwrap().is_empty());
        }
    }

    async fn the_sitemap_names_every_question_in_every_language(engine: Engine) {
        let app = TestApp::start(engine).await;
        let sitemap = get(&app, "/help/sitemap.xml").await.expect_status(200);
        assert!(sitemap.header("content-type").unwrap().starts_with("application/xml"));
        for id in QUESTIONS {
            for locale in ["ja", "en"] {
                assert!(sitemap.body.contains(&format!("<loc>{}/help/faq/{id}?ui_locales={locale}</loc>", app.issuer)));
            }
        }
    }

    async fn the_search_page_works_without_script(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = visitor.get("/help?ui_locales=ja").await;
        assert!(page.body.contains("action=\"/help/search\""));
        let found = visitor.get("/help/search?q=スマホを変えた").await;
        let html = Html::parse_document(&found.body);
        let first = html.select(&Selector::parse(".hits a").unwrap()).next().unwrap();
        assert_eq!(first.attr("href"), Some("/help/faq/device-changed-or-lost"));
        assert!(html.select(&Selector::parse(".hits mark").unwrap()).next().is_some());
        let nothing = visitor.get("/help/search?q=%3Cb%3Exyzzy").await;
        assert!(nothing.body.contains("&lt;b&gt;xyzzy") && !nothing.body.contains("<b>xyzzy"));
        assert_eq!(visitor.get("/help/search").await.status.as_u16(), 200);
        assert_eq!(visitor.get(&format!("/help/search?q={}", "あ".repeat(3_000))).await.status.as_u16(), 200);
    }

    async fn every_question_opens_in_place_and_has_a_page_of_its_own(engine: Engine) {
        let app = TestApp::start(engine).await;
        for locale in ["ja", "en"] {
            let page = get(&app, &format!("/help/faq?ui_locales={locale}")).await;
            let html = Html::parse_document(&page.body);
            let all = json(&app, &format!("/help/v1/questions?locale={locale}")).await;
            let parts = ["summary", ".answer", "a[href^='/help/faq/']"].map(|part| Selector::parse(part).unwrap());
            let mut ids = Vec::new();
            for element in html.select(&Selector::parse("details").unwrap()) {
                assert!(parts.iter().all(|part| element.select(part).next().is_some()));
                ids.push(element.attr("id").unwrap().to_owned());
            }
            assert_eq!(ids.len(), all["questions"].as_array().unwrap().len());
            for id in ids.iter().take(3) {
                let alone = get(&app, &format!("/help/faq/{id}?ui_locales={locale}")).await;
                assert_eq!(Html::parse_document(&alone.body).select(&parts[1]).count(), 1, "{id}");
            }
            let locked = get(&app, &format!("/help/faq/account-locked?ui_locales={locale}")).await;
            assert!(locked.attribute(".answer a", "href").unwrap().starts_with("https://inquiry.example.jp/"));
        }
        get(&app, "/help/faq/no-such-question").await.expect_status(404);
    }

    async fn a_method_that_is_turned_off_is_not_promised(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| settings.authentication.methods = vec![Method::Email]).await;
        for locale in ["ja", "en"] {
            let all = json(&app, &format!("/help/v1/questions?locale={locale}")).await;
            let guide = json(&app, &format!("/help/v1/guide?locale={locale}")).await;
            for word in ["パスキー", "Authenticator", "認証アプリ", "生体認証", "passkey", "uthenticator app", "iometric"] {
                for said in [&all["questions"], &guide["sections"]] {
                    for thing in said.as_array().unwrap() {
                        let text = format!("{} {}", thing["title"], thing["answer"]["text"].as_str().or(thing["body"]["text"].as_str()).unwrap());
                        assert!(!text.contains(word), "{locale} {}: {word} is in {text}", thing["id"]);
                    }
                }
            }
            for (id, related) in all["questions"].as_array().unwrap().iter().map(|q| (&q["id"], &q["related"])) {
                for other in related.as_array().unwrap() {
                    assert!(all["questions"].as_array().unwrap().iter().any(|q| q["id"] == other["id"]), "{id}");
                }
            }
        }
        // Nor what takes two methods.
        for gone in ["passkey-qr-not-read", "change-method"] {
            get(&app, &format!("/help/v1/questions/{gone}")).await.expect_status(404);
        }
    }

    async fn pictures_are_served_under_an_address_that_changes_with_them(engine: Engine) {
        let app = TestApp::start(engine).await;
        for locale in ["ja", "en"] {
            let guide = json(&app, &format!("/help/v1/guide?locale={locale}")).await;
            let mut count = 0;
            for section in guide["sections"].as_array().unwrap() {
                let html = Html::parse_fragment(section["body"]["html"].as_str().unwrap());
                for image in html.select(&Selector::parse("img").unwrap()) {
                    let src = image.attr("src").unwrap();
                    assert!(!image.attr("alt").unwrap().trim().is_empty());
                    let got = get(&app, src.strip_prefix(&app.issuer).unwrap()).await.expect_status(200);
                    assert!(got.header("content-type").unwrap().starts_with("image/"));
                    assert!(got.header("cache-control").unwrap().contains("immutable"));
                    assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
                    assert!(got.header("content-security-policy").unwrap().contains("sandbox"));
                    assert_eq!(got.header("cross-origin-resource-policy"), Some("cross-origin"));
                    count += 1;
                }
            }
            assert!(count >= 4, "{locale}: the guide has {count} pictures");
        }
    }

    /// The document says what the answers are: every answer is held against it.
    async fn the_description_is_true(engine: Engine) {
        let app = TestApp::start(engine).await;
        let described = json(&app, "/help/v1/openapi.json").await;
        assert_eq!(described["openapi"], "3.1.0");
        assert_eq!(described["servers"][0]["url"], app.issuer);
        for (path, at, status) in [
            ("/help/v1/categories", "/help/v1/categories", 200),
            ("/help/v1/categories/login", "/help/v1/categories/{id}", 200),
            ("/help/v1/categories/nothing", "/help/v1/categories/{id}", 404),
            ("/help/v1/questions", "/help/v1/questions", 200),
            ("/help/v1/questions?format=jsonld", "/help/v1/questions", 200),
            ("/help/v1/questions?format=xml", "/help/v1/questions", 400),
            ("/help/v1/questions/pc-use", "/help/v1/questions/{id}", 200),
            ("/help/v1/questions/pc-use?format=jsonld", "/help/v1/questions/{id}", 200),
            ("/help/v1/questions/pc-use?format=html", "/help/v1/questions/{id}", 200),
            ("/help/v1/questions/pc-use?format=markdown", "/help/v1/questions/{id}", 200),
            ("/help/v1/questions/pc-use?format=text", "/help/v1/questions/{id}", 200),
            ("/help/v1/questions/nothing", "/help/v1/questions/{id}", 404),
            ("/help/v1/guide", "/help/v1/guide", 200),
            ("/help/v1/guide/contact", "/help/v1/guide/{id}", 200),
            ("/help/v1/guide/nothing", "/help/v1/guide/{id}", 404),
            ("/help/v1/search?q=パスワード", "/help/v1/search", 200),
            ("/help/v1/search?q=推奨ブラウザ", "/help/v1/search", 200),
            ("/help/v1/search?q=xyzzy", "/help/v1/search", 200),
            ("/help/v1/search", "/help/v1/search", 400),
            ("/help/v1/faq.jsonld", "/help/v1/faq.jsonld", 200),
            ("/help/v1/openapi.json", "/help/v1/openapi.json", 200),
            ("/help/v1/images/x/y.png", "/help/v1/images/{hash}/{name}", 404),
        ] {
            for locale in ["ja", "en"] {
                let got = get_with(&app, path, &[("accept-language", locale)]).await;
                assert_eq!(got.status.as_u16(), status, "{path}");
                let mut response = &described["paths"][at]["get"]["responses"][status.to_string()];
                if let Some(link) = response["$ref"].as_str() {
                    response = described.pointer(link.trim_start_matches('#')).unwrap();
                }
                let media_type = got.header("content-type").unwrap().split(';').next().unwrap();
                let content = &response["content"][media_type];
                assert!(content.is_object(), "{path}: {media_type} is not described");
                if media_type.ends_with("json") {
                    let mistakes = json_schema::mistakes(&described, &content["schema"], &got.json());
                    assert!(mistakes.is_empty(), "{path}: {mistakes:#?}");
                }
            }
        }
        // And it describes every address that there is.
        let paths: BTreeSet<&str> = described["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let source = std::fs::read_to_string("src/web/help/api/mod.rs").unwrap();
        for route in source.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(paths.contains(route) || matches!(route, "/help/v1" | "/help/v1/{*rest}"), "{route} is not described");
        }
    }
}
