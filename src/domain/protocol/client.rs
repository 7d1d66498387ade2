//! A relying party as registered (OpenID Connect Dynamic Client Registration 1.0, 2; RFC 7591, 2), typed and checked. The
//! command line, the demo and the registration endpoint all make clients here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::redirect_uri::{self, UriProblem};
use super::scope::{self, Scopes};
use super::signing_key::Algorithm;
use crate::domain::ids::ClientId;
use crate::domain::member::authentication_method::SecondFactor;

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

/// What the one who registers a client decides, not the client.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub pkce: PkcePolicy,
    pub first_party: bool,
    pub second_factor: Option<SecondFactor>,
}

/// One thing that is wrong with the metadata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct MetadataProblem {
    pub field: String,
    pub message: String,
}

impl MetadataProblem {
    fn new(field: &str, message: impl Into<String>) -> MetadataProblem {
        MetadataProblem { field: field.to_owned(), message: message.into() }
    }
}

/// Metadata that asks for a protection or a feature which does not exist here. Registering it without would leave a client
/// that believes to have it.
const NOT_SUPPORTED: [&str; 16] = [
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "request_object_signing_alg",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "require_signed_request_object",
    "require_pushed_authorization_requests",
    "dpop_bound_access_tokens",
    "tls_client_certificate_bound_access_tokens",
    "sector_identifier_uri",
    "authorization_signed_response_alg",
    "frontchannel_logout_uri",
    "backchannel_logout_uri",
];

impl Client {
    /// Makes a client of its metadata, or says everything that is wrong with it. Unknown names are ignored (RFC 7591, 2).
    pub fn checked(id: ClientId, metadata: &Map<String, Value>, terms: Terms) -> Result<Client, Vec<MetadataProblem>> {
        let mut read = Reading { metadata, problems: Vec::new() };

        let authentication = read
            .one_of("token_endpoint_auth_method", &AuthenticationMethod::ALL.map(|m| (m.name(), m)))
            .unwrap_or(AuthenticationMethod::ClientSecretBasic);
        let application_type = read
            .one_of("application_type", &[("web", ApplicationType::Web), ("native", ApplicationType::Native)])
            .unwrap_or(ApplicationType::Web);
        let grant_types = read.grant_types();
        read.response_types(&grant_types);
        let redirect_uris = read.redirect_uris("redirect_uris", application_type);
        let post_logout_redirect_uris = read.redirect_uris("post_logout_redirect_uris", application_type);
        if grant_types.contains(&GrantType::AuthorizationCode) && redirect_uris.is_empty() {
            read.problem("redirect_uris", "at least one is needed for the authorization code flow");
        }
        if authentication == AuthenticationMethod::None && grant_types.contains(&GrantType::ClientCredentials) {
            read.problem("grant_types", "client_credentials needs a client with a secret");
        }
        if grant_types == [GrantType::RefreshToken] {
            read.problem("grant_types", "refresh_token needs authorization_code beside it");
        }
        read.one_of("subject_type", &[("public", ())]);
        for name in NOT_SUPPORTED {
            if !matches!(metadata.get(name), None | Some(Value::Null | Value::Bool(false))) {
                read.problem(name, "is not supported by this provider");
            }
        }
        let initiate_login_uri = read.link("initiate_login_uri");
        if initiate_login_uri.as_deref().is_some_and(|uri| !uri.starts_with("https://")) {
            read.problem("initiate_login_uri", "must be https");
        }
        let client = Client {
            application_type,
            names: read.names(),
            pkce: if authentication == AuthenticationMethod::None { PkcePolicy::Required } else { terms.pkce },
            scopes: read.scopes(&grant_types),
            first_party: terms.first_party,
            second_factor: terms.second_factor,
            id_token_alg: read
                .one_of("id_token_signed_response_alg", &Algorithm::ALL.map(|a| (a.name(), a)))
                .unwrap_or(Algorithm::Rs256),
            default_max_age: read.seconds("default_max_age"),
            default_acr_values: read.texts("default_acr_values"),
            logo_uri: read.link("logo_uri"),
            client_uri: read.link("client_uri"),
            policy_uri: read.link("policy_uri"),
            tos_uri: read.link("tos_uri"),
            initiate_login_uri,
            contacts: read.texts("contacts"),
            id,
            redirect_uris,
            post_logout_redirect_uris,
            grant_types,
            authentication,
        };
        if read.problems.is_empty() { Ok(client) } else { Err(read.problems) }
    }

