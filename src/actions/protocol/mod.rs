//! What relying parties ask for.

pub mod change_client;
pub mod clients;
pub mod continue_authorization;
pub mod issue_tokens;
pub mod signing_keys;
