//! An authorization request that was checked (OpenID Connect Core 1.0, 3.1.2; RFC 6749, 4.1.1), and what comes next for it.

use serde::{Deserialize, Serialize};

use super::answer::{ReplyTo, ResponseMode};
use super::claims::RequestedClaims;
use super::client::{Client, GrantType};
use super::oauth_error::{ErrorCode, OAuthError};
use super::params::Params;
use super::pkce::Challenge;
use super::prompt::Prompt;
use super::resource_server::{Resources, Target};
use super::scope::{OFFLINE_ACCESS, SUPPORTED, Scopes};
use crate::domain::ids::{ClientId, FlowId, MemberId};
use crate::domain::login::assurance::Assurance;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::unix_time::{Span, UnixTime};

/// A request that this client may make. It travels sealed through the login pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Names this request; a login made on its way is remembered under it, so `prompt=login` is asked for once.
    pub flow: FlowId,
    pub client: ClientId,
    pub redirect_uri: String,
    #[serde(default)]
    pub response_mode: ResponseMode,
    /// See [`ReplyTo::vouched_for`].
    #[serde(default)]
    pub vouched_for: bool,
    pub scopes: Scopes,
    /// What the tokens may be for (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub challenge: Option<Challenge>,
    pub prompt: Prompt,
    /// Seconds.
    pub max_age: Option<u32>,
    pub login_hint: Option<String>,
    pub ui_locales: Option<String>,
    /// Of `id_token_hint`, or of a `sub` asked for by value: nobody else may be logged in for this request.
    pub hinted_member: Option<MemberId>,
    /// What the login should reach: of `acr_values`, or of an `acr` claim, which may insist on it.
    pub assurance: Option<Assurance>,
    pub claims: RequestedClaims,
}

/// The longest `state`, `nonce` and `claims` that are carried through the login, in bytes. They travel in an address.
const LONGEST: usize = 2_048;

/// The longest hint.
const SHORT: usize = 256;

impl AuthorizationRequest {
    /// Checks everything but client and redirect URI, which come first: the errors from here on go to the client.
    pub fn read(
        params: &Params,
        client: &Client,
        reply_to: ReplyTo,
        flow: FlowId,
        hinted_member: Option<MemberId>,
        resources: &Resources,
    ) -> Result<AuthorizationRequest, OAuthError> {
        params.each_once()?;
        for (name, code) in [
            ("request", ErrorCode::RequestNotSupported),
            ("request_uri", ErrorCode::RequestUriNotSupported),
            ("registration", ErrorCode::RegistrationNotSupported),
        ] {
            if params.get(name).is_some() {
                return Err(code.because(format!("the parameter {name} is not supported")));
            }
        }
        for (name, longest) in
            [("state", LONGEST), ("nonce", LONGEST), ("claims", LONGEST), ("login_hint", SHORT), ("ui_locales", SHORT)]
        {
            if params.get(name).is_some_and(|v| v.len() > longest || v.chars().any(char::is_control)) {
                let message = format!("{name} is longer than {longest} bytes or holds control characters");
                return Err(ErrorCode::InvalidRequest.because(message));
            }
        }
        code_flow(params, client)?;
        let target = granted(params, client, resources)?;
        let challenge = Challenge::of_request(params, client.pkce)?;
        let prompt = Prompt::parse(params.get("prompt"))?;
        let claims = RequestedClaims::parse(params.get("claims"))?;
        let asked = Assurance::weakest_of(claims.acr());
        if claims.acr_is_essential() && asked.is_none() {
            return Err(unmet());
        }
        let values = params.get("acr_values").unwrap_or_default();
        let assurance = asked.or_else(|| Assurance::weakest_of(values.split_ascii_whitespace().take(20)));
        let by_value = claims.member_by_value();
        if let (Some(hint), Some(value)) = (&hinted_member, &by_value)
            && hint != value
        {
            return Err(ErrorCode::InvalidRequest.because("id_token_hint and the sub asked for name two members"));
        }
        Ok(AuthorizationRequest {
            flow,
            client: client.id.clone(),
            redirect_uri: reply_to.redirect_uri,
            response_mode: reply_to.mode,
            vouched_for: reply_to.vouched_for,
            scopes: target.scopes,
            resources: target.resources,
            state: reply_to.state,
            nonce: params.get("nonce").map(str::to_owned),
            challenge,
            prompt,
            max_age: max_age(params)?.or(client.default_max_age),
            login_hint: params.get("login_hint").map(str::to_owned),
            ui_locales: params.get("ui_locales").map(str::to_owned),
            hinted_member: hinted_member.or(by_value),
            assurance,
            claims,
        })
    }

