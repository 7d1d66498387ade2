//! Verbs with several entrances: pages, endpoints, the command line, the demo.

pub mod help;
pub mod login;
pub mod mail;
pub mod member;
pub mod protocol;
pub mod run;

use crate::app::StartError;
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
    #[error(transparent)]
    Start(#[from] StartError),
    /// Of a question that we could not ask; what members answer is judged in `actions/member/passkeys.rs`.
    #[error("passkeys: {0}")]
    Passkey(#[from] PasskeyError),
    #[error("there are no passkeys here: authentication.methods leaves them out, or the issuer is an IP address")]
    NoPasskeys,
    #[error("too many attempts on one account at the same moment")]
    Contended,
    #[error("the program stops")]
    Stopped,
    #[error("{0} holds a value that this master key does not open")]
    Unsealable(&'static str),
}

impl ActionError {
    /// Whether the database can't be used for the moment.
    pub fn is_busy(&self) -> bool {
        matches!(
            self,
            ActionError::Store(StoreError::Busy(_)) | ActionError::Start(StartError::Store(StoreError::Busy(_)))
        )
    }
}
