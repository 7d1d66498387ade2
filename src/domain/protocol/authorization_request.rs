//! An authorization request that was checked (OpenID Connect Core 1.0, 3.1.2; RFC 6749, 4.1.1), and what comes next for it.

use serde::{Deserialize, Serialize};

use super::acr::RequestedAcr;
use super::answer::{ReplyTo, ResponseMode};
use super::claims::RequestedClaims;
use super::client::{Client, GrantType};
use super::oauth_error::{ErrorCode, OAuthError};
use super::pkce::Challenge;
use super::prompt::Prompt;
use super::request_source::RequestParameters;
use super::resource_server::{Resources, Target};
use super::scope::{OFFLINE_ACCESS, SUPPORTED, Scopes};
use crate::domain::ids::{ClientId, FlowId, MemberId};
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::next_step::Floor;
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
    /// How sure the login should be.
    #[serde(default)]
    pub acr: RequestedAcr,
    pub claims: RequestedClaims,
}

/// The longest `state`, `nonce` and `claims` that are carried through the login, in bytes. They travel in an address.
const LONGEST: usize = 4_096;

/// The longest hint that is of use, in bytes.
const HINT: usize = 256;

/// Whom `id_token_hint` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hinted {
    Nobody,
    Member(MemberId),
    /// Nobody can tell any more: the key has gone, or it is no ID token of ours for this client.
    Unusable,
}

