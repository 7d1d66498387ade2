//! Fills a help text: `{{ NAME }}` becomes a live value, and of
//!
//! ```text
//! {{ if method.passkey }} … {{ else }} … {{ end }}
//! ```
//!
//! one side stays. `if not NAME` turns the condition round; conditions may stand within each other. A line that holds only
//! such marks, or that a condition takes away as a whole, leaves no empty line. Both sides are checked, whatever the
//! settings say: a slip is found before somebody turns a method off.

use super::HelpProblem;
use super::front_matter::Source;
use super::live_values::{LiveValues, NAMES, Shown};

/// A text with everything filled in.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    pub text: String,
    /// Of each line of it, from which line it comes; counted from 0.
    lines: Vec<usize>,
}

/// A mark that cannot be filled.
#[derive(Debug)]
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

impl Filled {
    /// The line from which the letter at `offset` of the filled text comes, counted from 0.
    pub fn line_of(&self, offset: usize) -> usize {
        let line = self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        self.lines.get(line).or(self.lines.last()).copied().unwrap_or(0)
    }
}

/// A condition that is open.
struct Open {
    line: usize,
    /// Whether what stands here stays.
    stays: bool,
    is_else: bool,
}

/// What a mark does.
enum Mark<'a> {
    If(&'a str),
    Else,
    End,
    Value(&'a str),
}

impl LiveValues {
    pub(super) fn fill_markdown(&self, text: &str) -> Result<Filled, Unfilled> {
        let mut filled = Filled::default();
        let mut open = Vec::new();
        for (line, words) in text.split_inclusive('\n').enumerate() {
            let wrong = |what| Unfilled { line, what };
            let (words, end) = words.strip_suffix('\n').map_or((words, ""), |words| (words, "\n"));
            if let Some(block) = self.block(words) {
                if open.iter().all(|open: &Open| open.stays) {
                    for own in block.lines() {
                        filled.text.push_str(own);
                        filled.text.push('\n');
                        filled.lines.push(line);
                    }
                }
                continue;
            }
            let (out, is_kept) = self.line(words, &mut open, line, Shown::markdown).map_err(wrong)?;
            if is_kept {
                filled.text.push_str(&out);
                filled.text.push_str(end);
                filled.lines.push(line);
            }
        }
        match open.pop() {
            Some(Open { line, .. }) => {
                Err(Unfilled { line, what: "{{ if … }} is not closed by {{ end }}".to_owned() })
            }
            None => Ok(filled),
        }
    }

    /// Titles: one line, as plain words.
    pub(super) fn fill_plain(&self, text: &str) -> Result<String, Unfilled> {
        let mut open = Vec::new();
        let (out, _) = self.line(text, &mut open, 0, Shown::plain).map_err(|what| Unfilled { line: 0, what })?;
        match open.pop() {
            Some(_) => Err(Unfilled { line: 0, what: "{{ if … }} is not closed by {{ end }}".to_owned() }),
            None => Ok(out),
        }
    }

    /// A value that takes lines of its own, if the line is nothing but its mark.
    fn block(&self, words: &str) -> Option<String> {
        let name = words.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
        match NAMES.iter().find(|(known, _)| *known == name)?.1(self) {
            Shown::Block(block) => Some(block),
            _ => None,
        }
    }

    /// One line, and whether it is kept.
    fn line(
        &self,
        words: &str,
        open: &mut Vec<Open>,
        number: usize,
        write: fn(&Shown) -> Option<String>,
    ) -> Result<(String, bool), String> {
        let mut out = String::with_capacity(words.len());
        let (mut has_marks, mut has_value) = (false, false);
        let was_hidden = open.iter().any(|open| !open.stays);
        let mut rest = words;
        while let Some((before, after)) = rest.split_once("{{") {
            let (mark, behind) =
                after.split_once("}}").ok_or_else(|| "{{ is not closed by }} on the same line".to_owned())?;
            let is_shown = open.iter().all(|open| open.stays);
            if is_shown {
                out.push_str(before);
            }
            match Mark::read(mark) {
                Mark::If(condition) => {
                    open.push(Open { line: number, stays: self.holds(condition)?, is_else: false });
                    has_marks = true;
                }
                Mark::Else => {
                    let last = open.last_mut().filter(|last| !last.is_else);
                    let last = last.ok_or_else(|| "{{ else }} without an {{ if … }} before it".to_owned())?;
                    (last.stays, last.is_else) = (!last.stays, true);
                    has_marks = true;
                }
                Mark::End => {
                    open.pop().ok_or_else(|| "{{ end }} without an {{ if … }} before it".to_owned())?;
                    has_marks = true;
                }
                Mark::Value(name) => {
                    let Some((_, find)) = NAMES.iter().find(|(known, _)| *known == name) else {
                        let known = NAMES.map(|(known, _)| known).join(", ");
                        return Err(format!("there is no live value \"{name}\"; there are {known}"));
                    };
                    let value = write(&find(self))
                        .ok_or_else(|| format!("{{{{ {name} }}}} is a table: it needs a line of its own in a text"))?;
                    if is_shown {
                        out.push_str(&value);
                        has_value = true;
                    }
                }
            }
            rest = behind;
        }
        let is_shown = open.iter().all(|open| open.stays);
        if is_shown {
            out.push_str(rest);
        }
        let is_empty = out.trim().is_empty() && !has_value;
        let is_dropped = is_empty && (has_marks || was_hidden || !is_shown);
        Ok((out, !is_dropped))
    }
}

impl<'a> Mark<'a> {
    fn read(mark: &'a str) -> Mark<'a> {
        let mark = mark.trim();
        match mark.split_once(char::is_whitespace) {
            Some(("if", condition)) => Mark::If(condition.trim()),
            _ => match mark {
                "else" => Mark::Else,
                "end" => Mark::End,
                name => Mark::Value(name),
            },
        }
    }
}
