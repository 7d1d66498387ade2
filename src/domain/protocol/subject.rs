//! Under which names a client knows a member and a session. Public subjects (OpenID Connect Core 1.0, 8): the same for all
//! clients; whoever writes such a name asks here, so that each client can have its own.

use crate::domain::ids::{BrowserSessionId, ClientId, MemberId};

/// The `sub` claim.
pub fn subject_of(_client: &ClientId, member: &MemberId) -> String {
    member.to_string()
}

/// The `sid` claim (OpenID Connect Back-Channel Logout 1.0, 2.1).
pub fn session_of(_client: &ClientId, session: &BrowserSessionId) -> String {
    session.to_string()
}
