//! Rules of logging in: which passwords are taken, when a lock stands, which step comes next.

pub mod locks;
pub mod password_policy;