    /// The metadata as the registration endpoint answers it (RFC 7591, 3.2.1), without secrets.
    pub fn to_metadata(&self) -> Map<String, Value> {
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                out.insert(name.to_owned(), value);
            }
        };
        put("client_id", json!(self.id));
        put("application_type", json!(self.application_type));
        put("redirect_uris", json!(self.redirect_uris));
        if !self.post_logout_redirect_uris.is_empty() {
            put("post_logout_redirect_uris", json!(self.post_logout_redirect_uris));
        }
        put("grant_types", json!(self.grant_types));
        put("response_types", if self.may_use(GrantType::AuthorizationCode) { json!(["code"]) } else { json!([]) });
        put("token_endpoint_auth_method", json!(self.authentication));
        put("id_token_signed_response_alg", json!(self.id_token_alg));
        put("subject_type", json!("public"));
        put("scope", json!(self.scopes.to_string()));
        for (tag, name) in &self.names {
            put(&if tag.is_empty() { "client_name".to_owned() } else { format!("client_name#{tag}") }, json!(name));
        }
        put("default_max_age", json!(self.default_max_age));
        if !self.default_acr_values.is_empty() {
            put("default_acr_values", json!(self.default_acr_values));
        }
        put("logo_uri", json!(self.logo_uri));
        put("client_uri", json!(self.client_uri));
        put("policy_uri", json!(self.policy_uri));
        put("tos_uri", json!(self.tos_uri));
        put("initiate_login_uri", json!(self.initiate_login_uri));
        if !self.contacts.is_empty() {
            put("contacts", json!(self.contacts));
        }
        out
    }

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

/// Reads metadata field by field and gathers what is wrong.
struct Reading<'a> {
    metadata: &'a Map<String, Value>,
    problems: Vec<MetadataProblem>,
}

impl Reading<'_> {
    fn problem(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(MetadataProblem::new(field, message));
    }

    fn text(&mut self, field: &str) -> Option<String> {
        match self.metadata.get(field) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.len() <= 2_000 && !text.chars().any(char::is_control) => {
                Some(text.clone())
            }
            Some(_) => {
                self.problem(field, "must be a text of at most 2000 characters without control characters");
                None
            }
        }
    }

    fn texts(&mut self, field: &str) -> Vec<String> {
        match self.metadata.get(field) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items))
                if items.len() <= 50
                    && items.iter().all(|i| i.as_str().is_some_and(|t| !t.chars().any(|c| c == '\0'))) =>
            {
                items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(_) => {
                self.problem(field, "must be a list of at most 50 texts");
                Vec::new()
            }
        }
    }

    fn one_of<T: Copy>(&mut self, field: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(field)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.problem(field, format!("must be one of: {}", names.join(", ")));
        }
        found
    }

    fn grant_types(&mut self) -> Vec<GrantType> {
        let names = self.texts("grant_types");
        if names.is_empty() {
            return vec![GrantType::AuthorizationCode];
        }
        let mut types = Vec::new();
        for name in names {
            match GrantType::ALL.into_iter().find(|g| g.name() == name) {
                Some(known) if !types.contains(&known) => types.push(known),
                Some(_) => {}
                None => self.problem(
                    "grant_types",
                    format!(
                        "{} is not supported; supported are authorization_code, refresh_token and client_credentials",
                        ascii(&name)
                    ),
                ),
            }
        }
        types
    }

    fn response_types(&mut self, grant_types: &[GrantType]) {
        for name in self.texts("response_types") {
            if name != "code" {
                self.problem("response_types", format!("{} is not supported; supported is code", ascii(&name)));
            } else if !grant_types.contains(&GrantType::AuthorizationCode) {
                self.problem("response_types", "code needs the grant type authorization_code");
            }
        }
    }

    fn redirect_uris(&mut self, field: &str, application: ApplicationType) -> Vec<String> {
        let uris = self.texts(field);
        for uri in &uris {
            if let Err(problem) = redirect_uri::check(uri, application) {
                self.problem(field, uri_message(uri, problem));
            }
        }
        uris
    }

    fn link(&mut self, field: &str) -> Option<String> {
        let uri = self.text(field)?;
        if let Err(problem) = redirect_uri::check_link(&uri) {
            self.problem(field, uri_message(&uri, problem));
        }
        Some(uri)
    }

    fn seconds(&mut self, field: &str) -> Option<u32> {
        let value = self.metadata.get(field).filter(|v| !v.is_null())?;
        let seconds = value.as_u64().and_then(|s| u32::try_from(s).ok());
        if seconds.is_none() {
            self.problem(field, "must be a whole number of seconds");
        }
        seconds
    }

    fn names(&mut self) -> BTreeMap<String, String> {
        let fields: Vec<String> =
            self.metadata.keys().filter(|k| *k == "client_name" || k.starts_with("client_name#")).cloned().collect();
        let mut names = BTreeMap::new();
        for field in fields {
            if let Some(name) = self.text(&field).map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()) {
                let tag = field.split_once('#').map_or("", |(_, tag)| tag);
                if name.chars().count() > 200 || name.chars().any(is_deceptive) {
                    self.problem(
                        &field,
                        "must be at most 200 characters, none of them invisible or turning the direction",
                    );
                }
                if field.contains('#') && !is_language_tag(tag) {
                    self.problem("client_name", "has a language tag that is none; write it as client_name#ja");
                }
                names.insert(tag.to_owned(), name);
            }
        }
        names
    }

    fn scopes(&mut self, grant_types: &[GrantType]) -> Scopes {
        let all = Scopes::of(&scope::SUPPORTED);
        let Some(text) = self.text("scope") else {
            return if grant_types == [GrantType::ClientCredentials] { Scopes::default() } else { all };
        };
        match Scopes::parse(&text) {
            Ok(scopes) if scopes.is_within(&all) => scopes,
            Ok(_) => {
                self.problem("scope", format!("must be made of: {all}"));
                Scopes::default()
            }
            Err(error) => {
                self.problem("scope", error.description);
                Scopes::default()
            }
        }
    }
}

