//! A relying party that we did not write: the `openidconnect` crate discovers the provider, logs members in and judges what
//! it is given (OpenID Connect Core 1.0, 3.1; Discovery 1.0; RP-Initiated Logout 1.0; RFC 6749, 7009, 7636, 7662).

use std::time::Duration;

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
    CoreClientAuthMethod, CoreGrantType, CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode,
    CoreResponseType, CoreRevocableToken, CoreSubjectIdentifierType, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalProviderMetadata, AsyncHttpClient as _, AuthType,
    AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, IntrospectionUrl, IssuerUrl, LanguageTag, LoginHint, LogoutProviderMetadata,
    LogoutRequest, Nonce, NonceVerifier, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadata, RedirectUrl, RefreshToken, RequestTokenError, RevocationUrl, Scope,
    TokenIntrospectionResponse as _, TokenResponse as _, reqwest,
};
use sekisho::domain::unix_time::{Span, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use crate::support::app::HANAKO;
use crate::support::relying_party::RelyingParty;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

/// RFC 8414, 2, where Discovery 1.0 has no name for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct OAuthMetadata {
    introspection_endpoint: IntrospectionUrl,
    revocation_endpoint: RevocationUrl,
}

impl AdditionalProviderMetadata for OAuthMetadata {}

type Metadata = ProviderMetadata<
    LogoutProviderMetadata<OAuthMetadata>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;
type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointMaybeSet, EndpointMaybeSet>;
type AuthorizationRequest<'a> =
    openidconnect::AuthorizationRequest<'a, CoreAuthDisplay, CoreAuthPrompt, CoreResponseType>;

/// A portal that knows nothing of the provider but its issuer, and its own client ID and secret.
struct Portal<'a> {
    app: &'a TestApp,
    metadata: Metadata,
    client: Client,
    http: reqwest::Client,
}

/// A request on its way.
struct Sent {
    url: Url,
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// A login whose every token the library has found right.
struct LoggedIn {
    tokens: CoreTokenResponse,
    claims: CoreIdTokenClaims,
    code: String,
}

impl<'a> Portal<'a> {
    async fn discover(app: &'a TestApp, rp: &RelyingParty) -> Portal<'a> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let issuer = IssuerUrl::new(app.issuer.clone()).unwrap();
        let metadata = Metadata::discover_async(issuer, &http).await.unwrap();
        let oauth = &metadata.additional_metadata().additional_metadata;
        // The library revokes over https alone; see `revoke`.
        let revoke = oauth.revocation_endpoint.as_str().replacen("http:", "https:", 1);
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(rp.id.clone()),
            rp.secret.clone().map(ClientSecret::new),
        )
        .set_redirect_uri(RedirectUrl::new(rp.redirect_uri.clone()).unwrap())
        .set_introspection_url(oauth.introspection_endpoint.clone())
        .set_revocation_url(RevocationUrl::new(revoke).unwrap());
        Portal { app, metadata, client, http }
    }

    async fn with_metadata(app: &'a TestApp, metadata: serde_json::Value) -> Portal<'a> {
        Portal::discover(app, &app.register(metadata, true).await).await
    }

    async fn first_party(app: &'a TestApp) -> Portal<'a> {
        Portal::discover(app, &app.relying_party().await).await
    }

    fn begin<'s>(&'s self, with: impl FnOnce(AuthorizationRequest<'s>) -> AuthorizationRequest<'s>) -> Sent {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = self
            .client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge);
        let (url, state, nonce) = with(request).url();
        Sent { url, state, nonce, verifier }
    }

    /// Believes the answer only if all about it is right.
    async fn finish(&self, sent: Sent, answer: &Answer) -> LoggedIn {
        let parameters = answer.parameters();
        assert_eq!(&parameters["state"], sent.state.secret());
        assert_eq!(parameters["iss"], self.app.issuer, "RFC 9207");
        let code = answer.code();
        let exchange = self.client.exchange_code(AuthorizationCode::new(code.clone())).unwrap();
        let tokens = exchange.set_pkce_verifier(sent.verifier).request_async(&self.http).await.unwrap();
        let claims = self.verified(&tokens, &sent.nonce);
        LoggedIn { tokens, claims, code }
    }

    fn verifier(&self) -> CoreIdTokenVerifier<'_> {
        let now = time(self.app.now());
        self.client.id_token_verifier().set_time_fn(move || now)
    }

