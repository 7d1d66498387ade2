//! Password hashing, passkeys, JOSE, signing keys, sealing, opaque tokens.

pub mod jwt;
pub mod master_key;
pub mod opaque_token;
pub mod passkey;
pub mod password_hash;
pub mod sealed;
pub mod signing_keys;
