//! What handlers get.

pub mod address;
pub mod client_authentication;
pub mod form;
pub mod rate_limit;
pub mod visit;
