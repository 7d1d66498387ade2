//! The command line, as the program itself: what it says, its exit code, and what it leaves behind.

#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by stopping"
)]

mod commands;
mod folder;
mod help;
mod mail;
#[path = "../support/postgres.rs"]
mod postgres;
mod prepared_files;
mod refusals;
mod servers;
mod slow_connections;
#[path = "../support/smtp.rs"]
#[allow(dead_code, reason = "the tests of mail over HTTP use all of it")]
mod smtp;
#[path = "../support/visitor.rs"]
#[allow(dead_code, reason = "the tests over HTTP use all of it")]
mod visitor;
