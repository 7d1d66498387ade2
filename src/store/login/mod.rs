//! A login in progress, what it leaves behind, and what is counted against guessing.

pub mod browser_sessions;
pub mod email_codes;
pub mod known_devices;
pub mod logins;
pub mod one_time_password_failures;
pub mod password_failures;
