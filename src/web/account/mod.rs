//! What members see and change of their own account.

pub mod activity;
pub mod applications;
pub mod authentication_method;
pub mod data;
pub mod email_address;
pub mod email_method;
pub mod passkey_enrolment;
pub mod passkeys;
pub mod password;
pub mod profile;
pub mod recovery_codes;
pub mod sessions;
pub mod signed_in;
pub mod totp_devices;
pub mod totp_enrolment;
