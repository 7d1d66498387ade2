//! Resource servers: the interfaces that access tokens are for (RFC 8707), each with scopes of its own.
//!
//! A scope belongs to one resource server, or to this provider itself, so what a request's scopes are meant for is never in
//! doubt (RFC 9068, 3). A client may have tokens for a resource server if it is registered for one of its scopes.

use super::oauth_error::{ErrorCode, OAuthError};
use super::scope::{self, OFFLINE_ACCESS, Scopes};
use crate::domain::ids::ClientId;
use crate::domain::unix_time::UnixTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceServer {
    /// A URI: the `aud` of its tokens.
    pub identifier: String,
    /// For staff.
    pub name: String,
    pub scopes: Scopes,
    /// Who may introspect tokens for it.
    pub client: Option<ClientId>,
    pub created_at: UnixTime,
}

/// Why a resource server can't be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceProblem {
    #[error(
        "the identifier must be an absolute URI of at most 500 ASCII characters, without query and fragment, such as https://api.example.jp"
    )]
    Identifier,
    #[error("the identifier is the issuer's own")]
    Issuer,
    #[error("it needs at least one scope of its own, with which clients are registered for it")]
    NoScope,
    #[error("the scope {0} is one of this provider's own")]
    TakenScope(String),
    #[error("the scope {0} holds a character that a scope can't have")]
    Scope(String),
}

impl ResourceServer {
    pub fn check(&self, issuer: &str) -> Result<(), ResourceProblem> {
        let is_plain = |b: u8| (0x21..=0x7e).contains(&b) && !matches!(b, b'#' | b'?' | b'"' | b'\\');
        let uri = &self.identifier;
        if uri.len() > 500 || !uri.bytes().all(is_plain) || url::Url::parse(uri).is_err() {
            return Err(ResourceProblem::Identifier);
        }
        if uri.trim_end_matches('/') == issuer.trim_end_matches('/') {
            return Err(ResourceProblem::Issuer);
        }
        if self.scopes.is_empty() {
            return Err(ResourceProblem::NoScope);
        }
        for scope in self.scopes.iter() {
            if scope::SUPPORTED.contains(&scope) || scope == scope::MEMBER_NOTICES {
                return Err(ResourceProblem::TakenScope(scope.to_owned()));
            }
            if Scopes::parse(scope).is_err() {
                return Err(ResourceProblem::Scope(scope.escape_default().to_string()));
            }
        }
        Ok(())
    }
}

/// All that access tokens can be for: this provider itself, and the resource servers.
#[derive(Clone, Debug)]
pub struct Resources {
    issuer: String,
    servers: Vec<ResourceServer>,
}

/// What a token is for, and what it may do there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub resources: Vec<String>,
    pub scopes: Scopes,
}

/// More than anybody needs in one request.
const MOST: usize = 10;

impl Resources {
    pub fn new(issuer: &str, servers: Vec<ResourceServer>) -> Resources {
        Resources { issuer: issuer.to_owned(), servers }
    }

    /// Those of all resource servers.
    pub fn scopes(&self) -> Scopes {
        self.servers.iter().fold(Scopes::default(), |all, server| all.joined_with(&server.scopes))
    }

    /// Whose scope this is: the provider's own, unless a resource server has it.
    fn owner(&self, scope: &str) -> &str {
        let server = self.servers.iter().find(|server| server.scopes.contains(scope));
        server.map_or(&self.issuer, |server| &server.identifier)
    }

    fn owners(&self, scopes: &Scopes) -> Vec<String> {
        let mut owners: Vec<String> = Vec::new();
        // What lasts beyond the login is for nobody in particular.
        for owner in scopes.without(OFFLINE_ACCESS).iter().map(|scope| self.owner(scope)) {
            if !owners.iter().any(|known| known == owner) {
                owners.push(owner.to_owned());
            }
        }
        owners
    }

    /// Of these resources, those that a grant is still for when it is left with these scopes.
    pub fn left_for(&self, resources: &[String], scopes: &Scopes) -> Vec<String> {
        let owners = self.owners(scopes);
        resources.iter().filter(|resource| owners.contains(resource)).cloned().collect()
    }

    fn of(&self, scopes: &Scopes, resources: &[String]) -> Scopes {
        let mut kept = Scopes::default();
        let is_meant =
            |scope: &&str| *scope == OFFLINE_ACCESS || resources.iter().any(|resource| resource == self.owner(scope));
        scopes.iter().filter(is_meant).for_each(|scope| kept.add(scope));
        kept
    }

