//! A login in progress: what it is for. Until the password is right it travels sealed through the browser and nothing is
//! written; from then on it lies in the database.

use serde::{Deserialize, Serialize};

use crate::domain::ids::FlowId;
use crate::domain::protocol::authorization_request::AuthorizationRequest;
use crate::domain::unix_time::UnixTime;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    pub id: FlowId,
    pub started_at: UnixTime,
    pub then: Continue,
}

/// What follows the login: a typed value, so that no address can be slipped in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continue {
    Authorize(Box<AuthorizationRequest>),
    Account,
}

impl Flow {
    pub fn request(&self) -> Option<&AuthorizationRequest> {
        match &self.then {
            Continue::Authorize(request) => Some(request),
            Continue::Account => None,
        }
    }
}
