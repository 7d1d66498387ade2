//! Verbs with several entrances: pages, endpoints, the command line, the demo.

pub mod account_events;
pub mod authenticators;
pub mod check_password;
pub mod clients;
pub mod complete_login;
pub mod continue_authorization;
pub mod email_codes;
pub mod help;
pub mod issue_tokens;
pub mod lost_methods;
pub mod member_notices;
pub mod members;
pub mod one_time_passwords;
pub mod passkeys;
pub mod password_hashes;
pub mod recovery;
pub mod send_mail;
pub mod signing_keys;

use crate::crypto::jwt::SignError;
use crate::crypto::passkey::PasskeyError;
use crate::crypto::password_hash::HashError;
use crate::crypto::signing_keys::KeyError;
use crate::store::StoreError;

/// What can go wrong on the inside, whatever was asked.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Of a question that we could not ask; what members answer is judged in `actions/passkeys.rs`.
    #[error("passkeys: {0}")]
    Passkey(#[from] PasskeyError),
    #[error("there are no passkeys here: authentication.methods leaves them out, or the issuer is an IP address")]
    NoPasskeys,
    #[error("too many attempts on one account at the same moment")]
    Contended,
    #[error("{0} holds a value that this master key does not open")]
    Unsealable(&'static str),
}
