//! For members who can't log in.

pub mod cancel_methods_reset;
pub mod forgotten;
pub mod reset_password;
