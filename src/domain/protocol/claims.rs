//! Which claims about a member a client gets (OpenID Connect Core 1.0, 5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::acr::RequestedAcr;
use super::oauth_error::{ErrorCode, OAuthError};
use super::scope::Scopes;
use crate::domain::ids::MemberId;

/// The claims of each scope (OpenID Connect Core 1.0, 5.4).
const BY_SCOPE: [(&str, &[&str]); 4] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// Every claim about a member that exists here.
pub fn supported() -> impl Iterator<Item = &'static str> {
    BY_SCOPE.iter().flat_map(|(_, claims)| claims.iter().copied())
}

fn scope_of(claim: &str) -> Option<&'static str> {
    BY_SCOPE.iter().find(|(_, claims)| claims.contains(&claim)).map(|(scope, _)| *scope)
}

/// Of all claims about a member, those that the scopes and the names asked for let through.
pub fn selected(all: &Map<String, Value>, scopes: &Scopes, names: &[String]) -> Map<String, Value> {
    all.iter()
        .filter(|(claim, _)| scope_of(claim).is_some_and(|s| scopes.contains(s)) || names.iter().any(|n| n == *claim))
        .map(|(claim, value)| (claim.clone(), value.clone()))
        .collect()
}

/// The `claims` parameter (OpenID Connect Core 1.0, 5.5): names only; all are given when we have them, so it makes no
/// difference which are essential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedClaims {
    pub userinfo: Vec<String>,
    pub id_token: Vec<String>,
    /// The values of `acr` that were asked for.
    acr: Vec<String>,
    /// Whether nothing else will do.
    essential_acr: bool,
    sub: Option<String>,
}

impl RequestedClaims {
    pub fn parse(text: Option<&str>) -> Result<RequestedClaims, OAuthError> {
        let mut requested = RequestedClaims::default();
        let Some(text) = text else { return Ok(requested) };
        let invalid = || ErrorCode::InvalidRequest.because("claims must be a JSON object with userinfo and id_token");
        let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text) else { return Err(invalid()) };
        for (member, claims) in members {
            let into = match member.as_str() {
                "userinfo" => &mut requested.userinfo,
                "id_token" => &mut requested.id_token,
                _ => continue,
            };
            let claims = match claims {
                Value::Null => continue,
                Value::Object(claims) => claims,
                _ => return Err(invalid()),
            };
            into.extend(claims.keys().filter(|name| supported().any(|s| s == *name)).cloned());
            if member == "id_token"
                && let Some(acr) = claims.get("acr")
            {
                requested.acr = values(acr);
                requested.essential_acr = acr.get("essential") == Some(&Value::Bool(true)) && !requested.acr.is_empty();
            }
            if let Some(sub) = claims.get("sub").and_then(|s| s.get("value")).and_then(Value::as_str) {
                requested.sub = Some(sub.to_owned());
            }
        }
        Ok(requested)
    }

    /// The `acr` that was asked for (OpenID Connect Core 1.0, 5.5.1.1). `None` if it is essential and can't be reached.
    pub fn acr(&self) -> Option<RequestedAcr> {
        let values = self.acr.iter().map(String::as_str);
        if self.essential_acr { RequestedAcr::demand(values) } else { Some(RequestedAcr::wish(values)) }
    }

    /// As far as the scopes cover them: a client gets no claim that its registration leaves out.
    pub fn within(&self, scopes: &Scopes) -> RequestedClaims {
        let covered = |claim: &&String| scope_of(claim).is_some_and(|scope| scopes.contains(scope));
        let only = |claims: &[String]| claims.iter().filter(covered).cloned().collect();
        RequestedClaims { userinfo: only(&self.userinfo), id_token: only(&self.id_token), ..self.clone() }
    }

    /// The member that the client wants to hear about and no other (OpenID Connect Core 1.0, 5.5.1).
    pub fn member_by_value(&self) -> Option<MemberId> {
        self.sub.clone().map(MemberId)
    }

    /// The scopes that a member agrees to when these claims go out.
    pub fn covering_scopes(&self) -> Scopes {
        let mut scopes = Scopes::default();
        self.userinfo.iter().chain(&self.id_token).filter_map(|c| scope_of(c)).for_each(|s| scopes.add(s));
        scopes
    }
}

fn values(request: &Value) -> Vec<String> {
    let one = request.get("value").into_iter();
    let many = request.get("values").and_then(Value::as_array).into_iter().flatten();
    one.chain(many).filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hanako() -> Map<String, Value> {
        let Value::Object(map) = json!({ "name": "花子", "email": "h@example.jp", "email_verified": true, "x": 1 })
        else {
            unreachable!()
        };
        map
    }

    #[test]
    fn a_scope_lets_its_own_claims_through_and_no_other() {
        let keys = |scopes: &[&str], names: &[String]| -> Vec<String> {
            selected(&hanako(), &Scopes::of(scopes), names).keys().cloned().collect()
        };
        assert!(keys(&["openid"], &[]).is_empty());
        assert_eq!(keys(&["openid", "email"], &[]), ["email", "email_verified"]);
        assert_eq!(keys(&["openid"], &["name".into()]), ["name"]);
        assert!(keys(&["openid", "x"], &[]).is_empty());
    }

    #[test]
    fn the_claims_parameter_is_read_and_unknown_claims_are_left_out() {
        let text = r#"{"userinfo":{"name":{"essential":true},"foo":null},"id_token":{"email":null,"acr":{"essential":true,"values":["a","b"]},"sub":{"value":"m1"}},"x":1}"#;
        let requested = RequestedClaims::parse(Some(text)).unwrap();
        assert_eq!(requested.userinfo, ["name"]);
        assert_eq!(requested.id_token, ["email"]);
        assert_eq!(requested.acr(), None, "essential, and none of the values exists here");
        assert_eq!(requested.within(&Scopes::of(&["openid", "email"])).userinfo, Vec::<String>::new());
        assert_eq!(requested.within(&Scopes::of(&["openid", "email"])).id_token, ["email"]);
        assert_eq!(requested.member_by_value(), Some(MemberId("m1".into())));
        assert_eq!(requested.covering_scopes(), Scopes::of(&["profile", "email"]));
        for bad in ["", "[]", "{", r#"{"userinfo":[]}"#, r#"{"id_token":"name"}"#] {
            assert!(RequestedClaims::parse(Some(bad)).is_err(), "{bad}");
        }
    }
}
