//! What a client is told of its registration (RFC 7591, 3.2.1).

use serde_json::{Map, Value, json};

use super::{Client, GrantType};

impl Client {
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
        // An empty text is no scope (RFC 6749, 3.3).
        put("scope", if self.scopes.is_empty() { Value::Null } else { json!(self.scopes.to_string()) });
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
}
