//! Journeys in a real browser.

mod harness;
#[path = "../support/mod.rs"]
mod support;
