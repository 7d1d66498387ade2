//! Access tokens (RFC 9068): JWTs that any resource server can read, hanging on a grant so that they can be ended.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{ClientId, GrantId};
use crate::domain::protocol::scope::Scopes;

/// The claims of an access token (RFC 9068, 2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    pub iss: String,
    /// The member; for a client acting for itself, the client.
    pub sub: String,
    pub aud: String,
    pub exp: i64,
    pub iat: i64,
    pub jti: String,
    pub client_id: ClientId,
    pub scope: Scoped,
    /// The grant that it hangs on; none for a client acting for itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grant: Option<GrantId>,
}

/// Scopes as one space-separated text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scoped(pub Scopes);

impl Serialize for Scoped {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Scoped {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Scoped, D::Error> {
        let text = String::deserialize(deserializer)?;
        Scopes::parse(&text).map(Scoped).map_err(serde::de::Error::custom)
    }
}
