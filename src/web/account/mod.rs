//! What members see and change of their own account.

pub mod profile;
