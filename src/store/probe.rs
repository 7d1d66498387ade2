//! Whether the database can be written to, asked by writing to it; and what the clean-up has done last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::outage::Cause;
use super::retention::{CleanUp, last_clean_up};
use super::{Reads as _, Store, StoreError};
use crate::domain::unix_time::UnixTime;
use crate::random;

/// For how long an answer counts: whoever asks more often gets the same one, and nobody can make the database write more.
const COUNTS_FOR: Duration = Duration::from_secs(1);
/// Who asks wants to know soon.
const PATIENCE: Duration = Duration::from_secs(3);

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
    async fn write_probe(&self, now: UnixTime) -> Result<Option<CleanUp>, StoreError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO write_probes (node, written_at) VALUES ($1, $2)
             ON CONFLICT (node) DO UPDATE SET written_at = excluded.written_at",
        )
        .bind(&*self.probe.node)
        .bind(now.0)
        .execute(tx.connection())
        .await?;
        let clean_up = last_clean_up(&mut tx).await?;
        tx.commit().await?;
        Ok(clean_up)
    }
}
