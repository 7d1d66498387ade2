//! Words that members use for the same thing: a file per language, `synonyms.toml`.

use std::collections::HashMap;

use serde::Deserialize;
use toml::Spanned;

use super::fold::{Folded, Kind, Letter};
use crate::domain::help::HelpProblem;
use crate::domain::help::front_matter::{Source, lines_before};

/// The longest word of a group, in letters as they are compared.
const LONGEST: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    words: Vec<Spanned<String>>,
}

/// Groups of words that mean the same.
#[derive(Clone, Debug, Default)]
pub struct Synonyms {
    groups: Vec<Vec<Folded>>,
    by_word: HashMap<String, usize>,
}

impl Synonyms {
    pub(in crate::domain::help) fn read(source: &Source<'_>) -> Result<Synonyms, Vec<HelpProblem>> {
        let file: File = source.parse(source.text, 1).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let mut synonyms = Synonyms::default();
        for group in file.group {
            let mut refuse = |word: &Spanned<String>, what: String| {
                let line = 1 + lines_before(source.text, word.span().start);
                problems.push(HelpProblem { file: source.path.to_owned(), line, what });
            };
            if let [only] = group.words.as_slice() {
                refuse(only, "a group needs two words or more".to_owned());
            }
            let mut words = Vec::new();
            for word in &group.words {
                let folded = Folded::of(word.get_ref(), LONGEST + 1);
                let text = folded.text();
                if folded.runs().next().is_none() || folded.letters.len() > LONGEST {
                    refuse(word, format!("\"{}\" must have 1 to {LONGEST} letters", word.get_ref()));
                } else if synonyms.by_word.insert(text, synonyms.groups.len()).is_some() {
                    let what = format!(
                        "\"{}\" is there already: a word stands in one group, once, however it is written",
                        word.get_ref()
                    );
                    refuse(word, what);
                }
                words.push(folded);
            }
            synonyms.groups.push(words);
        }
        if problems.is_empty() { Ok(synonyms) } else { Err(problems) }
    }

    /// The longest word of a group that `letters` begin with: how many letters it takes, and its group. `before` is the
    /// letter in front: a word with letters of its own kind around it is another word.
    pub(super) fn at(&self, before: Option<&Letter>, letters: &[Letter]) -> Option<(usize, &[Folded])> {
        let first = letters.first()?;
        if first.kind == Kind::Break || goes_on(before, Some(first)) {
            return None;
        }
        let mut text = String::new();
        let mut found = None;
        for (count, letter) in (1..=LONGEST).zip(letters) {
            text.push(letter.letter);
            if !goes_on(Some(letter), letters.get(count))
                && let Some(group) = self.by_word.get(&text).and_then(|group| self.groups.get(*group))
            {
                found = Some((count, group.as_slice()));
            }
        }
        found
    }
}

/// Whether the word goes on from one letter to the next. Japanese does not say where.
fn goes_on(one: Option<&Letter>, next: Option<&Letter>) -> bool {
    one.zip(next).is_some_and(|(one, next)| one.kind == next.kind && matches!(one.kind, Kind::Word | Kind::Digits))
}
