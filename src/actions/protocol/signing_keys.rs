//! Signing keys: there is always one of each algorithm, and a successor before it grows old.

use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::signing_keys::{KeyError, generate};
use crate::domain::protocol::signing_key::{Algorithm, StoredKey};
use crate::domain::unix_time::{Span, UnixTime};
use crate::store::protocol::signing_keys;

/// How a key takes over from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// Published first, used once relying parties have seen it; the old one stays until the last token has expired.
    Announced,
    /// At once, and the old one is gone: tokens signed with it are worth nothing. For a key that leaked.
    Immediate,
}

/// Makes the keys that are missing and the successors that are due, and reads the set again.
pub async fn ensure(app: &App) -> Result<(), ActionError> {
    let now = app.now();
    let stored = signing_keys::all(&mut app.store.reader().await?).await?;
    for algorithm in Algorithm::ALL {
        let newest = stored.iter().filter(|k| k.algorithm == algorithm).max_by_key(|k| k.signs_from);
        match newest {
            None => make(app, algorithm, now, None).await?,
            Some(key) if now >= key.signs_from + app.settings.tokens.key_rotation => {
                make(app, algorithm, now, Some(Takeover::Announced)).await?;
            }
            Some(_) => {}
        }
    }
    Ok(app.reload_keys().await?)
}

/// Makes a successor of every key now.
pub async fn rotate(app: &App, takeover: Takeover) -> Result<(), ActionError> {
    for algorithm in Algorithm::ALL {
        make(app, algorithm, app.now(), Some(takeover)).await?;
    }
    Ok(app.reload_keys().await?)
}

async fn make(app: &App, algorithm: Algorithm, now: UnixTime, after: Option<Takeover>) -> Result<(), ActionError> {
    run::to_its_end(app, move |app| async move {
        let signs_from = match after {
            Some(Takeover::Announced) => now + app.settings.tokens.key_published_before_use,
            Some(Takeover::Immediate) | None => now,
        };
        let sealer = app.at_rest.clone();
        let made = tokio::task::spawn_blocking(move || generate(algorithm, &sealer, now, signs_from)).await;
        let key = made.map_err(|_| KeyError::None(algorithm))??;
        let mut tx = run::begin(&app).await?;
        let added = match after {
            None => signing_keys::insert_first(&mut tx, &key).await?,
            Some(_) => signing_keys::insert_successor(&mut tx, &key).await?,
        };
        if added && let Some(takeover) = after {
            let needed_until = match takeover {
                Takeover::Announced => signs_from + longest_token(&app),
                Takeover::Immediate => now,
            };
            signing_keys::retire_others(&mut tx, &key, needed_until).await?;
        }
        tx.commit().await?;
        if added {
            tracing::info!(key = key.id, algorithm = algorithm.name(), signs_from = signs_from.0, "signing key made");
        }
        Ok(())
    })
    .await
}

/// A signature must be verifiable for as long as the longest token lasts, and an ID token as a hint for a while longer.
fn longest_token(app: &App) -> Span {
    let tokens = &app.settings.tokens;
    tokens.access_token_lifetime.max(tokens.id_token_lifetime).max(app.settings.sessions.absolute)
}

/// All keys as stored, for staff.
pub async fn list(app: &App) -> Result<Vec<StoredKey>, ActionError> {
    Ok(signing_keys::all(&mut app.store.reader().await?).await?)
}
