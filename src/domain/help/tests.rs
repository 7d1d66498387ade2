use include_dir::{Dir, include_dir};

use super::*;
use crate::domain::member::authentication_method::Method;

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/config/help");

/// The questions of the members' manual, in its order. Portals and error pages link to these ids.
const IDS: [&str; 20] = [
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

fn base() -> Url {
    Url::parse("https://id.example.jp/").expect("a URL")
}

pub(super) fn values() -> LiveValues {
    LiveValues {
        service_name: "Portal X".into(),
        society_name: "Society Y".into(),
        inquiry_form: "inquiry form".into(),
        inquiry_url: Some(Url::parse("https://society.example.jp/inquiry?a=1&copy;=2").expect("a URL")),
        user_id_min_length: 51,
        user_id_max_length: 52,
        user_id_symbols: "-._@+".into(),
        password_min_length: 21,
        password_max_length: 64,
        password_required_classes: "Any mix will do.".into(),
        password_common: "Common passwords are refused.".into(),
        password_history: "Not your present password.".into(),
        password_max_age: "A password does not expire.".into(),
        password_initial_lifetime: "30 days".into(),
        password_reset_link_lifetime: "33 minutes".into(),
        password_lock_threshold: 31,
        password_lock_release: "It stays until staff lift it.".into(),
        lost_methods: "Reset it by mail.".into(),
        account_lock_threshold: 34,
        account_lock_release: "It stays until we lift it.".into(),
        methods: Method::ALL.into(),
        methods_in_words: "mail, app, passkey".into(),
        second_factor_on: true,
        second_factor_required: true,
        email_address_required: true,
        recovery_codes: true,
        trust_device_for: Some("35 days".into()),
        fresh_for: "36 minutes".into(),
        app_max_devices: 37,
        app_old_codes: "Old codes end after 38 seconds.".into(),
        passkey_max: 39,
        email_code_lifetime: "41 minutes".into(),
        email_code_tries: 42,
        email_code_resend_after: "43 seconds".into(),
        session_idle: "44 minutes".into(),
        session_absolute: "45 hours".into(),
        login_time_limit: "46 minutes".into(),
        mail_no_reply: "no-reply@example.jp".into(),
        mail_info: "info@example.jp".into(),
        mail_webmaster: "webmaster@example.jp".into(),
        systems: systems::SystemsInWords::default(),
    }
}

fn in_both(values: LiveValues) -> BTreeMap<String, LiveValues> {
    BTreeMap::from([("ja".to_owned(), values.clone()), ("en".to_owned(), values)])
}

fn files(folder: &'static Dir<'static>) -> Vec<HelpFile> {
    let here = folder.files().map(|file| HelpFile {
        path: file.path().to_str().expect("UTF-8").to_owned(),
        content: file.contents().to_owned(),
    });
    here.chain(folder.dirs().flat_map(files)).collect()
}

fn shipped(values: LiveValues) -> HelpContent {
    HelpContent::from_files(&files(&SHIPPED), &in_both(values), &base()).expect("the shipped help is sound")
}

/// The smallest content, with `changes` in place of files of the same path.
pub(super) fn small(changes: &[(&str, &str)]) -> Result<HelpContent, HelpProblems> {
    let systems = SHIPPED.get_file("systems.toml").and_then(include_dir::File::contents_utf8).expect("it is there");
    let mut files = BTreeMap::from([
        ("systems.toml", systems),
        ("ja/categories.toml", "[[category]]\nid = \"c\"\ntitle = \"C\"\n"),
        ("ja/faq/q.md", "+++\nquestion = \"Q\"\ncategory = \"c\"\norder = 1\n+++\nA\n"),
        ("ja/guide/g.md", "+++\ntitle = \"G\"\norder = 1\n+++\nB\n"),
    ]);
    files.extend(changes.iter().copied());
    let files: Vec<HelpFile> =
        files.into_iter().map(|(path, text)| HelpFile { path: path.into(), content: text.into() }).collect();
    HelpContent::from_files(&files, &in_both(values()), &base())
}

fn answers<'a>(content: &'a HelpContent, id: &str) -> Vec<&'a markdown::Body> {
    ["ja", "en"].map(|locale| &content.in_locale(locale).question(id).expect("the question is there").1.answer).into()
}

