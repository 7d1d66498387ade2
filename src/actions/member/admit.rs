//! Whether a member may do something to their account: what the session of their browser has shown, against the table of
//! `domain/member/permissions.rs`. Pages ask before they show anything; every verb asks again, in its own transaction, so
//! that no entrance can forget it and what has happened meanwhile counts.

use crate::actions::ActionError;
use crate::actions::member::authenticators::{demands_for, enrolled};
use crate::app::App;
use crate::crypto::opaque_token;
use crate::crypto::password_hash::HashError;
use crate::domain::actor::Actor;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::device::Device;
use crate::domain::member::authentication_method::Enrolled;
use crate::domain::member::permissions::Act;
use crate::domain::member::profile::Member;
use crate::store::login::browser_sessions;
use crate::store::member::members;
use crate::store::{Reads, StoreError, WriteTx};

/// A browser that asks for something in the name of whoever is logged in there.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The digest of the session's token, if it has one.
    session: Option<String>,
    pub device: Device,
}

impl Caller {
    pub fn new(session_token: Option<&str>, device: Device) -> Caller {
        Caller { session: session_token.map(opaque_token::digest), device }
    }

    pub fn actor(&self) -> Actor {
        Actor::Member(self.device)
    }

    /// The session of this browser: `None` if it has ended or grown too old, or if its member may not act any more.
    pub async fn session(&self, app: &App, db: &mut impl Reads) -> Result<Option<BrowserSession>, StoreError> {
        let Some(token) = &self.session else { return Ok(None) };
        let found = browser_sessions::by_token(db, token).await?;
        Ok(found.filter(|session| session.is_alive(app.settings.sessions.idle, app.now())))
    }
}

/// A member whose session is enough.
pub struct Admitted {
    pub member: Member,
    pub session: BrowserSession,
    pub enrolled: Enrolled,
}

/// Why an act of a member was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    #[error("nobody is logged in (any more)")]
    LoggedOut,
    /// The session has not shown enough, or not lately.
    #[error("the member has to show again who they are")]
    ShowAgain(Box<Member>),
    #[error(transparent)]
    Inside(#[from] ActionError),
}

impl From<StoreError> for NotDone {
    fn from(error: StoreError) -> NotDone {
        NotDone::Inside(error.into())
    }
}

impl From<HashError> for NotDone {
    fn from(error: HashError) -> NotDone {
        NotDone::Inside(error.into())
    }
}

/// For a page: nothing is held.
pub async fn look(app: &App, db: &mut impl Reads, caller: &Caller, act: Act) -> Result<Admitted, NotDone> {
    let Some((session, member)) = logged_in(app, db, caller).await? else { return Err(NotDone::LoggedOut) };
    let demands = demands_for(app, db, act).await?;
    let enrolled = enrolled(db, &member).await?;
    if !act.is_allowed(&session, &demands, &enrolled, app.settings.authentication.fresh_for, app.now()) {
        return Err(NotDone::ShowAgain(Box::new(member)));
    }
    Ok(Admitted { member, session, enrolled })
}

/// For a verb, first of all: the member is held until the transaction ends. Whoever locks the account, ends the session or
/// changes what is enrolled comes before, and is seen, or after.
pub async fn admit(app: &App, tx: &mut WriteTx, caller: &Caller, act: Act) -> Result<Admitted, NotDone> {
    let Some((session, _)) = logged_in(app, tx, caller).await? else { return Err(NotDone::LoggedOut) };
    members::held(tx, &session.member).await?;
    look(app, tx, caller, act).await
}

async fn logged_in(
    app: &App,
    db: &mut impl Reads,
    caller: &Caller,
) -> Result<Option<(BrowserSession, Member)>, ActionError> {
    let Some(session) = caller.session(app, db).await? else { return Ok(None) };
    let member = members::by_id(db, &session.member).await?;
    Ok(member.filter(Member::may_act).map(|member| (session, member)))
}
