//! What members and staff do to an account.

pub mod account_events;
pub mod admit;
pub mod answer_recovery_requests;
pub mod ask_for_recovery;
pub mod authenticators;
pub mod members;
pub mod passkeys;
pub mod password_hashes;
pub mod raise_session;
pub mod reset_password;
