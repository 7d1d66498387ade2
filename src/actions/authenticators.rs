//! What members have enrolled, and what of it a login must ask for.

use super::ActionError;
use crate::app::App;
use crate::domain::login::next_step::Demands;
use crate::domain::login::passkey::Passkey;
use crate::domain::member::authentication_method::{Enrolled, Method, SecondFactor};
use crate::domain::member::profile::Member;
use crate::domain::protocol::authorization_request::AuthorizationRequest;
use crate::domain::protocol::client::Client;
use crate::store::{Reads, passkeys, recovery_codes, totp_devices};

/// What a member could show beside the password.
pub async fn enrolled(db: &mut impl Reads, member: &Member) -> Result<Enrolled, ActionError> {
    let mut methods = Vec::new();
    if member.email_method_at.is_some() && member.verified_email().is_some() {
        methods.push(Method::Email);
    }
    if !totp_devices::of_member(db, &member.id).await?.is_empty() {
        methods.push(Method::Totp);
    }
    if passkeys::of_member(db, &member.id).await?.iter().any(Passkey::is_usable) {
        methods.push(Method::Passkey);
    }
    let recovery_codes = recovery_codes::left(db, &member.id).await? > 0;
    Ok(Enrolled { methods, recovery_codes })
}

/// Whether the policy is content with these methods: nobody is left with less by removing one of theirs.
pub fn are_enough(app: &App, enrolled: &Enrolled) -> bool {
    let demands = demands(app, None, None);
    demands.second_factor != SecondFactor::Required || demands.methods.iter().any(|method| enrolled.has(*method))
}

/// What a login for this request must show; without one, it is to the member's own account.
pub fn demands(app: &App, client: Option<&Client>, request: Option<&AuthorizationRequest>) -> Demands {
    let settings = &app.settings.authentication;
    let possible = |method: &Method| *method != Method::Passkey || app.passkeys.is_some();
    Demands {
        second_factor: client.and_then(|client| client.second_factor).unwrap_or(settings.second_factor),
        methods: settings.methods.iter().copied().filter(possible).collect(),
        email_address: settings.email_address == crate::config::EmailAddress::Required,
        recovery_codes: settings.recovery_codes,
        assurance: request.and_then(|request| request.assurance),
    }
}
