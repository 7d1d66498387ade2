//! Logging out: when a relying party asks, and when the member has answered that they want to.

use super::id_token_hint;
use crate::actions::member::admit::Caller;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::ids::ClientId;
use crate::domain::protocol::logout::{After, Decision, Hint, LogoutRequest, Refusal, decide, way_back};
use crate::store::login::browser_sessions;
use crate::store::protocol::clients::{self, StoredClient};
use crate::store::{Reads, StoreError};

/// What a relying party sent.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub id_token_hint: Option<String>,
    pub client_id: Option<String>,
    pub post_logout_redirect_uri: Option<String>,
}

pub enum Requested {
    /// The member is asked first; `after` is where their yes leads, and whose address that is.
    Ask {
        after: After,
        client: Option<ClientId>,
    },
    /// Nobody is logged in here any more.
    LoggedOut {
        after: After,
        /// Whether a session has ended now.
        ended: bool,
    },
    Refused(Refusal),
}

/// A relying party asks to log its member out (RP-Initiated Logout 1.0, 2).
pub async fn request_logout(app: &App, asked: Asked, caller: &Caller) -> Result<Requested, ActionError> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let hint = asked.id_token_hint.as_deref().map_or(Hint::None, |hint| id_token_hint::read(&app, hint));
        let named = match &hint {
            Hint::Proved(subject) => Some(subject.client.as_str()),
            Hint::Unusable { client } => asked.client_id.as_deref().or(client.as_ref().map(ClientId::as_str)),
            Hint::None => asked.client_id.as_deref(),
        };
        let mut reader = app.store.reader().await?;
        let stored = registered(&mut reader, named).await?;
        let session = caller.session(&app, &mut reader).await?;
        drop(reader);
        let request = LogoutRequest {
            hint: &hint,
            client_id: asked.client_id.as_deref(),
            client: stored.as_ref().map(|stored| &stored.client),
            vouched_for: stored.as_ref().is_some_and(StoredClient::is_vouched_for),
            post_logout_redirect_uri: asked.post_logout_redirect_uri.as_deref(),
        };
        let decision = decide(request, session.as_ref());
        let client = stored.map(|stored| stored.client.id);
        Ok(match decision {
            Decision::Refuse(refusal) => Requested::Refused(refusal),
            Decision::Ask { after } => Requested::Ask { after, client },
            Decision::Nothing { after } => Requested::LoggedOut { after, ended: false },
            Decision::End { after } => {
                end(&app, &caller).await?;
                Requested::LoggedOut { after, ended: true }
            }
        })
    })
    .await
}

/// The member wants to log out. Where that leads is looked up again: the client may have changed since they were asked.
pub async fn log_out(app: &App, after: After, client: Option<ClientId>, caller: &Caller) -> Result<After, ActionError> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let stored = registered(&mut app.store.reader().await?, client.as_ref().map(ClientId::as_str)).await?;
        end(&app, &caller).await?;
        Ok(match (after, stored) {
            (After::Back { uri, by_itself }, Some(stored)) => {
                let by_itself = by_itself && stored.is_vouched_for();
                way_back(&stored.client, &uri, by_itself).unwrap_or(After::Page)
            }
            _ => After::Page,
        })
    })
    .await
}

async fn registered(db: &mut impl Reads, id: Option<&str>) -> Result<Option<StoredClient>, StoreError> {
    match id {
        Some(id) => clients::by_id(db, id).await,
        None => Ok(None),
    }
}

/// Ends the session of this browser, if it is still going on.
async fn end(app: &App, caller: &Caller) -> Result<(), ActionError> {
    let mut tx = run::begin(app).await?;
    if let Some(session) = caller.session(app, &mut tx).await? {
        browser_sessions::end(&mut tx, &session.id, app.now()).await?;
        tx.commit().await?;
        tracing::info!(member = %session.member, session = %session.id, "logged out");
    }
    Ok(())
}