/// Characters that make a name look like another: zero width, joiners, and those that turn the writing direction.
pub fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

pub fn is_language_tag(tag: &str) -> bool {
    (1..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn uri_message(uri: &str, problem: UriProblem) -> String {
    format!("{} {problem}", ascii(uri))
}

/// At most 100 characters of what was sent, fit for a message.
fn ascii(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { pkce: PkcePolicy::OrNonce, first_party: false, second_factor: None };

    fn checked(metadata: Value) -> Result<Client, Vec<MetadataProblem>> {
        let Value::Object(map) = metadata else { panic!("an object") };
        Client::checked(ClientId("c1".into()), &map, TERMS)
    }

    #[test]
    fn the_least_metadata_makes_a_confidential_code_client() {
        let client = checked(json!({ "redirect_uris": ["https://rp.example/cb"] })).unwrap();
        assert_eq!(client.authentication, AuthenticationMethod::ClientSecretBasic);
        assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(client.id_token_alg, Algorithm::Rs256);
        assert_eq!(client.pkce, PkcePolicy::OrNonce);
        assert_eq!(client.scopes, Scopes::of(&scope::SUPPORTED));
    }

    #[test]
    fn a_public_client_must_use_pkce_whatever_the_terms() {
        let client =
            checked(json!({ "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none" }));
        assert_eq!(client.unwrap().pkce, PkcePolicy::Required);
    }

    #[test]
    fn everything_wrong_is_said_at_once_with_its_field() {
        let problems = checked(json!({
            "redirect_uris": ["javascript:alert(1)", "https://rp.example/cb#f"],
            "grant_types": ["password", "authorization_code"],
            "response_types": ["token"],
            "token_endpoint_auth_method": "private_key_jwt",
            "subject_type": "pairwise",
            "id_token_signed_response_alg": "none",
            "logo_uri": "http://rp.example/logo.png",
            "initiate_login_uri": "http://localhost/start",
            "dpop_bound_access_tokens": true,
            "client_name": ["x"],
            "default_max_age": -1,
        }))
        .unwrap_err();
        let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        for field in [
            "redirect_uris",
            "grant_types",
            "response_types",
            "token_endpoint_auth_method",
            "subject_type",
            "id_token_signed_response_alg",
            "logo_uri",
            "initiate_login_uri",
            "dpop_bound_access_tokens",
            "client_name",
            "default_max_age",
        ] {
            assert!(fields.contains(&field), "{field} in {fields:?}");
        }
        assert_eq!(fields.iter().filter(|f| **f == "redirect_uris").count(), 2);
    }

    #[test]
    fn a_name_that_deceives_is_refused() {
        for (field, name) in
            [("client_name", "abc\u{202e}lap"), ("client_name", "Por\u{200b}tal"), ("client_name#\u{0}", "x")]
        {
            let problems = checked(json!({ "redirect_uris": ["https://rp.example/cb"], field: name })).unwrap_err();
            assert!(problems[0].field.starts_with("client_name"), "{problems:?}");
        }
    }

    #[test]
    fn metadata_survives_being_written_and_read_again() {
        let client = checked(json!({
            "redirect_uris": ["https://rp.example/cb"],
            "post_logout_redirect_uris": ["https://rp.example/bye"],
            "grant_types": ["authorization_code", "refresh_token"],
            "client_name": "Portal", "client_name#ja": "ポータル",
            "scope": "openid email offline_access",
            "id_token_signed_response_alg": "ES256",
            "default_max_age": 600,
            "default_acr_values": ["urn:sekisho:acr:two-factors", "1"],
            "logo_uri": "https://rp.example/logo.png",
            "initiate_login_uri": "https://rp.example/start",
            "contacts": ["ops@rp.example"],
            "unknown_member": { "is": "ignored" },
        }))
        .unwrap();
        assert_eq!(checked(Value::Object(client.to_metadata())).unwrap(), client);
        assert_eq!(client.name("ja"), "ポータル");
        assert_eq!(client.name("fr"), "Portal");
    }
}
