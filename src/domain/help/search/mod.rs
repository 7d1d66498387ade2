//! Searching the questions, in Japanese and in languages with spaces (product.md, 3). The index is made when the content is
//! loaded; a search reads it and nothing else.
//!
//! Japanese is compared by pairs of letters, other scripts by words, of which the beginning is enough and in which a slip
//! or two is forgiven. What members call by several names is found by each (`synonyms.toml`). A word in a question counts
//! more than one in its tags, and that more than one in its answer. A query costs the same whatever it holds: only its
//! beginning is read.

mod fold;
mod marks;
mod misses;
mod synonyms;

use std::collections::{BTreeSet, HashMap};

use fold::{Folded, Kind, Letter};
pub use marks::Marked;
use marks::Sought;
pub use misses::kept_of_miss;
pub use synonyms::Synonyms;

/// How many letters of a query count.
const LONGEST_QUERY: usize = 80;
/// How many letters of a text are indexed: enough for every answer that somebody may still read.
const LONGEST_TEXT: usize = 50_000;
/// How many words a beginning may stand for.
const MOST_COMPLETIONS: usize = 48;
/// The part of a query, by weight, that a question must have.
const LEAST_COVERED: f32 = 0.55;
/// How much a part counts at most that no question has.
const UNKNOWN: f32 = 2.2;
/// Hits that are this much worse than the best one help nobody.
const LEAST_OF_BEST: f32 = 0.08;
/// For how many of the best hits it is looked whether the question holds the query as it is.
const LOOKED_AT: usize = 50;

/// The fields of a question, as bits.
const TITLE: u8 = 4;
const TAGS: u8 = 2;
const ANSWER: u8 = 1;

/// What is searched.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub title: &'a str,
    pub tags: &'a [String],
    pub answer: &'a str,
}

/// An index of questions in one language.
#[derive(Clone, Debug, Default)]
pub struct Index {
    postings: HashMap<Box<str>, Vec<Posting>>,
    /// Words of scripts with spaces, sorted, with the set of their letters.
    words: Vec<(Box<str>, u32)>,
    synonyms: Synonyms,
    titles: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug)]
struct Posting {
    entry: u32,
    fields: u8,
}

/// What was found, best first.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Places of entries, as they were given to [`Index::of`].
    pub entries: Vec<usize>,
    sought: Sought,
}

impl Found {
    /// A title with the words of the query marked.
    pub fn title(&self, title: &str) -> Marked {
        self.sought.mark(title)
    }

    /// The part of an answer around the words of the query.
    pub fn snippet(&self, answer: &str) -> Marked {
        self.sought.snippet(answer)
    }
}

/// A part of a query. An entry has it if it has one of the alternatives.
struct Part {
    weight: f32,
    alternatives: Vec<Alternative>,
}

struct Alternative {
    /// Keys of the index that must all be there, in one field.
    keys: Vec<String>,
    /// How good it is, of 1.
    quality: f32,
    mark: Mark,
}

enum Mark {
    Gram,
    Word,
    Phrase(String),
    /// Hiragana pairs are mostly grammar: they count a little and are not shown.
    None,
}

