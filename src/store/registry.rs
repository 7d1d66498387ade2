//! What every request reads and staff seldom change, held in memory: clients and resource servers.
//!
//! A change by this process is seen with its commit. What other nodes and the command line change is noticed by a number in
//! the database, which is asked for again when it was last seen half a second ago. Without the database nothing is answered
//! from memory for longer than that.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::protocol::clients::StoredClient;
use super::sql::query;
use super::{Reads, StoreError, WriteTx};
use crate::domain::protocol::resource_server::ResourceServer;

/// How old what is answered may be.
const COUNTS_FOR: Duration = Duration::from_millis(500);
/// With more clients than this, those in use are found again soon.
const MOST: usize = 10_000;

/// What is held in memory.
#[derive(Debug, Default)]
pub struct Registry(RwLock<Held>);

#[derive(Debug, Default)]
struct Held {
    /// The number in the database, and when it was seen.
    seen: Option<(i64, Instant)>,
    /// How often everything was forgotten: what was read before that is not kept.
    forgotten: u64,
    clients: HashMap<String, StoredClient>,
    resource_servers: Option<Vec<ResourceServer>>,
}

impl Registry {
    /// Forgets everything, if it was changed elsewhere; how often that happened.
    pub(super) async fn look(&self, db: &mut impl Reads) -> Result<u64, StoreError> {
        {
            let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if held.seen.is_some_and(|(_, at)| at.elapsed() < COUNTS_FOR) {
                return Ok(held.forgotten);
            }
        }
        let now = Instant::now();
        let row = query("SELECT generation FROM registry WHERE one = 'registry'").fetch_one(db.connection()).await?;
        let generation: i64 = row.try_get(0)?;
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.seen.is_none_or(|(seen, _)| seen != generation) {
            held.forget();
        }
        held.seen = Some((generation, now));
        Ok(held.forgotten)
    }

    pub(super) fn client(&self, id: &str) -> Option<StoredClient> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clients.get(id).cloned()
    }

    pub(super) fn resource_servers(&self) -> Option<Vec<ResourceServer>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).resource_servers.clone()
    }

    /// Keeps what was read after `forgotten`.
    pub(super) fn keep_client(&self, forgotten: u64, client: &StoredClient) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.forgotten == forgotten && held.clients.len() < MOST {
            held.clients.insert(client.client.id.to_string(), client.clone());
        }
    }

    pub(super) fn keep_resource_servers(&self, forgotten: u64, all: &[ResourceServer]) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.forgotten == forgotten {
            held.resource_servers = Some(all.to_vec());
        }
    }

    pub(super) fn forget(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).forget();
    }
}

impl Held {
    fn forget(&mut self) {
        self.forgotten += 1;
        self.clients.clear();
        self.resource_servers = None;
        self.seen = None;
    }
}

/// Tells every node that a client or a resource server was changed. This transaction reads what it wrote itself.
pub(super) async fn changed(tx: &mut WriteTx) -> Result<(), StoreError> {
    query("UPDATE registry SET generation = generation + 1 WHERE one = 'registry'").execute(tx.connection()).await?;
    tx.changes_registry = true;
    Ok(())
}
