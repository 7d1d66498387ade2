//! What went wrong inside a handler of pages, and the page that says so.

use crate::actions::ActionError;
use crate::crypto::password_hash::HashError;
use crate::store::StoreError;
use crate::web::error_page::{ErrorKind, WayOn};
use crate::web::request::rate_limit::Exceeded;

/// Ends a handler. What the operator must know is logged where the page is made.
#[derive(Debug)]
pub enum PageError {
    /// Something that the visitor or the application did; `detail` is for the application's developers.
    Page {
        kind: ErrorKind,
        detail: Option<String>,
        /// Where the member goes on, if this very case has a better way than its kind.
        way_on: Option<WayOn>,
    },
    TooOften(Exceeded),
    Inside(ActionError),
}

impl PageError {
    pub fn page(kind: ErrorKind) -> PageError {
        PageError::Page { kind, detail: None, way_on: None }
    }

    pub fn detailed(kind: ErrorKind, detail: impl Into<String>) -> PageError {
        PageError::Page { kind, detail: Some(detail.into()), way_on: None }
    }

    pub fn leading_to(kind: ErrorKind, way_on: WayOn) -> PageError {
        PageError::Page { kind, detail: None, way_on: Some(way_on) }
    }
}

impl From<Exceeded> for PageError {
    fn from(exceeded: Exceeded) -> Self {
        PageError::TooOften(exceeded)
    }
}

impl From<ActionError> for PageError {
    fn from(error: ActionError) -> Self {
        PageError::Inside(error)
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        PageError::Inside(error.into())
    }
}

impl From<HashError> for PageError {
    fn from(error: HashError) -> Self {
        PageError::Inside(error.into())
    }
}
