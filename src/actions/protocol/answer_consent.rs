//! The member's answer at the consent page: a code, or a refusal that the client is told of.

use super::continue_authorization::{Again, Gone, code_kept_until, look_again};
use crate::actions::member::admit::Caller;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::protocol::answer::Answer;
use crate::domain::protocol::oauth_error::ErrorCode;
use crate::store::member::members;
use crate::store::protocol::{consents, grants};

pub enum Answered {
    /// What the client is told, and where.
    ToClient(Answer),
    /// The page was answered before, took too long, or is not this session's.
    Over,
    Gone(Gone),
}

/// `page` is the token in the page's address. What was asked is looked at again: consent for what the client may no longer
/// have gives what is left of it.
pub async fn answer_consent(app: &App, page: &str, caller: &Caller, allowed: bool) -> Result<Answered, ActionError> {
    let (page, caller) = (opaque_token::digest(page), caller.clone());
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        let Some(session) = caller.session(&app, &mut tx).await? else { return Ok(Answered::Over) };
        // Two pages that are answered side by side add to what was agreed to before, one after the other.
        members::held(&mut tx, &session.member).await?;
        let Some(grant) = grants::awaiting_consent(&mut tx, &page, &session.id, now).await? else {
            return Ok(Answered::Over);
        };
        let request = match look_again(&app, &mut tx, &grant.request).await? {
            Again::Stands(_, request) => request,
            Again::Gone(gone) => return Ok(Answered::Gone(gone)),
            Again::Refused(answer) => {
                grants::deny(&mut tx, &grant.id).await?;
                tx.commit().await?;
                return Ok(Answered::ToClient(answer));
            }
        };
        let reply_to = request.reply_to();
        let (done, answer) = if allowed {
            let code = opaque_token::new(Kind::AuthorizationCode);
            let expires_at = now + app.settings.tokens.code_lifetime;
            let digest = opaque_token::digest(code.expose());
            let done =
                grants::approve(&mut tx, &grant.id, &request, &digest, expires_at, code_kept_until(&app)).await?;
            consents::add(&mut tx, &grant.member, &request.client, &request.needed_consent(), now).await?;
            (done, reply_to.code(code))
        } else {
            let error = ErrorCode::AccessDenied.because("the member did not agree");
            (grants::deny(&mut tx, &grant.id).await?, reply_to.error(error))
        };
        if !done {
            return Ok(Answered::Over);
        }
        tx.commit().await?;
        Ok(Answered::ToClient(answer))
    })
    .await
}
