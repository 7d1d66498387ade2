//! Who may use whom inside the crate: the walls that a single crate lacks, held by reading its sources.
//!
//! ```text
//! main ─► cli ─► web | jobs ─► actions ─► app ─► config | store | crypto | mail ─► domain
//!         clock, random, i18n, telemetry, text_file: leaves, used by anything left of domain
//! ```
//! The left uses the right and may skip ahead; nothing points back, and siblings divided by `|` do not know each other.

#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by stopping"
)]

use std::fmt;
use std::path::Path;

/// Of each part of the crate: whom it may use, and why no one else.
const LAYERS: [(&str, &[&str], &str); 15] = [
    (
        "main",
        &["cli", "telemetry"],
        "the program only starts what the command line asks for; what is worth testing lives in the library",
    ),
    (
        "cli",
        &[
            "web",
            "jobs",
            "actions",
            "app",
            "config",
            "store",
            "crypto",
            "mail",
            "domain",
            "clock",
            "random",
            "i18n",
            "telemetry",
            "text_file",
        ],
        "",
    ),
    (
        "web",
        BELOW_WEB,
        "a request must not reach for the command line or for a job: what they share is a verb of actions/",
    ),
    ("jobs", BELOW_WEB, "a job runs without a request: what it shares with a page is a verb of actions/"),
    (
        "actions",
        &["app", "config", "store", "crypto", "mail", "domain", "clock", "random", "i18n", "telemetry", "text_file"],
        "a verb has several entrances, so it knows none of them",
    ),
    (
        "app",
        &["config", "store", "crypto", "mail", "domain", "clock", "random", "i18n", "telemetry", "text_file"],
        "it holds the parts that a request may need; parts know nothing of who uses them",
    ),
    ("config", PARTS, "settings are read before anything else exists, and say only what the rules need"),
    ("store", PARTS, "rows know nothing of settings, keys or letters: what a statement needs is handed in"),
    ("crypto", PARTS, "keys and digests know nothing of rows, settings or pages: what they need is handed in"),
    ("mail", PARTS, "a letter knows nothing of who sends it and why: what it says is handed in"),
    ("clock", LEAF, "a leaf is used by everyone, so it uses no one"),
    ("random", LEAF, "a leaf is used by everyone, so it uses no one"),
    ("i18n", LEAF, "a leaf is used by everyone, so it uses no one"),
    ("telemetry", LEAF, "a leaf is used by everyone, so it uses no one"),
    ("text_file", LEAF, "a leaf is used by everyone, so it uses no one"),
];
const BELOW_WEB: &[&str] = &[
    "actions",
    "app",
    "config",
    "store",
    "crypto",
    "mail",
    "domain",
    "clock",
    "random",
    "i18n",
    "telemetry",
    "text_file",
];
const PARTS: &[&str] = &["domain", "clock", "random", "i18n", "telemetry", "text_file"];
/// `domain` for its plain types, such as the time that a clock tells.
const LEAF: &[&str] = &["domain"];
const PURE: &str = "rules are pure: time, chance and what is stored come in as arguments, so that tests can turn them";

/// Words that may stand in some places only: a crate, or the beginning of a name.
const CONFINED: [(Word, &[&str], &str); 6] = [
    (Word::Crate("sqlx"), &["store/"], "only the store speaks SQL"),
    (Word::Crate("axum"), &["web/", "cli/serve.rs"], "only web/ speaks HTTP, and `serve` opens its door"),
    (Word::Crate("axum_extra"), &["web/"], "only web/ speaks HTTP"),
    (
        Word::NameBeginning("read_to_string"),
        &["text_file.rs", "mail/transport.rs"],
        "what people prepare by hand may have a byte-order mark: text_file reads it (transport reads its own mails back)",
    ),
    (Word::NameBeginning("Sqlite"), &["store/engine.rs"], "only store/engine.rs asks which database it is"),
    (Word::NameBeginning("Postgres"), &["store/engine.rs"], "only store/engine.rs asks which database it is"),
];

