//! Queries that found nothing are counted beside the request: many at once become one write.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::actions::help::count_feedback::count_misses;
use crate::domain::help::search::kept_of_miss;

/// How many different ones wait to be written at most; further ones are not counted.
const MOST_WAITING: usize = 200;

#[derive(Default)]
pub struct Misses(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    counts: BTreeMap<(String, String), i64>,
    is_being_written: bool,
}

impl super::HelpSite {
    /// Counts a query that found nothing, unless it may say something about a person.
    pub(super) fn note_miss(self: &std::sync::Arc<Self>, locale: &str, query: &str) {
        let Some(kept) = kept_of_miss(query) else { return };
        let mut waiting = self.misses.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (locale.to_owned(), kept);
        if waiting.counts.len() >= MOST_WAITING && !waiting.counts.contains_key(&key) {
            return;
        }
        *waiting.counts.entry(key).or_default() += 1;
        if !std::mem::replace(&mut waiting.is_being_written, true) {
            tokio::spawn(write(std::sync::Arc::clone(self)));
        }
    }
}

async fn write(web: std::sync::Arc<super::HelpSite>) {
    loop {
        let counts = {
            let mut waiting = web.misses.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.is_being_written = !waiting.counts.is_empty();
            if !waiting.is_being_written {
                return;
            }
            std::mem::take(&mut waiting.counts)
        };
        let counts: Vec<_> = counts.into_iter().map(|((locale, query), count)| (locale, query, count)).collect();
        if let Err(error) = count_misses(&web.app, counts).await {
            tracing::warn!("searches that found nothing are not counted: {error}");
        }
    }
}