    /// What must happen next, given who is logged in and what they agreed to before. `least` is what the operator's policy
    /// asks of this member.
    pub fn decide(
        &self,
        client: &Client,
        session: Option<&BrowserSession>,
        agreed: Option<&Scopes>,
        least: Assurance,
        now: UnixTime,
    ) -> Decision {
        let refuse = |code: ErrorCode, why: &'static str| Decision::Refuse(code.because(why));
        if session.is_some_and(|s| s.flow == self.flow && !self.is_for(s)) {
            return refuse(ErrorCode::LoginRequired, "another member has logged in than the one that was asked for");
        }
        let short =
            |s: &BrowserSession| self.claims.acr_is_essential() && self.assurance.is_some_and(|a| s.assurance < a);
        if session.is_some_and(|s| s.flow == self.flow && short(s)) {
            return Decision::Refuse(unmet());
        }
        let Some(session) = session.filter(|s| self.accepts(s, least, now)) else {
            return if self.prompt.none {
                refuse(ErrorCode::LoginRequired, "a login is needed")
            } else {
                Decision::Login
            };
        };
        if self.prompt.consent || !(client.first_party || agreed.is_some_and(|a| self.needed_consent().is_within(a))) {
            return if self.prompt.none {
                refuse(ErrorCode::ConsentRequired, "the member has not agreed yet")
            } else {
                Decision::AskConsent { member: session.member.clone() }
            };
        }
        Decision::Issue
    }

    /// Whether the session is fresh and sure enough, and the right member's. A login made for this very request always is.
    fn accepts(&self, session: &BrowserSession, least: Assurance, now: UnixTime) -> bool {
        let made_for_this = session.flow == self.flow;
        let fresh = !self.prompt.login
            && self.max_age.is_none_or(|max| now.since(session.authenticated_at) <= Span::seconds(max));
        let sure = session.assurance >= self.assurance.map_or(least, |asked| asked.max(least));
        (made_for_this || fresh && sure) && self.is_for(session)
    }

    fn is_for(&self, session: &BrowserSession) -> bool {
        self.hinted_member.as_ref().is_none_or(|hinted| *hinted == session.member)
    }

    /// What a member must have agreed to: the scopes, and those that the single claims asked for belong to.
    pub fn needed_consent(&self) -> Scopes {
        self.scopes.joined_with(&self.claims.covering_scopes())
    }
}

/// OpenID Connect Core Unmet Authentication Requirements 1.0, 2.
fn unmet() -> OAuthError {
    ErrorCode::UnmetAuthenticationRequirements.because("the essential acr that was asked for was not reached")
}

/// What comes next for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Login,
    AskConsent { member: MemberId },
    Issue,
    Refuse(OAuthError),
}

/// Only the code flow, answered in the query (OpenID Connect Core 1.0, 3.1; OAuth 2.0 Multiple Response Types).
fn code_flow(params: &Params, client: &Client) -> Result<(), OAuthError> {
    match params.get("response_type") {
        None => return Err(ErrorCode::InvalidRequest.because("the parameter response_type is missing")),
        Some("code") => {}
        Some(_) => return Err(ErrorCode::UnsupportedResponseType.because("the only response_type supported is code")),
    }
    if params.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(ErrorCode::InvalidRequest.because("the only response_mode supported is query"));
    }
    if !client.may_use(GrantType::AuthorizationCode) {
        return Err(
            ErrorCode::UnauthorizedClient.because("this client is not registered for the authorization code flow")
        );
    }
    Ok(())
}

/// Scopes that don't exist here are left out (OpenID Connect Core 1.0, 3.1.2.1); those that exist but are not the client's
/// are refused. `offline_access` means nothing to a client that may not refresh.
fn granted(params: &Params, client: &Client, resources: &Resources) -> Result<Target, OAuthError> {
    let known = Scopes::of(&SUPPORTED).joined_with(&resources.scopes());
    let asked = Scopes::parse(params.get("scope").unwrap_or_default())?.only(&known);
    let asked = if client.may_use(GrantType::RefreshToken) { asked } else { asked.without(OFFLINE_ACCESS) };
    if !asked.is_within(&client.scopes) {
        return Err(ErrorCode::InvalidScope.because(format!("this client may ask for: {}", client.scopes)));
    }
    let target = resources.granted(&params.all("resource"), &asked, &client.scopes)?;
    if target.scopes.without(OFFLINE_ACCESS).is_empty() {
        return Err(ErrorCode::InvalidScope.because(format!("scope must name at least one of: {}", client.scopes)));
    }
    Ok(target)
}

fn max_age(params: &Params) -> Result<Option<u32>, OAuthError> {
    params
        .get("max_age")
        .map(|text| {
            text.parse().map_err(|_| ErrorCode::InvalidRequest.because("max_age must be a whole number of seconds"))
        })
        .transpose()
}

