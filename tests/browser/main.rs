//! Journeys in a real browser.

#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by stopping"
)]

mod account;
mod branding;
mod disturbed;
mod disturbed_account;
mod faq;
mod faq_lost_phone;
mod gallery;
mod harness;
mod help;
mod journey;
mod leaving;
mod member_notices;
mod passkeys;
mod passwords;
#[path = "../../examples/portal/portal.rs"]
mod portal;
mod recovery;
#[path = "../support/mod.rs"]
mod support;