#[derive(Clone, Copy)]
enum Word {
    Crate(&'static str),
    NameBeginning(&'static str),
}

#[test]
fn nothing_points_back() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    for_each_source(&sources, &mut |path, text| {
        let inside = path.strip_prefix(&sources).unwrap().to_str().unwrap();
        broken.extend(broken_arrows(inside, text).map(|arrow| arrow.to_string()));
    });
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[derive(Debug, PartialEq)]
struct BrokenArrow {
    file: String,
    line: usize,
    what: String,
    why: &'static str,
}

impl fmt::Display for BrokenArrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {} ({})", self.file, self.line, self.what, self.why)
    }
}

/// `file` is a path inside `src/`.
fn broken_arrows(file: &str, text: &str) -> impl Iterator<Item = BrokenArrow> {
    let module = modules_of(file);
    let from = module.first().cloned();
    let tokens = tokens(text);
    let mut broken = Vec::new();
    let mut report = |line, what, why| broken.push(BrokenArrow { file: file.to_owned(), line, what, why });

    for (at, (line, token)) in tokens.iter().enumerate() {
        let begins_path = at == 0 || tokens[at - 1].1 != "::";
        for (word, places, why) in CONFINED {
            let found = match word {
                Word::Crate(name) => {
                    begins_path && token == name && tokens.get(at + 1).is_some_and(|next| next.1 == "::")
                }
                Word::NameBeginning(name) => token.starts_with(name),
            };
            if found && !places.iter().any(|place| file.starts_with(place)) {
                report(*line, format!("{token} stands outside {}", places.join(", ")), why);
            }
        }
        let Some(from) = &from else { continue };
        for (line, to) in reached(&module, &tokens, at, begins_path) {
            match verdict(from, &to) {
                Verdict::Allowed => {}
                Verdict::Broken(why) => report(line, format!("{from} must not use {to}"), why),
                Verdict::Unknown => {
                    report(line, format!("{from} uses {to}"), "no layer is known: name it in tests/imports.rs")
                }
            }
        }
    }
    broken.into_iter()
}

enum Verdict {
    Allowed,
    Broken(&'static str),
    Unknown,
}

fn verdict(from: &str, to: &str) -> Verdict {
    let known = |name: &str| name == "domain" || LAYERS.iter().any(|(layer, ..)| *layer == name);
    if from == to {
        Verdict::Allowed
    } else if !known(from) || !known(to) {
        Verdict::Unknown
    } else if from == "domain" {
        Verdict::Broken(PURE)
    } else {
        match LAYERS.iter().find(|(layer, ..)| *layer == from) {
            Some((_, may_use, _)) if may_use.contains(&to) => Verdict::Allowed,
            Some((.., why)) => Verdict::Broken(why),
            None => Verdict::Unknown,
        }
    }
}

/// The modules that a file is, from the crate's root: `web/oidc/token.rs` is `web`, `oidc`, `token`. None for lib.rs,
/// which is the map of them all.
fn modules_of(file: &str) -> Vec<String> {
    let mut modules: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(modules.last().map(String::as_str), Some("mod" | "lib")) {
        modules.pop();
    }
    modules
}

/// The parts of the crate that a path beginning at this token names: one, or several where it ends in braces.
fn reached(module: &[String], tokens: &[(usize, String)], at: usize, begins_path: bool) -> Vec<(usize, String)> {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.1.as_str());
    let mut next = at + 2;
    match word(at) {
        _ if !begins_path || word(at + 1) != "::" => return Vec::new(),
        "crate" => {}
        // The binary reaches the library by its name.
        "sekisho" if module == ["main"] => {}
        "super" => {
            let mut up = 1;
            while word(next) == "super" && word(next + 1) == "::" {
                (up, next) = (up + 1, next + 2);
            }
            // Inline modules such as `mod tests` make it fewer steps than these, never more.
            if up < module.len() {
                return Vec::new();
            }
        }
        _ => return Vec::new(),
    }
    if word(next) != "{" {
        // `super::*` and `super::Type` in an inline module of a top-level file stay in that file.
        let is_layer = word(next).starts_with(|c: char| c.is_ascii_lowercase());
        return tokens.get(next).filter(|_| word(at) != "super" || is_layer).cloned().into_iter().collect();
    }
    let mut depth = 0;
    let mut names = Vec::new();
    for (position, token) in tokens.iter().enumerate().skip(next) {
        match token.1.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ if depth == 1 && matches!(word(position - 1), "{" | ",") => names.push(token.clone()),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Words and signs with their line numbers; comments and the insides of strings are left out.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = string_literal(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push((line, rest[..length].to_owned()));
            length
        } else {
            let length = if rest.starts_with("::") { 2 } else { first.len_utf8() };
            if !first.is_whitespace() {
                tokens.push((line, rest[..length].to_owned()));
            }
            length
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

/// The length of the string or character literal that the text begins with.
fn string_literal(text: &str) -> Option<usize> {
    let raw = text.strip_prefix("br").or_else(|| text.strip_prefix('r')).and_then(|after| {
        let hashes = after.find(|c| c != '#')?;
        after[hashes..]
            .starts_with('"')
            .then(|| (text.len() - after.len() + hashes + 1, format!("\"{}", "#".repeat(hashes))))
    });
    if let Some((begin, end)) = raw {
        return Some(text[begin..].find(&end).map_or(text.len(), |at| begin + at + end.len()));
    }
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + 1),
            // A quote that no second one follows opens a lifetime.
            _ if quote == '\'' && at > 1 && !text.starts_with("'\\") => return None,
            _ => {}
        }
    }
    None
}

