//! What a mail is made of, whatever it says.

use serde::Serialize;
use tera::{Context, Tera};

use super::ComposeError;

/// The parts of a mail, in order.
#[derive(Default, Serialize)]
pub(super) struct Parts {
    pub subject: String,
    /// What has happened, or what this is.
    pub before: Vec<String>,
    pub code: Option<String>,
    pub link: Option<String>,
    pub list: Vec<String>,
    /// Somebody else's words: lines of words, between which there are spaces.
    pub lines: Vec<Vec<Word>>,
    pub facts: Vec<(String, String)>,
    /// What to do.
    pub after: Vec<String>,
    pub inquiry: Option<String>,
    pub footer: Vec<String>,
    pub off_link: Option<String>,
}

/// A word, with the space that follows it.
#[derive(Serialize)]
pub(super) struct Word {
    text: String,
    is_link: bool,
}

/// What was found right has links as words of their own, to the portal's own https addresses alone.
pub(super) fn words(line: &str) -> Vec<Word> {
    line.split_inclusive(char::is_whitespace)
        .flat_map(|part| {
            let word = part.trim_end();
            [(word, word.starts_with("https://")), (part.get(word.len()..).unwrap_or_default(), false)]
        })
        .filter(|(text, _)| !text.is_empty())
        .map(|(text, is_link)| Word { text: text.to_owned(), is_link })
        .collect()
}

impl Parts {
    pub fn as_text(&self) -> String {
        let mut blocks: Vec<String> = Vec::new();
        blocks.extend(self.before.clone());
        blocks.extend(self.code.as_ref().map(|code| format!("    {code}")));
        blocks.extend(self.link.clone());
        if !self.list.is_empty() {
            blocks.push(self.list.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n"));
        }
        if !self.lines.is_empty() {
            let line = |line: &Vec<Word>| line.iter().map(|word| word.text.as_str()).collect::<String>();
            blocks.push(self.lines.iter().map(line).collect::<Vec<_>>().join("\n"));
        }
        if !self.facts.is_empty() {
            blocks
                .push(self.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n"));
        }
        blocks.extend(self.after.clone());
        let footer = self.footer.iter().chain(&self.off_link).map(String::as_str).collect::<Vec<_>>();
        blocks.push(format!("--\n{}", footer.join("\n")));
        blocks.join("\n\n") + "\n"
    }

    pub fn as_html(&self, language: &str) -> Result<String, ComposeError> {
        let mut tera = Tera::new();
        tera.add_raw_template("message.html", include_str!("../../../templates/mail/message.html"))?;
        let mut context = Context::from_serialize(self)?;
        context.insert("language", language);
        Ok(tera.render("message.html", &context)?)
    }
}
