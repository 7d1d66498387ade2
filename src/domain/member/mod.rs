//! Rules about members: their IDs and their profile.

pub mod profile;
pub mod user_id;
