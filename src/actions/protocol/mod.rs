//! What relying parties ask for.

pub mod answer_consent;
pub mod clients;
pub mod continue_authorization;
pub mod id_token_hint;
pub mod issue_tokens;
pub mod log_out;
pub mod signing_keys;
