//! Whether a client is who it says: the one place where what it shows is judged.

use crate::actions::ActionError;
use crate::app::App;
use crate::crypto::opaque_token;
use crate::domain::ids::ClientId;
use crate::domain::protocol::client_authentication::{Credential, Presented};
use crate::domain::unix_time::UnixTime;
use crate::store::protocol::clients::{self, StoredClient};

#[derive(Debug)]
pub enum Authentication {
    Proved(Box<StoredClient>),
    Failed {
        /// The client that it would be, if there is one: what a stranger types names nobody.
        known: Option<ClientId>,
        /// For the log: the client is told nothing.
        why: &'static str,
    },
}

pub async fn authenticate_client(app: &App, presented: &Presented) -> Result<Authentication, ActionError> {
    let found = clients::by_id(&mut app.store.reader().await?, presented.client.as_str()).await?;
    let Some(stored) = found else { return Ok(Authentication::Failed { known: None, why: "unknown client" }) };
    let known = Some(stored.client.id.clone());
    if !presented.credential.fits(stored.client.authentication) {
        return Ok(Authentication::Failed { known, why: "not a credential that the client is registered with" });
    }
    let proved = match &presented.credential {
        Credential::None => true,
        Credential::SecretByBasic(secret) | Credential::SecretByPost(secret) => {
            is_secret_of(&stored, secret.expose(), app.now())
        }
    };
    Ok(match proved {
        true => Authentication::Proved(Box::new(stored)),
        false => Authentication::Failed { known, why: "wrong secret" },
    })
}

/// Whether `secret` is the client's, or the one it had until a moment ago.
pub fn is_secret_of(stored: &StoredClient, secret: &str, now: UnixTime) -> bool {
    let digest = opaque_token::digest(secret);
    let present = stored.secret_digest.as_ref().is_some_and(|d| opaque_token::same(d, &digest));
    let previous =
        stored.previous_secret.as_ref().is_some_and(|(d, until)| now < *until && opaque_token::same(d, &digest));
    present || previous
}
