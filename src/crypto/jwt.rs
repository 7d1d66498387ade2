//! Signing and verifying JSON Web Tokens (RFC 7519) with our own keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jws::JwsHeader;
use josekit::jwt::{self, JwtPayload};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::signing_keys::{KeyError, KeySet};
use crate::domain::protocol::signing_key::Algorithm;
use crate::domain::unix_time::UnixTime;

/// The `typ` of a token, so that one kind is never taken for another (RFC 8725, 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// OpenID Connect Core 1.0, 2.
    Id,
    /// RFC 9068, 2.1.
    Access,
}

impl TokenType {
    const fn name(self) -> &'static str {
        match self {
            TokenType::Id => "JWT",
            TokenType::Access => "at+jwt",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("signing failed: {0}")]
    Jose(#[from] josekit::JoseError),
}

/// Not a token of ours of this type: malformed, signed by an unknown key, or changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token of ours")]
pub struct NotOurs;

/// Signs `claims` with the key that is in force for `algorithm`.
pub fn sign(
    claims: Map<String, Value>,
    typ: TokenType,
    algorithm: Algorithm,
    keys: &KeySet,
    now: UnixTime,
) -> Result<String, SignError> {
    let key = keys.signing(algorithm, now)?;
    let mut header = JwsHeader::new();
    header.set_token_type(typ.name());
    header.set_key_id(&key.id);
    Ok(jwt::encode_with_signer(&JwtPayload::from_map(claims)?, &header, key.signer())?)
}

/// The claims of a token that we signed ourselves. Times in it are not judged: an `id_token_hint` may have expired.
pub fn verify(token: &str, typ: TokenType, keys: &KeySet, now: UnixTime) -> Result<Map<String, Value>, NotOurs> {
    let header = jwt::decode_header(token).map_err(|_| NotOurs)?;
    let text = |name| header.claim(name).and_then(Value::as_str);
    if text("typ") != Some(typ.name()) {
        return Err(NotOurs);
    }
    let key = text("kid").and_then(|kid| keys.by_id(kid, now)).ok_or(NotOurs)?;
    // The verifier is the key's own: the header's `alg` can't choose another.
    let (payload, _) = jwt::decode_with_verifier(token, key.verifier()).map_err(|_| NotOurs)?;
    Ok(payload.into())
}

/// What a token says, whoever has written it: nothing of it is proved.
pub fn unverified_claims(token: &str) -> Option<Map<String, Value>> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// `at_hash` and `c_hash` for algorithms with SHA-256: the left half of the digest (OpenID Connect Core 1.0, 3.1.3.6).
pub fn half_hash(value: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(value.as_bytes()).into();
    let (left, _) = digest.split_at(16);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::master_key::{MasterKey, Purpose};
    use crate::crypto::sealed::Sealer;
    use crate::crypto::signing_keys::generate;

    const NOW: UnixTime = UnixTime(1_000);

    fn keys() -> KeySet {
        let sealer = Sealer::new(&MasterKey::ephemeral(), Purpose::SealedAtRest);
        let keys = Algorithm::ALL.map(|a| generate(a, &sealer, NOW, NOW).unwrap());
        KeySet::open(keys.into(), &sealer).unwrap()
    }

    fn claims() -> Map<String, Value> {
        serde_json::from_str(r#"{"sub":"m1","exp":2000}"#).unwrap()
    }

    #[test]
    fn a_token_is_read_back_only_with_its_own_type_and_key() {
        let keys = keys();
        for algorithm in Algorithm::ALL {
            let token = sign(claims(), TokenType::Access, algorithm, &keys, NOW).unwrap();
            assert_eq!(verify(&token, TokenType::Access, &keys, NOW), Ok(claims()));
            assert_eq!(verify(&token, TokenType::Id, &keys, NOW), Err(NotOurs));
            assert_eq!(verify(&token, TokenType::Access, &self::keys(), NOW), Err(NotOurs));
        }
    }

    #[test]
    fn a_token_with_alg_none_or_a_changed_part_is_not_ours() {
        let keys = keys();
        let token = sign(claims(), TokenType::Id, Algorithm::Es256, &keys, NOW).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let header = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        let encode = |s: &str| URL_SAFE_NO_PAD.encode(s);
        let none = encode(&header.replace("ES256", "none"));
        let other_claims = encode(r#"{"sub":"m2","exp":2000}"#);
        for forged in [
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{}.{other_claims}.{}", parts[0], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}x", parts[0], parts[1], parts[2]),
            "a.b.c".into(),
            String::new(),
        ] {
            assert_eq!(verify(&forged, TokenType::Id, &keys, NOW), Err(NotOurs), "{forged}");
        }
    }
}
