//! The store, on both databases.

mod cluster;
#[path = "../support/mod.rs"]
mod support;
