//! The session that a browser's cookie stands for, as a verb must read it: in the transaction that relies on it.

use crate::app::App;
use crate::crypto::opaque_token;
use crate::domain::login::browser_session::BrowserSession;
use crate::store::login::browser_sessions;
use crate::store::{Reads, StoreError};

/// `None` if it has ended or grown too old, or if its member may not act any more.
pub async fn live_session(
    app: &App,
    db: &mut impl Reads,
    token: Option<&str>,
) -> Result<Option<BrowserSession>, StoreError> {
    let Some(token) = token else { return Ok(None) };
    let found = browser_sessions::by_token(db, &opaque_token::digest(token)).await?;
    Ok(found.filter(|session| session.is_alive(app.settings.sessions.idle, app.now())))
}
