//! Metadata, checked (OpenID Connect Dynamic Client Registration 1.0, 2; RFC 7591, 2).

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::{Host, Url};

use super::{ApplicationType, AuthenticationMethod, Client, GrantType, PkcePolicy, is_deceptive, is_language_tag};
use crate::domain::ids::ClientId;
use crate::domain::member::authentication_method::SecondFactor;
use crate::domain::protocol::redirect_uri::{self, UriProblem};
use crate::domain::protocol::scope::{self, Scopes};
use crate::domain::protocol::signing_key::Algorithm;

/// What the one who registers a client decides, not the client.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub pkce: PkcePolicy,
    pub first_party: bool,
    pub second_factor: Option<SecondFactor>,
}

/// Who writes the metadata, and so how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Author {
    /// What does not exist here is a slip of the pen: it is refused.
    Staff,
    /// What does not exist here is left out, and the answer shows it (RFC 7591, 2 and 3.2.1). Nobody has vouched for it: its
    /// links may not lead to somebody else's host.
    Client,
}

/// One thing that is wrong with the metadata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct MetadataProblem {
    pub field: String,
    pub message: String,
}

impl MetadataProblem {
    pub fn new(field: &str, message: impl Into<String>) -> MetadataProblem {
        MetadataProblem { field: field.to_owned(), message: message.into() }
    }
}

/// Metadata that asks for a protection which does not exist here. Registering it without would leave a client that believes
/// to have it.
const NO_SUCH_PROTECTION: [&str; 14] = [
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
];

/// Metadata for a feature which does not exist here.
const NO_SUCH_FEATURE: [&str; 2] = ["frontchannel_logout_uri", "backchannel_logout_uri"];

impl Client {
    /// Makes a client of the metadata that staff wrote, or says everything that is wrong with it. Unknown members are ignored
    /// (RFC 7591, 2).
    pub fn checked(id: ClientId, metadata: &Map<String, Value>, terms: Terms) -> Result<Client, Vec<MetadataProblem>> {
        Client::checked_beside(id, metadata, terms, &Scopes::default())
    }

    /// The same where resource servers have these scopes, which staff may give a client.
    pub fn checked_beside(
        id: ClientId,
        metadata: &Map<String, Value>,
        terms: Terms,
        further: &Scopes,
    ) -> Result<Client, Vec<MetadataProblem>> {
        Reading { metadata, author: Author::Staff, further, problems: Vec::new() }.client(id, terms)
    }

    /// The same of what a client wrote that registers itself.
    pub fn registering_itself(
        id: ClientId,
        metadata: &Map<String, Value>,
        terms: Terms,
    ) -> Result<Client, Vec<MetadataProblem>> {
        let further = &Scopes::default();
        Reading { metadata, author: Author::Client, further, problems: Vec::new() }.client(id, terms)
    }
}

/// Reads metadata field by field and gathers what is wrong.
struct Reading<'a> {
    metadata: &'a Map<String, Value>,
    author: Author,
    /// Scopes that exist beside this provider's own.
    further: &'a Scopes,
    problems: Vec<MetadataProblem>,
}

