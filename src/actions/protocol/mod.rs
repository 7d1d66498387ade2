//! What relying parties ask for.

pub mod answer_consent;
pub mod authenticate_client;
pub mod change_client;
pub mod continue_authorization;
pub mod id_token_hint;
pub mod introspect_token;
pub mod issue_to_client;
pub mod issue_tokens;
pub mod log_out;
pub mod present_token;
pub mod redeem_code;
pub mod register_client;
pub mod remove_client;
pub mod resource_servers;
pub mod revoke_token;
pub mod rotate_client_secret;
pub mod rotate_refresh_token;
pub mod signing_keys;
