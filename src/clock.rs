//! What time it is. The only place that asks the system; tests hold a clock that they move by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

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
}
