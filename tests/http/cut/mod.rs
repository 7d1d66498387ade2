//! Each verb is cut off at every await of its caller: what it began stands whole, or not at all.

mod account;
mod login;
mod mail;
mod others;
mod protocol_answers;
mod recovery;
mod staff;
mod tokens;
