//! For members who can't log in.

pub mod forgotten;
pub mod reset_password;
