//! Why the help cannot be served.

use crate::actions::ActionError;
use crate::actions::help::HelpContentError;
use crate::store::StoreError;

/// The help cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum HelpError {
    #[error(transparent)]
    Content(#[from] HelpContentError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Action(#[from] ActionError),
    #[error("the help cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0:?} cannot stand in a header")]
    Header(String),
}
