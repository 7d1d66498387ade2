//! Identifiers, one type each, so that a member's can't be passed where a client's is meant.

use std::fmt;

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
