//! Notes that a session is in use, so that it does not end as idle.

use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::ids::BrowserSessionId;
use crate::store::login::browser_sessions;

pub async fn note_session_use(app: &App, session: &BrowserSessionId) -> Result<(), ActionError> {
    let session = session.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        browser_sessions::note_use(&mut tx, &session, app.now()).await?;
        Ok(tx.commit().await?)
    })
    .await
}
