//! The steps of a login, a file each.

pub mod consent;
pub mod initial_password;
pub mod password;
pub mod sealed_flow;
