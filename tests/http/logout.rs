//! Logging out (OpenID Connect RP-Initiated Logout 1.0).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{JwsHeader, RS256};
use sekisho::domain::unix_time::Span;
use serde_json::{Value, json};

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, claims, text};
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

const JIRO: (&str, &str) = ("jiro", "Test-jiro-12");
const BACK: &str = "https://rp.example.jp/logged-out";

/// Logs hanako in at the relying party, where she may still be logged in.
async fn log_in(rp: &RelyingParty, visitor: &Visitor) -> Answer {
    let code = rp.code(visitor, HANAKO, &[("scope", "openid email")]).await;
    rp.redeem(&code).await.expect_status(200)
}

fn logout_url(app: &TestApp, parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    app.at(&format!("/logout?{query}"))
}

async fn is_logged_in(rp: &RelyingParty, visitor: &Visitor) -> bool {
    let parameters = visitor.get(&rp.authorize_url(&[("prompt", "none")])).await.parameters();
    match parameters.get("error") {
        None => true,
        Some(error) => {
            assert_eq!(error, "login_required");
            false
        }
    }
}

/// The page that asks, and no redirect.
fn asks(answer: &Answer) -> bool {
    answer.status == 200 && answer.location().is_none() && answer.attribute("#confirm", "value").is_some()
}

/// The page that says that it is done: there is nothing to answer any more.
fn says_done(answer: &Answer) -> bool {
    answer.status == 200
        && answer.location().is_none()
        && answer.text("h1").is_some()
        && answer.attribute("main form", "action").is_none()
}

async fn confirm(visitor: &Visitor, page: &Answer) -> Answer {
    let mut form = page.form();
    form.insert("decision".into(), "logout".into());
    visitor.post("/logout", &form).await
}

/// What the ID token says, without a signature (RFC 7515, 8).
fn unsigned(token: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#))
}

/// What the ID token says, under its own `kid`, signed by somebody else.
fn signed_by_another(token: &str) -> String {
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    let signer = RS256.signer_from_jwk(&Jwk::generate_rsa_key(2048).unwrap()).unwrap();
    let mut forged = JwsHeader::new();
    forged.set_token_type("JWT");
    forged.set_key_id(header["kid"].as_str().unwrap());
    josekit::jws::serialize_compact(claims(token).to_string().as_bytes(), &forged, &signer).unwrap()
}

