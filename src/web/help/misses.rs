//! Queries that found nothing are counted beside the request: many at once become one write.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::app::App;
use crate::domain::help::search::kept_of_miss;
use crate::store::StoreError;
use crate::store::help::help_feedback;

/// How many different ones wait to be written at most; further ones are not counted.
const MOST_WAITING: usize = 200;
/// How many different ones are kept in the database.
pub const MOST_KEPT: u32 = 2_000;

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
        if let Err(error) = store(&web.app, &counts).await {
            tracing::warn!("searches that found nothing are not counted: {error}");
        }
    }
}

async fn store(app: &App, counts: &[(String, String, i64)]) -> Result<(), StoreError> {
    let mut tx = app.store.write().await?;
    help_feedback::count_misses(&mut tx, counts, app.now()).await?;
    help_feedback::bound_misses(&mut tx, MOST_KEPT).await?;
    tx.commit().await
}