#[test]
fn every_question_of_the_manual_is_answered_in_every_language() {
    let content = shipped(values());
    assert_eq!(content.untranslated, Vec::<String>::new());
    for (locale, help) in ["ja", "en"].map(|locale| (locale, content.in_locale(locale))) {
        let mut ids: Vec<&str> =
            help.categories.iter().flat_map(|category| &category.questions).map(|q| q.id.as_str()).collect();
        ids.sort_unstable();
        let mut expected = IDS.to_vec();
        expected.sort_unstable();
        expected.retain(|id| !ids.contains(id));
        assert_eq!(expected, [""; 0]);
        for id in ids {
            let (_, question) = help.question(id).expect("the question is there");
            assert_eq!(question.locale, locale);
            for form in [&question.question, &question.answer.html, &question.answer.text, &question.answer.markdown] {
                assert!(!form.trim().is_empty() && !form.contains("{{"), "{locale}/{id}: {form}");
            }
        }
        assert!(help.guide.iter().any(|section| section.id == "recommended-environment"));
    }
}

#[test]
fn within_a_category_questions_keep_the_order_of_the_manual() {
    let content = shipped(values());
    for help in ["ja", "en"].map(|locale| content.in_locale(locale)) {
        for category in &help.categories {
            let places: Vec<_> =
                category.questions.iter().filter_map(|q| IDS.iter().position(|id| *id == q.id)).collect();
            assert!(places.is_sorted(), "{}: {places:?}", category.id);
        }
    }
}

#[test]
fn changed_settings_change_the_answers_in_every_language() {
    let mut changed = values();
    changed.password_min_length = 22;
    changed.password_lock_threshold = 32;
    changed.password_lock_release = "It ends after 45 minutes.".into();
    changed.password_initial_lifetime = "11 days".into();
    changed.mail_no_reply = "robot@other.example".into();
    changed.mail_info = "news@other.example".into();
    changed.mail_webmaster = "office@other.example".into();
    changed.inquiry_url = Some(Url::parse("https://other.example/ask").expect("a URL"));
    let (before, after) = (shipped(values()), shipped(changed));
    for (id, old, new) in [
        ("password-policy", "21", "22"),
        ("password-locked", "31", "32"),
        ("password-locked", "stays until staff", "ends after 45 minutes"),
        ("invalid-credentials", "31", "32"),
        ("user-id-unknown", "30 days", "11 days"),
        ("sender-addresses", "no-reply@example.jp", "robot@other.example"),
        ("sender-addresses", "info@example.jp", "news@other.example"),
        ("sender-addresses", "webmaster@example.jp", "office@other.example"),
        ("mail-not-received", "no-reply@example.jp", "robot@other.example"),
        ("account-locked", "https://society.example.jp/inquiry", "https://other.example/ask"),
        ("user-name-differs", "https://society.example.jp/inquiry", "https://other.example/ask"),
    ] {
        for (before, after) in answers(&before, id).into_iter().zip(answers(&after, id)) {
            for (before, after) in [(&before.html, &after.html), (&before.text, &after.text)] {
                assert!(before.contains(old) && !before.contains(new), "{id}: {before}");
                assert!(after.contains(new) && !after.contains(old), "{id}: {after}");
            }
        }
    }
}

#[test]
fn all_32_symbols_are_shown_in_every_form() {
    let symbols = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    assert_eq!(symbols.len(), 32);
    for answer in answers(&shipped(values()), "password-policy") {
        assert!(answer.text.contains(symbols), "{}", answer.text);
        let html = scraper::Html::parse_fragment(&answer.html);
        let code = html.select(&scraper::Selector::parse("code").expect("a selector")).next().expect("code");
        assert_eq!(code.text().collect::<String>(), symbols);
    }
}

#[test]
fn without_an_inquiry_url_the_form_is_named_but_not_linked() {
    let content = shipped(LiveValues { inquiry_url: None, ..values() });
    for answer in answers(&content, "account-locked") {
        assert!(answer.html.contains("inquiry form") && !answer.html.contains("<a "), "{}", answer.html);
    }
}

#[test]
fn the_inquiry_url_arrives_exactly_as_it_is_set() {
    for answer in answers(&shipped(values()), "account-locked") {
        let html = scraper::Html::parse_fragment(&answer.html);
        let link = html.select(&scraper::Selector::parse("a").expect("a selector")).next().expect("a link");
        assert_eq!(link.value().attr("href"), values().inquiry_url.as_ref().map(Url::as_str));
    }
}

