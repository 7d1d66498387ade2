//! What is wrong with the settings: every mistake with its place and its fix, and never a value, since that could be a
//! password.

use std::collections::BTreeSet;
use std::fmt;

/// One mistake, shown as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: Origin,
    /// What is wrong, naming the setting in full.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

/// Where a value comes from, in the order in which problems are reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A line of a settings file, counted from 1.
    Line { file: String, line: usize },
    /// A whole file.
    File(String),
    /// An environment variable, by name.
    Variable(String),
    /// Settings that were put together in the program.
    Program,
}

/// All mistakes that were found, at least one; shown as one line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Line { file, line } => write!(f, "{file}:{line}"),
            Origin::File(file) => f.write_str(file),
            Origin::Variable(name) => f.write_str(name),
            Origin::Program => f.write_str("settings"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what, self.fix)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// A mistake in what settings mean, before it is known where they came from.
pub(super) struct Finding {
    /// The settings that it concerns, in full (`passwords.min_length`).
    pub keys: Vec<String>,
    pub what: String,
    pub fix: String,
}

/// Collects what the sections' checks find.
#[derive(Default)]
pub(super) struct Findings {
    found: Vec<Finding>,
    /// Settings that are wrong in themselves; what follows from them is not reported again.
    spoilt: BTreeSet<String>,
}

impl Findings {
    /// Passes over settings that couldn't be read and so have a value that nobody chose.
    pub fn except(spoilt: BTreeSet<String>) -> Findings {
        Findings { found: Vec::new(), spoilt }
    }

    /// Notes a mistake in `keys` unless the rule `holds`.
    pub fn require(&mut self, holds: bool, keys: &[&str], what: impl Into<String>, fix: impl Into<String>) {
        if !holds && !keys.iter().any(|key| self.spoilt.contains(*key)) {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            self.found.push(Finding { keys, what: what.into(), fix: fix.into() });
        }
    }

    /// Like [`Findings::require`] for a rule about the one setting `key`, which other rules then leave alone.
    pub fn require_alone(&mut self, holds: bool, key: &str, what: impl Into<String>, fix: impl Into<String>) {
        self.require(holds, &[key], what, fix);
        if !holds {
            self.spoilt.insert(key.to_owned());
        }
    }

    /// The findings as problems, placed by `place_of` the settings that they concern.
    pub fn into_problems(self, place_of: impl Fn(&[String]) -> Origin) -> Vec<Problem> {
        let placed =
            |finding: Finding| Problem { place: place_of(&finding.keys), what: finding.what, fix: finding.fix };
        self.found.into_iter().map(placed).collect()
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}
