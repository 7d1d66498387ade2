//! Identifiers, one type each, so that a member's can't be passed where a client's is meant.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

macro_rules! identifier {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

identifier! {
    /// Names a member for ever and says nothing about them: the public `sub` claim (OpenID Connect Core 1.0, 8).
    MemberId;
    /// Names a relying party (RFC 6749, 2.2).
    ClientId;
    /// Names one login in one browser: the `sid` claim.
    BrowserSessionId;
    /// Names what a member granted to a client at one time; every code and token hangs on one.
    GrantId;
    /// Names one authorization request on its way through the login pages.
    FlowId;
}

/// What somebody else names in an address or a form: a row, a question, a picture. Only what our identifiers look like:
/// signs that stand in an address as they are (RFC 3986, 2.3), so that it can be put into one again; nothing that a
/// browser, a proxy or a database would take for anything else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Identifier(String);

impl Identifier {
    const LONGEST: usize = 128;

    pub fn of(text: &str) -> Option<Identifier> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        let fits = (1..=Identifier::LONGEST).contains(&text.len())
            && text.bytes().all(unreserved)
            // Dots alone lead to another address (RFC 3986, 5.2.4).
            && text.bytes().any(|b| b != b'.');
        fits.then(|| Identifier(text.to_owned()))
    }
}

impl TryFrom<String> for Identifier {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Identifier, &'static str> {
        Identifier::of(&text).ok_or("this can't be an identifier")
    }
}

impl From<Identifier> for String {
    fn from(identifier: Identifier) -> String {
        identifier.0
    }
}

impl Deref for Identifier {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_our_identifiers_look_like_is_one() {
        for text in ["gX_-1", "password-locked", "style.css", "1.0.0", &long(128)] {
            assert_eq!(Identifier::of(text).as_deref(), Some(text));
        }
        for text in [
            "",
            ".",
            "..",
            "...",
            "../x",
            "a/b",
            "a\\b",
            "..%2f",
            "%2e",
            "a\r\nb",
            "a\0",
            "\u{0}",
            "a b",
            " a",
            "ａ",
            "花",
            "a?b",
            "a#b",
            "a;b",
            "a'b",
            "a\"b",
            "<b>",
            "a\u{200b}",
            &long(129),
        ] {
            assert_eq!(Identifier::of(text), None, "{text:?}");
            assert!(serde_json::from_value::<Identifier>(text.into()).is_err());
        }
    }

    fn long(letters: usize) -> String {
        "x".repeat(letters)
    }
}
