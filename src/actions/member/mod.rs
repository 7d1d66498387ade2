//! What members and staff do to an account.

pub mod account_events;
pub mod admit;
pub mod authenticators;
pub mod members;
pub mod passkeys;
pub mod password_hashes;
pub mod raise_session;
pub mod recovery;