impl Index {
    pub fn of<'a>(entries: impl Iterator<Item = Entry<'a>>, synonyms: Synonyms) -> Index {
        let mut index = Index { synonyms, ..Index::default() };
        let mut words = BTreeSet::new();
        for (place, entry) in entries.enumerate() {
            let mut keys: HashMap<String, u8> = HashMap::new();
            let tags = entry.tags.join("\n");
            for (field, text) in [(TITLE, entry.title), (TAGS, &tags), (ANSWER, entry.answer)] {
                let folded = Folded::of(text, LONGEST_TEXT);
                for run in folded.runs() {
                    for_each_key(run, &mut |key, kind| {
                        if kind == Kind::Word {
                            words.insert(key.clone());
                        }
                        *keys.entry(key).or_default() |= field;
                    });
                }
                if field == TITLE {
                    index.titles.push(letters_of(&folded).into());
                }
            }
            let entry = u32::try_from(place).unwrap_or(u32::MAX);
            for (key, fields) in keys {
                index.postings.entry(key.into()).or_default().push(Posting { entry, fields });
            }
        }
        index.words = words.into_iter().map(|word| (word.as_str().into(), letter_set(&word))).collect();
        index
    }

    pub fn search(&self, query: &str) -> Found {
        // A query of marks and spaces alone must not be read to its end.
        let beginning: String = query.chars().take(4 * LONGEST_QUERY).collect();
        let mut query = Folded::of(&beginning, LONGEST_QUERY);
        if query.letters.iter().all(|letter| letter.is_weak || letter.kind == Kind::Break) {
            // Written in hiragana throughout: then it is more than grammar.
            query.letters.iter_mut().for_each(|letter| letter.is_weak = false);
        }
        let parts = self.parts(&query.letters);
        let mut scores = vec![(0.0_f32, 0.0_f32); self.titles.len()];
        let mut whole = 0.0;
        let mut sought = Sought::default();
        for part in parts {
            let matched = self.matched(&part, &mut sought);
            let (all, having) = (self.titles.len() as f32, matched.len() as f32);
            // A word that is everywhere still says a little; one that is nowhere, no more than a rare one.
            let rarity = 0.3 + (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
            let rarity = if having > 0.0 { rarity } else { rarity.min(UNKNOWN) };
            let worth = part.weight * rarity;
            whole += worth;
            for (entry, quality) in matched {
                if let Some((score, covered)) = scores.get_mut(entry as usize) {
                    *score += worth * quality;
                    *covered += worth;
                }
            }
        }
        let mut ranked: Vec<(f32, usize)> = scores
            .into_iter()
            .enumerate()
            .filter(|(_, (_, covered))| *covered > 0.0 && *covered >= whole * LEAST_COVERED)
            .map(|(entry, (score, covered))| (score * covered / whole, entry))
            .collect();
        ranked.sort_by(|(left, one), (right, other)| right.total_cmp(left).then(one.cmp(other)));
        let asked = letters_of(&query);
        for (score, entry) in ranked.iter_mut().take(LOOKED_AT) {
            if asked.chars().nth(1).is_some() && self.titles.get(*entry).is_some_and(|title| title.contains(&asked)) {
                *score *= 1.5;
            }
        }
        ranked.sort_by(|(left, one), (right, other)| right.total_cmp(left).then(one.cmp(other)));
        let best = ranked.first().map_or(0.0, |(score, _)| *score);
        let entries = ranked.iter().take_while(|(score, _)| *score >= best * LEAST_OF_BEST).map(|(_, entry)| *entry);
        Found { entries: entries.collect(), sought }
    }

    /// The entries that have the part, in their order, and how well. What they matched is noted for marking.
    fn matched(&self, part: &Part, sought: &mut Sought) -> Vec<(u32, f32)> {
        let mut best: Vec<(u32, f32)> = Vec::new();
        for alternative in &part.alternatives {
            let found = self.with_all(&alternative.keys);
            if found.is_empty() {
                continue;
            }
            match &alternative.mark {
                Mark::Gram => sought.grams.extend(alternative.keys.iter().cloned()),
                Mark::Word => sought.words.extend(alternative.keys.iter().cloned()),
                Mark::Phrase(phrase) => {
                    sought.phrases.insert(phrase.clone());
                }
                Mark::None => {}
            }
            let found =
                found.into_iter().map(|posting| (posting.entry, worth_of(posting.fields) * alternative.quality));
            best = merged(best, found);
        }
        best
    }

    /// The entries that have all the keys, with the fields that have all of them.
    fn with_all(&self, keys: &[String]) -> Vec<Posting> {
        let mut lists = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(list) = self.postings.get(key.as_str()) else { return Vec::new() };
            lists.push(list);
        }
        lists.sort_by_key(|list| list.len());
        let mut lists = lists.into_iter();
        let mut found = lists.next().cloned().unwrap_or_default();
        for list in lists {
            let mut others = list.iter().peekable();
            found.retain_mut(|posting| {
                while others.next_if(|other| other.entry < posting.entry).is_some() {}
                posting.fields &= others.peek().filter(|other| other.entry == posting.entry).map_or(0, |o| o.fields);
                posting.fields != 0
            });
        }
        found
    }

    /// The query in parts: words that have synonyms first, then what is left between them.
    fn parts(&self, letters: &[Letter]) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut at = 0;
        let mut rest_from = 0;
        while let Some(here) = letters.get(at..).filter(|here| !here.is_empty()) {
            let before = at.checked_sub(1).and_then(|before| letters.get(before));
            if let Some((count, group)) = self.synonyms.at(before, here) {
                self.plain_parts(letters.get(rest_from..at).unwrap_or_default(), &mut parts);
                parts.push(of_group(here.get(..count).unwrap_or_default(), group));
                at += count;
                rest_from = at;
            } else {
                at += 1;
            }
        }
        self.plain_parts(letters.get(rest_from..).unwrap_or_default(), &mut parts);
        parts
    }

    fn plain_parts(&self, letters: &[Letter], into: &mut Vec<Part>) {
        for run in letters.chunk_by(|left, right| left.kind == right.kind) {
            let text = || run.iter().map(|letter| letter.letter).collect::<String>();
            let one = |key: String, mark| vec![Alternative { keys: vec![key], quality: 1.0, mark }];
            match (run.first().map(|first| first.kind), run) {
                (Some(Kind::Word), _) => {
                    let word = text();
                    let weight = if run.len() < 3 { 1.0 } else { 2.0 };
                    into.push(Part { weight, alternatives: self.spellings(&word) });
                }
                (Some(Kind::Digits), _) => into.push(Part { weight: 1.0, alternatives: one(text(), Mark::Word) }),
                (Some(Kind::Bigrams), [only]) if only.is_weak => {}
                (Some(Kind::Bigrams), [_]) => into.push(Part { weight: 0.6, alternatives: one(text(), Mark::Gram) }),
                (Some(Kind::Bigrams), _) => into.extend(run.windows(2).map(|pair| {
                    let key = pair.iter().map(|letter| letter.letter).collect();
                    match pair.iter().filter(|letter| letter.is_weak).count() {
                        0 => Part { weight: 1.0, alternatives: one(key, Mark::Gram) },
                        1 => Part { weight: 0.4, alternatives: one(key, Mark::Gram) },
                        _ => Part { weight: 0.2, alternatives: one(key, Mark::None) },
                    }
                })),
                _ => {}
            }
        }
    }

    /// The words that a typed one may stand for: itself, words that begin with it, its stem, and where it is not
    /// known, words that are a slip or two away.
    fn spellings(&self, word: &str) -> Vec<Alternative> {
        let letters = word.chars().count();
        let spelling = |key: &str, quality| Alternative { keys: vec![key.to_owned()], quality, mark: Mark::Word };
        let mut spellings = Vec::new();
        let from = self.words.partition_point(|(known, _)| **known < *word);
        let completions = self.words.iter().skip(from).take_while(|(known, _)| known.starts_with(word));
        for (known, _) in completions.take(if letters < 3 { 1 } else { MOST_COMPLETIONS }) {
            match &**known == word {
                true => spellings.push(spelling(known, 1.0)),
                false if letters >= 3 => spellings.push(spelling(known, 0.8)),
                false => {}
            }
        }
        let is_known = !spellings.is_empty();
        for shorter in 1..=3 {
            let stem: String = word.chars().take(letters.saturating_sub(shorter)).collect();
            if stem.chars().count() >= 4 && self.words.binary_search_by(|(known, _)| (**known).cmp(&stem)).is_ok() {
                spellings.push(spelling(&stem, 0.8));
            }
        }
        let slips = match letters {
            0..4 => 0,
            4..8 => 1,
            _ => 2,
        };
        if !is_known && slips > 0 {
            let set = letter_set(word);
            let alike = self.words.iter().filter(|(known, known_set)| {
                // Each slip changes two letters of the set at most.
                known.len().abs_diff(word.len()) <= 4 * slips && (known_set ^ set).count_ones() as usize <= 2 * slips
            });
            let mut alike: Vec<(usize, &str)> = alike
                .map(|(known, _)| (strsim::osa_distance(known, word), &**known))
                .filter(|(distance, _)| *distance <= slips)
                .collect();
            alike.sort();
            spellings.extend(
                alike
                    .into_iter()
                    .take(MOST_COMPLETIONS)
                    .map(|(distance, known)| spelling(known, if distance > 1 { 0.5 } else { 0.7 })),
            );
        }
        spellings
    }
}

