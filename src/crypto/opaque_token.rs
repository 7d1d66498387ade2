//! Random tokens whose digest alone is stored, and keyed digests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::domain::ids::GrantId;
use crate::domain::secret::Secret;
use crate::random;

/// What a token is for: its prefix tells people and secret scanners what they have found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    AuthorizationCode,
    ClientSecret,
    RegistrationAccessToken,
    InitialAccessToken,
    /// The address of a page that one login step or consent waits on.
    Step,
    BrowserSession,
    Device,
    Browser,
    /// A link to a new password.
    PasswordLink,
    /// A link that cancels what somebody has asked for.
    CancelLink,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Kind::AuthorizationCode => "skc_",
            Kind::ClientSecret => "sks_",
            Kind::RegistrationAccessToken => "skg_",
            Kind::InitialAccessToken => "ski_",
            Kind::Step => "skp_",
            Kind::BrowserSession => "skb_",
            Kind::Device => "skd_",
            Kind::Browser => "skw_",
            Kind::PasswordLink => "skl_",
            Kind::CancelLink => "skx_",
        }
    }
}

/// A new token with 256 random bits.
pub fn new(kind: Kind) -> Secret<String> {
    Secret::new(format!("{}{}", kind.prefix(), random::token()))
}

/// Whether `token` looks like one that we made.
pub fn fits(kind: Kind, token: &str) -> bool {
    token.strip_prefix(kind.prefix()).is_some_and(|random| random.len() == 43 && random.bytes().all(is_base64url))
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// What is stored of a token: SHA-256 in base64url. Enough where the token has 256 random bits.
pub fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// HMAC-SHA-256 under `key` over `parts`, each with its length before it, in base64url.
pub fn keyed_digest(key: &Secret<[u8; 32]>, parts: &[&[u8]]) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("any key length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// Equality in constant time.
pub fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// A refresh token: `skr_<grant>.<generation>.<mac>`. The MAC makes every one that was ever issued recognisable without
/// storing any, and the successor of a token always the same (docs/decisions/refresh-tokens.md).
#[derive(Clone, Debug)]
pub struct RefreshTokens {
    key: Secret<[u8; 32]>,
}

const REFRESH_PREFIX: &str = "skr_";

impl RefreshTokens {
    pub fn new(key: Secret<[u8; 32]>) -> RefreshTokens {
        RefreshTokens { key }
    }

    pub fn issue(&self, grant: &GrantId, generation: i64) -> Secret<String> {
        let mac = keyed_digest(&self.key, &[grant.as_str().as_bytes(), &generation.to_be_bytes()]);
        Secret::new(format!("{REFRESH_PREFIX}{grant}.{generation}.{mac}"))
    }

    /// Which grant's token of which generation this is; `None` if we never issued it.
    pub fn read(&self, token: &str) -> Option<(GrantId, i64)> {
        let mut parts = token.strip_prefix(REFRESH_PREFIX)?.split('.');
        let (grant, generation, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let grant = GrantId(grant.to_owned());
        let generation = generation.parse::<i64>().ok()?;
        let expected = keyed_digest(&self.key, &[grant.as_str().as_bytes(), &generation.to_be_bytes()]);
        (parts.next().is_none() && same(mac, &expected)).then_some((grant, generation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_tokens_are_recognised_only_as_issued() {
        let tokens = RefreshTokens::new(Secret::new([7; 32]));
        let grant = GrantId("gX_-1".into());
        let token = tokens.issue(&grant, 3);
        assert_eq!(tokens.read(token.expose()), Some((grant.clone(), 3)));
        assert_eq!(tokens.issue(&grant, 3), token, "the successor is always the same");
        let text = token.expose();
        for forged in [
            text.replace(".3.", ".4."),
            text.replace("gX_-1", "gX_-2"),
            format!("{text}x"),
            format!("{text}.x"),
            text.replace("skr_", ""),
            String::new(),
        ] {
            assert_eq!(tokens.read(&forged), None, "{forged}");
        }
        assert_eq!(RefreshTokens::new(Secret::new([8; 32])).read(text), None);
    }

    #[test]
    fn parts_of_a_keyed_digest_do_not_run_into_each_other() {
        let key = Secret::new([1; 32]);
        assert_ne!(keyed_digest(&key, &[b"ab", b"c"]), keyed_digest(&key, &[b"a", b"bc"]));
    }

    #[test]
    fn tokens_tell_what_they_are_and_differ() {
        let (a, b) = (new(Kind::AuthorizationCode), new(Kind::AuthorizationCode));
        assert!(a.expose().starts_with("skc_") && a.expose().len() == 47);
        assert!(fits(Kind::AuthorizationCode, a.expose()) && !fits(Kind::Browser, a.expose()));
        assert!(
            !fits(Kind::AuthorizationCode, &format!("{}x", a.expose())) && !fits(Kind::AuthorizationCode, "skc_花")
        );
        assert_ne!(a, b);
        assert_ne!(digest(a.expose()), digest(b.expose()));
    }
}
