//! The command line, as the program itself: what it says, its exit code, and what it leaves behind.

mod commands;
mod folder;
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "shared with tests that need more of it")]
mod postgres;
mod refusals;
mod servers;
