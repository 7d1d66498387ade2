//! Deletes what nobody can use any more, so that the database stays as large as what it is needed for.

use crate::app::App;
use crate::store::{StoreError, known_devices, password_failures};

/// One round: what has expired, devices that were not used for long, and failures at IDs that don't exist beyond the
/// number that is kept.
pub async fn run(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    let mut gone = app.store.clean_up(now).await?;
    let lock = &app.settings.locks.password;
    let mut tx = app.store.write().await?;
    gone += known_devices::forget(&mut tx, now - lock.known_device_lifetime).await?;
    gone += password_failures::bound_unknown(&mut tx, lock.unknown_ids_kept).await?;
    tx.commit().await?;
    tracing::debug!(rows = gone, "cleaned up");
    Ok(())
}
