//! Password hashing, JOSE, signing keys, sealing, opaque tokens.

pub mod password_hash;
