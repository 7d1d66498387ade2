//! What the documentation says of the tests is true.

#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by stopping"
)]

use std::collections::BTreeMap;
use std::path::Path;

/// `docs/conformance.md` names tests as `file::test`; each must exist under `tests/http/`.
#[test]
fn every_test_that_the_conformance_map_names_exists() {
    let map = std::fs::read_to_string("docs/conformance.md").unwrap();
    let mut named = 0;
    for word in map.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')) {
        let Some((file, test)) = word.split_once("::").filter(|(_, test)| !test.is_empty()) else { continue };
        if (file, test) == ("file", "test") {
            continue;
        }
        let source = std::fs::read_to_string(format!("tests/http/{file}.rs")).unwrap_or_default();
        assert!(
            source.contains(&format!("async fn {test}(")),
            "docs/conformance.md names {word}, which does not exist"
        );
        named += 1;
    }
    assert!(named > 50, "the map is {named} tests long");
}

/// What the pages for contributors name in backticks below a folder of ours, and what they link to.
#[test]
fn every_path_that_contributors_are_sent_to_exists() {
    let folders = ["src", "tests", "templates", "config", "docs", "deploy", "migrations", "benches", "examples", ".ci"];
    for page in ["docs/contributing.md", "docs/architecture.md", "docs/specs.md"] {
        let text = std::fs::read_to_string(page).unwrap();
        let (mut named, mut inside) = (0, false);
        for word in text.split('`') {
            let is_path = inside && folders.iter().any(|folder| word.starts_with(&format!("{folder}/")));
            inside = !inside;
            if is_path && !word.contains(['*', '{', ' ', '\n', '…']) {
                assert!(Path::new(word).exists(), "{page} names {word}, which does not exist");
                named += 1;
            }
        }
        for link in
            text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains(':'))
        {
            let target = Path::new("docs").join(link.split('#').next().unwrap());
            assert!(target.exists(), "{page} links to {link}, which does not exist");
        }
        assert!(named > 5, "{page} names {named} paths");
    }
}

/// The manual's questions and the help's answers to them.
const FAQ: [&str; 20] = [
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

const COVERAGE: &str = "docs/faq-coverage.md";

/// `docs/faq-coverage.md` is made from the tests; every question has one.
#[test]
fn every_question_of_the_manual_is_tested_and_the_list_of_its_tests_is_fresh() {
    let mut tests: BTreeMap<usize, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    gather(Path::new("tests/browser"), &mut tests);
    let mut page = String::from(
        "# The manual's questions, and the tests that do what their answers say\n\n\
         Made from the tests: `UPDATE_DOCS=1 cargo test --test docs` writes it anew. Every test runs in Chromium against the\n\
         running provider, with scripts off but where passkeys need them.\n\n\
         | FAQ | question | answer | tests |\n|---|---|---|---|\n",
    );
    for (at, id) in FAQ.into_iter().enumerate() {
        let number = at + 1;
        let of_question = tests.remove(&number).unwrap_or_else(|| panic!("no test does what FAQ {number} ({id}) says"));
        let files = of_question.iter().map(|(file, names)| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("{file}: {}", names.join(", "))
        });
        let files: Vec<String> = files.collect();
        let (ja, en) = (question("ja", id), question("en", id));
        page +=
            &format!("| {number} | {ja}<br>{en} | [{id}](../config/help/ja/faq/{id}.md) | {} |\n", files.join("<br>"));
    }
    assert!(tests.is_empty(), "the manual has 20 questions: {tests:?}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(COVERAGE, &page).unwrap();
    }
    let committed = std::fs::read_to_string(COVERAGE).unwrap_or_default();
    assert!(committed == page, "{COVERAGE} is stale: run `UPDATE_DOCS=1 cargo test --test docs`");
}

