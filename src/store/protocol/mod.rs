//! What clients were registered with, and what members let them have.

pub mod clients;
pub mod consents;
pub mod grants;
pub mod signing_keys;
