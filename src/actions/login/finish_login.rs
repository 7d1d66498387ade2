//! The end of every login: a browser session under a new cookie, and a device that is known from now on.

use super::Browser;
use super::end_sessions::{Which, end_sessions};
use crate::actions::ActionError;
use crate::actions::member::account_events::record;
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::ids::{BrowserSessionId, MemberId};
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::flow::Flow;
use crate::domain::login::next_step::Proved;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::profile::Member;
use crate::domain::secret::Secret;
use crate::random;
use crate::store::WriteTx;
use crate::store::login::{browser_sessions, known_devices};
use crate::store::member::members;

/// More devices than a household logs in from. Whoever has more is a stranger again on those used longest ago.
const MOST_DEVICES: u32 = 20;

/// What the browser gets, and what the login was for.
pub struct LoggedIn {
    pub session: BrowserSession,
    pub session_token: Secret<String>,
    /// A new device cookie, where the old one did not stand for this member yet.
    pub device_token: Option<Secret<String>>,
    pub flow: Flow,
}

/// Part of a verb that holds the member and has seen that they may come in. The same member's session goes on (relying
/// parties keep their `sid`); another member's ends.
pub async fn finish_login(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    flow: Flow,
    proved: &Proved,
    browser: &Browser,
) -> Result<LoggedIn, ActionError> {
    let now = app.now();
    let session_token = opaque_token::new(Kind::BrowserSession);
    let digest = opaque_token::digest(session_token.expose());
    let mut session = BrowserSession {
        id: BrowserSessionId(random::identifier()),
        member: member.id.clone(),
        flow: flow.id.clone(),
        authenticated_at: now,
        assurance: proved.assurance(),
        device: browser.device,
        last_used_at: now,
        expires_at: now + app.settings.sessions.absolute,
    };
    let mut renewed = false;
    if let Some(old) = browser.session(app, tx).await? {
        if old.member == member.id {
            let same = BrowserSession { id: old.id.clone(), ..session.clone() };
            renewed = browser_sessions::renew(tx, &same, &digest).await?;
            if renewed {
                session = same;
            }
        } else {
            end_sessions(app, tx, &old.member, Which::LoggedOut(&old.id)).await?;
        }
    }
    if !renewed {
        browser_sessions::insert(tx, &session, &digest).await?;
    }
    let device_token = remember_device(app, tx, &member.id, browser.device_token.as_deref()).await?;
    if let Some(lasts) = app.settings.authentication.trust_device_for.filter(|_| proved.trust_device) {
        let new = device_token.as_ref().map(|new| new.expose().as_str());
        let token = new.or(browser.device_token.as_deref());
        let digest = opaque_token::digest(token.unwrap_or_default());
        known_devices::trust(tx, &digest, &member.id, now + lasts).await?;
        record(app, tx, member, AccountEvent::DeviceTrusted, &browser.member()).await?;
    }
    record(app, tx, member, AccountEvent::LoggedIn { with: proved.method() }, &browser.member()).await?;
    if members::note_first_login(tx, &member.id, now).await? {
        record(app, tx, member, AccountEvent::FirstLogin, &browser.member()).await?;
    }
    Ok(LoggedIn { session, session_token, device_token, flow })
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
    known_devices::keep_latest(tx, member, &digest, MOST_DEVICES).await?;
    Ok(Some(token))
}
