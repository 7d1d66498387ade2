//! When the database can't be used: why, since when, and that it works again. The log says each once, however many requests
//! come meanwhile.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::unix_time::Span;

/// Why the database can't be used for the moment. It passes: whoever asks again later may be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    DiskFull,
    /// A standby that has not taken over yet, or a file that can't be written to.
    ReadOnly,
    /// Somebody else holds what was asked for.
    Locked,
    /// A statement took longer than it may.
    TooSlow,
    /// None could be made, or all are in use.
    NoConnection,
    ConnectionBroke,
    /// Not even that it takes longer.
    NoAnswer,
    /// Its memory, its files, itself.
    DatabaseTrouble,
}

impl Cause {
    /// When to ask again.
    pub const fn retry_after(self) -> Span {
        match self {
            Cause::Locked | Cause::TooSlow => Span::seconds(1),
            _ => Span::seconds(5),
        }
    }

    /// Whether the connection is as good as before: it can be used again.
    pub(super) const fn spares_connection(self) -> bool {
        matches!(self, Cause::Locked | Cause::TooSlow)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::DiskFull => "its disk is full",
            Cause::ReadOnly => "it can be read only",
            Cause::Locked => "somebody else holds what is needed",
            Cause::TooSlow => "a statement took too long",
            Cause::NoConnection => "no connection to it can be had",
            Cause::ConnectionBroke => "the connection to it broke",
            Cause::NoAnswer => "it does not answer",
            Cause::DatabaseTrouble => "it has trouble of its own",
        })
    }
}

/// A spell is over when something was written and nothing has failed for so long.
const QUIET: Duration = Duration::from_secs(3);

#[derive(Debug)]
struct Spell {
    began: Instant,
    last: Instant,
    causes: Vec<Cause>,
    failures: u64,
}

/// What of the database has failed lately.
#[derive(Debug, Default)]
pub struct Outages {
    spell: Mutex<Option<Spell>>,
    /// Whether there is a spell: asked at every commit.
    is_on: AtomicBool,
}

impl Outages {
    /// Something failed. The log names each cause once per spell.
    pub(super) fn failed(&self, cause: Cause, why: &dyn fmt::Display) {
        let now = Instant::now();
        let mut spell = self.spell.lock().unwrap_or_else(PoisonError::into_inner);
        let spell = spell.get_or_insert_with(|| Spell { began: now, last: now, causes: Vec::new(), failures: 0 });
        spell.last = now;
        spell.failures += 1;
        if !spell.causes.contains(&cause) {
            spell.causes.push(cause);
            tracing::error!(
                "the database can't be used: {cause} ({why}). What needs it is answered as busy until it works"
            );
        }
        self.is_on.store(true, Ordering::Release);
    }

    /// Whether the disk was full lately.
    pub(super) fn was_full(&self) -> bool {
        let spell = self.spell.lock().unwrap_or_else(PoisonError::into_inner);
        spell.as_ref().is_some_and(|spell| spell.causes.contains(&Cause::DiskFull))
    }

    /// Something was written.
    pub(super) fn worked(&self) {
        if !self.is_on.load(Ordering::Acquire) {
            return;
        }
        let mut spell = self.spell.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(over) = spell.take_if(|spell| spell.last.elapsed() >= QUIET) else { return };
        self.is_on.store(false, Ordering::Release);
        let seconds = over.last.duration_since(over.began).as_secs();
        tracing::info!(seconds, failures = over.failures, "the database works again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spell_ends_with_a_write_after_some_quiet() {
        let outages = Outages::default();
        let causes = |outages: &Outages| outages.spell.lock().unwrap().as_ref().map(|spell| spell.causes.clone());
        outages.worked();
        assert_eq!(causes(&outages), None);
        outages.failed(Cause::Locked, &"here");
        outages.failed(Cause::DiskFull, &"there");
        outages.failed(Cause::Locked, &"here again");
        assert_eq!(causes(&outages), Some(vec![Cause::Locked, Cause::DiskFull]));
        outages.worked();
        assert!(causes(&outages).is_some(), "some writes still fail");
        let before = Instant::now().checked_sub(QUIET).unwrap();
        outages.spell.lock().unwrap().as_mut().unwrap().last = before;
        outages.worked();
        assert_eq!(causes(&outages), None);
    }
}
