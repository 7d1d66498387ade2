//! A relying party that sends what the test wants, right or wrong. (Where the answer of a well-made client counts, the
//! tests use the `openidconnect` crate.)

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, redirect};
use sekisho::domain::protocol::client as registered;
use serde_json::Value;

use super::visitor::{Answer, Visitor};

/// A request that insists on two factors.
pub const TWO_FACTORS: (&str, &str) =
    ("claims", r#"{"id_token":{"acr":{"essential":true,"value":"urn:sekisho:acr:two-factors"}}}"#);

#[derive(Clone)]
pub struct RelyingParty {
    pub id: String,
    pub secret: Option<String>,
    pub redirect_uri: String,
    pub issuer: String,
    http: Client,
    method: registered::AuthenticationMethod,
}

impl RelyingParty {
    pub fn new(issuer: &str, client: &registered::Client, secret: Option<String>) -> RelyingParty {
        RelyingParty {
            id: client.id.to_string(),
            secret,
            redirect_uri: client.redirect_uris.first().cloned().unwrap_or_default(),
            issuer: issuer.to_owned(),
            http: Client::builder().redirect(redirect::Policy::none()).build().unwrap(),
            method: client.authentication,
        }
    }

    /// The authorization request; `change` replaces parameters, and takes away those that are empty.
    pub fn authorize_url(&self, change: &[(&str, &str)]) -> String {
        let mut parameters: BTreeMap<&str, &str> = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid"),
            ("state", "st-1"),
            ("nonce", "no-1"),
        ]);
        parameters.extend(change.iter().copied());
        parameters.retain(|_, value| !value.is_empty());
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{}/authorize?{query}", self.issuer)
    }

    /// Sends the visitor to log in and back with a code.
    pub async fn code(&self, visitor: &Visitor, member: (&str, &str), change: &[(&str, &str)]) -> String {
        let page = visitor.follow(&self.authorize_url(change)).await;
        if page.location().is_some() {
            return page.code();
        }
        visitor.log_in_and_follow(&page, member.0, member.1).await.code()
    }

    /// A request to the token endpoint (or another of the client's), authenticated as registered.
    pub async fn request(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut request = self.http.post(format!("{}{path}", self.issuer));
        let mut form: Vec<(&str, &str)> = fields.to_vec();
        match (self.method, &self.secret) {
            (registered::AuthenticationMethod::ClientSecretBasic, Some(secret)) => {
                let encode = |s: &str| url::form_urlencoded::byte_serialize(s.as_bytes()).collect::<String>();
                request = request.basic_auth(encode(&self.id), Some(encode(secret)));
            }
            (registered::AuthenticationMethod::ClientSecretPost, Some(secret)) => {
                form.extend([("client_id", self.id.as_str()), ("client_secret", secret.as_str())]);
            }
            _ => form.push(("client_id", self.id.as_str())),
        }
        answer(request.form(&form)).await
    }

    pub async fn redeem(&self, code: &str) -> Answer {
        self.redeem_with(code, &[]).await
    }

    pub async fn redeem_with(&self, code: &str, change: &[(&str, &str)]) -> Answer {
        let mut fields: BTreeMap<&str, &str> = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri.as_str()),
        ]);
        fields.extend(change.iter().copied());
        fields.retain(|_, value| !value.is_empty());
        self.request("/token", &fields.into_iter().collect::<Vec<_>>()).await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.request("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub async fn introspect(&self, token: &str) -> Value {
        self.request("/introspect", &[("token", token)]).await.expect_status(200).json()
    }

    pub async fn userinfo(&self, access_token: &str) -> Answer {
        answer(self.http.get(format!("{}/userinfo", self.issuer)).bearer_auth(access_token)).await
    }
}

/// A request from a program, without cookies.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    Answer::read(request.send().await.unwrap()).await
}

/// The claims of a JWT, unverified: for tests that look into what was issued.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The text of a member of a token answer.
pub fn text(answer: &Answer, member: &str) -> String {
    answer.json()[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", answer.body)).to_owned()
}