#[test]
fn a_setting_cannot_inject_markup() {
    for hostile in [
        "<script>alert(1)</script>",
        "[x](https://evil.example)",
        "![x](https://evil.example)",
        "**bold** _it_ `code`",
        "x\n\n# heading\n\n- list",
        "    indented",
        "&lt;b&gt; &copy;",
        "<https://evil.example>",
        "a | b \\| c \\",
        "{{ mail.info }}",
    ] {
        let values = LiveValues { service_name: hostile.into(), password_common: hostile.into(), ..values() };
        let shown = on_one_line(hostile);
        let content = shipped(values);
        for answer in answers(&content, "password-policy") {
            let shown = shown.replace("{{", "{\u{2060}{");
            assert_eq!(answer.text.matches(&shown).count(), 2, "{hostile}: {}", answer.text);
            for allowed in ["a", "strong", "em", "h3", "script", "img", "table"] {
                assert!(!answer.html.contains(&format!("<{allowed}")), "{hostile}: {}", answer.html);
            }
            assert_eq!(answer.html.matches("<code>").count(), 1, "{hostile}: {}", answer.html);
        }
        let (_, question) = content.in_locale("en").question("sender-addresses").expect("there");
        assert!(question.question.contains(&shown.replace("{{", "{\u{2060}{")), "{}", question.question);
    }
}

fn on_one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn mistakes_name_file_and_line() {
    let question = "+++\nquestion = \"Q\"\ncategory = \"c\"\norder = 1\n+++\n";
    for (path, text, line, word) in [
        ("ja/faq/q.md", format!("{question}one\n\n{{{{ no.such }}}} two"), 8, "no.such"),
        ("ja/faq/q.md", format!("{question}one\n{{{{ mail.info"), 7, "not closed"),
        ("ja/faq/q.md", question.replace("\"Q\"", "\"{{ no.such }}\"") + "A", 2, "no.such"),
        ("ja/faq/q.md", question.replace("\"c\"", "\"other\"") + "A", 3, "\"other\""),
        ("ja/faq/q.md", question.replace("order = 1", "order = \"x\"") + "A", 4, "expected"),
        ("ja/faq/q.md", question.replace("order", "ordre") + "A", 4, "ordre"),
        ("ja/faq/q.md", question.replace("= 1", "= 1\nrelated = [\"gone\"]") + "A", 5, "\"gone\""),
        ("ja/faq/q.md", question.replace("= 1", "= 1\nrelated = [\"q\"]") + "A", 5, "\"q\""),
        ("ja/faq/q.md", question.into(), 0, "no text"),
        ("ja/faq/q.md", "no front matter".into(), 1, "+++"),
        ("ja/faq/q.md", "+++\nquestion = 1\n".into(), 1, "closing"),
        ("ja/faq/Q_1.md", format!("{question}A"), 0, "small letters"),
        ("en/faq/q.md", format!("{question}A"), 3, "category"),
        ("en/faq/gone.md", "+++\nquestion = \"Q\"\n+++\nA".into(), 0, "ja/"),
        ("en/guide/gone.md", "+++\ntitle = \"G\"\n+++\nA".into(), 0, "ja/"),
        ("fr/faq/q.md", format!("{question}A"), 0, "languages"),
        ("ja/fqa/q.md", format!("{question}A"), 0, "none of"),
        (
            "ja/categories.toml",
            "[[category]]\nid = \"c\"\ntitle = \"C\"\n[[category]]\nid = \"c\"\ntitle = \"D\"".into(),
            5,
            "twice",
        ),
        ("ja/categories.toml", "[[category]]\nid = \"c\"\ntitle = \"C\"\nicon = \"x\"".into(), 4, "icon"),
    ] {
        let problems = small(&[(path, &text)]).expect_err(&format!("{path} is refused: {text}")).0;
        let found = problems.iter().any(|p| p.file == path && p.line == line && p.what.contains(word));
        assert!(found, "{path}:{line} {word}: {problems:?}");
    }
}

#[test]
fn what_a_language_lacks_is_shown_in_japanese_and_noted() {
    let content = small(&[]).expect("it is sound");
    let (category, question) = content.in_locale("en").question("q").expect("it is there");
    assert_eq!((category.locale.as_str(), question.locale.as_str()), ("ja", "ja"));
    assert_eq!(content.untranslated, ["en/categories.toml: c", "en/faq/q.md", "en/guide/g.md"]);
}

#[test]
fn files_with_a_byte_order_mark_and_windows_line_ends_are_read() {
    let text = "\u{feff}+++\r\nquestion = \"Q\"\r\ncategory = \"c\"\r\norder = 1\r\n+++\r\nA\r\n";
    let content = small(&[("ja/faq/q.md", text)]).expect("it is sound");
    assert_eq!(answers(&content, "q")[0].text, "A");
}
