//! `grant_type=authorization_code` (RFC 6749, 4.1.3; OpenID Connect Core 1.0, 3.1.3).

use super::{ClientTrouble, invalid_grant};
use crate::actions::protocol::issue_tokens::{self, TokenResponse};
use crate::app::App;
use crate::crypto::opaque_token;
use crate::domain::protocol::client::GrantType;
use crate::domain::protocol::grant::{Grant, RedeemProof, Redemption};
use crate::domain::protocol::refresh_rotation::RefreshState;
use crate::store::member::members;
use crate::store::protocol::grants;
use crate::web::request::client_authentication::AuthenticatedClient;

pub async fn redeem(app: &App, caller: &AuthenticatedClient) -> Result<TokenResponse, ClientTrouble> {
    let now = app.now();
    let code = opaque_token::digest(caller.params.required("code")?);
    let proof = RedeemProof {
        redirect_uri: caller.params.get("redirect_uri"),
        code_verifier: caller.params.get("code_verifier"),
    };
    let mut tx = app.store.write().await?;
    let Some(grant) = grants::by_code(&mut tx, &code).await? else {
        return Err(invalid_grant("no such code"));
    };
    match grant.redeem(&caller.client.id, proof, now) {
        Redemption::Granted => {}
        Redemption::Refused(refusal) => return Err(invalid_grant(refusal)),
        Redemption::Replayed => return replayed(app, tx, &grant).await,
    }
    let Some(member) = members::by_id(&mut tx, &grant.member).await?.filter(|m| m.may_act()) else {
        return Err(invalid_grant("the member is locked or gone"));
    };
    let offline = grant.request.wants_refresh() && caller.client.may_use(GrantType::RefreshToken);
    let refresh = offline.then_some(RefreshState { generation: 1, issued_at: now });
    let kept_until = match offline {
        true => now + app.settings.tokens.refresh_idle.min(app.settings.tokens.refresh_absolute),
        false => grant.kept_until,
    };
    if !grants::redeem(&mut tx, &grant.id, refresh, kept_until, now).await? {
        // Another request took it between our look and our hand, or its session has ended.
        return replayed(app, tx, &grant).await;
    }
    let refresh_token = refresh.map(|r| app.refresh_tokens.issue(&grant.id, r.generation));
    let scopes = grant.request.scopes.clone();
    // Signed after the commit: on SQLite nobody else can write until then, and an RSA signature takes its time.
    tx.commit().await?;
    Ok(issue_tokens::for_grant(app, &caller.client, &grant, &member, &scopes, refresh_token)?)
}

/// RFC 6749, 4.1.2: all tokens issued for the code are revoked. That is committed although the request is refused.
async fn replayed(app: &App, mut tx: crate::store::WriteTx, grant: &Grant) -> Result<TokenResponse, ClientTrouble> {
    grants::end(&mut tx, &grant.id, app.now()).await?;
    tx.commit().await?;
    tracing::warn!(grant = %grant.id, client = %grant.request.client, "a code was presented again, or after its session; its grant ends");
    Err(invalid_grant("the code was used before"))
}