impl AuthorizationRequest {
    /// Checks everything but client and redirect URI, which come first: the errors from here on go to the client.
    pub fn read(
        params: &RequestParameters,
        client: &Client,
        reply_to: ReplyTo,
        flow: FlowId,
        hinted: Hinted,
        resources: &Resources,
    ) -> Result<AuthorizationRequest, OAuthError> {
        params.well_formed()?;
        for name in ["state", "nonce", "claims"] {
            if params.get(name).is_some_and(|v| v.len() > LONGEST || v.chars().any(is_unfit)) {
                let message = format!("{name} is longer than {LONGEST} bytes or holds control characters");
                return Err(ErrorCode::InvalidRequest.because(message));
            }
        }
        code_flow(params, client)?;
        let target = granted(params, client, resources)?;
        let challenge = Challenge::of_request(params, client.pkce)?;
        let prompt = Prompt::parse(params.get("prompt"))?;
        let claims = RequestedClaims::parse(params.get("claims"))?.within(&client.scopes);
        let acr = requested_acr(params, client, &claims)?;
        let hinted_member = hinted_member(hinted, &claims, prompt)?;
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
            login_hint: params.get("login_hint").filter(|hint| is_of_use(hint)).map(str::to_owned),
            ui_locales: params.get("ui_locales").map(leading_tags),
            hinted_member,
            acr,
            claims,
        })
    }

    /// The same request, as far as its client may still make it: the registration may have been changed since it was read.
    /// The redirect URI is looked at by whoever answers.
    pub fn as_registered(&self, client: &Client, resources: &Resources) -> Result<AuthorizationRequest, OAuthError> {
        may_use_code_flow(client)?;
        let known = Scopes::of(&SUPPORTED).joined_with(&resources.scopes());
        let scopes = self.scopes.only(&client.scopes).only(&known);
        let scopes = if client.may_use(GrantType::RefreshToken) { scopes } else { scopes.without(OFFLINE_ACCESS) };
        if scopes.without(OFFLINE_ACCESS).is_empty() {
            return Err(ErrorCode::InvalidScope.because(format!("this client may ask for: {}", client.scopes)));
        }
        let resources = resources.left_for(&self.resources, &scopes);
        Ok(AuthorizationRequest { scopes, resources, claims: self.claims.within(&client.scopes), ..self.clone() })
    }

    /// What must happen next, given who is logged in and what they agreed to before. `floor` is what the operator's policy
    /// and this request ask of this member.
    pub fn decide(
        &self,
        client: &Client,
        session: Option<&BrowserSession>,
        agreed: Option<&Scopes>,
        floor: Floor,
        now: UnixTime,
    ) -> Decision {
        let refuse = |code: ErrorCode, why: &'static str| Decision::Refuse(code.because(why));
        if session.is_some_and(|s| s.flow == self.flow && !self.is_for(s)) {
            return refuse(ErrorCode::LoginRequired, "another member has logged in than the one that was asked for");
        }
        if session.is_some_and(|s| s.flow == self.flow && !self.acr.is_met_by(s.assurance)) {
            return Decision::Refuse(unmet());
        }
        let Some(session) = session.filter(|s| self.accepts(s, floor, now)) else {
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
    fn accepts(&self, session: &BrowserSession, floor: Floor, now: UnixTime) -> bool {
        let made_for_this = session.flow == self.flow;
        // A zero asks for a login now, also within the second of the last one.
        let young = |max: u32| max > 0 && now.since(session.authenticated_at) <= Span::seconds(max);
        let fresh = !self.prompt.login && self.max_age.is_none_or(young);
        // Where no page may be shown, a wish is no reason for an error: what the session has is told.
        let sure = session.assurance >= floor.least && (self.prompt.none || session.assurance >= floor.wished);
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
fn code_flow(params: &RequestParameters, client: &Client) -> Result<(), OAuthError> {
    match params.get("response_type") {
        None => return Err(ErrorCode::InvalidRequest.because("the parameter response_type is missing")),
        Some("code") => {}
        Some(_) => return Err(ErrorCode::UnsupportedResponseType.because("the only response_type supported is code")),
    }
    if params.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(ErrorCode::InvalidRequest.because("the only response_mode supported is query"));
    }
    may_use_code_flow(client)
}

fn may_use_code_flow(client: &Client) -> Result<(), OAuthError> {
    if client.may_use(GrantType::AuthorizationCode) {
        return Ok(());
    }
    Err(ErrorCode::UnauthorizedClient.because("this client is not registered for the authorization code flow"))
}

/// The claim comes before the parameter, and both before what the client has registered (OpenID Connect Core 1.0, 5.5.1.1;
/// OpenID Connect Dynamic Client Registration 1.0, 2).
fn requested_acr(
    params: &RequestParameters,
    client: &Client,
    claims: &RequestedClaims,
) -> Result<RequestedAcr, OAuthError> {
    let claimed = claims.acr().ok_or_else(unmet)?;
    if !claimed.is_empty() {
        return Ok(claimed);
    }
    Ok(match params.get("acr_values") {
        Some(values) => RequestedAcr::wish(values.split_ascii_whitespace().take(20)),
        None => RequestedAcr::wish(client.default_acr_values.iter().map(String::as_str)),
    })
}

/// Of `id_token_hint`, or of a `sub` asked for by value. A hint that can't be used is ignored where the member sees a page; a
/// silent answer would say that its member is logged in.
fn hinted_member(hinted: Hinted, claims: &RequestedClaims, prompt: Prompt) -> Result<Option<MemberId>, OAuthError> {
    let by_value = claims.member_by_value();
    match (hinted, by_value) {
        (Hinted::Unusable, _) if prompt.none => {
            Err(ErrorCode::LoginRequired.because("whom id_token_hint names can't be told any more"))
        }
        (Hinted::Member(hint), Some(value)) if hint != value => {
            Err(ErrorCode::InvalidRequest.because("id_token_hint and the sub asked for name two members"))
        }
        (Hinted::Member(hint), _) => Ok(Some(hint)),
        (Hinted::Nobody | Hinted::Unusable, by_value) => Ok(by_value),
    }
}

/// What has no place in a text that somebody reads or that comes back: a control character, or one that could not be read.
fn is_unfit(c: char) -> bool {
    c.is_control() || c == char::REPLACEMENT_CHARACTER
}

fn is_of_use(hint: &str) -> bool {
    hint.len() <= HINT && !hint.chars().any(is_unfit)
}

/// The language tags that are wanted most, as many as are of use.
fn leading_tags(ui_locales: &str) -> String {
    let mut kept = String::new();
    for tag in ui_locales.split_ascii_whitespace().filter(|tag| tag.len() <= 35 && is_of_use(tag)) {
        if kept.len() + tag.len() >= HINT {
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(tag);
    }
    kept
}

/// Scopes that don't exist here are left out (OpenID Connect Core 1.0, 3.1.2.1); those that exist but are not the client's
/// are refused. `offline_access` means nothing to a client that may not refresh.
fn granted(params: &RequestParameters, client: &Client, resources: &Resources) -> Result<Target, OAuthError> {
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

/// One that is too large for a number never runs out.
fn max_age(params: &RequestParameters) -> Result<Option<u32>, OAuthError> {
    match params.get("max_age") {
        None => Ok(None),
        Some(text) if text.bytes().all(|digit| digit.is_ascii_digit()) => Ok(Some(text.parse().unwrap_or(u32::MAX))),
        Some(_) => Err(ErrorCode::InvalidRequest.because("max_age must be a whole number of seconds")),
    }
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
    use crate::domain::login::assurance::Assurance;
    use crate::domain::protocol::client::{PkcePolicy, Terms};
    use crate::domain::protocol::params::Params;

    const TRUSTED: Floor = Floor { least: Assurance::TrustedDevice, wished: Assurance::TrustedDevice };
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

    fn resources() -> Resources {
        Resources::new("https://id.example.jp", Vec::new())
    }

    fn read(query: &str, client: &Client) -> Result<AuthorizationRequest, OAuthError> {
        read_hinted(query, client, Hinted::Nobody)
    }

    fn read_hinted(query: &str, client: &Client, hinted: Hinted) -> Result<AuthorizationRequest, OAuthError> {
        let params = RequestParameters::of_query(&Params::parse(query));
        let reply_to = ReplyTo {
            client: client.id.clone(),
            redirect_uri: "https://rp.example/cb".into(),
            mode: ResponseMode::Query,
            state: params.get("state").map(str::to_owned),
            vouched_for: true,
        };
        AuthorizationRequest::read(&params, client, reply_to, FlowId("f1".into()), hinted, &resources())
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
        assert_eq!(request.decide(&rp, None, None, Floor::NONE, NOW), Decision::Login);
        let silent = read("response_type=code&scope=openid&prompt=none", &rp).unwrap();
        assert!(
            matches!(silent.decide(&rp, None, None, Floor::NONE, NOW), Decision::Refuse(e) if e.code == ErrorCode::LoginRequired)
        );
    }

    #[test]
    fn prompt_login_and_max_age_are_met_by_a_login_made_for_this_request_only() {
        let rp = rp(true);
        let old = session("f0", NOW - Span::seconds(5));
        for query in ["prompt=login", "prompt=select_account", "max_age=4", "max_age=0"] {
            let request = read(&format!("response_type=code&scope=openid&{query}"), &rp).unwrap();
            assert_eq!(request.decide(&rp, Some(&old), None, Floor::NONE, NOW), Decision::Login, "{query}");
            let made_for_this = session("f1", NOW - Span::seconds(5));
            assert_eq!(request.decide(&rp, Some(&made_for_this), None, Floor::NONE, NOW), Decision::Issue, "{query}");
        }
        let just_now = session("f0", NOW);
        let zero = read("response_type=code&scope=openid&max_age=0", &rp).unwrap();
        assert_eq!(zero.decide(&rp, Some(&just_now), None, Floor::NONE, NOW), Decision::Login);
        let silent = read("response_type=code&scope=openid&max_age=0&prompt=none", &rp).unwrap();
        let refused = silent.decide(&rp, Some(&just_now), None, Floor::NONE, NOW);
        assert!(matches!(refused, Decision::Refuse(e) if e.code == ErrorCode::LoginRequired));
        let young_enough = read("response_type=code&scope=openid&max_age=5", &rp).unwrap();
        assert_eq!(young_enough.decide(&rp, Some(&old), None, Floor::NONE, NOW), Decision::Issue);
    }

    #[test]
    fn another_members_session_is_not_taken_for_the_hinted_one() {
        let rp = rp(true);
        let mut request = read("response_type=code&scope=openid", &rp).unwrap();
        request.hinted_member = Some(MemberId("m2".into()));
        assert_eq!(request.decide(&rp, Some(&session("f0", NOW)), None, Floor::NONE, NOW), Decision::Login);
        // They were asked to log in and somebody else did: asking again would never end.
        let other = request.decide(&rp, Some(&session("f1", NOW)), None, Floor::NONE, NOW);
        assert!(matches!(other, Decision::Refuse(e) if e.code == ErrorCode::LoginRequired));
    }

    #[test]
    fn a_session_that_is_not_sure_enough_logs_in_again_and_an_essential_acr_is_not_given_less() {
        let rp = rp(true);
        let plain = read("response_type=code&scope=openid", &rp).unwrap();
        let old = session("f0", NOW);
        assert_eq!(plain.decide(&rp, Some(&old), None, TRUSTED, NOW), Decision::Login);
        let made_for_this = session("f1", NOW);
        let claims = r#"{"id_token":{"acr":{"essential":true,"values":["urn:sekisho:acr:two-factors"]}}}"#;
        let claims: String = url::form_urlencoded::byte_serialize(claims.as_bytes()).collect();
        let insists = read(&format!("response_type=code&scope=openid&claims={claims}"), &rp).unwrap();
        let refused = insists.decide(&rp, Some(&made_for_this), None, Floor::NONE, NOW);
        assert!(matches!(refused, Decision::Refuse(e) if e.code == ErrorCode::UnmetAuthenticationRequirements));
        let unknown = claims.replace("two-factors", "retina");
        let error = read(&format!("response_type=code&scope=openid&claims={unknown}"), &rp).unwrap_err();
        assert_eq!(error.code, ErrorCode::UnmetAuthenticationRequirements);
    }

    #[test]
    fn a_wish_leads_to_a_login_but_never_to_an_error() {
        let rp = rp(true);
        let two = Assurance::TwoFactors;
        let (old, made_for_this) = (session("f0", NOW), session("f1", NOW));
        let can_show_two = Floor { wished: two, ..Floor::NONE };
        let query = format!("response_type=code&scope=openid&acr_values=x+{}", two.acr());
        let asks = read(&query, &rp).unwrap();
        assert_eq!(asks.decide(&rp, Some(&old), None, can_show_two, NOW), Decision::Login);
        assert_eq!(asks.decide(&rp, Some(&old), None, Floor::NONE, NOW), Decision::Issue, "nothing more can be shown");
        let sure = BrowserSession { assurance: Assurance::PhishingResistant, ..old.clone() };
        assert_eq!(asks.decide(&rp, Some(&sure), None, can_show_two, NOW), Decision::Issue);
        // What was reached is told in the ID token.
        assert_eq!(asks.decide(&rp, Some(&made_for_this), None, can_show_two, NOW), Decision::Issue);
        let silent = read(&format!("{query}&prompt=none"), &rp).unwrap();
        assert_eq!(silent.decide(&rp, Some(&old), None, can_show_two, NOW), Decision::Issue);
    }

    #[test]
    fn what_a_client_has_registered_is_wished_for_unless_the_request_says_otherwise() {
        let (two, resistant) = (Assurance::TwoFactors, Assurance::PhishingResistant);
        let metadata = json!({ "redirect_uris": ["https://rp.example/cb"], "default_acr_values": [two.acr()] });
        let rp = client(metadata, true);
        let acr = |query: &str| read(&format!("response_type=code&scope=openid{query}"), &rp).unwrap().acr;
        assert_eq!(acr(""), RequestedAcr::wish([two.acr()]));
        assert_eq!(acr(&format!("&acr_values={}", resistant.acr())), RequestedAcr::wish([resistant.acr()]));
        let claim = |essential: bool| {
            format!(r#"{{"id_token":{{"acr":{{"essential":{essential},"value":"{}"}}}}}}"#, resistant.acr())
        };
        let query = |essential| {
            let claim: String = url::form_urlencoded::byte_serialize(claim(essential).as_bytes()).collect();
            format!("&acr_values={}&claims={claim}", two.acr())
        };
        assert_eq!(acr(&query(false)), RequestedAcr::wish([resistant.acr()]));
        assert_eq!(Some(acr(&query(true))), RequestedAcr::demand([resistant.acr()]));
    }

    #[test]
    fn hints_that_can_not_be_used_are_ignored() {
        let rp = rp(true);
        let ask = |query: &str| read(&format!("response_type=code&scope=openid&{query}"), &rp).unwrap();
        assert_eq!(ask(&format!("login_hint={}", "a".repeat(257))).login_hint, None);
        assert_eq!(ask("login_hint=a%00b").login_hint, None);
        assert_eq!(ask("login_hint=hanako").login_hint.as_deref(), Some("hanako"));
        let many = ["x-klingon"; 50].join("+");
        assert!(ask(&format!("ui_locales=en_US+{many}")).ui_locales.unwrap().starts_with("en_US x-klingon "));
        assert_eq!(ask(&format!("ui_locales={}+ja", "a".repeat(300))).ui_locales.as_deref(), Some("ja"));
        for huge in ["4294967296", "99999999999999999999999999"] {
            let forever = ask(&format!("max_age={huge}"));
            assert_eq!(forever.decide(&rp, Some(&session("f0", UnixTime(0))), None, Floor::NONE, NOW), Decision::Issue);
        }
        for malformed in ["-1", "1.5", "%2B5", "5s", "soon"] {
            let error = read(&format!("response_type=code&scope=openid&max_age={malformed}"), &rp).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest, "{malformed}");
        }
        let query = "response_type=code&scope=openid";
        assert_eq!(read_hinted(query, &rp, Hinted::Unusable).unwrap().hinted_member, None);
        // Silence would say that the hinted member is logged in.
        let silent = read_hinted(&format!("{query}&prompt=none"), &rp, Hinted::Unusable).unwrap_err();
        assert_eq!(silent.code, ErrorCode::LoginRequired);
    }

    #[test]
    fn what_a_client_may_no_longer_ask_for_is_taken_out_again() {
        let wide = rp(false);
        let claims = "%7B%22userinfo%22:%7B%22name%22:null,%22email%22:null%7D%7D";
        let request =
            read(&format!("response_type=code&scope=openid+email+offline_access&claims={claims}"), &wide).unwrap();
        assert_eq!(request.as_registered(&wide, &resources()).as_ref(), Ok(&request));
        let narrow = client(
            json!({ "redirect_uris": ["https://rp.example/cb"], "scope": "openid profile offline_access" }),
            false,
        );
        let left = request.as_registered(&narrow, &resources()).unwrap();
        assert_eq!((left.scopes.to_string(), left.claims.userinfo), ("openid".into(), vec!["name".to_owned()]));
        let nothing = client(json!({ "redirect_uris": ["https://rp.example/cb"], "scope": "phone" }), false);
        assert_eq!(request.as_registered(&nothing, &resources()).unwrap_err().code, ErrorCode::InvalidScope);
        let machine = client(json!({ "grant_types": ["client_credentials"], "scope": "openid" }), false);
        assert_eq!(request.as_registered(&machine, &resources()).unwrap_err().code, ErrorCode::UnauthorizedClient);
    }

    #[test]
    fn consent_is_asked_once_for_what_is_new() {
        let rp = rp(false);
        let session = session("f0", NOW);
        let ask = Decision::AskConsent { member: MemberId("m1".into()) };
        let request = read("response_type=code&scope=openid+email", &rp).unwrap();
        assert_eq!(request.decide(&rp, Some(&session), None, Floor::NONE, NOW), ask);
        assert_eq!(request.decide(&rp, Some(&session), Some(&Scopes::of(&["openid"])), Floor::NONE, NOW), ask);
        assert_eq!(
            request.decide(&rp, Some(&session), Some(&Scopes::of(&["email", "openid"])), Floor::NONE, NOW),
            Decision::Issue
        );
        let again = read("response_type=code&scope=openid&prompt=consent", &rp).unwrap();
        assert_eq!(again.decide(&rp, Some(&session), Some(&Scopes::of(&["openid"])), Floor::NONE, NOW), ask);
        let claims =
            read("response_type=code&scope=openid&claims=%7B%22userinfo%22:%7B%22name%22:null%7D%7D", &rp).unwrap();
        assert_eq!(claims.decide(&rp, Some(&session), Some(&Scopes::of(&["openid"])), Floor::NONE, NOW), ask);
    }
}
