//! Every endpoint over HTTP, on both databases.

#![allow(
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what is wrong by stopping"
)]

mod account;
mod authorize;
mod code;
mod connections;
mod consent;
mod cut;
mod discovery;
mod email_codes;
mod faults;
mod first_login;
mod headers;
mod help;
mod identifiers;
mod input;
mod locks;
mod login;
mod logout;
mod lost_methods;
mod mail;
mod mail_budgets;
mod member_notices;
mod middle;
mod neighbours;
mod next_version;
mod openidconnect_client;
mod passkeys;
mod passwords;
mod permissions;
mod protocol_parameters;
mod rate_limits;
mod recovery;
mod refresh;
mod registration;
mod registry;
mod resource_servers;
mod sealed_state;
#[path = "../support/mod.rs"]
mod support;
mod totp;
mod typed;
mod unvouched;
mod userinfo;
