//! What clients were registered with, and what members let them have.

pub mod clients;
pub mod consents;
pub mod grants;
pub mod resource_servers;
pub mod signing_keys;
