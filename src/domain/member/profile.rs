//! A member of the society, and what relying parties may learn of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::authentication_method::Method;
use crate::domain::ids::MemberId;
use crate::domain::unix_time::UnixTime;

#[derive(Clone, Debug)]
pub struct Member {
    pub id: MemberId,
    /// As the society wrote it.
    pub user_id: String,
    pub role: Role,
    pub name: Option<String>,
    /// Families share one: it names nobody.
    pub email: Option<String>,
    pub email_verified_at: Option<UnixTime>,
    pub phone_number: Option<String>,
    pub phone_number_verified_at: Option<UnixTime>,
    pub profile: Profile,
    pub created_at: UnixTime,
    pub updated_at: UnixTime,
    pub account_locked_at: Option<UnixTime>,
    /// The account lock ends then; without it, staff lift it.
    pub account_locked_until: Option<UnixTime>,
    pub disabled_at: Option<UnixTime>,
    /// What is asked for beside the password: the choice among what is enrolled.
    pub method: Option<Method>,
    /// Codes by e-mail are enrolled as a method.
    pub email_method_at: Option<UnixTime>,
    /// The first login is complete.
    pub first_login_at: Option<UnixTime>,
    /// Portals' notices are not wanted.
    pub notices_off_at: Option<UnixTime>,
}

/// What somebody may do here beyond looking after themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Member,
    Owner,
}

impl Role {
    pub const ALL: [Role; 2] = [Role::Member, Role::Owner];

    pub const fn name(self) -> &'static str {
        match self {
            Role::Member => "member",
            Role::Owner => "owner",
        }
    }
}

/// The standard claims that Sekisho itself has no use for (OpenID Connect Core 1.0, 5.1). It is stored as it stands here: what
/// a newer version has added is stepped over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// A language tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// OpenID Connect Core 1.0, 5.1.1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// A member's password as it is kept.
#[derive(Clone)]
pub struct Password {
    /// A PHC string, or what another system made of it.
    pub hash: String,
    pub set_at: UnixTime,
    /// Given out by the society and of use until then.
    pub initial_until: Option<UnixTime>,
}

impl Member {
    /// Whether tokens and sessions of this member still count. A lock whose time is over counts until the next login has
    /// taken it away.
    pub fn may_act(&self) -> bool {
        self.account_locked_at.is_none() && self.disabled_at.is_none()
    }

    pub fn is_account_locked(&self, now: UnixTime) -> bool {
        self.account_locked_at.is_some() && self.account_locked_until.is_none_or(|until| now < until)
    }

    /// The address that the member is known to read.
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_verified_at.is_some())
    }

    /// The language that mails are written in, a tag.
    pub fn language(&self) -> Option<&str> {
        self.profile.locale.as_deref()
    }

    /// Every standard claim that we have about the member, by name.
    pub fn claims(&self) -> Map<String, Value> {
        let mut claims = match serde_json::to_value(&self.profile) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put("preferred_username", json!(self.user_id));
        put("updated_at", json!(self.updated_at));
        if let Some(name) = &self.name {
            put("name", json!(name));
        }
        if let Some(email) = &self.email {
            put("email", json!(email));
            put("email_verified", json!(self.email_verified_at.is_some()));
        }
        if let Some(number) = &self.phone_number {
            put("phone_number", json!(number));
            put("phone_number_verified", json!(self.phone_number_verified_at.is_some()));
        }
        claims
    }
}

#[cfg(test)]
pub fn sample(user_id: &str) -> Member {
    Member {
        id: MemberId(format!("m-{user_id}")),
        user_id: user_id.to_owned(),
        role: Role::Member,
        name: None,
        email: Some("family@example.jp".into()),
        email_verified_at: None,
        phone_number: None,
        phone_number_verified_at: None,
        profile: Profile::default(),
        created_at: UnixTime(0),
        updated_at: UnixTime(7),
        account_locked_at: None,
        account_locked_until: None,
        disabled_at: None,
        method: None,
        email_method_at: None,
        first_login_at: None,
        notices_off_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_that_we_do_not_have_are_left_out() {
        let claims = sample("taro").claims();
        assert_eq!(
            Value::Object(claims),
            json!({ "preferred_username": "taro", "updated_at": 7, "email": "family@example.jp", "email_verified": false })
        );
    }
}
