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

use std::collections::{BTreeMap, BTreeSet};
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
const CONFINED: [(Word, &[&str], &str); 11] = [
    (Word::Name("WriteTx"), &["store/", "actions/", "app.rs"], VERBS),
    (Word::After(&["store", ".", "write"]), &["store/", "actions/run.rs", "app.rs"], VERBS),
    (Word::After(&["run", "::", "begin"]), &["actions/"], VERBS),
    (Word::Crate("sqlx"), &["store/"], "only the store speaks SQL"),
    (Word::Crate("rusqlite"), &["store/"], "only the store speaks SQL"),
    (Word::After(&["store", "::", "sql"]), &["store/"], "only the store speaks SQL"),
    (Word::Crate("axum"), &["web/", "cli/serve.rs"], "only web/ speaks HTTP, and `serve` opens its door"),
    (Word::Crate("axum_extra"), &["web/"], "only web/ speaks HTTP"),
    (
        Word::NameBeginning("read_to_string"),
        &["text_file.rs", "mail/transport.rs"],
        "what people prepare by hand may have a byte-order mark: text_file reads it (transport reads its own mails back)",
    ),
    (Word::NameBeginning("Sqlite"), ENGINES, "only the engines ask which database it is"),
    (Word::NameBeginning("Postgres"), ENGINES, "only the engines ask which database it is"),
];

/// What knows the two databases apart; a file for a noun doesn't.
const ENGINES: &[&str] = &["store/engine.rs", "store/sql.rs", "store/sqlite.rs", "store/postgres.rs", "store/mod.rs"];

