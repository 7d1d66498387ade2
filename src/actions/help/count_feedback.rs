//! Counts what readers of the help say of an answer, and what they sought in vain. Nothing is kept about who, so nobody is named
//! here either.

use crate::actions::{ActionError, run};
use crate::app::App;
use crate::store::help::help_feedback;

/// How many different queries that found nothing are kept.
pub const MOST_MISSES: u32 = 2_000;

/// Whether an answer helped.
pub async fn count_vote(app: &App, question: &str, locale: &str, is_helpful: bool) -> Result<(), ActionError> {
    let (question, locale) = (question.to_owned(), locale.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        help_feedback::vote(&mut tx, &question, &locale, is_helpful, app.now()).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Queries that found nothing: the language, what was sought, how often.
pub async fn count_misses(app: &App, counts: Vec<(String, String, i64)>) -> Result<(), ActionError> {
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        help_feedback::count_misses(&mut tx, &counts, app.now()).await?;
        help_feedback::bound_misses(&mut tx, MOST_MISSES).await?;
        Ok(tx.commit().await?)
    })
    .await
}
