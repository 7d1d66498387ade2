//! The answer to an authorization request: where it goes, how, and what it says (RFC 6749, 4.1.2 and 4.1.2.1; OAuth 2.0
//! Multiple Response Types, 2.1; RFC 9207).

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::oauth_error::OAuthError;
use crate::domain::ids::ClientId;
use crate::domain::secret::Secret;

/// How an answer travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
}

/// Where a client is answered. The redirect URI was checked against its registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    pub client: ClientId,
    pub redirect_uri: String,
    pub mode: ResponseMode,
    pub state: Option<String>,
    /// Whether somebody has looked at this client: staff registered it, or call it the society's own. One that registered
    /// itself chose its redirect URIs and nobody knows where they lead.
    pub vouched_for: bool,
}

/// What a client is told.
#[derive(Clone, Debug)]
pub enum Says {
    Code(Secret<String>),
    Error(OAuthError),
}

/// What a client is told, and where.
#[derive(Clone, Debug)]
pub struct Answer {
    pub to: ReplyTo,
    pub says: Says,
}

impl ReplyTo {
    pub fn code(&self, code: Secret<String>) -> Answer {
        Answer { to: self.clone(), says: Says::Code(code) }
    }

    pub fn error(&self, error: OAuthError) -> Answer {
        Answer { to: self.clone(), says: Says::Error(error) }
    }
}

impl Answer {
    /// Whether the browser may be sent on without a question. An error comes before anybody has logged in or agreed to
    /// anything: whoever registers a client could send members from our address to any page (RFC 9700, 4.11.2). A code
    /// comes after the member has allowed it, on a page that names the host.
    pub fn goes_by_itself(&self) -> bool {
        self.to.vouched_for || matches!(self.says, Says::Code(_))
    }

    /// The address that carries the answer to the client.
    pub fn address(&self, issuer: &str) -> String {
        let mut fields: Vec<(&str, &str)> = match &self.says {
            Says::Code(code) => vec![("code", code.expose())],
            Says::Error(error) => vec![("error", error.code.name()), ("error_description", &error.description)],
        };
        fields.extend(self.to.state.as_deref().map(|state| ("state", state)));
        fields.push(("iss", issuer));
        match self.to.mode {
            ResponseMode::Query => with_query(&self.to.redirect_uri, &fields),
        }
    }
}

/// The URI with these fields behind its own query, which stays as it was registered. A space becomes `%20`: many clients read
/// a query as any other part of a URI, where `+` is a plus.
pub fn with_query(uri: &str, fields: &[(&str, &str)]) -> String {
    let added = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().replace('+', "%20");
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{added}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::protocol::oauth_error::ErrorCode;

    const ISSUER: &str = "https://id.example.jp";

    fn reply_to(redirect_uri: &str, state: &str, vouched_for: bool) -> ReplyTo {
        ReplyTo {
            client: ClientId("rp".into()),
            redirect_uri: redirect_uri.into(),
            mode: ResponseMode::Query,
            state: Some(state.into()),
            vouched_for,
        }
    }

    fn code() -> Secret<String> {
        Secret::new("c-1".into())
    }

    #[test]
    fn an_answer_stands_behind_the_registered_uri_and_its_query() {
        for (uri, begins) in [
            ("https://rp.example/cb", "https://rp.example/cb?code=c-1&"),
            ("https://rp.example", "https://rp.example?code=c-1&"),
            ("https://rp.example/cb?a=b+c", "https://rp.example/cb?a=b+c&code=c-1&"),
            ("https://rp.example/cb?", "https://rp.example/cb?code=c-1&"),
            ("jp.example.app:/cb", "jp.example.app:/cb?code=c-1&"),
        ] {
            let address = reply_to(uri, "s", true).code(code()).address(ISSUER);
            assert_eq!(address, format!("{begins}state=s&iss=https%3A%2F%2Fid.example.jp"));
        }
    }

    #[test]
    fn the_state_comes_back_byte_for_byte_however_the_client_reads_it() {
        let state = "a b+c&d=e#f%20\u{1F511}あ\"<'";
        let address = reply_to("https://rp.example/cb", state, true).code(code()).address(ISSUER);
        assert!(!address.contains('+') && address.is_ascii(), "{address}");
        let read = url::Url::parse(&address).unwrap();
        let read = read.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        assert_eq!(read, state);
    }

    #[test]
    fn only_an_error_of_a_client_that_nobody_has_looked_at_waits_for_the_member() {
        let error = || ErrorCode::LoginRequired.because("a login is needed");
        for (vouched_for, code_goes, error_goes) in [(true, true, true), (false, true, false)] {
            let to = reply_to("https://rp.example/cb", "s", vouched_for);
            assert_eq!(to.code(code()).goes_by_itself(), code_goes);
            assert_eq!(to.error(error()).goes_by_itself(), error_goes);
        }
    }
}
