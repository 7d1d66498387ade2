//! The store, on both databases.

#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by stopping"
)]

mod cluster;
mod connections;
mod retention;
mod shared_commits;
#[path = "../support/mod.rs"]
mod support;
