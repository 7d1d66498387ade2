//! What members see and change of their own account.

pub mod passkey_enrolment;
pub mod passkeys;
pub mod profile;
pub mod signed_in;
pub mod totp;
