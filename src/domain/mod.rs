//! Rules and states, and nothing else: no input or output, no clock, no HTTP, no SQL. Everything a rule needs comes in
//! as an argument; what it decides goes out as a value.

pub mod actor;
pub mod colour;
pub mod help;
pub mod ids;
pub mod login;
pub mod member;
pub mod protocol;
pub mod secret;
pub mod unix_time;
