//! Rules about members: their IDs and their profile.

pub mod account_event;
pub mod authentication_method;
pub mod authenticator_removal;
pub mod email_address;
pub mod member_notice;
pub mod permissions;
pub mod profile;
pub mod typed;
pub mod user_id;
