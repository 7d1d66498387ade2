//! Peppers: a secret beside the database that goes into every hash, so that a copy of the database alone is worth no guess.
//!
//! It is Argon2's own secret value (RFC 9106, 3.1). Which pepper a hash was made with stands in its `keyid`, a name that
//! follows from the pepper itself.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::crypto::master_key::decode_key;
use crate::domain::secret::Secret;
use crate::text_file;

const ID_LENGTH: usize = 6;

/// The pepper of new hashes, if there is one, and those that stored hashes may still have.
#[derive(Clone, Debug, Default)]
pub struct Peppers {
    present: Option<Pepper>,
    previous: Vec<Pepper>,
}

#[derive(Clone, Debug)]
struct Pepper {
    key: Secret<[u8; 32]>,
    id: [u8; ID_LENGTH],
}

#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    #[error(
        "the pepper {file} can't be read: {reason}. Put the file back from your copy; a new one is made by: head -c 32 /dev/urandom | basenc --base64url | tr -d = > FILE"
    )]
    Unreadable { file: PathBuf, reason: std::io::Error },
    #[error(
        "the pepper {file} is damaged: it must hold 32 bytes in base64url (43 letters). Put it back from your copy"
    )]
    Damaged { file: PathBuf },
}

impl Pepper {
    fn read(file: &Path) -> Result<Pepper, PepperError> {
        let text = text_file::read(file).map_err(|reason| PepperError::Unreadable { file: file.to_owned(), reason })?;
        decode_key(&Zeroizing::new(text)).map(Pepper::new).ok_or_else(|| PepperError::Damaged { file: file.to_owned() })
    }

    fn new(key: [u8; 32]) -> Pepper {
        let mut id = [0; ID_LENGTH];
        #[expect(clippy::expect_used, reason = "HKDF-SHA-256 gives up to 8160 bytes")]
        Hkdf::<Sha256>::new(None, &key)
            .expand(b"sekisho pepper id 1", &mut id)
            .expect("6 bytes are within HKDF's limit");
        Pepper { key: Secret::new(key), id }
    }
}

impl Peppers {
    /// Reads the files of `passwords.pepper_file` and `passwords.previous_pepper_files`.
    pub fn read(present: Option<&Path>, previous: &[PathBuf]) -> Result<Peppers, PepperError> {
        Ok(Peppers {
            present: present.map(Pepper::read).transpose()?,
            previous: previous.iter().map(|file| Pepper::read(file)).collect::<Result<_, _>>()?,
        })
    }

    #[cfg(test)]
    pub(super) fn of(present: Option<[u8; 32]>, previous: &[[u8; 32]]) -> Peppers {
        Peppers { present: present.map(Pepper::new), previous: previous.iter().copied().map(Pepper::new).collect() }
    }

    /// The name of the pepper of new hashes.
    pub fn present_id(&self) -> Option<&[u8]> {
        self.present.as_ref().map(|pepper| pepper.id.as_slice())
    }

    /// The same, as hashes write it.
    pub fn present_name(&self) -> Option<String> {
        self.present_id().map(|id| STANDARD_NO_PAD.encode(id))
    }

    /// Whether hashes can be compared that name this pepper.
    pub fn has(&self, name: &str) -> bool {
        STANDARD_NO_PAD.decode(name).is_ok_and(|id| self.named(&id).is_some())
    }

    pub(super) fn named(&self, id: &[u8]) -> Option<&[u8]> {
        self.present
            .iter()
            .chain(&self.previous)
            .find(|pepper| pepper.id == id)
            .map(|pepper| pepper.key.expose().as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::password_hash::{HashError, PasswordHasher, Verified};
    use crate::domain::login::password_policy::Argon2Cost;

    const TINY: Argon2Cost = Argon2Cost { memory_kib: 8, iterations: 1, parallelism: 1 };
    const RIGHT: Result<Verified, HashError> = Ok(Verified::Right { needs_upgrade: false });
    const RIGHT_BUT_OLD: Result<Verified, HashError> = Ok(Verified::Right { needs_upgrade: true });

    fn hasher(present: Option<[u8; 32]>, previous: &[[u8; 32]]) -> PasswordHasher {
        PasswordHasher::start(TINY, 1, 8).unwrap().peppered(Peppers::of(present, previous)).unwrap()
    }

    fn secret() -> Secret<String> {
        Secret::new("Demo-hanako-1".to_owned())
    }

    #[tokio::test]
    async fn a_pepper_is_introduced_changed_and_given_up_at_the_next_login() {
        let (plain, first) = (hasher(None, &[]), hasher(Some([1; 32]), &[]));
        let unpeppered = plain.hash(secret()).await.unwrap();
        assert_eq!(first.verify(secret(), Some(&unpeppered)).await, RIGHT_BUT_OLD);
        let peppered = first.hash(secret()).await.unwrap();
        assert_eq!(first.verify(secret(), Some(&peppered)).await, RIGHT);
        let second = hasher(Some([2; 32]), &[[1; 32]]);
        assert_eq!(second.verify(secret(), Some(&peppered)).await, RIGHT_BUT_OLD);
        assert_eq!(second.verify(secret(), Some(&second.hash(secret()).await.unwrap())).await, RIGHT);
        assert_eq!(hasher(None, &[[1; 32]]).verify(secret(), Some(&peppered)).await, RIGHT_BUT_OLD);
        let wrong = Secret::new("Demo-hanako-2".to_owned());
        assert_eq!(first.verify(wrong, Some(&peppered)).await, Ok(Verified::Wrong));
    }

    #[tokio::test]
    async fn without_its_pepper_a_hash_is_worth_nothing() {
        let peppered = hasher(Some([1; 32]), &[]).hash(secret()).await.unwrap();
        for other in [hasher(None, &[]), hasher(Some([2; 32]), &[])] {
            let outcome = other.verify(secret(), Some(&peppered)).await;
            assert!(matches!(outcome, Err(HashError::Corrupt(why)) if why.contains("pepper")), "{outcome:?}");
        }
        // The pepper is in the hash, not beside it.
        let (before, after) = (peppered.split(",keyid=").next().unwrap(), peppered.splitn(5, '$').nth(4).unwrap());
        let stripped = format!("{before}${after}");
        assert_eq!(hasher(None, &[]).verify(secret(), Some(&stripped)).await, Ok(Verified::Wrong));
    }

    #[test]
    fn a_file_is_read_as_it_is_made_and_a_damaged_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pepper");
        assert!(matches!(Peppers::read(Some(&file), &[]), Err(PepperError::Unreadable { .. })));
        std::fs::write(&file, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n").unwrap();
        let peppers = Peppers::read(Some(&file), &[]).unwrap();
        let name = peppers.present_name().unwrap();
        assert!(name.len() == 8 && peppers.has(&name) && !Peppers::default().has(&name));
        assert!(Peppers::read(None, std::slice::from_ref(&file)).unwrap().has(&name));
        std::fs::write(&file, "\u{feff}AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\r\n").unwrap();
        assert!(Peppers::read(Some(&file), &[]).unwrap().has(&name));
        std::fs::write(&file, "AAAA").unwrap();
        let error = Peppers::read(None, &[file]).unwrap_err();
        assert!(matches!(error, PepperError::Damaged { .. }) && error.to_string().contains("pepper"));
    }
}