#[derive(Clone, Copy)]
enum Word {
    Crate(&'static str),
    Name(&'static str),
    NameBeginning(&'static str),
    /// These words one after the other.
    After(&'static [&'static str]),
}

const VERBS: &str = "what writes is a verb of actions/, in a task of its own: whoever calls it can hang up, and every \
                     entrance asks the same rules and leaves the same trace";

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
    let tests_begin =
        tokens.windows(3).position(|words| words.iter().map(|(_, word)| word.as_str()).eq(["cfg", "(", "test"]));
    let mut broken = Vec::new();
    let mut report = |line, what, why| broken.push(BrokenArrow { file: file.to_owned(), line, what, why });

    for (at, (line, token)) in tokens.iter().enumerate() {
        let begins_path = at == 0 || tokens[at - 1].1 != "::";
        for (word, places, why) in CONFINED {
            let found = match word {
                Word::Crate(name) => {
                    begins_path && token == name && tokens.get(at + 1).is_some_and(|next| next.1 == "::")
                }
                Word::Name(name) => token == name,
                Word::NameBeginning(name) => token.starts_with(name),
                Word::After(words) => {
                    tokens[at..].iter().map(|(_, token)| token.as_str()).take(words.len()).eq(words.iter().copied())
                }
            };
            // What a file's own tests put in place is no entrance.
            let of_tests = why == VERBS && tests_begin.is_some_and(|begin| at > begin);
            if found && !of_tests && !places.iter().any(|place| file.starts_with(place)) {
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

/// The verbs below `folder`: public functions that run in a task of their own.
fn verbs(folder: &Path) -> Vec<(String, String)> {
    let mut verbs = Vec::new();
    for_each_source(folder, &mut |path, text| {
        for function in text.split("\npub async fn ").skip(1) {
            let body = function.split("\n}\n").next().unwrap();
            if body.contains("run::to_its_end(") {
                let name = function.split(['(', '<']).next().unwrap();
                verbs.push((path.display().to_string(), name.to_owned()));
            }
        }
    });
    verbs
}

/// `tests/http/cut/` drops the callers of verbs at each of their awaits.
#[test]
fn every_verb_is_cut_off_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cut = String::new();
    for_each_source(&root.join("tests/http/cut"), &mut |_, text| cut.push_str(text));
    let all = verbs(&root.join("src/actions"));
    assert!(all.len() > 5, "only {} verbs were found", all.len());
    let called = |name: &str| {
        cut.match_indices(&format!("{name}("))
            .any(|(at, _)| !cut[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let left: Vec<_> = all.iter().filter(|(_, name)| !called(name)).collect();
    assert!(left.is_empty(), "no test in tests/http/cut/ cuts these off: {left:#?}");
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
        ("web/page.rs", "use crate::store::{Reads,\nWriteTx};", 2),
        ("cli/demo.rs", "let mut tx = app.store.write().await?;", 1),
        ("actions/member/recover.rs", "app.store\n.write()", 1),
        ("web/login/totp.rs", "run::begin(&app)", 1),
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
        ("actions/run.rs", "use crate::store::WriteTx; app.store.write()"),
        ("web/login/totp.rs", "out.write(); store.reader(); begin(x)"),
    ] {
        assert_eq!(broken_arrows(file, text).collect::<Vec<_>>(), [], "{file}");
    }
}

/// Files that use each other in a circle can be understood and tested only together.
const LARGEST_CIRCLE: usize = 2;

#[test]
fn no_circle_inside_web_is_larger_than_two_files() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    for_each_source(&sources.join("web"), &mut |path, text| {
        files.insert(path.strip_prefix(&sources).unwrap().to_str().unwrap().to_owned(), text.to_owned());
    });
    assert!(files.len() > 50, "{:?}", files.keys());
    let large: Vec<_> = circles(&files).into_iter().filter(|circle| circle.len() > LARGEST_CIRCLE).collect();
    assert!(large.is_empty(), "{large:#?}");
}

#[test]
fn a_planted_circle_is_caught_however_it_is_written() {
    let planted = |texts: &[(&str, &str)]| {
        circles(&texts.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect())
    };
    let caught = BTreeSet::from(["web/a.rs".to_owned(), "web/b/mod.rs".to_owned(), "web/b/c.rs".to_owned()]);
    for (a, b, c) in [
        ("use crate::web::b::X;", "mod c;\nuse c::Y;", "use super::super::a::Z;"),
        ("use super::{b::{self, X}, page};", "fn f() { c::y() }", "use crate::{web::{a::Z}};"),
        ("fn f() { crate::web::b::x() }", "use self::c::Y;", "fn f() { super::super::a::z() }"),
    ] {
        let texts = [("web/a.rs", a), ("web/b/mod.rs", b), ("web/b/c.rs", c), ("web/page.rs", "use super::a;")];
        let texts = if a.contains("page") { &texts[..3] } else { &texts[..] };
        assert!(planted(texts).contains(&caught), "{a} {b} {c}: {:?}", planted(texts));
    }
    let tests_alone = "#[cfg(test)]\nmod tests { use crate::web::a; }";
    assert_eq!(
        planted(&[("web/a.rs", "use super::b::X; // use super::a"), ("web/b.rs", tests_alone)]),
        BTreeSet::new()
    );
}

/// What a file has moved into a folder of its own name still belongs to it: `token/refresh_token.rs` to `token.rs`.
fn is_split_off(file: &str, from: &str) -> bool {
    from.strip_suffix(".rs").and_then(|folder| file.strip_prefix(folder)).is_some_and(|rest| rest.starts_with('/'))
}

/// The circles among these files, each once.
fn circles(files: &BTreeMap<String, String>) -> BTreeSet<BTreeSet<String>> {
    let modules: BTreeMap<Vec<String>, &String> = files.keys().map(|file| (modules_of(file), file)).collect();
    let uses: BTreeMap<&String, BTreeSet<&String>> = files
        .iter()
        .map(|(file, text)| {
            let text = text.split("#[cfg(test)]").next().unwrap();
            let module = modules_of(file);
            let used = paths_in(&module, &tokens(text), &modules);
            let found = used
                .iter()
                .filter_map(|path| (1..=path.len()).rev().find_map(|length| modules.get(&path[..length])).copied());
            (file, found.filter(|used| *used != file && !is_split_off(file, used)).collect())
        })
        .collect();
    let reached = |from: &String| {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(file) = waiting.pop() {
            for next in &uses[&file] {
                if seen.insert((*next).clone()) {
                    waiting.push((*next).clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = files.keys().map(|file| (file, reached(file))).collect();
    let circle = |file: &String| reached[file].iter().filter(|other| reached[other].contains(file)).cloned().collect();
    files.keys().filter(|file| reached[file].contains(*file)).map(circle).collect()
}

/// Every path in the text that may lead to one of the modules, from the crate's root.
fn paths_in(
    module: &[String],
    tokens: &[(usize, String)],
    modules: &BTreeMap<Vec<String>, &String>,
) -> Vec<Vec<String>> {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.1.as_str());
    let mut paths = Vec::new();
    let is_visibility = |at: usize| at > 1 && word(at - 1) == "in" && word(at - 2) == "(";
    let begins = |at: usize| word(at + 1) == "::" && (at == 0 || word(at - 1) != "::") && !is_visibility(at);
    for at in (0..tokens.len()).filter(|at| begins(*at)) {
        let mut from = module.to_vec();
        let mut next = at;
        match word(at) {
            "crate" => (from, next) = (Vec::new(), at + 2),
            "self" => next = at + 2,
            "super" => {
                while word(next) == "super" && word(next + 1) == "::" {
                    from.pop();
                    next += 2;
                }
            }
            child => {
                from.push(child.to_owned());
                if !modules.contains_key(&from) {
                    continue;
                }
                from.pop();
            }
        }
        branches(tokens, next, from, &mut paths);
    }
    paths
}

/// The paths that a path with braces in it stands for; where it ends.
fn branches(tokens: &[(usize, String)], at: usize, mut path: Vec<String>, into: &mut Vec<Vec<String>>) -> usize {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.1.as_str());
    if word(at) != "{" {
        path.push(word(at).to_owned());
        if word(at + 1) == "::" {
            return branches(tokens, at + 2, path, into);
        }
        into.push(path);
        return at + 1;
    }
    let mut next = at + 1;
    while !["}", ""].contains(&word(next)) {
        next = branches(tokens, next, path.clone(), into);
        if word(next) == "as" {
            next += 2;
        }
        if word(next) == "," {
            next += 1;
        }
    }
    next + 1
}
