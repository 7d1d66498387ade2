//! What members and staff do to an account.

pub mod account_events;
pub mod admit;
pub mod applications;
pub mod authenticators;
pub mod change_email_address;
pub mod change_password;
pub mod choose_method;
pub mod download_data;
pub mod end_own_sessions;
pub mod enrol_authenticator;
pub mod make_recovery_codes;
pub mod members;
pub mod passkeys;
pub mod password_hashes;
pub mod raise_session;
pub mod recovery;
pub mod remove_authenticator;
pub mod rename_authenticator;
pub mod set_preferences;
pub mod verified_address;
