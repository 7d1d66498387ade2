//! What the test binaries share. Each takes what it needs, hence the allowance for the rest.
#![allow(dead_code, clippy::allow_attributes, reason = "no test binary uses all of it")]

pub mod browser;
pub mod postgres;
