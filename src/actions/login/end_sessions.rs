//! The one way in which sessions end: by logging out, by a lock, a new password, a reset, staff, or the member's own wish.
//! Whatever begins or ends a session holds the member: a login beside it comes before and ends with the others, or after
//! and sees what has happened.

use crate::actions::ActionError;
use crate::app::App;
use crate::domain::ids::{BrowserSessionId, MemberId};
use crate::store::WriteTx;
use crate::store::login::browser_sessions;
use crate::store::member::members;

/// Which sessions of a member, and what ends with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    All,
    /// And every grant that could outlive the kept one.
    AllBut(&'a BrowserSessionId),
    /// And every grant made in it.
    One(&'a BrowserSessionId),
    /// The member has logged out: grants that were meant to outlive the session do.
    LoggedOut(&'a BrowserSessionId),
}

/// In the transaction of a verb; `false` if the one session was not the member's or had ended.
pub async fn end_sessions(
    app: &App,
    tx: &mut WriteTx,
    member: &MemberId,
    which: Which<'_>,
) -> Result<bool, ActionError> {
    let now = app.now();
    members::held(tx, member).await?;
    match which {
        Which::All => browser_sessions::end_all(tx, member, now).await?,
        Which::AllBut(kept) => browser_sessions::end_others(tx, member, kept, now).await?,
        Which::One(session) => return Ok(browser_sessions::end_one(tx, member, session, now).await?),
        Which::LoggedOut(session) => browser_sessions::end(tx, session, now).await?,
    }
    Ok(true)
}
