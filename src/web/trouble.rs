//! What went wrong inside a handler of pages, and the page that says so.

use crate::actions::ActionError;
use crate::crypto::password_hash::HashError;
use crate::store::StoreError;
use crate::web::error_page::{ErrorKind, WayOn};
use crate::web::request::rate_limit::Exceeded;

/// Ends a handler. What the operator must know is logged where the page is made.
#[derive(Debug)]
pub enum Trouble {
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

impl Trouble {
    pub fn page(kind: ErrorKind) -> Trouble {
        Trouble::Page { kind, detail: None, way_on: None }
    }

    pub fn detailed(kind: ErrorKind, detail: impl Into<String>) -> Trouble {
        Trouble::Page { kind, detail: Some(detail.into()), way_on: None }
    }

    pub fn leading_to(kind: ErrorKind, way_on: WayOn) -> Trouble {
        Trouble::Page { kind, detail: None, way_on: Some(way_on) }
    }
}

impl From<Exceeded> for Trouble {
    fn from(exceeded: Exceeded) -> Self {
        Trouble::TooOften(exceeded)
    }
}

impl From<ActionError> for Trouble {
    fn from(error: ActionError) -> Self {
        Trouble::Inside(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Trouble::Inside(error.into())
    }
}

impl From<HashError> for Trouble {
    fn from(error: HashError) -> Self {
        Trouble::Inside(error.into())
    }
}
