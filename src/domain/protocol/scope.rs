//! Scopes (RFC 6749, 3.3) and which of them exist here.

use serde::{Deserialize, Serialize};

use super::oauth_error::{ErrorCode, OAuthError};

pub const OPENID: &str = "openid";
pub const OFFLINE_ACCESS: &str = "offline_access";
/// Of clients that act for themselves, and that staff let send notices to members; no member can give it.
pub const MEMBER_NOTICES: &str = "member_notices";

/// Every scope that this provider knows (OpenID Connect Core 1.0, 5.4 and 11).
pub const SUPPORTED: [&str; 6] = [OPENID, "profile", "email", "address", "phone", OFFLINE_ACCESS];

/// A set of scopes in the order in which they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// Reads a space-separated list; repeated names count once. Refuses characters that a scope can't have.
    pub fn parse(text: &str) -> Result<Scopes, OAuthError> {
        let mut scopes = Scopes::default();
        for name in text.split(' ').filter(|n| !n.is_empty()) {
            if !name.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
                return Err(ErrorCode::InvalidScope.because("the scope holds a character that it can't have"));
            }
            scopes.add(name);
        }
        Ok(scopes)
    }

    pub fn of(names: &[&str]) -> Scopes {
        let mut scopes = Scopes::default();
        names.iter().for_each(|n| scopes.add(n));
        scopes
    }

    pub fn add(&mut self, name: &str) {
        if !self.contains(name) {
            self.0.push(name.to_owned());
        }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|n| n == name)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_within(&self, other: &Scopes) -> bool {
        self.iter().all(|n| other.contains(n))
    }

    /// Those that `allowed` has too.
    pub fn only(&self, allowed: &Scopes) -> Scopes {
        Scopes(self.iter().filter(|n| allowed.contains(n)).map(str::to_owned).collect())
    }

    pub fn without(&self, name: &str) -> Scopes {
        Scopes(self.iter().filter(|n| *n != name).map(str::to_owned).collect())
    }

    pub fn joined_with(&self, other: &Scopes) -> Scopes {
        let mut all = self.clone();
        other.iter().for_each(|n| all.add(n));
        all
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_keep_their_order_and_count_once() {
        let scopes = Scopes::parse("openid  email openid profile").unwrap();
        assert_eq!(scopes.to_string(), "openid email profile");
        assert!(Scopes::of(&["email"]).is_within(&scopes));
        assert!(!scopes.is_within(&Scopes::of(&["openid"])));
        assert_eq!(scopes.only(&Scopes::of(&["profile", "openid"])).to_string(), "openid profile");
    }

    #[test]
    fn characters_that_a_scope_cannot_have_are_refused() {
        for bad in ["a\"b", "a\\b", "あ", "a\tb"] {
            assert_eq!(Scopes::parse(bad).unwrap_err().code, ErrorCode::InvalidScope, "{bad}");
        }
    }
}