impl Reading<'_> {
    fn client(mut self, id: ClientId, terms: Terms) -> Result<Client, Vec<MetadataProblem>> {
        let read = &mut self;

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
        read.refuse(&NO_SUCH_PROTECTION);
        if read.author == Author::Staff {
            read.refuse(&NO_SUCH_FEATURE);
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
            logo_uri: read.own_link("logo_uri", &redirect_uris),
            client_uri: read.own_link("client_uri", &redirect_uris),
            policy_uri: read.own_link("policy_uri", &redirect_uris),
            tos_uri: read.own_link("tos_uri", &redirect_uris),
            initiate_login_uri,
            contacts: read.texts("contacts"),
            id,
            redirect_uris,
            post_logout_redirect_uris,
            grant_types,
            authentication,
        };
        if self.problems.is_empty() { Ok(client) } else { Err(self.problems) }
    }

    fn problem(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(MetadataProblem::new(field, message));
    }

    fn refuse(&mut self, fields: &[&str]) {
        for field in fields {
            if !matches!(self.metadata.get(*field), None | Some(Value::Null | Value::Bool(false))) {
                self.problem(field, "is not supported by this provider");
            }
        }
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
        let supported = GrantType::ALL.map(GrantType::name).join(", ");
        let mut types = Vec::new();
        for name in names {
            match GrantType::ALL.into_iter().find(|g| g.name() == name) {
                Some(known) if !types.contains(&known) => types.push(known),
                None if self.author == Author::Staff => {
                    let message = format!("{} is not supported; supported are {supported}", ascii(&name));
                    self.problem("grant_types", message);
                }
                Some(_) | None => {}
            }
        }
        if types.is_empty() && self.author == Author::Client {
            self.problem("grant_types", format!("holds none that is supported; supported are {supported}"));
        }
        types
    }

    fn response_types(&mut self, grant_types: &[GrantType]) {
        let names = self.texts("response_types");
        let has_code = names.iter().any(|name| name == "code");
        if has_code && !grant_types.contains(&GrantType::AuthorizationCode) {
            self.problem("response_types", "code needs the grant type authorization_code");
        }
        for name in names.iter().filter(|name| *name != "code") {
            // Without it a client that asks for others could do nothing at all.
            if self.author == Author::Staff || !has_code {
                self.problem("response_types", format!("{} is not supported; supported is code", ascii(name)));
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

    /// A link that members see. Of a client that nobody has vouched for it must lead to where its answers go.
    fn own_link(&mut self, field: &str, redirect_uris: &[String]) -> Option<String> {
        let host = |uri: &str| Url::parse(uri).ok()?.host().map(|host| host.to_owned());
        let uri = self.link(field)?;
        let to: Option<Host> = host(&uri);
        let is_own = to.is_some() && redirect_uris.iter().any(|own| host(own) == to);
        (self.author == Author::Staff || is_own).then_some(uri)
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
        let known = all.joined_with(self.further);
        match Scopes::parse(&text) {
            Ok(scopes) if scopes.is_within(&known) => scopes,
            Ok(scopes) if self.author == Author::Client && !scopes.only(&known).is_empty() => scopes.only(&known),
            Ok(_) => {
                self.problem("scope", format!("must be made of: {known}"));
                Scopes::default()
            }
            Err(error) => {
                self.problem("scope", error.description);
                Scopes::default()
            }
        }
    }
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
    use serde_json::json;

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

    fn by_itself(metadata: Value) -> Result<Client, Vec<MetadataProblem>> {
        let Value::Object(map) = metadata else { panic!("an object") };
        Client::registering_itself(ClientId("c1".into()), &map, TERMS)
    }

    #[test]
    fn what_a_client_asks_for_that_does_not_exist_is_left_out_and_what_staff_ask_for_is_refused() {
        let metadata = json!({
            "redirect_uris": ["https://rp.example/cb"],
            "grant_types": ["authorization_code", "implicit", "urn:example:own"],
            "response_types": ["code", "code id_token"],
            "scope": "openid admin email",
            "backchannel_logout_uri": "https://rp.example/bye",
            "frontchannel_logout_uri": "https://rp.example/bye",
        });
        let client = by_itself(metadata.clone()).unwrap();
        assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(client.scopes.to_string(), "openid email");
        let problems = checked(metadata).unwrap_err();
        let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "grant_types",
                "grant_types",
                "response_types",
                "frontchannel_logout_uri",
                "backchannel_logout_uri",
                "scope"
            ]
        );
    }

    #[test]
    fn nothing_is_left_to_a_client_of_which_everything_would_be_left_out() {
        for (field, value) in [
            ("grant_types", json!(["implicit"])),
            ("response_types", json!(["id_token"])),
            ("scope", json!("admin")),
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("dpop_bound_access_tokens", json!(true)),
        ] {
            let problems = by_itself(json!({ "redirect_uris": ["https://rp.example/cb"], field: value })).unwrap_err();
            assert_eq!(problems[0].field, field, "{problems:?}");
        }
    }

    #[test]
    fn links_of_a_client_that_registers_itself_lead_to_its_own_hosts() {
        let metadata = json!({
            "redirect_uris": ["https://rp.example/cb", "https://app.rp.example:8443/cb"],
            "logo_uri": "https://rp.example/logo.png",
            "client_uri": "https://app.rp.example/",
            "policy_uri": "https://bank.example/policy",
            "tos_uri": "https://rp.example.evil.example/",
        });
        let client = by_itself(metadata.clone()).unwrap();
        assert_eq!(client.logo_uri.as_deref(), Some("https://rp.example/logo.png"));
        assert_eq!(client.client_uri.as_deref(), Some("https://app.rp.example/"));
        assert_eq!((client.policy_uri, client.tos_uri), (None, None));
        let vouched_for = checked(metadata).unwrap();
        assert!(vouched_for.policy_uri.is_some() && vouched_for.tos_uri.is_some());
        let native = json!({
            "application_type": "native",
            "redirect_uris": ["jp.example.app:/cb"],
            "logo_uri": "https://bank.example/logo.png",
        });
        assert_eq!(by_itself(native).unwrap().logo_uri, None);
    }
}