    /// What a client is granted that names these resources and asks for these scopes, which are its own. Without a name the
    /// scopes say what they are for. A resource server that is named without one of its scopes means all that the client
    /// has. The provider itself need not be named beside them.
    pub fn granted(&self, named: &[&str], scopes: &Scopes, of_client: &Scopes) -> Result<Target, OAuthError> {
        if named.len() > MOST {
            return Err(ErrorCode::InvalidTarget.because("there are too many resources"));
        }
        if named.is_empty() {
            return Ok(Target { resources: self.owners(scopes), scopes: scopes.clone() });
        }
        let mut resources: Vec<String> = Vec::new();
        let mut scopes = scopes.clone();
        for name in named {
            if *name != self.issuer {
                let server = self.servers.iter().find(|server| server.identifier == *name);
                // Whether there is none, or none for this client, is not told.
                let theirs = server.map(|server| server.scopes.only(of_client)).filter(|theirs| !theirs.is_empty());
                let theirs = theirs.ok_or_else(|| {
                    ErrorCode::InvalidTarget.because("this client may not have tokens for this resource")
                })?;
                if scopes.only(&theirs).is_empty() {
                    scopes = scopes.joined_with(&theirs);
                }
            }
            if !resources.iter().any(|known| known == name) {
                resources.push((*name).to_owned());
            }
        }
        if !resources.contains(&self.issuer) && self.owners(&scopes).contains(&self.issuer) {
            resources.push(self.issuer.clone());
        }
        let scopes = self.of(&scopes, &resources);
        Ok(Target { resources, scopes })
    }

    /// What one token is for: all that was granted, or the resources that are named of it. A token for several resource
    /// servers is made only for who names them: each of them could use it at the others.
    pub fn narrowed(&self, granted: &Target, named: &[&str]) -> Result<Target, OAuthError> {
        let is_there = |name: &str| name == self.issuer || self.servers.iter().any(|server| server.identifier == name);
        let there: Vec<String> = granted.resources.iter().filter(|name| is_there(name)).cloned().collect();
        if named.iter().any(|name| !there.iter().any(|known| known == name)) {
            return Err(ErrorCode::InvalidTarget.because("this resource was not granted"));
        }
        let owners = self.owners(&granted.scopes);
        let resources: Vec<String> = match named.is_empty() {
            true if there.iter().any(|name| owners.contains(name)) => {
                there.into_iter().filter(|name| owners.contains(name)).collect()
            }
            true => there,
            false => there.into_iter().filter(|known| named.contains(&known.as_str())).collect(),
        };
        if resources.is_empty() {
            return Err(ErrorCode::InvalidTarget.because("the resource that was granted exists no more"));
        }
        if named.is_empty() && resources.iter().filter(|name| **name != self.issuer).count() > 1 {
            return Err(
                ErrorCode::InvalidTarget.because("several resources were granted: name those that the token is for")
            );
        }
        let scopes = self.of(&granted.scopes, &resources);
        Ok(Target { resources, scopes })
    }

