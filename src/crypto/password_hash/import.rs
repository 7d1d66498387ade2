//! Hashes from other systems, on their way in: what can't be compared later is refused now.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::HashCost;
use super::pepper::Peppers;
use super::stored::Stored;

/// A hash that can be stored, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedHash {
    pub hash: String,
    pub cost: HashCost,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error(
        "the password hash is of no known form. Known are: $argon2id$…, $argon2i$… and $argon2d$…; bcrypt ($2a$…, $2b$…, $2y$…); \
         $pbkdf2-sha256$i=ITERATIONS$SALT$HASH and $pbkdf2-sha512$…; $scrypt$ln=…,r=…,p=…$SALT$HASH; SHA-crypt ($5$…, $6$…); and \
         a password credential of Keycloak's export, as JSON"
    )]
    Unknown,
    #[error("the password hash can't be taken: {0}")]
    Unusable(&'static str),
    #[error("the credential is not a password of Keycloak's export: {0}")]
    NotKeycloak(String),
    #[error("Keycloak's algorithm {0:?} is not known here; known are pbkdf2-sha256 and pbkdf2-sha512")]
    KeycloakAlgorithm(String),
}

/// The hash in the form in which it is stored.
pub fn import(text: &str, peppers: &Peppers) -> Result<ImportedHash, ImportError> {
    let text = text.trim();
    let hash = if text.starts_with('{') { from_keycloak(text)? } else { text.to_owned() };
    if !hash.starts_with('$') {
        return Err(ImportError::Unknown);
    }
    match Stored::read(&hash, peppers) {
        Ok(stored) => Ok(ImportedHash { cost: stored.cost(), hash }),
        Err("its form is not known") => Err(ImportError::Unknown),
        Err(reason) => Err(ImportError::Unusable(reason)),
    }
}

/// An entry of a user's `credentials`; both values hold JSON once more.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    credential_data: String,
    secret_data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialData {
    algorithm: String,
    hash_iterations: u32,
}

#[derive(Deserialize)]
struct SecretData {
    value: String,
    salt: String,
}

fn from_keycloak(text: &str) -> Result<String, ImportError> {
    let malformed = |what: &dyn ToString| ImportError::NotKeycloak(what.to_string());
    let Credential { credential_data, secret_data } = serde_json::from_str(text).map_err(|e| malformed(&e))?;
    let CredentialData { algorithm, hash_iterations } =
        serde_json::from_str(&credential_data).map_err(|e| malformed(&e))?;
    // The message of serde could quote the hash.
    let secret: SecretData =
        serde_json::from_str(&secret_data).map_err(|_| malformed(&"secretData is not understood"))?;
    if !matches!(algorithm.as_str(), "pbkdf2-sha256" | "pbkdf2-sha512") {
        return Err(ImportError::KeycloakAlgorithm(algorithm));
    }
    const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let again = |text: &str| ANY_PADDING.decode(text).map(|bytes| STANDARD_NO_PAD.encode(bytes));
    match (again(&secret.salt), again(&secret.value)) {
        (Ok(salt), Ok(value)) => Ok(format!("${algorithm}$i={hash_iterations}${salt}${value}")),
        _ => Err(malformed(&"salt and value must be base64")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::password_hash::{PasswordHasher, Verified};
    use crate::domain::login::password_policy::Argon2Cost;
    use crate::domain::secret::Secret;

    /// As `kc.sh export` writes it; value and salt made by Python's hashlib.
    const KEYCLOAK: &str = r#"{"id":"1c0d","type":"password","createdDate":1700000000000,
        "secretData":"{\"value\":\"tDaovJ3h5ur7xqR8wsSJ4MPdVhqXKV8f8I2K2kyVMbYXoNufiqdgVXJZ1idIcHYHnL++w0yfxZfvEsxVRuYBjQ==\",\"salt\":\"MDEyMzQ1Njc4OWFiY2RlZg==\",\"additionalParameters\":{}}",
        "credentialData":"{\"hashIterations\":27500,\"algorithm\":\"pbkdf2-sha256\",\"additionalParameters\":{}}"}"#;

    fn import(text: &str) -> Result<ImportedHash, ImportError> {
        super::import(text, &Peppers::default())
    }

    #[tokio::test]
    async fn a_password_of_keycloak_is_stored_as_a_phc_string_that_verifies() {
        let imported = import(KEYCLOAK).unwrap();
        assert!(imported.hash.starts_with("$pbkdf2-sha256$i=27500$MDEyMzQ1Njc4OWFiY2RlZg$tDaov"), "{}", imported.hash);
        let cost = Argon2Cost { memory_kib: 8, iterations: 1, parallelism: 1 };
        let hasher = PasswordHasher::start(cost, 1, 8).unwrap();
        let verified = hasher.verify(Secret::new("Demo-hanako-1".into()), Some(&imported.hash)).await;
        assert_eq!(verified, Ok(Verified::Right { needs_upgrade: true }));
    }

    #[test]
    fn what_keycloak_did_not_write_is_refused_without_quoting_the_hash() {
        for (text, expected) in [
            (KEYCLOAK.replace("pbkdf2-sha256", "pbkdf2"), "\"pbkdf2\" is not known"),
            (KEYCLOAK.replace("27500", "2000000000"), "10000000"),
            (KEYCLOAK.replace("27500", "-1"), "not a password"),
            (KEYCLOAK.replace("MDEy", "%%%%"), "base64"),
            (KEYCLOAK.replace("\\\"value\\\":", ""), "secretData"),
            ("{}".into(), "not a password"),
        ] {
            let error = import(&text).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("tDaov"), "{error}");
        }
    }

    #[test]
    fn a_form_that_is_not_known_is_answered_by_those_that_are() {
        for text in ["", "secret", "{SSHA}abc", "$1$salt$UMRWHT5Q6xTMRI.zNFLxX1", "pbkdf2_sha256$1$a$b"] {
            let error = import(text).unwrap_err();
            assert!(matches!(&error, ImportError::Unknown | ImportError::NotKeycloak(_)), "{text}: {error}");
        }
        assert!(import("").unwrap_err().to_string().contains("bcrypt ($2a$"));
        let stored = "$2b$04$abcdefghijklmnopqrstuuljyYmC5U/Hon0YTTZLz0HWJWoET/WYe";
        assert_eq!(import(&format!(" {stored}\n")).unwrap().hash, stored);
    }
}
