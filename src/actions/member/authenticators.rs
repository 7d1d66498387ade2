//! What members have enrolled, and what of it a login or an act must have shown.

use crate::actions::ActionError;
use crate::app::App;
use crate::domain::login::flow::{Continue, Flow};
use crate::domain::login::next_step::{Demands, Proof};
use crate::domain::login::passkey::Passkey;
use crate::domain::member::authentication_method::{Enrolled, Method, SecondFactor};
use crate::domain::member::authenticator_removal::{Removal, removal};
use crate::domain::member::permissions::Act;
use crate::domain::member::profile::Member;
use crate::domain::protocol::authorization_request::AuthorizationRequest;
use crate::domain::protocol::client::Client;
use crate::store::Reads;
use crate::store::member::{passkeys, recovery_codes, totp_devices};
use crate::store::protocol::clients;

/// What a member could show beside the password.
pub async fn enrolled(db: &mut impl Reads, member: &Member) -> Result<Enrolled, ActionError> {
    let mut methods = Vec::new();
    if member.email_method_at.is_some() && member.verified_email().is_some() {
        methods.push(Method::Email);
    }
    if !totp_devices::of_member(db, &member.id).await?.is_empty() {
        methods.push(Method::Totp);
    }
    let passkeys = passkeys::of_member(db, &member.id).await?;
    if passkeys.iter().any(Passkey::is_usable) {
        methods.push(Method::Passkey);
    }
    let copied_passkey = passkeys.iter().any(|passkey| !passkey.is_usable());
    let recovery_codes = recovery_codes::left(db, &member.id).await? > 0;
    Ok(Enrolled { methods, recovery_codes, copied_passkey })
}

/// The methods that members may use here.
pub fn offered_methods(app: &App) -> Vec<Method> {
    let possible = |method: &Method| *method != Method::Passkey || app.passkeys.is_some();
    app.settings.authentication.methods.iter().copied().filter(possible).collect()
}

/// What a login must show, whatever it is for.
pub async fn demands_of(
    app: &App,
    db: &mut impl Reads,
    client: Option<&Client>,
    flow: &Flow,
) -> Result<Demands, ActionError> {
    match &flow.then {
        Continue::Authorize(request) => Ok(demands(app, client, Some(request))),
        // Who is logged in and is sent here again was about to do what the page is for.
        Continue::Account(page) if flow.confirms.is_some() => demands_for(app, db, Act::behind(page)).await,
        Continue::Account(page) => demands_for(app, db, Act::opening(page)).await,
    }
}

/// What a session must have shown for an act on the member's own account.
pub async fn demands_for(app: &App, db: &mut impl Reads, act: Act) -> Result<Demands, ActionError> {
    let second_factor = strictest_second_factor(app, db).await?;
    Ok(Demands { second_factor, proof: act.needs().proof, ..demands(app, None, None) })
}

/// The strictest rule of all clients and of the settings. The account is everybody's: what one of them relies on must not
/// be changed by who came in through another.
async fn strictest_second_factor(app: &App, db: &mut impl Reads) -> Result<SecondFactor, ActionError> {
    let usual = app.settings.authentication.second_factor;
    for rule in SecondFactor::ALL {
        if rule == usual || clients::any_with_second_factor(db, rule).await? {
            return Ok(rule);
        }
    }
    Ok(usual)
}

/// What a login for a client must show; without one, what the settings ask for.
pub fn demands(app: &App, client: Option<&Client>, request: Option<&AuthorizationRequest>) -> Demands {
    let settings = &app.settings.authentication;
    Demands {
        second_factor: client.and_then(|client| client.second_factor).unwrap_or(settings.second_factor),
        proof: Proof::Usual,
        methods: offered_methods(app),
        email_address: settings.email_address == crate::config::EmailAddress::Required,
        password_max_age: app.settings.passwords.max_age,
        recovery_codes: settings.recovery_codes,
        acr: request.map(|request| request.acr.clone()).unwrap_or_default(),
    }
}

/// Whether something may be removed that leaves these methods, and what is asked for then.
pub async fn after_removal(
    app: &App,
    db: &mut impl Reads,
    member: &Member,
    before: &Enrolled,
    left: &Enrolled,
) -> Result<Removal, ActionError> {
    let second_factor = strictest_second_factor(app, db).await?;
    Ok(removal(member.method, before, left, second_factor, &offered_methods(app)))
}
