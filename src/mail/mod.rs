//! Mail: what it says ([`messages`]) and how it leaves ([`transport`]). What waits to be sent lies in the store's outbox.

pub mod budget;
pub mod messages;
pub mod transport;