    /// Signature, issuer, audience, times and nonce (Core 1.0, 3.1.3.7), and that it goes with the access token (3.1.3.8).
    fn verified(&self, tokens: &CoreTokenResponse, nonce: impl NonceVerifier) -> CoreIdTokenClaims {
        let id_token = tokens.id_token().unwrap();
        let verifier = self.verifier();
        let claims = id_token.claims(&verifier, nonce).unwrap();
        let key = id_token.signing_key(&verifier).unwrap();
        let hash = AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg().unwrap(), key).unwrap();
        assert_eq!(claims.access_token_hash(), Some(&hash));
        claims.clone()
    }

    /// The member fills in the login page, which must be there.
    async fn by_login_page<'s>(
        &'s self,
        visitor: &Visitor,
        with: impl FnOnce(AuthorizationRequest<'s>) -> AuthorizationRequest<'s>,
    ) -> LoggedIn {
        let sent = self.begin(with);
        let page = visitor.follow(sent.url.as_str()).await;
        assert!(
            page.attribute("#password", "type").is_some(),
            "a login page expected: {:?} {}",
            page.location(),
            page.body
        );
        let answer = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        self.finish(sent, &answer).await
    }

    /// The answer comes without any page.
    async fn silently<'s>(
        &'s self,
        visitor: &Visitor,
        with: impl FnOnce(AuthorizationRequest<'s>) -> AuthorizationRequest<'s>,
    ) -> LoggedIn {
        let sent = self.begin(with);
        let answer = visitor.get(sent.url.as_str()).await;
        self.finish(sent, &answer).await
    }

    /// The error that a request without any page ends with.
    async fn silent_error(&self, visitor: &Visitor) -> String {
        let sent = self.begin(|request| request.add_prompt(CoreAuthPrompt::None));
        let parameters = visitor.get(sent.url.as_str()).await.parameters();
        assert_eq!(&parameters["state"], sent.state.secret());
        parameters["error"].clone()
    }

    /// The library compares the subject with the ID token's.
    async fn userinfo(&self, login: &LoggedIn) -> Result<CoreUserInfoClaims, impl std::error::Error + use<>> {
        let subject = login.claims.subject().clone();
        let request = self.client.user_info(login.tokens.access_token().clone(), Some(subject)).unwrap();
        request.request_async(&self.http).await
    }

    async fn refresh(&self, token: &RefreshToken) -> Result<CoreTokenResponse, String> {
        let answer = self.client.exchange_refresh_token(token).unwrap().request_async(&self.http).await;
        answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(response) => response.error().to_string(),
            other => panic!("no answer of the standard: {other:?}"),
        })
    }

    /// What carries the library's request takes it to the provider of the test, which speaks http.
    async fn revoke(&self, token: CoreRevocableToken) {
        let plainly = async |request: HttpRequest| {
            let (mut head, body) = request.into_parts();
            head.uri = head.uri.to_string().replacen("https:", "http:", 1).parse().unwrap();
            self.http.call(HttpRequest::from_parts(head, body)).await
        };
        let carry = |request| Box::pin(plainly(request));
        self.client.revoke_token(token).unwrap().request_async(&carry).await.unwrap();
    }

    async fn is_active(&self, token: &AccessToken) -> bool {
        self.client.introspect(token).request_async(&self.http).await.unwrap().active()
    }
}

fn scoped<'a>(request: AuthorizationRequest<'a>, scopes: &[&str]) -> AuthorizationRequest<'a> {
    request.add_scopes(scopes.iter().map(|s| Scope::new((*s).to_owned())))
}