fn for_each_source(folder: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            for_each_source(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn a_planted_arrow_is_caught_however_it_is_written() {
    for (file, text, line) in [
        ("domain/login/locks.rs", "\nuse crate::store::members;", 2),
        ("domain/secret.rs", "fn f() { crate::random::token() }", 1),
        ("domain/unix_time.rs", "use super::super::clock::Clock;", 1),
        ("store/members.rs", "use crate::{\n    domain::{ids, secret},\n    config::Database,\n};", 3),
        ("store/mod.rs", "use super::crypto;", 1),
        ("jobs/cleanup.rs", "use crate::web::page;", 1),
        ("web/page.rs", "fn f<'a>(c: char) { let quote = '\"'; crate::jobs::run() }", 1),
        ("clock.rs", "use crate::random;", 1),
        ("main.rs", "use sekisho::store::Store;", 1),
        ("actions/revoke_grant.rs", "use axum::Router;", 1),
        ("cli/member.rs", "sqlx::query(\"x\")", 1),
        ("store/members.rs", "if engine == Engine::Sqlite {}", 1),
        ("web/page.rs", "use crate::helpers::x;", 1),
        ("crypto/master_key.rs", "let text = std::fs::read_to_string(file)?;", 1),
    ] {
        let broken: Vec<_> = broken_arrows(file, text).collect();
        assert_eq!(broken.iter().map(|arrow| arrow.line).collect::<Vec<_>>(), [line], "{file}: {text}");
        assert!(!broken[0].why.is_empty(), "{}", broken[0]);
    }
}

#[test]
fn what_is_allowed_or_only_spoken_of_is_left_alone() {
    for (file, text) in [
        ("web/oidc/token.rs", "use crate::{actions, domain::ids};\nuse super::authorize;\nuse axum::Json;"),
        ("cli/serve.rs", "use crate::web; use axum::serve;"),
        ("domain/ids.rs", "// crate::store\n/* axum::x */ const S: &str = r#\"sqlx::\"crate::web\"#;"),
        ("domain/login/mod.rs", "use super::secret; mod tests { use super::*; }"),
        ("store/engine.rs", "use sqlx::Any; Engine::Sqlite;"),
        ("lib.rs", "pub mod web;"),
    ] {
        assert_eq!(broken_arrows(file, text).collect::<Vec<_>>(), [], "{file}");
    }
}