    /// What resource servers of this client may know of a token: whom of them it is for, and their scopes in it.
    pub fn as_seen_by(&self, client: &ClientId, audience: &[String], scopes: &Scopes) -> Option<Target> {
        let own = self.servers.iter().filter(|server| server.client.as_ref() == Some(client));
        let resources: Vec<String> =
            own.map(|server| server.identifier.clone()).filter(|name| audience.contains(name)).collect();
        (!resources.is_empty())
            .then(|| Target { scopes: self.of(scopes, &resources).without(OFFLINE_ACCESS), resources })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example.jp";
    const CLAIMS: &str = "https://claims.example.jp/api";
    const KAKEI: &str = "urn:example:kakei";

    fn server(identifier: &str, scopes: &[&str], client: Option<&str>) -> ResourceServer {
        ResourceServer {
            identifier: identifier.into(),
            name: "An API".into(),
            scopes: Scopes::of(scopes),
            client: client.map(|id| ClientId(id.into())),
            created_at: UnixTime(0),
        }
    }

    fn resources() -> Resources {
        let servers =
            vec![server(CLAIMS, &["claims.read", "claims.write"], Some("claims")), server(KAKEI, &["kakei"], None)];
        Resources::new(ISSUER, servers)
    }

    fn granted(named: &[&str], scopes: &str, of_client: &str) -> Result<(Vec<String>, String), ErrorCode> {
        let (scopes, of_client) = (Scopes::parse(scopes).unwrap(), Scopes::parse(of_client).unwrap());
        let target = resources().granted(named, &scopes, &of_client).map_err(|error| error.code)?;
        Ok((target.resources, target.scopes.to_string()))
    }

    fn found(resources: &[&str], scopes: &str) -> Result<(Vec<String>, String), ErrorCode> {
        Ok((resources.iter().map(|r| (*r).to_owned()).collect(), scopes.to_owned()))
    }

    #[test]
    fn scopes_say_what_they_are_for_unless_the_client_does() {
        let all = "openid email claims.read claims.write kakei";
        assert_eq!(granted(&[], "openid email", all), found(&[ISSUER], "openid email"));
        assert_eq!(granted(&[], "openid claims.read", all), found(&[ISSUER, CLAIMS], "openid claims.read"));
        assert_eq!(granted(&[CLAIMS], "claims.read kakei", all), found(&[CLAIMS], "claims.read"));
        assert_eq!(granted(&[CLAIMS], "openid claims.read", all), found(&[CLAIMS, ISSUER], "openid claims.read"));
        assert_eq!(
            granted(&[KAKEI, CLAIMS, KAKEI], "kakei claims.write", all),
            found(&[KAKEI, CLAIMS], "kakei claims.write")
        );
        assert_eq!(granted(&[ISSUER], "openid kakei", all), found(&[ISSUER], "openid"));
        // Named alone, it means all of its scopes that the client has.
        assert_eq!(granted(&[CLAIMS], "", "claims.read kakei"), found(&[CLAIMS], "claims.read"));
        assert_eq!(granted(&[], "kakei offline_access", all), found(&[KAKEI], "kakei offline_access"));
    }

    #[test]
    fn a_resource_that_is_unknown_or_not_the_clients_is_no_target() {
        for (name, of_client) in
            [("https://other.example.jp", "openid kakei"), (CLAIMS, "openid kakei"), ("kakei", "kakei"), ("", "kakei")]
        {
            assert_eq!(granted(&[name], "openid", of_client), Err(ErrorCode::InvalidTarget), "{name}");
        }
        assert_eq!(granted(&[KAKEI; 11], "kakei", "kakei"), Err(ErrorCode::InvalidTarget));
    }

    #[test]
    fn a_token_is_for_what_is_named_of_the_grant_and_for_several_servers_only_if_they_are_named() {
        let target = |resources: &[&str], scopes: &str| Target {
            resources: resources.iter().map(|r| (*r).to_owned()).collect(),
            scopes: Scopes::parse(scopes).unwrap(),
        };
        let one = target(&[ISSUER, CLAIMS], "openid claims.read");
        assert_eq!(resources().narrowed(&one, &[]), Ok(one.clone()));
        assert_eq!(resources().narrowed(&one, &[CLAIMS]), Ok(target(&[CLAIMS], "claims.read")));
        assert_eq!(resources().narrowed(&one, &[ISSUER]), Ok(target(&[ISSUER], "openid")));
        let refused = |granted: &Target, named: &[&str]| resources().narrowed(granted, named).unwrap_err().code;
        assert_eq!(refused(&one, &[KAKEI]), ErrorCode::InvalidTarget);
        assert_eq!(refused(&one, &[CLAIMS, KAKEI]), ErrorCode::InvalidTarget);
        let two = target(&[CLAIMS, KAKEI], "claims.read kakei");
        assert_eq!(refused(&two, &[]), ErrorCode::InvalidTarget);
        assert_eq!(resources().narrowed(&two, &[CLAIMS, KAKEI]), Ok(two.clone()));
        // Scopes that were narrowed say it as well.
        let fewer = Target { scopes: Scopes::of(&["kakei"]), ..two };
        assert_eq!(resources().narrowed(&fewer, &[]), Ok(target(&[KAKEI], "kakei")));
        // What was removed meanwhile gives nothing.
        assert_eq!(refused(&target(&["https://gone.example.jp"], "x"), &[]), ErrorCode::InvalidTarget);
    }

    #[test]
    fn a_resource_server_sees_its_own_part_of_a_token() {
        let audience = [ISSUER.to_owned(), CLAIMS.to_owned()];
        let scopes = Scopes::of(&["openid", "email", "claims.read"]);
        let seen = resources().as_seen_by(&ClientId("claims".into()), &audience, &scopes).unwrap();
        assert_eq!((seen.resources, seen.scopes.to_string()), (vec![CLAIMS.to_owned()], "claims.read".to_owned()));
        assert_eq!(resources().as_seen_by(&ClientId("claims".into()), &[KAKEI.to_owned()], &scopes), None);
        assert_eq!(resources().as_seen_by(&ClientId("other".into()), &audience, &scopes), None);
    }

    #[test]
    fn only_a_uri_with_scopes_of_its_own_can_be_registered() {
        let check = |identifier: &str, scopes: &[&str]| server(identifier, scopes, None).check(ISSUER);
        for good in [CLAIMS, KAKEI, "https://api.example.jp/", "http://localhost:3000"] {
            assert_eq!(check(good, &["read"]), Ok(()), "{good}");
        }
        for bad in [
            "",
            "api",
            "/api",
            "https://a.example#x",
            "https://a.example?x=1",
            "https://a.example/\"",
            "https://健保.example",
        ] {
            assert_eq!(check(bad, &["read"]), Err(ResourceProblem::Identifier), "{bad}");
        }
        assert_eq!(check("https://id.example.jp/", &["read"]), Err(ResourceProblem::Issuer));
        assert_eq!(check(CLAIMS, &[]), Err(ResourceProblem::NoScope));
        assert_eq!(check(CLAIMS, &["email"]), Err(ResourceProblem::TakenScope("email".into())));
        assert_eq!(check(CLAIMS, &["member_notices"]), Err(ResourceProblem::TakenScope("member_notices".into())));
        assert!(matches!(check(CLAIMS, &["a\"b"]), Err(ResourceProblem::Scope(_))));
    }
}
