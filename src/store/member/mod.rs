//! Members, what they prove themselves with, and what happened to their accounts.

pub mod account_events;
pub mod lost_methods;
pub mod members;
pub mod passkeys;
pub mod password_costs;
pub mod password_history;
pub mod password_peppers;
pub mod recovery;
pub mod recovery_codes;
pub mod recovery_requests;
pub mod totp_devices;
