//! What members have enrolled, what of it a login must ask for, and taking it away.

use crate::actions::ActionError;
use crate::actions::login::one_time_passwords::recovery_code_digest;
use crate::actions::member::account_events::record;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::login::device::Device;
use crate::domain::login::flow::{Continue, Flow};
use crate::domain::login::next_step::{Demands, Proof};
use crate::domain::login::passkey::Passkey;
use crate::domain::login::recovery_code::{ALPHABET, AT_A_TIME, of_places};
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::{Enrolled, Method, SecondFactor};
use crate::domain::member::authenticator_removal::{Removal, removal};
use crate::domain::member::permissions::Act;
use crate::domain::member::profile::Member;
use crate::domain::protocol::authorization_request::AuthorizationRequest;
use crate::domain::protocol::client::Client;
use crate::random;
use crate::store::member::{members, passkeys, recovery_codes, totp_devices};
use crate::store::protocol::clients;
use crate::store::{Reads, WriteTx};

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

/// Makes an enrolled method the one that is asked for; `false` if it is not enrolled (any more).
pub async fn choose(
    app: &App,
    tx: &mut WriteTx,
    member: &MemberId,
    method: Method,
    device: Device,
) -> Result<bool, ActionError> {
    let Some(member) = members::held(tx, member).await? else { return Ok(false) };
    if !enrolled(tx, &member).await?.has(method) {
        return Ok(false);
    }
    if member.method != Some(method) {
        members::set_method(tx, &member.id, Some(method)).await?;
        record(app, tx, &member, AccountEvent::MethodChosen { method }, &Actor::Member(device)).await?;
    }
    Ok(true)
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

/// What became of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Done,
    /// The policy asks for a method, and there would be none.
    LastFactor,
    /// There is no such thing any more.
    Gone,
}

/// A removal under way. The member is held: of two factors removed side by side, the second sees that it is the last.
pub struct Removing {
    tx: WriteTx,
    pub member: Member,
    before: Enrolled,
}

impl Removing {
    pub async fn begin(app: &App, member: &MemberId) -> Result<Option<Removing>, ActionError> {
        let mut tx = app.store.write().await?;
        let Some(member) = members::held(&mut tx, member).await? else { return Ok(None) };
        let before = enrolled(&mut tx, &member).await?;
        Ok(Some(Removing { tx, member, before }))
    }

    pub fn tx(&mut self) -> &mut WriteTx {
        &mut self.tx
    }

    /// It is removed: stands, if it may be. Otherwise nothing has happened.
    pub async fn settle(mut self, app: &App, event: AccountEvent, device: Device) -> Result<Removed, ActionError> {
        let member = members::by_id(&mut self.tx, &self.member.id).await?.unwrap_or(self.member);
        let left = enrolled(&mut self.tx, &member).await?;
        let method = match after_removal(app, &mut self.tx, &member, &self.before, &left).await? {
            Removal::LastFactor => return Ok(Removed::LastFactor),
            Removal::Allowed { method } => method,
        };
        members::set_method(&mut self.tx, &member.id, method).await?;
        record(app, &mut self.tx, &member, event, &Actor::Member(device)).await?;
        self.tx.commit().await?;
        Ok(Removed::Done)
    }
}

/// Removes an authenticator app, unless the policy needs it.
pub async fn remove_totp(app: &App, member: &MemberId, id: &str, device: Device) -> Result<Removed, ActionError> {
    let Some(mut removing) = Removing::begin(app, member).await? else { return Ok(Removed::Gone) };
    let devices = totp_devices::of_member(removing.tx(), member).await?;
    let Some(removed) = devices.into_iter().find(|device| device.id == id) else { return Ok(Removed::Gone) };
    totp_devices::remove(removing.tx(), member, id).await?;
    removing.settle(app, AccountEvent::TotpRemoved { name: removed.name }, device).await
}

/// Takes codes by e-mail away as a way to log in, unless the policy needs them.
pub async fn remove_email(app: &App, member: &MemberId, device: Device) -> Result<Removed, ActionError> {
    let Some(mut removing) = Removing::begin(app, member).await? else { return Ok(Removed::Gone) };
    if removing.member.email_method_at.is_none() {
        return Ok(Removed::Gone);
    }
    members::set_email_method(removing.tx(), member, None).await?;
    removing.settle(app, AccountEvent::EmailMethodRemoved, device).await
}

/// Makes recovery codes in place of all before. Nobody sees them again.
pub async fn make_recovery_codes(app: &App, member: &Member, device: Device) -> Result<Vec<String>, ActionError> {
    let place = |_| random::below(u32::try_from(ALPHABET.len()).unwrap_or(1));
    let codes: Vec<String> = (0..AT_A_TIME).map(|_| of_places(&std::array::from_fn(place))).collect();
    let digests: Vec<String> = codes.iter().map(|code| recovery_code_digest(app, &member.id, code)).collect();
    let mut tx = app.store.write().await?;
    // Sets that are made side by side would mix.
    members::held(&mut tx, &member.id).await?;
    recovery_codes::replace_all(&mut tx, &member.id, &digests, app.now()).await?;
    record(app, &mut tx, member, AccountEvent::RecoveryCodesMade, &Actor::Member(device)).await?;
    tx.commit().await?;
    Ok(codes)
}