/// A part of a query that has synonyms. The word that was typed is the best of them.
fn of_group(typed: &[Letter], group: &[Folded]) -> Part {
    let typed: String = typed.iter().map(|letter| letter.letter).collect();
    let alternatives = group.iter().map(|word| {
        let mut keys = Vec::new();
        for run in word.runs() {
            for_each_key(run, &mut |key, _| keys.push(key));
        }
        // A kanji by itself is in the index beside its pairs.
        if keys.len() > 1 {
            keys.retain(|key| key.chars().nth(1).is_some() || key.is_ascii());
        }
        let text = word.text();
        Alternative { keys, quality: if text == typed { 1.0 } else { 0.85 }, mark: Mark::Phrase(text) }
    });
    Part { weight: 3.0, alternatives: alternatives.collect() }
}

/// The keys under which a run of letters is found.
fn for_each_key(run: &[Letter], take: &mut impl FnMut(String, Kind)) {
    let Some(kind) = run.first().map(|first| first.kind) else { return };
    if kind != Kind::Bigrams {
        return take(run.iter().map(|letter| letter.letter).collect(), kind);
    }
    for pair in run.windows(2) {
        take(pair.iter().map(|letter| letter.letter).collect(), kind);
    }
    for letter in run.iter().filter(|letter| run.len() == 1 || !('\u{3041}'..='\u{309f}').contains(&letter.letter)) {
        take(letter.letter.to_string(), kind);
    }
}

fn worth_of(fields: u8) -> f32 {
    [(TITLE, 6.0), (TAGS, 3.5), (ANSWER, 1.0)].iter().filter(|(field, _)| fields & field != 0).map(|(_, w)| w).sum()
}

/// Two lists by entry as one, with the better of two values.
fn merged(left: Vec<(u32, f32)>, right: impl Iterator<Item = (u32, f32)>) -> Vec<(u32, f32)> {
    if left.is_empty() {
        return right.collect();
    }
    let mut all = left;
    all.extend(right);
    all.sort_by(|(one, left), (other, right)| one.cmp(other).then(right.total_cmp(left)));
    all.dedup_by_key(|(entry, _)| *entry);
    all
}

/// Letters and digits alone, as they are compared.
fn letters_of(folded: &Folded) -> String {
    folded.letters.iter().filter(|letter| letter.kind != Kind::Break).map(|letter| letter.letter).collect()
}

/// Which letters a word has, as bits: the cheapest way to see that two words have little in common.
fn letter_set(word: &str) -> u32 {
    word.chars().fold(0, |set, letter| set | 1 << (u32::from(letter) % 32))
}

#[cfg(test)]
mod tests;
