//! A client goes, and everything that was granted to it: at its own wish (RFC 7592, 2.3), or by staff.

use super::change_client::OwnRegistration;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::ClientId;
use crate::store::protocol::clients;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Done,
    /// The token does not open this registration, or there is none.
    NotAllowed,
    /// It is not at a revision that the client has seen.
    Overtaken,
}

pub async fn remove_own_registration(app: &App, own: OwnRegistration) -> Result<Removed, ActionError> {
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let stored = match clients::held(&mut tx, &own.id).await? {
            Some(stored) if own.opens(&stored) => stored,
            _ => return Ok(Removed::NotAllowed),
        };
        if own.is_overtaken(&stored) {
            return Ok(Removed::Overtaken);
        }
        let id = stored.client.id;
        clients::remove(&mut tx, &id).await?;
        tx.commit().await?;
        tracing::info!(client = %id, actor = Actor::Client(id.clone()).stored(), "client removed");
        Ok(Removed::Done)
    })
    .await
}

/// `false` if there is no such client.
pub async fn remove_client(app: &App, actor: &Actor, id: &ClientId) -> Result<bool, ActionError> {
    let (actor, id) = (actor.clone(), id.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        if !clients::remove(&mut tx, &id).await? {
            return Ok(false);
        }
        tx.commit().await?;
        tracing::info!(client = %id, actor = actor.stored(), "client removed");
        Ok(true)
    })
    .await
}
