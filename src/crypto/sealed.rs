//! Sealing: XChaCha20-Poly1305, bound to a place, so that a sealed value copied elsewhere does not open.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::master_key::{MasterKey, Purpose};
use crate::random;

/// Seals and opens values with one derived key.
#[derive(Clone)]
pub struct Sealer(XChaCha20Poly1305);

/// The value was changed, was sealed for another place, or under another key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not open")]
pub struct DoesNotOpen;

const NONCE: usize = 24;

impl Sealer {
    pub fn new(master: &MasterKey, purpose: Purpose) -> Sealer {
        Sealer(XChaCha20Poly1305::new(master.derive(purpose).expose().into()))
    }

    /// Seals `value` for `place` (say, table, column and row), as base64url.
    pub fn seal(&self, value: &[u8], place: &str) -> String {
        let nonce = random::bytes::<NONCE>();
        let payload = Payload { msg: value, aad: place.as_bytes() };
        #[expect(clippy::expect_used, reason = "fails only beyond 256 GiB")]
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("small enough to seal");
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
    }

    pub fn open(&self, sealed: &str, place: &str) -> Result<Vec<u8>, DoesNotOpen> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| DoesNotOpen)?;
        let (nonce, msg) = bytes.split_first_chunk::<NONCE>().ok_or(DoesNotOpen)?;
        self.0.decrypt(&XNonce::from(*nonce), Payload { msg, aad: place.as_bytes() }).map_err(|_| DoesNotOpen)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_unchanged_and_in_its_place() {
        let sealer = Sealer::new(&MasterKey::ephemeral(), Purpose::SealedAtRest);
        let sealed = sealer.seal(b"key", "signing_keys.private_jwk.k1");
        assert_eq!(sealer.open(&sealed, "signing_keys.private_jwk.k1").as_deref(), Ok(&b"key"[..]));
        assert_eq!(sealer.open(&sealed, "signing_keys.private_jwk.k2"), Err(DoesNotOpen));
        let other = Sealer::new(&MasterKey::ephemeral(), Purpose::SealedAtRest);
        assert_eq!(other.open(&sealed, "signing_keys.private_jwk.k1"), Err(DoesNotOpen));
        for i in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            if changed != sealed {
                assert_eq!(sealer.open(&changed, "signing_keys.private_jwk.k1"), Err(DoesNotOpen), "letter {i}");
            }
        }
        for short in ["", "AAAA", "not base64!"] {
            assert_eq!(sealer.open(short, ""), Err(DoesNotOpen));
        }
    }
}
