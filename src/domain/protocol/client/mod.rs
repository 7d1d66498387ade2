//! A relying party as it is stored (OpenID Connect Dynamic Client Registration 1.0, 2; RFC 7591, 2).
//!
//! `registration.rs` makes one of its metadata, for the command line, the demo and the registration endpoint alike;
//! `answer.rs` says what is registered.

mod answer;
mod registration;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scope::Scopes;
use super::signing_key::Algorithm;
use crate::domain::ids::ClientId;
use crate::domain::member::authentication_method::SecondFactor;
pub use registration::{MetadataProblem, Terms};

/// What a client must send so that a stolen authorization code is of no use (RFC 9700, 2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PkcePolicy {
    /// PKCE with S256 in every request. The only choice for public clients.
    Required,
    /// PKCE, or a `nonce`: for confidential clients whose library knows no PKCE.
    OrNonce,
    /// Neither is demanded: weak; for the conformance suite, which sends requests without both.
    Optional,
}

/// Whether a client runs on a server or in a page, or on a member's own device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    Web,
    Native,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

impl GrantType {
    pub const ALL: [GrantType; 3] =
        [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials];

    pub const fn name(self) -> &'static str {
        match self {
            GrantType::AuthorizationCode => "authorization_code",
            GrantType::RefreshToken => "refresh_token",
            GrantType::ClientCredentials => "client_credentials",
        }
    }
}

/// How a client proves who it is at the token endpoint (OpenID Connect Core 1.0, 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationMethod {
    /// A public client: it proves nothing.
    None,
    ClientSecretBasic,
    ClientSecretPost,
}

impl AuthenticationMethod {
    pub const ALL: [AuthenticationMethod; 3] =
        [AuthenticationMethod::ClientSecretBasic, AuthenticationMethod::ClientSecretPost, AuthenticationMethod::None];

    pub const fn name(self) -> &'static str {
        match self {
            AuthenticationMethod::None => "none",
            AuthenticationMethod::ClientSecretBasic => "client_secret_basic",
            AuthenticationMethod::ClientSecretPost => "client_secret_post",
        }
    }
}

/// A registered client. Its secret is not part of it: only the store knows the digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    pub id: ClientId,
    pub application_type: ApplicationType,
    /// By language tag; the one that names no language stands under `""`.
    pub names: BTreeMap<String, String>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub grant_types: Vec<GrantType>,
    pub authentication: AuthenticationMethod,
    pub pkce: PkcePolicy,
    /// What it may ask for.
    pub scopes: Scopes,
    /// Run by the society itself: members are not asked for consent.
    pub first_party: bool,
    /// The operator's rule for this client, in place of the one in the settings.
    #[serde(default)]
    pub second_factor: Option<SecondFactor>,
    pub id_token_alg: Algorithm,
    /// Seconds.
    pub default_max_age: Option<u32>,
    /// As sent: which of them exist here is asked when they count.
    #[serde(default)]
    pub default_acr_values: Vec<String>,
    pub logo_uri: Option<String>,
    pub client_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
    pub initiate_login_uri: Option<String>,
    pub contacts: Vec<String>,
}

impl Client {
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    pub fn is_public(&self) -> bool {
        self.authentication == AuthenticationMethod::None
    }

    /// Where a member finds it: its own page, or else the host that it redirects to. `None` for an application on the
    /// member's own device.
    pub fn site(&self) -> Option<String> {
        let origin = |uri: &String| {
            let url = url::Url::parse(uri).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
            Some(format!("{}/", url.origin().ascii_serialization()))
        };
        self.client_uri.clone().or_else(|| self.redirect_uris.iter().find_map(origin))
    }

    /// Its name in a language, else the one without language, else any, else its ID.
    pub fn name(&self, language: &str) -> &str {
        self.names
            .get(language)
            .or_else(|| {
                self.names.iter().find(|(tag, _)| tag.split('-').next() == Some(language)).map(|(_, name)| name)
            })
            .or_else(|| self.names.get(""))
            .or_else(|| self.names.values().next())
            .map_or(self.id.as_str(), String::as_str)
    }
}

/// Characters that make a name look like another: zero width, joiners, and those that turn the writing direction.
pub fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

pub fn is_language_tag(tag: &str) -> bool {
    (1..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
