//! `grant_type=authorization_code` (RFC 6749, 4.1.3; OpenID Connect Core 1.0, 3.1.3).

use super::issue_tokens::{self, ForGrant, IdToken, Issued};
use super::resource_servers::target;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token;
use crate::domain::ids::ClientId;
use crate::domain::member::profile::Member;
use crate::domain::protocol::access_token::Audience;
use crate::domain::protocol::client::GrantType;
use crate::domain::protocol::grant::{Grant, RedeemProof, Redemption};
use crate::domain::protocol::refresh_rotation::RefreshState;
use crate::domain::protocol::scope::{OFFLINE_ACCESS, OPENID};
use crate::domain::secret::Secret;
use crate::store::WriteTx;
use crate::store::member::members;
use crate::store::protocol::{clients, grants};

/// What a client presents for tokens.
#[derive(Clone, Debug)]
pub struct CodeRequest {
    pub client: ClientId,
    pub code: Secret<String>,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<String>,
    /// Those of the grant that the token is for (RFC 8707, 2.2). Empty: all.
    pub resources: Vec<String>,
}

pub async fn redeem_code(app: &App, request: CodeRequest) -> Result<Issued, ActionError> {
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        let code = opaque_token::digest(request.code.expose());
        let Some(grant) = grants::by_code(&mut tx, &code).await? else {
            return Ok(Issued::invalid_grant("no such code"));
        };
        let proof = RedeemProof {
            redirect_uri: request.redirect_uri.as_deref(),
            code_verifier: request.code_verifier.as_deref(),
        };
        match grant.redeem(&request.client, proof, now) {
            Redemption::Granted => {}
            Redemption::Refused(refusal) => return Ok(Issued::invalid_grant(refusal.to_string())),
            Redemption::Replayed => return replayed(&app, tx, &grant).await,
        }
        let Some(stored) = clients::by_id(&mut tx, request.client.as_str()).await? else {
            return Ok(Issued::invalid_grant("the client is gone"));
        };
        let Some(member) = members::by_id(&mut tx, &grant.member).await?.filter(Member::may_act) else {
            return Ok(Issued::invalid_grant("the member is locked or gone"));
        };
        let granted = grant.target(&stored.client.scopes);
        if granted.scopes.is_empty() {
            return Ok(Issued::invalid_grant("every scope of it was taken from the client"));
        }
        let is_openid = granted.scopes.contains(OPENID);
        let target = match target(&app, &mut tx, &granted, &request.resources).await? {
            Ok(target) => target,
            // The code stays good: the client may ask again.
            Err(error) => return Ok(error.into()),
        };
        let offline = granted.scopes.contains(OFFLINE_ACCESS) && stored.client.may_use(GrantType::RefreshToken);
        let refresh = offline.then_some(RefreshState { generation: 1, issued_at: now });
        let kept_until = match offline {
            true => now + app.settings.tokens.refresh_idle.min(app.settings.tokens.refresh_absolute),
            false => grant.kept_until,
        };
        if !grants::redeem(&mut tx, &grant.id, refresh, kept_until, now).await? {
            // Another request took it between our look and our hand, or its session has ended.
            return replayed(&app, tx, &grant).await;
        }
        // Signed after the commit: on SQLite nobody else can write until then, and an RSA signature takes its time.
        tx.commit().await?;
        let tokens = issue_tokens::for_grant(
            &app,
            ForGrant {
                client: &stored.client,
                grant: &grant,
                member: &member,
                scopes: target.scopes,
                audience: Audience::of(target.resources),
                id_token: if is_openid { IdToken::ForCode } else { IdToken::No },
                refresh_token: refresh.map(|r| app.refresh_tokens.issue(&grant.id, r.generation)),
            },
        )?;
        Ok(tokens.into())
    })
    .await
}

/// RFC 6749, 4.1.2: all tokens issued for the code are revoked. That is committed although the request is refused.
async fn replayed(app: &App, mut tx: WriteTx, grant: &Grant) -> Result<Issued, ActionError> {
    grants::end(&mut tx, &grant.id, app.now()).await?;
    tx.commit().await?;
    tracing::warn!(grant = %grant.id, client = %grant.client, "a code was presented again, or after its session; its grant ends");
    Ok(Issued::invalid_grant("the code was used before"))
}
