//! Which names client metadata may have in a file that staff prepare. A client that registers itself may send any name, and
//! those that are not understood are left out (RFC 7591, 2); a person who has mistyped one wants to be told.

use std::path::Path;

use serde_json::{Map, Value};

use super::Failure;

/// The names of IANA's registry "OAuth Dynamic Client Registration Metadata", whether or not they mean something here.
const REGISTERED: [&str; 66] = [
    "application_type",
    "authorization_details_types",
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "authorization_signed_response_alg",
    "backchannel_authentication_request_signing_alg",
    "backchannel_client_notification_endpoint",
    "backchannel_logout_session_required",
    "backchannel_logout_uri",
    "backchannel_token_delivery_mode",
    "backchannel_user_code_parameter",
    "client_id",
    "client_id_issued_at",
    "client_name",
    "client_registration_types",
    "client_secret",
    "client_secret_expires_at",
    "client_uri",
    "contacts",
    "default_acr_values",
    "default_max_age",
    "dpop_bound_access_tokens",
    "frontchannel_logout_session_required",
    "frontchannel_logout_uri",
    "grant_types",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "id_token_signed_response_alg",
    "initiate_login_uri",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
    "introspection_signed_response_alg",
    "jwks",
    "jwks_uri",
    "logo_uri",
    "nfv_token_encrypted_response_alg",
    "nfv_token_encrypted_response_enc",
    "nfv_token_signed_response_alg",
    "policy_uri",
    "post_logout_redirect_uris",
    "redirect_uris",
    "registration_access_token",
    "registration_client_uri",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "request_object_signing_alg",
    "request_uris",
    "require_auth_time",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "response_modes",
    "response_types",
    "scope",
    "sector_identifier_uri",
    "software_id",
    "software_statement",
    "software_version",
    "subject_type",
    "tls_client_auth_san_dns",
    "tls_client_auth_subject_dn",
    "tls_client_certificate_bound_access_tokens",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "tos_uri",
    "userinfo_encrypted_response_alg",
    "userinfo_signed_response_alg",
];

/// Those of which there is one in each language: `client_name#ja`.
const IN_LANGUAGES: [&str; 5] = ["client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri"];

/// Refuses a name that nobody knows, with the one that was probably meant.
pub(super) fn refuse_unknown(file: &Path, metadata: &Map<String, Value>) -> Result<(), Failure> {
    for name in metadata.keys() {
        let (bare, tag) = name.split_once('#').map_or((name.as_str(), None), |(bare, tag)| (bare, Some(tag)));
        if REGISTERED.contains(&bare) && (tag.is_none() || IN_LANGUAGES.contains(&bare)) {
            continue;
        }
        let nearest = REGISTERED.iter().map(|known| (strsim::damerau_levenshtein(bare, known), known)).min();
        let fix = match nearest {
            Some((slips, known)) if slips <= 1.max(bare.len() / 3) => format!("did you mean {known}?"),
            _ => "the names stand in RFC 7591, section 2, and OpenID Connect Registration, section 2".to_owned(),
        };
        return Err(Failure::refused(format!(
            "{}: no client metadata is called \"{}\"; {fix}",
            file.display(),
            name.escape_debug()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(metadata: Value) -> Option<String> {
        refuse_unknown(Path::new("client.json"), metadata.as_object().unwrap()).err().map(|failure| failure.to_string())
    }

    #[test]
    fn a_mistyped_name_is_refused_with_the_one_that_was_meant() {
        for (name, meant) in [
            ("client_nam", "did you mean client_name?"),
            ("redirect_uri", "did you mean redirect_uris?"),
            ("scopes#ja", "did you mean scope?"),
            ("colour", "RFC 7591"),
        ] {
            let said = refused(json!({ name: "x" })).unwrap();
            assert!(said.contains(name) && said.contains(meant), "{said}");
        }
    }

    #[test]
    fn every_name_that_is_registered_may_stand_there() {
        let mut metadata: Map<String, Value> = REGISTERED.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
        metadata.insert("client_name#ja-Jpan".into(), json!("x"));
        assert_eq!(refused(Value::Object(metadata)), None);
        assert!(REGISTERED.is_sorted());
    }
}
