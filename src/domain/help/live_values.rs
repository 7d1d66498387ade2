//! Live values: `{{ password.min_length }}` in a help file stands for what the settings say, so that help can't
//! contradict behaviour. A value is words, never markup: whatever a setting holds, it is shown as it is.

use url::Url;

use super::HelpProblem;
use super::front_matter::Source;
use crate::domain::login::password_policy::SYMBOLS;

/// What help texts may quote, in the words of one language.
#[derive(Clone, Debug)]
pub struct LiveValues {
    pub service_name: String,
    pub society_name: String,
    /// What the inquiry form is called.
    pub inquiry_form: String,
    /// Without it the form is named, but not linked.
    pub inquiry_url: Option<Url>,
    /// In characters.
    pub password_min_length: u32,
    /// In characters.
    pub password_max_length: u32,
    /// A sentence: which classes of characters a password must contain.
    pub password_required_classes: String,
    /// A sentence: what becomes of passwords that many people use.
    pub password_common: String,
    /// A length of time in words: `30 days`.
    pub password_initial_lifetime: String,
    /// How many wrong passwords in a row lock.
    pub password_lock_threshold: u32,
    /// A sentence: what ends the password lock.
    pub password_lock_release: String,
    /// Sentences: what a member does who can show no second factor any more.
    pub lost_methods: String,
    pub mail_no_reply: String,
    pub mail_info: String,
    pub mail_webmaster: String,
}

/// How a value is shown.
enum Shown {
    Words(String),
    Code(String),
    Link(String, Url),
}

type Find = fn(&LiveValues) -> Shown;

/// Every name that a help file may use.
const NAMES: [(&str, Find); 15] = [
    ("service.name", |v| Shown::Words(v.service_name.clone())),
    ("society.name", |v| Shown::Words(v.society_name.clone())),
    ("inquiry.link", |v| match &v.inquiry_url {
        Some(url) => Shown::Link(v.inquiry_form.clone(), url.clone()),
        None => Shown::Words(v.inquiry_form.clone()),
    }),
    ("password.min_length", |v| Shown::Words(v.password_min_length.to_string())),
    ("password.max_length", |v| Shown::Words(v.password_max_length.to_string())),
    ("password.allowed_symbols", |_| Shown::Code(SYMBOLS.to_owned())),
    ("password.required_classes", |v| Shown::Words(v.password_required_classes.clone())),
    ("password.common", |v| Shown::Words(v.password_common.clone())),
    ("password.initial_lifetime", |v| Shown::Words(v.password_initial_lifetime.clone())),
    ("lock.password.threshold", |v| Shown::Words(v.password_lock_threshold.to_string())),
    ("lock.password.release", |v| Shown::Words(v.password_lock_release.clone())),
    ("methods.lost", |v| Shown::Words(v.lost_methods.clone())),
    ("mail.no_reply", |v| Shown::Words(v.mail_no_reply.clone())),
    ("mail.info", |v| Shown::Words(v.mail_info.clone())),
    ("mail.webmaster", |v| Shown::Words(v.mail_webmaster.clone())),
];

/// A placeholder that cannot be filled.
pub(super) struct Unfilled {
    /// Counted from 0 within the text.
    line: usize,
    what: String,
}

impl Unfilled {
    pub fn in_file(self, source: &Source<'_>, first_line: usize) -> HelpProblem {
        HelpProblem { file: source.path.to_owned(), line: first_line + self.line, what: self.what }
    }
}

impl LiveValues {
    pub(super) fn fill_markdown(&self, text: &str) -> Result<String, Unfilled> {
        self.fill(text, Shown::markdown)
    }

    pub(super) fn fill_plain(&self, text: &str) -> Result<String, Unfilled> {
        self.fill(text, Shown::plain)
    }

    fn fill(&self, text: &str, write: fn(Shown) -> String) -> Result<String, Unfilled> {
        let mut filled = String::with_capacity(text.len());
        for (line, words) in text.split_inclusive('\n').enumerate() {
            let mut rest = words;
            while let Some((before, after)) = rest.split_once("{{") {
                let Some((name, behind)) = after.split_once("}}") else {
                    return Err(Unfilled { line, what: "{{ is not closed by }} on the same line".to_owned() });
                };
                let name = name.trim();
                let Some((_, find)) = NAMES.iter().find(|(known, _)| *known == name) else {
                    let known = NAMES.map(|(known, _)| known).join(", ");
                    return Err(Unfilled {
                        line,
                        what: format!("there is no live value \"{name}\"; there are {known}"),
                    });
                };
                filled.push_str(before);
                filled.push_str(&write(find(self)));
                rest = behind;
            }
            filled.push_str(rest);
        }
        Ok(filled)
    }
}

impl Shown {
    fn markdown(self) -> String {
        match self {
            Shown::Words(words) => escaped(&words),
            // Two backticks, for there is one among the symbols (CommonMark 0.31, 6.1).
            Shown::Code(code) => format!("`` {code} ``"),
            Shown::Link(words, url) => format!("[{}](<{}>)", escaped(&words), escaped_target(url.as_str())),
        }
    }

    fn plain(self) -> String {
        match self {
            Shown::Words(words) | Shown::Code(words) | Shown::Link(words, _) => on_one_line(&words),
        }
    }
}

/// Every ASCII punctuation mark may be escaped, and nothing else has a meaning within a line (CommonMark 0.31, 2.4).
fn escaped(words: &str) -> String {
    let mut escaped = String::with_capacity(words.len());
    for letter in on_one_line(words).chars() {
        if letter.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// What has a meaning in a link's target between `<` and `>` (CommonMark 0.31, 6.3), and `|`, which ends a table's cell.
fn escaped_target(url: &str) -> String {
    let mut escaped = String::with_capacity(url.len());
    for letter in url.chars() {
        if matches!(letter, '\\' | '<' | '>' | '&' | '|') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// A line's end or an indent could begin another block.
fn on_one_line(words: &str) -> String {
    words
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