on_both_engines! {
    async fn a_relying_party_logs_its_member_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let state = "s".repeat(128);
        for (state, back) in [(Some(state.as_str()), format!("{BACK}?state={state}")), (None, BACK.to_owned())] {
            let hint = text(&log_in(&rp, &visitor).await, "id_token");
            let mut parameters = vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BACK)];
            parameters.extend(state.map(|state| ("state", state)));
            let answer = visitor.get(&logout_url(&app, &parameters)).await.expect_status(303);
            assert_eq!(answer.location(), Some(back.as_str()), "the URI, its state, and nothing else");
            assert!(!is_logged_in(&rp, &visitor).await);
        }
    }

    async fn a_uri_with_a_query_of_its_own_keeps_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let back = "https://rp.example.jp/out?from=sekisho";
        let rp = app.register(json!({ "post_logout_redirect_uris": [back] }), true).await;
        let visitor = app.visitor();
        let hint = text(&log_in(&rp, &visitor).await, "id_token");
        let parameters = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", back), ("state", "a b&c=d")];
        let answer = visitor.get(&logout_url(&app, &parameters)).await;
        assert_eq!(answer.location(), Some("https://rp.example.jp/out?from=sekisho&state=a%20b%26c%3Dd"));
    }

    async fn a_uri_that_is_not_registered_is_never_led_to(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let hint = text(&log_in(&rp, &visitor).await, "id_token");
        for uri in [
            "https://evil.example/",
            "https://rp.example.jp/logged-out?foo=bar",
            "https://rp.example.jp/logged-out/",
            "https://rp.example.jp/logged-out#x",
            "https://RP.example.jp/logged-out",
            rp.redirect_uri.as_str(),
            "javascript:alert(1)",
        ] {
            let parameters = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri), ("state", "st")];
            let answer = visitor.get(&logout_url(&app, &parameters)).await;
            answer.expect_status(400).expect_error_page("post_logout_redirect_uri_mismatch");
            let parameters = [("client_id", rp.id.as_str()), ("post_logout_redirect_uri", uri)];
            let answer = visitor.get(&logout_url(&app, &parameters)).await;
            answer.expect_error_page("post_logout_redirect_uri_mismatch");
        }
        assert!(is_logged_in(&rp, &visitor).await, "nothing was done");
    }

    async fn a_hint_that_proves_nothing_asks_the_member_and_leads_back_by_a_button(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let tokens = log_in(&rp, &visitor).await;
        let hint = text(&tokens, "id_token");
        // Another provider's, which in tests has the same keys.
        let other = TestApp::start(engine).await;
        let foreign = text(&log_in(&other.relying_party().await, &other.visitor()).await, "id_token");
        let cut = hint.rsplit_once('.').unwrap().0.to_owned() + ".";
        let names_the_client = [unsigned(&hint), signed_by_another(&hint), cut];
        let names_nobody = [foreign, text(&tokens, "access_token"), "x.y.z".into(), "\u{1F511}".into()];
        for (forged, leads_back) in
            names_the_client.iter().map(|hint| (hint, true)).chain(names_nobody.iter().map(|hint| (hint, false)))
        {
            let parameters = [("id_token_hint", forged.as_str()), ("post_logout_redirect_uri", BACK), ("state", "s t")];
            let page = visitor.get(&logout_url(&app, &parameters)).await;
            assert!(asks(&page) && is_logged_in(&rp, &visitor).await, "{forged}");
            // Who is not logged in is asked nothing, and sent nowhere unasked.
            let done = app.visitor().get(&logout_url(&app, &parameters)).await;
            assert!(says_done(&done), "{forged}");
            let back = leads_back.then(|| format!("{BACK}?state=s%20t"));
            assert_eq!(done.attribute("#back", "href"), back, "{forged}");
            let named: Vec<_> = parameters.into_iter().chain([("client_id", rp.id.as_str())]).collect();
            let done = app.visitor().get(&logout_url(&app, &named)).await;
            assert_eq!(done.attribute("#back", "href"), Some(format!("{BACK}?state=s%20t")), "{forged}");
        }
        let parameters = [("id_token_hint", unsigned(&hint)), ("post_logout_redirect_uri", BACK.into())];
        let parameters = parameters.each_ref().map(|(name, value)| (*name, value.as_str()));
        let page = visitor.get(&logout_url(&app, &parameters)).await;
        let done = confirm(&visitor, &page).await;
        assert!(says_done(&done) && done.attribute("#back", "href").as_deref() == Some(BACK));
        assert!(!is_logged_in(&rp, &visitor).await);
    }

    async fn a_logout_ends_at_no_dead_end_whatever_has_gone_meanwhile(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let hint = text(&log_in(&rp, &visitor).await, "id_token");
        let parameters =
            [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BACK), ("client_id", rp.id.as_str())];
        // The member is gone.
        app.execute("UPDATE members SET disabled_at = 1 WHERE user_id = 'hanako'").await;
        let answer = visitor.get(&logout_url(&app, &parameters)).await;
        assert_eq!(answer.location(), Some(BACK));
        app.execute("UPDATE members SET disabled_at = NULL WHERE user_id = 'hanako'").await;
        // The key is gone, and with it the proof.
        app.execute("UPDATE signing_keys SET published_until = 1").await;
        app.app.reload_keys().await.unwrap();
        let page = visitor.get(&logout_url(&app, &parameters)).await;
        assert!(asks(&page), "{}", page.body);
        assert_eq!(confirm(&visitor, &page).await.attribute("#back", "href").as_deref(), Some(BACK));
        app.execute("UPDATE signing_keys SET published_until = NULL").await;
        app.app.reload_keys().await.unwrap();
        // The client is gone.
        app.execute("DELETE FROM clients").await;
        let done = visitor.get(&logout_url(&app, &parameters)).await;
        assert!(says_done(&done) && done.attribute("#log-in-again", "href").is_some());
    }

    async fn what_was_registered_is_looked_up_again_when_the_member_answers(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        for gone in ["uri", "client"] {
            let rp = app.relying_party().await;
            log_in(&rp, &visitor).await;
            let page = visitor.get(&logout_url(&app, &[("client_id", &rp.id), ("post_logout_redirect_uri", BACK)])).await;
            assert!(asks(&page));
            match gone {
                "uri" => app.change_client(&rp.id, |client| client.post_logout_redirect_uris.clear()).await,
                _ => app.execute("DELETE FROM clients").await,
            }
            let done = confirm(&visitor, &page).await;
            assert!(says_done(&done) && done.attribute("#back", "href").is_none(), "{gone}");
        }
    }

    async fn the_pages_speak_the_language_that_the_client_wishes_for(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        log_in(&rp, &visitor).await;
        let page = visitor.get(&logout_url(&app, &[("ui_locales", "fr en_US")])).await;
        assert_eq!(page.attribute("html", "lang").as_deref(), Some("en"));
        let done = confirm(&visitor, &page).await;
        assert_eq!(done.attribute("html", "lang").as_deref(), Some("en"));
        let wrong = [("ui_locales", "en"), ("client_id", rp.id.as_str()), ("post_logout_redirect_uri", "https://x.example/")];
        let error = visitor.get(&logout_url(&app, &wrong)).await;
        assert_eq!(error.attribute("html", "lang").as_deref(), Some("en"));
        assert_eq!(error.attribute("#way-on", "href").as_deref(), Some("/logout"));
        // The member's own choice comes first.
        visitor.get("/help?ui_locales=ja").await;
        let page = visitor.get(&logout_url(&app, &[("ui_locales", "en")])).await;
        assert_eq!(page.attribute("html", "lang").as_deref(), Some("ja"));
    }

    async fn without_a_hint_the_member_is_asked_first(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        log_in(&rp, &visitor).await;
        // Nobody says whose URI that is.
        let page = visitor.get(&logout_url(&app, &[("post_logout_redirect_uri", BACK), ("state", "st")])).await;
        assert!(asks(&page) && is_logged_in(&rp, &visitor).await);
        let done = confirm(&visitor, &page).await;
        assert!(says_done(&done));
        assert!(done.header("set-cookie").unwrap().starts_with("sekisho-session=; "), "the cookie goes too");
        assert!(!is_logged_in(&rp, &visitor).await);
        // Here the client does; who sent the browser is still unknown.
        log_in(&rp, &visitor).await;
        let parameters = [("client_id", rp.id.as_str()), ("post_logout_redirect_uri", BACK), ("state", "st")];
        let page = visitor.get(&logout_url(&app, &parameters)).await;
        assert!(asks(&page) && is_logged_in(&rp, &visitor).await);
        assert_eq!(confirm(&visitor, &page).await.location(), Some(format!("{BACK}?state=st").as_str()));
        assert!(!is_logged_in(&rp, &visitor).await);
    }

    async fn a_member_may_stay(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        log_in(&rp, &visitor).await;
        let page = visitor.get(&logout_url(&app, &[("client_id", &rp.id), ("post_logout_redirect_uri", BACK)])).await;
        let mut form = page.form();
        form.insert("decision".into(), "stay".into());
        assert_eq!(visitor.post("/logout", &form).await.location(), Some("/account/profile"));
        assert!(is_logged_in(&rp, &visitor).await);
    }

    async fn without_a_uri_the_page_says_that_it_is_done(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        for parameters in [&[][..], &[("state", "st")][..]] {
            log_in(&rp, &visitor).await;
            let page = visitor.get(&logout_url(&app, parameters)).await;
            assert!(asks(&page) && is_logged_in(&rp, &visitor).await);
            assert!(says_done(&confirm(&visitor, &page).await));
            assert!(!is_logged_in(&rp, &visitor).await);
        }
        for state in [None, Some(("state", "st"))] {
            let hint = text(&log_in(&rp, &visitor).await, "id_token");
            let parameters: Vec<_> = [("id_token_hint", hint.as_str())].into_iter().chain(state).collect();
            assert!(says_done(&visitor.get(&logout_url(&app, &parameters)).await));
            assert!(!is_logged_in(&rp, &visitor).await);
        }
    }

    async fn who_is_not_logged_in_needs_no_question(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let hint = text(&log_in(&rp, &visitor).await, "id_token");
        let nobody = app.visitor();
        let parameters = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BACK), ("state", "st")];
        let answer = nobody.get(&logout_url(&app, &parameters)).await;
        assert_eq!(answer.location(), Some(format!("{BACK}?state=st").as_str()));
        // Without a hint: many send the name alone.
        let parameters = [("client_id", rp.id.as_str()), ("post_logout_redirect_uri", BACK), ("state", "st")];
        let answer = nobody.get(&logout_url(&app, &parameters)).await;
        assert_eq!(answer.location(), Some(format!("{BACK}?state=st").as_str()));
        // Nobody says whose that would be.
        let answer = nobody.get(&logout_url(&app, &[("post_logout_redirect_uri", BACK)])).await;
        assert!(says_done(&answer) && answer.attribute("#back", "href").is_none());
        assert!(is_logged_in(&rp, &visitor).await, "another browser's session stays");
    }

    /// Browsers send no `SameSite=Lax` cookie with another site's POST.
    async fn a_request_by_post_is_asked_for_again_with_our_cookies(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let hint = text(&log_in(&rp, &visitor).await, "id_token");
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BACK), ("state", "s t")];
        for fields in [&fields[..], &[], &[("client_id", rp.id.as_str())]] {
            let cookieless = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
            let answer = visitor.send(cookieless.post(app.at("/logout")).form(fields)).await.expect_status(303);
            assert!(answer.location().unwrap().starts_with("/logout?"));
            assert_eq!(answer.header("set-cookie"), None, "neither session nor browser cookie is touched");
            assert!(is_logged_in(&rp, &visitor).await);
        }
        let form = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let answer = visitor.post("/logout", &form).await.expect_status(303);
        let answer = visitor.follow(answer.location().unwrap()).await;
        assert_eq!(answer.location(), Some(format!("{BACK}?state=s%20t").as_str()));
        assert!(!is_logged_in(&rp, &visitor).await);
    }

    async fn no_other_site_can_answer_the_question(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        log_in(&rp, &visitor).await;
        let page = visitor.get(&logout_url(&app, &[])).await;
        let attacker = app.visitor_logged_in(HANAKO).await;
        let theirs = attacker.get(&logout_url(&app, &[])).await.form();
        for csrf in ["wrong", theirs["csrf"].as_str()] {
            let mut form = page.form();
            form.insert("csrf".into(), csrf.into());
            form.insert("decision".into(), "logout".into());
            visitor.post("/logout", &form).await.expect_error_page("form_expired");
        }
        // With the right token but another browser's question.
        let mut form = page.form();
        form.insert("request".into(), theirs["request"].clone());
        visitor.post("/logout", &form).await.expect_error_page("form_expired");
        // Without a token it is a new question.
        let mut form = page.form();
        form.remove("csrf");
        form.insert("decision".into(), "logout".into());
        let answer = visitor.post("/logout", &form).await;
        assert!(asks(&visitor.follow(answer.location().unwrap()).await));
        assert!(is_logged_in(&rp, &visitor).await);
        let plain = visitor.http.post(app.at("/logout")).header("content-type", "text/plain").body("csrf=x");
        visitor.send(plain).await.expect_error_page("request_invalid");
    }

    async fn a_hint_of_another_client_gains_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let other = app.register(json!({ "post_logout_redirect_uris": ["https://other.example.jp/out"] }), true).await;
        let visitor = app.visitor();
        let hint = text(&log_in(&rp, &visitor).await, "id_token");
        let hint = ("id_token_hint", hint.as_str());
        let answer = visitor.get(&logout_url(&app, &[hint, ("client_id", &other.id)])).await;
        answer.expect_error_page("logout_hint_invalid");
        let uri = ("post_logout_redirect_uri", "https://other.example.jp/out");
        visitor.get(&logout_url(&app, &[hint, uri])).await.expect_error_page("post_logout_redirect_uri_mismatch");
        let twice = format!("{}&post_logout_redirect_uri=https%3A%2F%2Fevil.example", logout_url(&app, &[hint, uri]));
        visitor.get(&twice).await.expect_error_page("request_invalid");
        assert!(is_logged_in(&rp, &visitor).await);
    }

    async fn a_hint_about_another_member_does_not_log_this_one_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.add(JIRO.0, JIRO.1).await;
        let rp = app.relying_party().await;
        let jiro = rp.code(&app.visitor(), JIRO, &[]).await;
        let hint = text(&rp.redeem(&jiro).await, "id_token");
        let visitor = app.visitor();
        log_in(&rp, &visitor).await;
        let page = visitor.get(&logout_url(&app, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BACK)])).await;
        assert!(asks(&page));
        assert!(is_logged_in(&rp, &visitor).await);
    }

    async fn a_hint_may_have_expired(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let hint = text(&log_in(&rp, &visitor).await, "id_token");
        for _ in 0..22 {
            app.advance(Span::minutes(30));
            assert!(is_logged_in(&rp, &visitor).await);
        }
        let answer = visitor.get(&logout_url(&app, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BACK)])).await;
        assert_eq!(answer.location(), Some(BACK));
        assert!(!is_logged_in(&rp, &visitor).await);
    }

    async fn tokens_end_with_the_session_but_for_offline_access(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let online = log_in(&rp, &visitor).await;
        let code = rp.code(&visitor, HANAKO, &[("scope", "openid offline_access")]).await;
        let offline = rp.redeem(&code).await.expect_status(200);
        assert_eq!(claims(&text(&online, "id_token"))["sid"], claims(&text(&offline, "id_token"))["sid"]);

        let hint = text(&online, "id_token");
        visitor.get(&logout_url(&app, &[("id_token_hint", &hint)])).await.expect_status(200);
        rp.userinfo(&text(&online, "access_token")).await.expect_status(401);
        rp.userinfo(&text(&offline, "access_token")).await.expect_status(200);
        let next = rp.refresh(&text(&offline, "refresh_token")).await.expect_status(200);
        rp.userinfo(&text(&next, "access_token")).await.expect_status(200);
    }

    async fn another_browsers_session_stays(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let (phone, computer) = (app.visitor(), app.visitor());
        let on_phone = log_in(&rp, &phone).await;
        let on_computer = log_in(&rp, &computer).await;
        // The hint is the phone's; what ends is the session of the browser that comes.
        let hint = text(&on_phone, "id_token");
        computer.get(&logout_url(&app, &[("id_token_hint", &hint)])).await.expect_status(200);
        assert!(!is_logged_in(&rp, &computer).await);
        assert!(is_logged_in(&rp, &phone).await);
        rp.userinfo(&text(&on_computer, "access_token")).await.expect_status(401);
        rp.userinfo(&text(&on_phone, "access_token")).await.expect_status(200);
    }

    async fn a_stolen_session_cookie_is_worth_nothing_after_logout(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[])).await;
        let login = visitor.log_in(&page, HANAKO.0, HANAKO.1).await;
        let cookies = login.headers.get_all("set-cookie");
        let session = cookies.iter().find_map(|v| v.to_str().unwrap().strip_prefix("sekisho-session=")).unwrap();
        let cookie = format!("sekisho-session={}", session.split(';').next().unwrap());
        let thief = app.visitor();
        let silently = || thief.http.get(rp.authorize_url(&[("prompt", "none")])).header("cookie", &cookie);
        let code = thief.send(silently()).await.code();
        let hint = text(&rp.redeem(&code).await, "id_token");
        visitor.get(&logout_url(&app, &[("id_token_hint", &hint)])).await.expect_status(200);
        thief.send(silently()).await.expect_redirected_error("login_required");
    }
}
