//! Whether the database can be written to, asked by writing to it; and what the clean-up has done last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::outage::Cause;
use super::retention::{CleanUp, last_clean_up};
use super::sql::query;
use super::{Reads as _, Store, StoreError};
use crate::domain::unix_time::UnixTime;
use crate::random;

/// For how long an answer counts: whoever asks more often gets the same one, and nobody can make the database write more.
const COUNTS_FOR: Duration = Duration::from_secs(1);
/// Who asks wants to know soon.
const PATIENCE: Duration = Duration::from_secs(3);

/// So many random tokens are some 64 KiB, which no database makes smaller.
const FILLER: usize = 1_500;

/// What was found last, and the name of this process in the table.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    node: Arc<str>,
    last: Arc<Mutex<Option<(Instant, Probed)>>>,
}

/// `Err` says why nothing could be written.
type Probed = Result<Option<CleanUp>, String>;

impl Probe {
    pub(super) fn new() -> Probe {
        Probe { node: random::identifier().into(), last: Arc::default() }
    }
}

impl Store {
    /// Writes a row, and answers the last clean-up of any node; `Err` says why that was not possible.
    pub async fn probe(&self, now: UnixTime) -> Result<Option<CleanUp>, String> {
        let mut last = self.probe.last.lock().await;
        if let Some((at, found)) = &*last
            && at.elapsed() < COUNTS_FOR
        {
            return found.clone();
        }
        let found = match timeout(PATIENCE, self.write_probe(now)).await {
            Ok(written) => written.map_err(|error| error.to_string()),
            Err(_) => Err(StoreError::Busy(Cause::NoAnswer).to_string()),
        };
        *last = Some((Instant::now(), found.clone()));
        found
    }

    /// Each process has a row of its own: one that hangs holds up no other.
    /// A row fits where a login doesn't: once the disk was full, there must be room for as much as a login writes.
    async fn write_probe(&self, now: UnixTime) -> Result<Option<CleanUp>, StoreError> {
        let filler: String =
            if self.outages.was_full() { (0..FILLER).map(|_| random::token()).collect() } else { String::new() };
        let mut tx = self.write().await?;
        query(
            "INSERT INTO write_probes (node, written_at, filler) VALUES ($1, $2, $3)
             ON CONFLICT (node) DO UPDATE SET written_at = excluded.written_at, filler = excluded.filler",
        )
        .bind(&*self.probe.node)
        .bind(now.0)
        .bind(filler)
        .execute(tx.connection())
        .await?;
        let clean_up = last_clean_up(&mut tx).await?;
        tx.commit().await?;
        Ok(clean_up)
    }
}
