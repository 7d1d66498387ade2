//! A session in which the member has shown more than at its login.

use crate::actions::ActionError;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::login::assurance::Assurance;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::secret::Secret;
use crate::store::WriteTx;
use crate::store::login::browser_sessions;

/// The member has enrolled a second factor in this session, and has shown that it works: from now on the session counts as
/// one with two factors, as if it had been enrolled in the login. The token of its new cookie, if that changes anything:
/// whoever knows the old one gains nothing.
pub async fn by_enrolment(tx: &mut WriteTx, session: &BrowserSession) -> Result<Option<Secret<String>>, ActionError> {
    if session.assurance >= Assurance::TwoFactors {
        return Ok(None);
    }
    let token = opaque_token::new(Kind::BrowserSession);
    let digest = opaque_token::digest(token.expose());
    let raised = browser_sessions::raise(tx, &session.id, Assurance::TwoFactors, &digest).await?;
    Ok(raised.then_some(token))
}
