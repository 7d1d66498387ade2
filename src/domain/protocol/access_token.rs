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
    pub aud: Audience,
    pub exp: i64,
    pub iat: i64,
    pub jti: String,
    pub client_id: ClientId,
    #[serde(skip_serializing_if = "Scoped::is_empty", default)]
    pub scope: Scoped,
    /// The grant that it hangs on; none for a client acting for itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grant: Option<GrantId>,
}

/// Whom a token is for: a plain text where it is one, a list where it is several (RFC 7519, 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OneOrSeveral", into = "OneOrSeveral")]
pub struct Audience(Vec<String>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

impl From<OneOrSeveral> for Audience {
    fn from(names: OneOrSeveral) -> Audience {
        match names {
            OneOrSeveral::One(name) => Audience(vec![name]),
            OneOrSeveral::Several(names) => Audience(names),
        }
    }
}

impl From<Audience> for OneOrSeveral {
    fn from(Audience(mut names): Audience) -> OneOrSeveral {
        match (names.pop(), names.is_empty()) {
            (Some(name), true) => OneOrSeveral::One(name),
            (last, _) => OneOrSeveral::Several(names.into_iter().chain(last).collect()),
        }
    }
}

impl Audience {
    pub fn of(names: Vec<String>) -> Audience {
        Audience(names)
    }

    pub fn names(&self) -> &[String] {
        &self.0
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|n| n == name)
    }
}

/// Scopes as one space-separated text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scoped(pub Scopes);

impl Scoped {
    /// A token without scopes has no such claim: an empty text is none (RFC 6749, 3.3).
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_audience_of_one_is_a_plain_text() {
        for (names, written) in [(vec!["a"], json!("a")), (vec!["a", "b"], json!(["a", "b"])), (vec![], json!([]))] {
            let audience = Audience::of(names.into_iter().map(str::to_owned).collect());
            assert_eq!(serde_json::to_value(&audience).unwrap(), written);
            assert_eq!(serde_json::from_value::<Audience>(written).unwrap(), audience);
        }
    }
}
