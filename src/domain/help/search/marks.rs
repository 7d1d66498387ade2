//! Shows readers why something was found: the words of their query are marked, and of a long answer only the part around
//! them is shown.

use std::collections::HashSet;
use std::ops::Range;

use super::fold::{Folded, Kind};

/// How long a snippet is, in letters.
const SNIPPET: usize = 90;
/// How much of it stands before the first mark.
const LEAD: usize = 16;

/// What is marked in every hit of one search.
#[derive(Clone, Debug, Default)]
pub(super) struct Sought {
    /// Two letters, or one.
    pub grams: HashSet<String>,
    pub words: HashSet<String>,
    /// Synonyms, marked as a whole.
    pub phrases: HashSet<String>,
}

/// A text and the places in it, in bytes, that match a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    pub text: String,
    pub marks: Vec<Range<usize>>,
}

impl Marked {
    /// As HTML: text, and `mark` around the places.
    pub fn html(&self) -> String {
        let mut html = String::with_capacity(self.text.len() + 32);
        let mut end = 0;
        for mark in &self.marks {
            escape(self.text.get(end..mark.start).unwrap_or_default(), &mut html);
            html.push_str("<mark>");
            escape(self.text.get(mark.clone()).unwrap_or_default(), &mut html);
            html.push_str("</mark>");
            end = mark.end;
        }
        escape(self.text.get(end..).unwrap_or_default(), &mut html);
        html
    }

    /// The places in UTF-16 code units, as scripts in browsers count.
    pub fn utf16_marks(&self) -> Vec<[usize; 2]> {
        let units = |to: usize| self.text.get(..to).unwrap_or_default().encode_utf16().count();
        self.marks.iter().map(|mark| [units(mark.start), units(mark.end)]).collect()
    }
}

fn escape(text: &str, into: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            letter => into.push(letter),
        }
    }
}

impl Sought {
    /// The whole text, marked.
    pub fn mark(&self, text: &str) -> Marked {
        let folded = Folded::of(text, usize::MAX);
        Marked { text: text.to_owned(), marks: self.places(&folded) }
    }

    /// The part of the text that holds the most marks.
    pub fn snippet(&self, text: &str) -> Marked {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let marks = self.mark(&text).marks;
        let letters: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let place = |byte: usize| letters.partition_point(|at| *at < byte);
        let weight = |from: usize| {
            let within = marks.iter().filter(|mark| place(mark.start) >= from && place(mark.end) <= from + SNIPPET);
            within.map(ExactSizeIterator::len).sum::<usize>()
        };
        let starts = marks.iter().take(64).map(|mark| place(mark.start).saturating_sub(LEAD));
        // Of equal ones the first.
        let from = starts.rev().max_by_key(|from| weight(*from)).unwrap_or(0);
        let most = letters.len() - 1;
        let from = if most <= SNIPPET { 0 } else { from.min(most - SNIPPET) };
        let to = (from + SNIPPET).min(most);
        let byte = |place: usize| letters.get(place).copied().unwrap_or(text.len());
        // Not in the middle of a word, where words have spaces between them.
        let lead: Vec<char> = text.get(byte(from)..).unwrap_or_default().chars().take(LEAD).collect();
        let is_within = from > 0 && lead.first().is_some_and(char::is_ascii_alphanumeric);
        let word = lead.iter().position(|letter| *letter == ' ').filter(|_| is_within);
        let from = from + word.map_or(0, |space| space + 1);
        let (start, end) = (byte(from), byte(to));
        let before = if from > 0 { "…" } else { "" };
        let after = if to < most { "…" } else { "" };
        let shift = |at: usize| at.clamp(start, end) - start + before.len();
        Marked {
            marks: marks
                .iter()
                .filter(|mark| mark.start < end && mark.end > start)
                .map(|mark| shift(mark.start)..shift(mark.end))
                .collect(),
            text: format!("{before}{}{after}", text.get(start..end).unwrap_or_default()),
        }
    }

    fn places(&self, folded: &Folded) -> Vec<Range<usize>> {
        let mut is_marked = vec![false; folded.letters.len()];
        let mut mark = |from: usize, count: usize| is_marked.iter_mut().skip(from).take(count).for_each(|m| *m = true);
        let mut from = 0;
        for run in folded.letters.chunk_by(|left, right| left.kind == right.kind) {
            match run.first().map(|first| first.kind) {
                Some(Kind::Bigrams) => {
                    for (at, pair) in run.windows(2).enumerate() {
                        if self.grams.contains(&pair.iter().map(|letter| letter.letter).collect::<String>()) {
                            mark(from + at, 2);
                        }
                    }
                    for (at, letter) in run.iter().enumerate() {
                        if self.grams.contains(letter.letter.encode_utf8(&mut [0; 4]) as &str) {
                            mark(from + at, 1);
                        }
                    }
                }
                Some(Kind::Word | Kind::Digits)
                    if self.words.contains(&run.iter().map(|letter| letter.letter).collect::<String>()) =>
                {
                    mark(from, run.len());
                }
                _ => {}
            }
            from += run.len();
        }
        for phrase in &self.phrases {
            let phrase: Vec<char> = phrase.chars().collect();
            for (at, window) in folded.letters.windows(phrase.len().max(1)).enumerate() {
                if window.iter().map(|letter| letter.letter).eq(phrase.iter().copied()) {
                    mark(at, phrase.len());
                }
            }
        }
        let mut places: Vec<Range<usize>> = Vec::new();
        for (letter, _) in folded.letters.iter().zip(is_marked).filter(|(_, is_marked)| *is_marked) {
            match places.last_mut() {
                Some(last) if last.end >= letter.at.start => last.end = last.end.max(letter.at.end),
                _ => places.push(letter.at.clone()),
            }
        }
        places
    }
}
