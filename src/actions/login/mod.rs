//! From a password or a passkey to a browser session.

pub mod check_password;
pub mod complete_login;
pub mod email_codes;
pub mod lost_methods;
pub mod one_time_passwords;
pub mod tell_of_password_locks;