impl AuthorizationRequest {
    /// Where its answer goes.
    pub fn reply_to(&self) -> ReplyTo {
        ReplyTo {
            client: self.client.clone(),
            redirect_uri: self.redirect_uri.clone(),
            mode: self.response_mode,
            state: self.state.clone(),
            vouched_for: self.vouched_for,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::ids::BrowserSessionId;
    use crate::domain::protocol::client::{PkcePolicy, Terms};

    const NOW: UnixTime = UnixTime(10_000);

    fn client(metadata: Value, first_party: bool) -> Client {
        let Value::Object(map) = metadata else { panic!("an object") };
        Client::checked(
            ClientId("rp".into()),
            &map,
            Terms { pkce: PkcePolicy::Optional, first_party, second_factor: None },
        )
        .unwrap()
    }

    fn rp(first_party: bool) -> Client {
        client(
            json!({ "redirect_uris": ["https://rp.example/cb"], "grant_types": ["authorization_code", "refresh_token"] }),
            first_party,
        )
    }

    fn read(query: &str, client: &Client) -> Result<AuthorizationRequest, OAuthError> {
        let params = Params::parse(query);
        let reply_to = ReplyTo {
            client: client.id.clone(),
            redirect_uri: "https://rp.example/cb".into(),
            mode: ResponseMode::Query,
            state: params.get("state").map(str::to_owned),
            vouched_for: true,
        };
        let resources = Resources::new("https://id.example.jp", Vec::new());
        AuthorizationRequest::read(&params, client, reply_to, FlowId("f1".into()), None, &resources)
    }

    fn session(flow: &str, authenticated_at: UnixTime) -> BrowserSession {
        BrowserSession {
            id: BrowserSessionId("s1".into()),
            member: MemberId("m1".into()),
            flow: FlowId(flow.into()),
            authenticated_at,
            assurance: Assurance::Password,
            device: crate::domain::login::device::Device::default(),
            last_used_at: NOW,
            expires_at: NOW + Span::hours(1),
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_the_right_code() {
        let rp = rp(false);
        for (query, code) in [
            ("scope=openid", ErrorCode::InvalidRequest),
            ("response_type=token&scope=openid", ErrorCode::UnsupportedResponseType),
            ("response_type=code&response_mode=fragment&scope=openid", ErrorCode::InvalidRequest),
            ("response_type=code&scope=openid&scope=email", ErrorCode::InvalidRequest),
            ("response_type=code", ErrorCode::InvalidScope),
            ("response_type=code&scope=unknown", ErrorCode::InvalidScope),
            ("response_type=code&scope=openid&resource=https://api.example", ErrorCode::InvalidTarget),
            ("response_type=code&scope=openid&request=x", ErrorCode::RequestNotSupported),
            ("response_type=code&scope=openid&request_uri=https://a", ErrorCode::RequestUriNotSupported),
            ("response_type=code&scope=openid&registration=%7B%7D", ErrorCode::RegistrationNotSupported),
            ("response_type=code&scope=openid&prompt=none+login", ErrorCode::InvalidRequest),
            ("response_type=code&scope=openid&max_age=-1", ErrorCode::InvalidRequest),
            ("response_type=code&scope=openid&claims=x", ErrorCode::InvalidRequest),
            ("response_type=code&scope=openid&state=a%00b", ErrorCode::InvalidRequest),
        ] {
            assert_eq!(read(query, &rp).unwrap_err().code, code, "{query}");
        }
        let limited = client(json!({ "redirect_uris": ["https://rp.example/cb"], "scope": "openid" }), false);
        assert_eq!(read("response_type=code&scope=openid+email", &limited).unwrap_err().code, ErrorCode::InvalidScope);
        let machine = client(json!({ "grant_types": ["client_credentials"], "scope": "openid" }), false);
        let error = read("response_type=code&scope=openid", &machine).unwrap_err();
        assert_eq!(error.code, ErrorCode::UnauthorizedClient);
    }

    #[test]
    fn scopes_that_do_not_exist_are_left_out() {
        let request = read("response_type=code&scope=openid+foo+offline_access", &rp(false)).unwrap();
        assert_eq!(request.scopes.to_string(), "openid offline_access");
        let no_refresh = client(json!({ "redirect_uris": ["https://rp.example/cb"] }), false);
        let request = read("response_type=code&scope=openid+offline_access", &no_refresh).unwrap();
        assert_eq!(request.scopes.to_string(), "openid");
    }

    #[test]
    fn without_a_session_a_login_comes_first() {
        let rp = rp(true);
        let request = read("response_type=code&scope=openid", &rp).unwrap();
        assert_eq!(request.decide(&rp, None, None, Assurance::Password, NOW), Decision::Login);
        let silent = read("response_type=code&scope=openid&prompt=none", &rp).unwrap();
        assert!(
            matches!(silent.decide(&rp, None, None, Assurance::Password, NOW), Decision::Refuse(e) if e.code == ErrorCode::LoginRequired)
        );
    }

    #[test]
    fn prompt_login_and_max_age_are_met_by_a_login_made_for_this_request_only() {
        let rp = rp(true);
        let old = session("f0", NOW - Span::seconds(5));
        for query in ["prompt=login", "prompt=select_account", "max_age=4", "max_age=0"] {
            let request = read(&format!("response_type=code&scope=openid&{query}"), &rp).unwrap();
            assert_eq!(request.decide(&rp, Some(&old), None, Assurance::Password, NOW), Decision::Login, "{query}");
            let made_for_this = session("f1", NOW - Span::seconds(5));
            assert_eq!(
                request.decide(&rp, Some(&made_for_this), None, Assurance::Password, NOW),
                Decision::Issue,
                "{query}"
            );
        }
        let young_enough = read("response_type=code&scope=openid&max_age=5", &rp).unwrap();
        assert_eq!(young_enough.decide(&rp, Some(&old), None, Assurance::Password, NOW), Decision::Issue);
    }

    #[test]
    fn another_members_session_is_not_taken_for_the_hinted_one() {
        let rp = rp(true);
        let mut request = read("response_type=code&scope=openid", &rp).unwrap();
        request.hinted_member = Some(MemberId("m2".into()));
        assert_eq!(request.decide(&rp, Some(&session("f0", NOW)), None, Assurance::Password, NOW), Decision::Login);
        // They were asked to log in and somebody else did: asking again would never end.
        let other = request.decide(&rp, Some(&session("f1", NOW)), None, Assurance::Password, NOW);
        assert!(matches!(other, Decision::Refuse(e) if e.code == ErrorCode::LoginRequired));
    }

    #[test]
    fn a_session_that_is_not_sure_enough_logs_in_again_and_an_essential_acr_is_not_given_less() {
        let rp = rp(true);
        let plain = read("response_type=code&scope=openid", &rp).unwrap();
        let old = session("f0", NOW);
        assert_eq!(plain.decide(&rp, Some(&old), None, Assurance::TrustedDevice, NOW), Decision::Login);
        let query = format!("response_type=code&scope=openid&acr_values=x+{}", Assurance::TwoFactors.acr());
        let asks = read(&query, &rp).unwrap();
        assert_eq!(asks.decide(&rp, Some(&old), None, Assurance::Password, NOW), Decision::Login);
        let sure = BrowserSession { assurance: Assurance::PhishingResistant, ..old };
        assert_eq!(asks.decide(&rp, Some(&sure), None, Assurance::Password, NOW), Decision::Issue);
        // A wish that could not be met: what was reached is told in the ID token.
        let made_for_this = session("f1", NOW);
        assert_eq!(asks.decide(&rp, Some(&made_for_this), None, Assurance::Password, NOW), Decision::Issue);
        let claims = r#"{"id_token":{"acr":{"essential":true,"values":["urn:sekisho:acr:two-factors"]}}}"#;
        let claims: String = url::form_urlencoded::byte_serialize(claims.as_bytes()).collect();
        let insists = read(&format!("response_type=code&scope=openid&claims={claims}"), &rp).unwrap();
        let refused = insists.decide(&rp, Some(&made_for_this), None, Assurance::Password, NOW);
        assert!(matches!(refused, Decision::Refuse(e) if e.code == ErrorCode::UnmetAuthenticationRequirements));
        let unknown = claims.replace("two-factors", "retina");
        let error = read(&format!("response_type=code&scope=openid&claims={unknown}"), &rp).unwrap_err();
        assert_eq!(error.code, ErrorCode::UnmetAuthenticationRequirements);
    }

    #[test]
    fn consent_is_asked_once_for_what_is_new() {
        let rp = rp(false);
        let session = session("f0", NOW);
        let ask = Decision::AskConsent { member: MemberId("m1".into()) };
        let request = read("response_type=code&scope=openid+email", &rp).unwrap();
        assert_eq!(request.decide(&rp, Some(&session), None, Assurance::Password, NOW), ask);
        assert_eq!(request.decide(&rp, Some(&session), Some(&Scopes::of(&["openid"])), Assurance::Password, NOW), ask);
        assert_eq!(
            request.decide(&rp, Some(&session), Some(&Scopes::of(&["email", "openid"])), Assurance::Password, NOW),
            Decision::Issue
        );
        let again = read("response_type=code&scope=openid&prompt=consent", &rp).unwrap();
        assert_eq!(again.decide(&rp, Some(&session), Some(&Scopes::of(&["openid"])), Assurance::Password, NOW), ask);
        let claims =
            read("response_type=code&scope=openid&claims=%7B%22userinfo%22:%7B%22name%22:null%7D%7D", &rp).unwrap();
        assert_eq!(claims.decide(&rp, Some(&session), Some(&Scopes::of(&["openid"])), Assurance::Password, NOW), ask);
    }
}