/// The tests named `faq_NN_…` below `folder`: by question, by file.
fn gather(folder: &Path, tests: &mut BTreeMap<usize, BTreeMap<String, Vec<String>>>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            gather(&path, tests);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            for found in source.split("fn faq_").skip(1) {
                let name: String = found.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let number = name.split('_').next().filter(|digits| digits.len() == 2).and_then(|n| n.parse().ok());
                let Some(number) = number else { panic!("{}: fn faq_{name} names no question", path.display()) };
                let of_file = tests.entry(number).or_default().entry(path.display().to_string()).or_default();
                of_file.push(format!("faq_{name}"));
            }
        }
    }
}

/// How the help words the question.
fn question(locale: &str, id: &str) -> String {
    let path = format!("config/help/{locale}/faq/{id}.md");
    let entry = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let line = entry
        .lines()
        .find_map(|line| line.strip_prefix("question = \""))
        .unwrap_or_else(|| panic!("{path}: no question"));
    let portal = if locale == "ja" { "会員ポータル" } else { "the member portal" };
    line.trim_end_matches('"').replace("{{ service.name }}", portal).replace('|', "\\|")
}

/// `docs/help-coverage.md` names, for every text of the help, the tests that prove what it says: each must exist.
#[test]
fn every_text_of_the_help_is_held_to_tests_that_exist() {
    let map = std::fs::read_to_string("docs/help-coverage.md").unwrap();
    for (folder, before) in [("faq", ""), ("guide", "guide/")] {
        for file in std::fs::read_dir(format!("config/help/ja/{folder}")).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let heading = format!("## {before}{}\n", name.strip_suffix(".md").unwrap());
            assert!(map.contains(&heading), "docs/help-coverage.md has no part for {folder}/{name}");
        }
    }
    let mut named = 0;
    for row in map.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| statement")) {
        let tests = row.trim_end_matches(['|', ' ']).rsplit(" | ").next().unwrap();
        assert!(tests.contains('`') || tests == "none yet", "neither tests nor `none yet`: {row}");
        let mut source = String::new();
        for word in tests.split('`').skip(1).step_by(2) {
            if word.ends_with(".rs") {
                source = std::fs::read_to_string(word).unwrap_or_else(|_| panic!("there is no {word}: {row}"));
            } else {
                assert!(source.contains(&format!("fn {word}(")), "there is no test {word}: {row}");
                named += 1;
            }
        }
    }
    assert!(named > 100, "the map is {named} tests long");
}

/// `docs/security/audit.md` says of each finding what holds it now: tests that exist, or a decision that does.
#[test]
fn every_finding_of_the_audit_is_held_by_tests_or_a_decision_that_exist() {
    let page = std::fs::read_to_string("docs/security/audit.md").unwrap();
    let mut findings = 0;
    for finding in page.split("\n## ").skip(1) {
        let heading = finding.lines().next().unwrap();
        let (mut source, mut held) = (String::new(), 0);
        let finding = finding.replace('\n', " ");
        for word in finding.split('`').skip(1).step_by(2) {
            let (file, test) = word.split_once(": ").unwrap_or((word, ""));
            if file.ends_with(".rs") && !file.contains('{') {
                source += &std::fs::read_to_string(file).unwrap_or_else(|_| panic!("{heading}: there is no {file}"));
            }
            let test = if file.ends_with(".rs") { test } else { file };
            // The names of tests are sentences; those of settings and parameters are not.
            if test.matches('_').count() > 2 && test.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                assert!(source.contains(&format!("fn {test}(")), "{heading}: there is no test {test}");
                held += 1;
            }
        }
        let decisions = finding.split("](../decisions/").skip(1).map(|rest| rest.split(')').next().unwrap());
        for decision in decisions {
            assert!(Path::new("docs/decisions").join(decision).exists(), "{heading}: there is no decision {decision}");
            held += 1;
        }
        assert!(held > 0, "{heading}: neither a test nor a decision is named");
        findings += 1;
    }
    assert!(findings > 40, "only {findings} findings");
}
