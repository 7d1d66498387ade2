//! The end of every login: a browser session under a new cookie, and a device that is known from now on.

use crate::actions::ActionError;
use crate::actions::member::account_events::record;
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::actor::Actor;
use crate::domain::ids::{BrowserSessionId, FlowId, MemberId};
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::device::Device;
use crate::domain::login::next_step::Proved;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::profile::Member;
use crate::domain::secret::Secret;
use crate::random;
use crate::store::WriteTx;
use crate::store::login::{browser_sessions, known_devices};
use crate::store::member::members;

/// What the browser brought along.
#[derive(Clone, Copy, Debug, Default)]
pub struct FromBrowser<'a> {
    /// The session that it was in, alive or not.
    pub session: Option<&'a BrowserSession>,
    /// Its device cookie.
    pub device_token: Option<&'a str>,
    /// What it says of itself.
    pub device: Device,
}

/// What the browser gets.
pub struct LoggedIn {
    pub session: BrowserSession,
    pub session_token: Secret<String>,
    /// A new device cookie, where the old one did not stand for this member yet.
    pub device_token: Option<Secret<String>>,
}

/// Writes the login down in `tx`. The same member's session goes on (relying parties keep their `sid`); another
/// member's ends.
pub async fn complete_login(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    flow: &FlowId,
    proved: &Proved,
    from_browser: FromBrowser<'_>,
) -> Result<LoggedIn, ActionError> {
    let now = app.now();
    let session_token = opaque_token::new(Kind::BrowserSession);
    let digest = opaque_token::digest(session_token.expose());
    let mut session = BrowserSession {
        id: BrowserSessionId(random::identifier()),
        member: member.id.clone(),
        flow: flow.clone(),
        authenticated_at: now,
        assurance: proved.assurance(),
        device: from_browser.device,
        last_used_at: now,
        expires_at: now + app.settings.sessions.absolute,
    };
    let mut renewed = false;
    if let Some(old) = from_browser.session {
        if old.member == member.id {
            let same = BrowserSession { id: old.id.clone(), ..session.clone() };
            renewed = browser_sessions::renew(tx, &same, &digest).await?;
            if renewed {
                session = same;
            }
        } else {
            browser_sessions::end(tx, &old.id, now).await?;
        }
    }
    if !renewed {
        browser_sessions::insert(tx, &session, &digest).await?;
    }
    let device_token = remember_device(app, tx, &member.id, from_browser.device_token).await?;
    if let Some(lasts) = app.settings.authentication.trust_device_for.filter(|_| proved.trust_device) {
        let token = device_token.as_ref().map_or(from_browser.device_token, |new| Some(new.expose().as_str()));
        let digest = opaque_token::digest(token.unwrap_or_default());
        known_devices::trust(tx, &digest, &member.id, now + lasts).await?;
        record(app, tx, member, AccountEvent::DeviceTrusted, &Actor::Member(from_browser.device)).await?;
    }
    record(app, tx, member, AccountEvent::LoggedIn { with: proved.method() }, &Actor::Member(from_browser.device))
        .await?;
    if members::note_first_login(tx, &member.id, now).await? {
        record(app, tx, member, AccountEvent::FirstLogin, &Actor::Member(from_browser.device)).await?;
    }
    Ok(LoggedIn { session, session_token, device_token })
}

/// A cookie that already stands for this member stays. Any other is replaced: whoever put it there must not know it.
async fn remember_device(
    app: &App,
    tx: &mut WriteTx,
    member: &MemberId,
    token: Option<&str>,
) -> Result<Option<Secret<String>>, ActionError> {
    let now = app.now();
    let old = token.map(opaque_token::digest);
    if let Some(old) = &old {
        let since = now - app.settings.locks.password.known_device_lifetime;
        if known_devices::is_known(tx, old, member, since).await? {
            known_devices::note(tx, old, member, now).await?;
            return Ok(None);
        }
    }
    let token = opaque_token::new(Kind::Device);
    let digest = opaque_token::digest(token.expose());
    if let Some(old) = &old {
        known_devices::rename(tx, old, &digest).await?;
    }
    known_devices::note(tx, &digest, member, now).await?;
    Ok(Some(token))
}
