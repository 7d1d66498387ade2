//! Password hashing, JOSE, signing keys, sealing, opaque tokens.
