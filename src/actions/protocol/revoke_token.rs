//! A client gives a token back (RFC 7009). The answer is the same whether there was anything to revoke.

use serde_json::Value;

use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::jwt::{self, TokenType};
use crate::domain::ids::ClientId;
use crate::domain::protocol::access_token::AccessToken;
use crate::domain::secret::Secret;
use crate::domain::unix_time::UnixTime;
use crate::store::protocol::grants;

/// A refresh token ends its whole grant (RFC 7009, 2.1); an access token only itself. Another client's stays.
pub async fn revoke_token(app: &App, client: &ClientId, token: Secret<String>) -> Result<(), ActionError> {
    let client = client.clone();
    run::to_its_end(app, |app| async move {
        let now = app.now();
        if let Some((id, _)) = app.refresh_tokens.read(token.expose()) {
            let mut tx = run::begin(&app).await?;
            if grants::by_id(&mut tx, &id).await?.is_some_and(|grant| grant.client == client) {
                grants::end(&mut tx, &id, now).await?;
                tx.commit().await?;
            }
            return Ok(());
        }
        let Ok(claims) = jwt::verify(token.expose(), TokenType::Access, &app.keys(), now) else { return Ok(()) };
        let Ok(access) = serde_json::from_value::<AccessToken>(Value::Object(claims)) else { return Ok(()) };
        if access.client_id == client && access.exp > now.0 {
            let mut tx = run::begin(&app).await?;
            grants::revoke_access_token(&mut tx, &access.jti, UnixTime(access.exp)).await?;
            tx.commit().await?;
        }
        Ok(())
    })
    .await
}
