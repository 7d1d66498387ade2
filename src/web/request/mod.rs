//! What handlers get.

pub mod address;
pub mod browser;
pub mod client_authentication;
pub mod form;
pub mod headers;
pub mod named;
pub mod rate_limit;
