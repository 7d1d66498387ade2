//! What time it is. The only place that asks the system; tests hold a clock that they move by hand.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::unix_time::{Span, UnixTime};

#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Stands still until it is moved.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn manual(start: UnixTime) -> Clock {
        Clock::Manual(Arc::new(AtomicI64::new(start.0)))
    }

    pub fn now(&self) -> UnixTime {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
            Clock::System => {
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                UnixTime(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
            }
            Clock::Manual(seconds) => UnixTime(seconds.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward; the system's clock cannot be moved.
    pub fn advance(&self, span: Span) {
        if let Clock::Manual(seconds) = self {
            seconds.fetch_add(i64::from(span.as_seconds()), Ordering::SeqCst);
        }
    }

    /// Sets a manual clock back.
    pub fn set_back(&self, span: Span) {
        if let Clock::Manual(seconds) = self {
            seconds.fetch_sub(i64::from(span.as_seconds()), Ordering::SeqCst);
        }
    }
}

/// Notices when the clock is set, by comparing it with one that only goes forward.
#[derive(Debug)]
pub struct ClockWatch(Mutex<Watched>);

#[derive(Debug)]
struct Watched {
    looked_at: (Instant, UnixTime),
    last: Option<Step>,
}

/// The clock was set.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Forward, or (below zero) back.
    pub seconds: i64,
    pub noticed: Instant,
}

/// A difference that is no step: the clock counts whole seconds, and is slowed and hurried a little to stay right.
const NO_STEP: i64 = 5;

impl ClockWatch {
    pub fn new(now: UnixTime) -> ClockWatch {
        ClockWatch(Mutex::new(Watched { looked_at: (Instant::now(), now), last: None }))
    }

    /// Looks at the clock, logs a step since the last look, and answers the last step there was.
    pub fn look(&self, now: UnixTime) -> Option<Step> {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (then, told) = watched.looked_at;
        let passed = i64::try_from(then.elapsed().as_secs()).unwrap_or(i64::MAX);
        let seconds = now.0.saturating_sub(told.0).saturating_sub(passed);
        watched.looked_at = (Instant::now(), now);
        if seconds.saturating_abs() >= NO_STEP {
            tracing::warn!(seconds, "the clock was set (below zero: back); what expires goes by it");
            watched.last = Some(Step { seconds, noticed: Instant::now() });
        }
        watched.last
    }
}

impl Step {
    pub fn is_within(&self, span: Duration) -> bool {
        self.noticed.elapsed() < span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_noticed_and_one_that_runs_is_not() {
        let watch = ClockWatch::new(UnixTime(1_000));
        assert!(watch.look(UnixTime(1_000)).is_none());
        assert!(watch.look(UnixTime(1_003)).is_none(), "it was only read late");
        assert_eq!(watch.look(UnixTime(1_003 - 3_600)).unwrap().seconds, -3_600);
        assert_eq!(watch.look(UnixTime(1_003 - 3_600)).unwrap().seconds, -3_600, "the last one is remembered");
        assert_eq!(watch.look(UnixTime(90_000)).unwrap().seconds, 90_000 - (1_003 - 3_600));
    }
}
