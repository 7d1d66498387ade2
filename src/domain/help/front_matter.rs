//! What stands above the text of a help file: TOML between two lines `+++`.

use serde::de::DeserializeOwned;

use super::{HelpFile, HelpProblem};

const FENCE: &str = "+++";

/// A file as it was given.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub path: &'a str,
    pub text: &'a str,
}

/// A Markdown file in its two parts.
pub(super) struct Parts<'a> {
    pub front: &'a str,
    pub body: &'a str,
    /// The line of the file on which the body begins, counted from 1.
    pub body_line: usize,
}

impl<'a> Source<'a> {
    /// `None`: the content is no text.
    pub fn of(file: &'a HelpFile) -> Option<Source<'a>> {
        let text = std::str::from_utf8(&file.content).ok()?;
        Some(Source { path: &file.path, text: text.strip_prefix('\u{feff}').unwrap_or(text) })
    }

    /// The language: the folder that the file lies in.
    pub fn locale(&self) -> &'a str {
        self.path.split('/').next().unwrap_or_default()
    }

    pub fn front_matter(&self) -> Result<Parts<'a>, HelpProblem> {
        let wrong = |what: &str| HelpProblem { file: self.path.to_owned(), line: 1, what: what.to_owned() };
        let mut lines = self.text.split_inclusive('\n');
        let opening = lines.next().unwrap_or_default();
        if opening.trim_end() != FENCE {
            return Err(wrong("must begin with a line +++, TOML, and a line +++"));
        }
        let mut start = opening.len();
        for (number, line) in (2..).zip(lines) {
            let end = start + line.len();
            if line.trim_end() == FENCE {
                return Ok(Parts {
                    front: self.text.get(opening.len()..start).unwrap_or_default(),
                    body: self.text.get(end..).unwrap_or_default(),
                    body_line: number + 1,
                });
            }
            start = end;
        }
        Err(wrong("the front matter has no closing line +++"))
    }

    /// Reads TOML whose first line is line `first_line` of the file.
    pub fn parse<F: DeserializeOwned>(&self, toml: &str, first_line: usize) -> Result<F, HelpProblem> {
        toml::from_str(toml).map_err(|error| HelpProblem {
            file: self.path.to_owned(),
            line: first_line + lines_before(toml, error.span().map_or(0, |span| span.start)),
            what: error.message().to_owned(),
        })
    }

    /// The line of the file on which byte `offset` of the front matter stands.
    pub fn line_of_front_matter(&self, offset: usize) -> usize {
        2 + self.front_matter().map_or(0, |parts| lines_before(parts.front, offset))
    }
}

pub(super) fn lines_before(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
