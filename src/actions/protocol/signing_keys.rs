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

/// Why a key is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    First,
    Successor(Takeover),
}

/// Makes the keys that are missing and the successors that are due, and reads the set again.
pub async fn ensure(app: &App) -> Result<(), ActionError> {
    for algorithm in Algorithm::ALL {
        let stored = signing_keys::all(&mut app.store.reader().await?).await?;
        if let Some(need) = needed(app, algorithm, &stored) {
            make(app, algorithm, need, move |app, stored| needed(app, algorithm, stored) == Some(need)).await?;
        }
    }
    Ok(app.reload_keys().await?)
}

/// Makes a successor of every key now.
pub async fn rotate(app: &App, takeover: Takeover) -> Result<(), ActionError> {
    for algorithm in Algorithm::ALL {
        make(app, algorithm, Need::Successor(takeover), |_, _| true).await?;
    }
    Ok(app.reload_keys().await?)
}

fn needed(app: &App, algorithm: Algorithm, stored: &[StoredKey]) -> Option<Need> {
    let newest = stored.iter().filter(|k| k.algorithm == algorithm).max_by_key(|k| k.signs_from);
    match newest {
        None => Some(Need::First),
        Some(key) if app.now() >= key.signs_from + app.settings.tokens.key_rotation => {
            Some(Need::Successor(Takeover::Announced))
        }
        Some(_) => None,
    }
}

/// Makes a key, which takes a while, and adds it if it is `still_needed` then: of several nodes, one does.
async fn make(
    app: &App,
    algorithm: Algorithm,
    need: Need,
    still_needed: impl FnOnce(&App, &[StoredKey]) -> bool + Send + 'static,
) -> Result<(), ActionError> {
    run::to_its_end(app, move |app| async move {
        let now = app.now();
        let signs_from = match need {
            Need::Successor(Takeover::Announced) => now + app.settings.tokens.key_published_before_use,
            Need::Successor(Takeover::Immediate) | Need::First => now,
        };
        let sealer = app.at_rest.clone();
        let made = tokio::task::spawn_blocking(move || generate(algorithm, &sealer, now, signs_from)).await;
        let key = made.map_err(|_| KeyError::None(algorithm))??;
        let mut tx = run::begin(&app).await?;
        signing_keys::hold(&mut tx).await?;
        if !still_needed(&app, &signing_keys::all(&mut tx).await?) {
            return Ok(());
        }
        signing_keys::insert(&mut tx, &key).await?;
        if let Need::Successor(takeover) = need {
            let needed_until = match takeover {
                Takeover::Announced => signs_from + longest_token(&app),
                // Never again, also if the clock is set back.
                Takeover::Immediate => UnixTime(0),
            };
            signing_keys::retire_others(&mut tx, &key, needed_until).await?;
        }
        tx.commit().await?;
        tracing::info!(key = key.id, algorithm = algorithm.name(), signs_from = signs_from.0, "signing key made");
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
