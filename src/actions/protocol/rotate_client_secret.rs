//! A new secret for a client, made by staff.

use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::actor::Actor;
use crate::domain::ids::ClientId;
use crate::domain::secret::Secret;
use crate::domain::unix_time::Span;
use crate::store::protocol::clients;

/// Gives a client a new secret; the old one is taken for `overlap` longer. `None`: no such confidential client.
pub async fn rotate_client_secret(
    app: &App,
    actor: &Actor,
    id: &ClientId,
    overlap: Span,
) -> Result<Option<Secret<String>>, ActionError> {
    let (actor, id) = (actor.clone(), id.clone());
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let secret = opaque_token::new(Kind::ClientSecret);
        let digest = opaque_token::digest(secret.expose());
        let mut tx = run::begin(&app).await?;
        if !clients::rotate_secret(&mut tx, &id, &digest, now + overlap, now).await? {
            return Ok(None);
        }
        tx.commit().await?;
        tracing::info!(client = %id, actor = actor.stored(), "client secret rotated");
        Ok(Some(secret))
    })
    .await
}
