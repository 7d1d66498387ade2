//! The one key that everything else is derived from, kept in a file apart from the database.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::secret::Secret;
use crate::random;
use crate::text_file;

/// 256 random bits. Never used itself: each use has its own key, derived by HKDF-SHA-256 (RFC 5869) under its name.
#[derive(Clone, Debug)]
pub struct MasterKey(Secret<[u8; 32]>);

/// What a derived key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Values in the database that must be readable again.
    SealedAtRest,
    /// The state of a login in progress, which travels through the browser.
    SealedFlow,
    /// Proof that a form came from our page.
    Csrf,
    /// Refresh tokens.
    RefreshToken,
    /// Names of accounts in the table of failures.
    AccountKey,
    /// Short codes: those sent by e-mail, and recovery codes.
    OneTimePassword,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Purpose::SealedAtRest => b"sekisho sealed at rest 1",
            Purpose::SealedFlow => b"sekisho sealed flow 1",
            Purpose::Csrf => b"sekisho csrf 1",
            Purpose::RefreshToken => b"sekisho refresh token 1",
            Purpose::AccountKey => b"sekisho account key 1",
            Purpose::OneTimePassword => b"sekisho one-time password 1",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error(
        "the master key {file} is missing, but the database holds what was sealed with it. Put the key back from your copy; without it the database can't be used"
    )]
    Missing { file: PathBuf },
    #[error("the master key {file} can't be read: {reason}")]
    Unreadable { file: PathBuf, reason: std::io::Error },
    #[error(
        "the master key {file} is damaged: it must hold 32 bytes in base64url (43 letters). Put it back from your copy"
    )]
    Damaged { file: PathBuf },
    #[error(
        "the master key {file} can't be written: {reason}. Check the folder's owner, rights and free space, or set secrets.master_key_file"
    )]
    Unwritable { file: PathBuf, reason: std::io::Error },
}

impl MasterKey {
    /// Reads the key; makes it (readable by its owner only) if the file is missing and `may_create` says that nothing
    /// was sealed yet.
    pub fn load(file: &Path, may_create: bool) -> Result<MasterKey, MasterKeyError> {
        let text = match text_file::read(file) {
            Ok(text) => Zeroizing::new(text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && may_create => return Self::create(file),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(MasterKeyError::Missing { file: file.to_owned() });
            }
            Err(reason) => return Err(MasterKeyError::Unreadable { file: file.to_owned(), reason }),
        };
        let key = decode_key(&text).ok_or_else(|| MasterKeyError::Damaged { file: file.to_owned() })?;
        Ok(MasterKey(Secret::new(key)))
    }

    fn create(file: &Path) -> Result<MasterKey, MasterKeyError> {
        let key = random::bytes::<32>();
        let write = || -> std::io::Result<()> {
            if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
                use std::os::unix::fs::DirBuilderExt as _;
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            // `create_new`: two nodes that start at once must not each believe in a key of their own.
            let mut f = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
            let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(key) + "\n");
            let written = f.write_all(text.as_bytes()).and_then(|()| f.sync_all());
            if written.is_err() {
                // Half a key would be taken for a damaged one for ever after.
                std::fs::remove_file(file)?;
            }
            written
        };
        match write() {
            Ok(()) => Ok(MasterKey(Secret::new(key))),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Self::load(file, false),
            Err(reason) => Err(MasterKeyError::Unwritable { file: file.to_owned(), reason }),
        }
    }

    /// A key that exists only in this process.
    pub fn ephemeral() -> MasterKey {
        MasterKey(Secret::new(random::bytes::<32>()))
    }

    pub fn derive(&self, purpose: Purpose) -> Secret<[u8; 32]> {
        let mut key = [0_u8; 32];
        #[expect(clippy::expect_used, reason = "HKDF-SHA-256 gives up to 8160 bytes")]
        Hkdf::<Sha256>::new(None, self.0.expose())
            .expand(purpose.label(), &mut key)
            .expect("32 bytes are within HKDF's limit");
        Secret::new(key)
    }
}

/// A key as its file holds it: 32 bytes in base64url.
pub(super) fn decode_key(text: &str) -> Option<[u8; 32]> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim()).ok()?);
    bytes.as_slice().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_written_once_and_read_back_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("inner/master.key");
        let made = MasterKey::load(&file, true).unwrap();
        let read = MasterKey::load(&file, false).unwrap();
        assert_eq!(made.derive(Purpose::Csrf), read.derive(Purpose::Csrf));
        assert_ne!(made.derive(Purpose::Csrf), read.derive(Purpose::SealedFlow));
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_copy_of_the_key_that_was_saved_on_windows_is_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        let made = MasterKey::load(&file, true).unwrap();
        let text = String::from_utf8(std::fs::read(&file).unwrap()).unwrap();
        std::fs::write(&file, format!("\u{feff}{}\r\n", text.trim())).unwrap();
        assert_eq!(MasterKey::load(&file, false).unwrap().derive(Purpose::Csrf), made.derive(Purpose::Csrf));
        std::fs::write(&file, text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()).unwrap();
        let error = MasterKey::load(&file, true).unwrap_err().to_string();
        assert!(error.contains("master.key can't be read: it is UTF-16; save it as UTF-8"), "{error}");
    }

    #[test]
    fn a_missing_or_damaged_key_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        assert!(matches!(MasterKey::load(&file, false), Err(MasterKeyError::Missing { .. })));
        for damaged in ["", "abc", "!!!!", &"A".repeat(44)] {
            std::fs::write(&file, damaged).unwrap();
            let error = MasterKey::load(&file, true).unwrap_err();
            assert!(matches!(error, MasterKeyError::Damaged { .. }), "{damaged}");
            assert!(error.to_string().contains("master.key"));
        }
    }
}
