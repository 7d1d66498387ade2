//! Every endpoint over HTTP, on both databases.

mod authorize;
mod code;
#[path = "../support/mod.rs"]
mod support;
