//! How a verb runs: in a task of its own, to its end, whoever hangs up; and the one place where it gets its transaction.
//!
//! ```text
//! pub async fn do_something(app: &App, actor: &Actor, input: Input) -> Result<Outcome, ActionError> {
//!     let actor = actor.clone();
//!     run::to_its_end(app, |app| async move {
//!         let mut tx = run::begin(&app).await?;
//!         // reads what it relies on, asks the rules, writes rows, records the event, queues the mail
//!         tx.commit().await?;
//!         Ok(Outcome::Done)
//!     })
//!     .await
//! }
//! ```
//! A function that takes a [`WriteTx`] is part of a verb, not one itself. `tests/imports.rs` holds that only this file opens
//! a transaction that writes.

use std::future::Future;

use super::ActionError;
use crate::app::App;
use crate::store::{self, WriteTx};

/// Runs `verb` in a task of its own: a connection that closes, or a caller that is dropped, does not cut it. A stop of the
/// program waits for it.
pub async fn to_its_end<T, E, V>(app: &App, verb: impl FnOnce(App) -> V) -> Result<T, E>
where
    T: Send + 'static,
    E: From<ActionError> + Send + 'static,
    V: Future<Output = Result<T, E>> + Send + 'static,
{
    match app.verbs.spawn(store::on_firm_ground(verb(app.clone()))).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(lost)) => Err(ActionError::Store(lost).into()),
        Err(broken) => match broken.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(ActionError::Stopped.into()),
        },
    }
}

/// The transaction of a verb. Dropped without a commit, it leaves no trace.
pub async fn begin(app: &App) -> Result<WriteTx, ActionError> {
    Ok(app.store.write().await?)
}