fn aged(request: AuthorizationRequest<'_>, max_age: u64) -> AuthorizationRequest<'_> {
    request.set_max_age(Duration::from_secs(max_age))
}

/// Whom the portal believes to be logged in.
fn hinted<'a>(request: AuthorizationRequest<'a>, login: &'a LoggedIn) -> AuthorizationRequest<'a> {
    request.set_id_token_hint(id_token(login))
}

fn time(at: UnixTime) -> DateTime<Utc> {
    DateTime::from_timestamp(at.0, 0).unwrap()
}

fn id_token(login: &LoggedIn) -> &CoreIdToken {
    login.tokens.id_token().unwrap()
}

on_both_engines! {
    async fn a_member_logs_in_with_tokens_of_either_algorithm(engine: Engine) {
        let app = TestApp::start(engine).await;
        for (name, algorithm) in
            [("RS256", CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256), ("ES256", CoreJwsSigningAlgorithm::EcdsaP256Sha256)]
        {
            let metadata = json!({ "id_token_signed_response_alg": name });
            let rp = app.register(metadata, true).await;
            let portal = Portal::discover(&app, &rp).await;
            let login = portal.by_login_page(&app.visitor(), |r| scoped(r, &["profile", "email"])).await;
            assert!(login.code.len() >= 43, "256 random bits: {}", login.code.len());
            assert_eq!(*id_token(&login).signing_alg().unwrap(), algorithm);
            assert_eq!(login.claims.audiences().len(), 1);
            assert_eq!(login.claims.audiences()[0].as_str(), rp.id);
            assert_eq!(login.claims.auth_time(), Some(time(app.now())));
            assert_eq!(login.claims.expiration(), time(app.now() + Span::minutes(10)));
            assert_eq!(login.claims.name(), None, "claims are for userinfo");
            assert_eq!(login.tokens.expires_in(), Some(Duration::from_secs(600)));
            assert_eq!(login.tokens.refresh_token().map(RefreshToken::secret), None, "not without offline_access");
            let userinfo = portal.userinfo(&login).await.unwrap();
            assert_eq!(userinfo.name().and_then(|n| n.get(None)).map(|n| n.as_str()), Some("健保 花子"));
            assert_eq!(userinfo.email().map(|e| e.as_str()), Some("hanako@example.jp"));
            assert_eq!(userinfo.phone_number(), None);
        }
    }

    /// As the conformance suite sends it. For our own clients the settings demand PKCE.
    async fn a_client_registered_for_it_may_do_without_nonce_and_pkce(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        let mut sent = portal.begin(|r| r);
        let kept: Vec<(String, String)> = sent
            .url
            .query_pairs()
            .into_owned()
            .filter(|(name, _)| !["nonce", "code_challenge", "code_challenge_method"].contains(&name.as_str()))
            .collect();
        sent.url.query_pairs_mut().clear().extend_pairs(kept);
        let visitor = app.visitor_logged_in(HANAKO).await;
        let code = AuthorizationCode::new(visitor.get(sent.url.as_str()).await.code());
        let tokens = portal.client.exchange_code(code).unwrap().request_async(&portal.http).await.unwrap();
        portal.verified(&tokens, |nonce: Option<&Nonce>| match nonce {
            None => Ok(()),
            Some(_) => Err("a nonce from nowhere".to_owned()),
        });
    }

    async fn without_a_registered_algorithm_an_id_token_is_rs256(engine: Engine) {
        let app = TestApp::start(engine).await;
        let login = Portal::first_party(&app).await.by_login_page(&app.visitor(), |r| r).await;
        assert_eq!(*id_token(&login).signing_alg().unwrap(), CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256);
    }

    async fn every_way_to_authenticate_a_client_works(engine: Engine) {
        let app = TestApp::start(engine).await;
        let supported = Portal::first_party(&app).await.metadata.token_endpoint_auth_methods_supported().unwrap().clone();
        for (method, listed, how) in [
            ("client_secret_basic", CoreClientAuthMethod::ClientSecretBasic, AuthType::BasicAuth),
            ("client_secret_post", CoreClientAuthMethod::ClientSecretPost, AuthType::RequestBody),
            ("none", CoreClientAuthMethod::None, AuthType::RequestBody),
        ] {
            assert!(supported.contains(&listed), "{method}");
            let mut portal = Portal::with_metadata(&app, json!({ "token_endpoint_auth_method": method })).await;
            portal.client = portal.client.set_auth_type(how);
            let login = portal.by_login_page(&app.visitor(), |r| r).await;
            portal.userinfo(&login).await.unwrap();
        }
    }

    async fn refresh_tokens_rotate_and_an_old_one_ends_them_all(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        let login = portal.by_login_page(&app.visitor(), |r| scoped(r, &["offline_access"])).await;
        let first = login.tokens.refresh_token().unwrap().clone();
        app.advance(Span::minutes(30));
        let second = portal.refresh(&first).await.unwrap();
        // The ID token of a refresh names the same login (Core 1.0, 12.2), and is fresh.
        let claims = portal.verified(&second, |_: Option<&Nonce>| Ok(()));
        assert_eq!(claims.subject(), login.claims.subject());
        assert_eq!(claims.audiences(), login.claims.audiences());
        assert_eq!(claims.auth_time(), login.claims.auth_time());
        assert_eq!(claims.issue_time(), time(app.now()));
        let live = second.refresh_token().unwrap().clone();
        assert_ne!(live.secret(), first.secret());

        app.advance(Span::seconds(11));
        assert_eq!(portal.refresh(&first).await.unwrap_err(), "invalid_grant");
        assert_eq!(portal.refresh(&live).await.unwrap_err(), "invalid_grant", "the whole family");
        let login = LoggedIn { tokens: second, ..login };
        assert!(portal.userinfo(&login).await.is_err());
    }

    async fn a_code_used_again_revokes_what_it_gave_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        let sent = portal.begin(|r| scoped(r, &["offline_access"]));
        let verifier = PkceCodeVerifier::new(sent.verifier.secret().clone());
        let visitor = app.visitor_logged_in(HANAKO).await;
        let answer = visitor.get(sent.url.as_str()).await;
        let login = portal.finish(sent, &answer).await;
        portal.userinfo(&login).await.unwrap();

        app.advance(Span::seconds(30));
        let again = portal.client.exchange_code(AuthorizationCode::new(login.code.clone())).unwrap();
        match again.set_pkce_verifier(verifier).request_async(&portal.http).await.unwrap_err() {
            RequestTokenError::ServerResponse(response) => assert_eq!(response.error().as_ref(), "invalid_grant"),
            other => panic!("{other:?}"),
        }
        assert!(portal.userinfo(&login).await.is_err());
        assert_eq!(portal.refresh(login.tokens.refresh_token().unwrap()).await.unwrap_err(), "invalid_grant");
    }

    async fn prompt_none_is_answered_without_a_page(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        let visitor = app.visitor();
        assert_eq!(portal.silent_error(&visitor).await, "login_required");
        let first = portal.by_login_page(&visitor, |r| r).await;
        app.advance(Span::minutes(5));
        let second = portal.silently(&visitor, |r| r.add_prompt(CoreAuthPrompt::None)).await;
        assert_eq!(second.claims.subject(), first.claims.subject());
        assert_eq!(second.claims.auth_time(), first.claims.auth_time());
    }

    async fn max_age_asks_for_a_new_login_only_of_a_login_that_is_older(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        let visitor = app.visitor();
        let first = portal.by_login_page(&visitor, |r| aged(r, 10_000)).await;
        app.advance(Span::seconds(2));
        let same = portal.silently(&visitor, |r| aged(r, 10_000)).await;
        assert_eq!(same.claims.auth_time(), first.claims.auth_time());
        assert!(same.claims.auth_time().is_some());

        let newer = portal.by_login_page(&visitor, |r| aged(r, 1)).await;
        assert_eq!(newer.claims.auth_time(), Some(time(app.now())));
        assert_eq!(newer.claims.subject(), first.claims.subject());
        let silent = portal.silently(&visitor, |r| aged(r, 1)).await;
        assert_eq!(silent.claims.auth_time(), newer.claims.auth_time());
    }

    async fn prompt_login_shows_the_login_page_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        let visitor = app.visitor();
        let first = portal.by_login_page(&visitor, |r| r).await;
        app.advance(Span::seconds(2));
        let second = portal.by_login_page(&visitor, |r| r.add_prompt(CoreAuthPrompt::Login)).await;
        assert_eq!(second.claims.subject(), first.claims.subject());
        assert!(second.claims.auth_time() > first.claims.auth_time());
        portal.by_login_page(&visitor, |r| r.add_prompt(CoreAuthPrompt::SelectAccount)).await;
    }

    async fn an_id_token_as_hint_is_answered_silently_for_its_member_alone(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.add("jiro", "Test-jiro-12").await;
        let portal = Portal::first_party(&app).await;
        let visitor = app.visitor();
        let first = portal.by_login_page(&visitor, |r| r).await;
        // It may have expired meanwhile.
        app.advance(Span::minutes(20));
        let second = portal.silently(&visitor, |r| hinted(r, &first).add_prompt(CoreAuthPrompt::None)).await;
        assert_eq!(second.claims.subject(), first.claims.subject());

        let other = app.visitor_logged_in(("jiro", "Test-jiro-12")).await;
        let sent = portal.begin(|r| hinted(r, &first).add_prompt(CoreAuthPrompt::None));
        other.get(sent.url.as_str()).await.expect_redirected_error("login_required");
        // Another client's ID token is no hint: nobody is answered for silently, and whoever sees a page is not troubled.
        let other = Portal::first_party(&app).await;
        let sent = other.begin(|r| hinted(r, &first).add_prompt(CoreAuthPrompt::None));
        visitor.get(sent.url.as_str()).await.expect_redirected_error("login_required");
        let sent = other.begin(|r| hinted(r, &first));
        visitor.get(sent.url.as_str()).await.code();
    }

    async fn login_hint_fills_in_the_user_id(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        for hint in ["hanako", "<b>\"hanako\"</b>", "花子"] {
            let sent = portal.begin(|r| r.set_login_hint(LoginHint::new(hint.into())));
            let page = app.visitor().follow(sent.url.as_str()).await;
            assert_eq!(page.attribute("#user_id", "value").as_deref(), Some(hint));
        }
        portal.by_login_page(&app.visitor(), |r| r.set_login_hint(LoginHint::new("hanako".into()))).await;
    }

    async fn ui_locales_choose_the_language_of_the_page(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        for (asked, shown) in [("ja", "ja"), ("en", "en"), ("en-GB", "en"), ("ja-JP", "ja")] {
            let sent = portal.begin(|r| r.add_ui_locale(LanguageTag::new(asked.into())));
            let page = app.visitor().follow(sent.url.as_str()).await;
            assert_eq!(page.attribute("html", "lang").as_deref(), Some(shown), "{asked}");
            assert_eq!(page.header("content-language"), Some(shown));
        }
        // A language that we don't have is no error (Core 1.0, 3.1.2.1); the next one asked for is taken.
        let sent = portal.begin(|r| {
            r.add_ui_locale(LanguageTag::new("se".into())).add_ui_locale(LanguageTag::new("en".into()))
        });
        let page = app.visitor().follow(sent.url.as_str()).await;
        assert_eq!(page.attribute("html", "lang").as_deref(), Some("en"));
    }

    async fn parameters_that_mean_nothing_here_change_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        for display in [CoreAuthDisplay::Page, CoreAuthDisplay::Popup, CoreAuthDisplay::Touch, CoreAuthDisplay::Wap] {
            portal
                .by_login_page(&app.visitor(), |r| {
                    r.set_display(display)
                        .add_claims_locale(LanguageTag::new("se".into()))
                        .add_extra_param("extra", "foobar")
                        .add_extra_param("dpop_jkt", "x")
                })
                .await;
        }
        // Neither does their order.
        let mut sent = portal.begin(|r| scoped(r, &["profile"]));
        let mut pairs: Vec<(String, String)> = sent.url.query_pairs().into_owned().collect();
        pairs.reverse();
        sent.url.query_pairs_mut().clear().extend_pairs(pairs);
        let visitor = app.visitor_logged_in(HANAKO).await;
        let answer = visitor.get(sent.url.as_str()).await;
        portal.finish(sent, &answer).await;
    }

    async fn the_id_token_says_how_sure_the_login_is(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        let visitor = app.visitor();
        let offered = portal.metadata.acr_values_supported().unwrap().clone();
        let login = portal
            .by_login_page(&visitor, |r| offered.iter().cloned().fold(r, AuthorizationRequest::add_auth_context_value))
            .await;
        assert!(offered.contains(login.claims.auth_context_ref().unwrap()));
        let methods: Vec<&str> = login.claims.auth_method_refs().unwrap().iter().map(|m| m.as_str()).collect();
        assert_eq!(methods, ["pwd"]);
        // acr_values are a wish (Core 1.0, 3.1.2.1): one that can't be met is no error.
        let login = portal
            .silently(&visitor, |r| r.add_auth_context_value(AuthenticationContextClass::new("2".into())))
            .await;
        assert!(offered.contains(login.claims.auth_context_ref().unwrap()));
    }

    async fn logging_out_ends_the_login_and_leads_back(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        let visitor = app.visitor();
        let login = portal.by_login_page(&visitor, |r| r).await;
        let endpoint = portal.metadata.additional_metadata().end_session_endpoint.clone().unwrap();
        let state = CsrfToken::new_random_len(96);
        let url = LogoutRequest::from(endpoint)
            .set_id_token_hint(id_token(&login))
            .set_client_id(portal.client.client_id().clone())
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new("https://rp.example.jp/logged-out".into()).unwrap())
            .set_state(state.clone())
            .add_ui_locale(LanguageTag::new("ja".into()))
            .http_get_url();
        let answer = visitor.get(url.as_str()).await;
        assert_eq!(answer.location(), Some(format!("https://rp.example.jp/logged-out?state={}", state.secret()).as_str()));
        assert_eq!(portal.silent_error(&visitor).await, "login_required");
        assert!(portal.userinfo(&login).await.is_err());
    }

    async fn a_machine_gets_tokens_for_itself(engine: Engine) {
        let app = TestApp::start(engine).await;
        let metadata = json!({ "grant_types": ["client_credentials"], "scope": "profile" });
        let portal = Portal::with_metadata(&app, metadata).await;
        let tokens = portal.client.exchange_client_credentials().unwrap().request_async(&portal.http).await.unwrap();
        assert!(tokens.id_token().is_none() && tokens.refresh_token().is_none());
        let answer = portal.client.introspect(tokens.access_token()).request_async(&portal.http).await.unwrap();
        assert!(answer.active());
        assert_eq!(answer.sub(), Some(portal.client.client_id().as_str()));
        assert_eq!(answer.username(), None);
        assert_eq!(answer.exp(), Some(time(app.now() + Span::minutes(10))));
    }

    async fn a_revoked_token_is_not_active(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = Portal::first_party(&app).await;
        let login = portal.by_login_page(&app.visitor(), |r| scoped(r, &["email", "offline_access"])).await;
        let access = login.tokens.access_token().clone();
        let refresh = login.tokens.refresh_token().unwrap().clone();
        let answer = portal.client.introspect(&access).request_async(&portal.http).await.unwrap();
        assert!(answer.active());
        assert_eq!(answer.username(), Some("hanako"));
        assert_eq!(answer.client_id(), Some(portal.client.client_id()));
        let scopes: Vec<&str> = answer.scopes().unwrap().iter().map(|s| s.as_str()).collect();
        assert_eq!(scopes, ["openid", "email", "offline_access"]);

        portal.revoke(access.clone().into()).await;
        assert!(!portal.is_active(&access).await);
        assert!(portal.userinfo(&login).await.is_err());
        let next = portal.refresh(&refresh).await.unwrap();
        assert!(portal.is_active(next.access_token()).await);
        portal.revoke(next.refresh_token().unwrap().clone().into()).await;
        assert!(!portal.is_active(next.access_token()).await, "a refresh token takes its access tokens along");
        assert_eq!(portal.refresh(next.refresh_token().unwrap()).await.unwrap_err(), "invalid_grant");
    }
}
