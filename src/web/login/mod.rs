//! The steps of a login, a file each.

pub mod consent;
pub mod continue_login;
pub mod email_address;
pub mod email_code;
pub mod initial_password;
pub mod lost_methods;
pub mod method;
pub mod one_time_password;
pub mod passkey;
pub mod passkey_enrolment;
pub mod password;
pub mod purpose;
pub mod recovery_code;
pub mod sealed_flow;
pub mod step;
pub mod totp;
pub mod totp_enrolment;
