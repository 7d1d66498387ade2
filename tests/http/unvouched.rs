//! A client that registered itself has chosen where it leads, and nobody has looked at it: members are not sent there
//! unasked before they have agreed to something on a page of ours (RFC 9700, 4.11.2).

use sekisho::domain::ids::ClientId;
use sekisho::store::protocol::clients;

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, text};
use crate::support::visitor::Answer;
use crate::support::{Engine, TestApp, on_both_engines};

const BACK: &str = "https://rp.example.jp/logged-out";

fn host(rp: &RelyingParty) -> String {
    url::Url::parse(&rp.redirect_uri).unwrap().host_str().unwrap().to_owned()
}

/// A page that stays, names the host and leads there by a button alone.
#[track_caller]
fn expect_held_back(page: &Answer, rp: &RelyingParty, code: &str) {
    assert_eq!((page.status.as_u16(), page.location()), (200, None), "{}", page.body);
    assert!(page.header("refresh").is_none() && page.attribute("meta[http-equiv]", "content").is_none());
    assert!(page.text("#goes-to").unwrap().contains(&host(rp)));
    assert!(!page.body.contains("テストポータル"), "the name that it gave itself is not shown");
    let to = page.attribute("#go-on", "href").unwrap();
    assert!(to.starts_with(&format!("{}?error={code}&", rp.redirect_uri)), "{to}");
    let parameters: Vec<String> =
        url::Url::parse(&to).unwrap().query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(parameters, ["error", "error_description", "state", "iss"]);
}

on_both_engines! {
    async fn an_error_before_a_login_shows_the_host_and_a_button(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.self_registered().await;
        let visitor = app.visitor();
        for (change, code) in [
            (("response_type", ""), "invalid_request"),
            (("response_type", "token"), "unsupported_response_type"),
            (("response_mode", "fragment"), "invalid_request"),
            (("scope", "unheard-of"), "invalid_scope"),
            (("prompt", "none"), "login_required"),
            (("prompt", "none login"), "invalid_request"),
            (("max_age", "soon"), "invalid_request"),
            (("claims", "not json"), "invalid_request"),
            (("request", "e30.e30."), "request_not_supported"),
            (("code_challenge", "short"), "invalid_request"),
        ] {
            expect_held_back(&visitor.follow(&rp.authorize_url(&[change])).await, &rp, code);
        }
        let twice = format!("{}&nonce=again", rp.authorize_url(&[]));
        expect_held_back(&visitor.follow(&twice).await, &rp, "invalid_request");
    }

    async fn an_error_in_a_session_and_what_fails_inside_are_held_back_too(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.self_registered().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let page = visitor.follow(&rp.authorize_url(&[("prompt", "none")])).await;
        expect_held_back(&page, &rp, "consent_required");
        app.execute("ALTER TABLE consents RENAME TO consents_away").await;
        expect_held_back(&visitor.follow(&rp.authorize_url(&[])).await, &rp, "server_error");
    }

    async fn a_login_that_is_cancelled_and_a_consent_that_is_refused_are_held_back_too(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.self_registered().await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[])).await;
        let mut form = page.form();
        form.insert("cancel".into(), "1".into());
        let answer = visitor.post("/login/password", &form).await;
        expect_held_back(&visitor.onward(answer).await, &rp, "access_denied");

        let consent = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        let mut form = consent.form();
        form.insert("decision".into(), "deny".into());
        let answer = visitor.post("/login/consent", &form).await;
        expect_held_back(&visitor.onward(answer).await, &rp, "access_denied");
    }

    async fn what_a_member_allowed_goes_on_by_itself_then_and_later(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.self_registered().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let consent = visitor.follow(&rp.authorize_url(&[])).await;
        let mut form = consent.form();
        form.insert("decision".into(), "allow".into());
        let code = visitor.post("/login/consent", &form).await.code();
        rp.redeem(&code).await.expect_status(200);
        visitor.get(&rp.authorize_url(&[("prompt", "none")])).await.code();
    }

    async fn once_staff_call_it_the_societys_own_it_is_answered_at_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.self_registered().await;
        app.change_client(&rp.id, |client| client.first_party = true).await;
        let answer = app.visitor().get(&rp.authorize_url(&[("prompt", "none")])).await;
        answer.expect_redirected_error("login_required");
    }

    async fn the_page_looks_at_the_registration_and_takes_only_what_we_sealed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.self_registered().await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[("prompt", "none")])).await;
        expect_held_back(&page, &rp, "login_required");
        expect_held_back(&app.visitor().get(&page.url).await, &rp, "login_required");
        for url in [page.url.split('?').next().unwrap(), &page.url[..page.url.len() - 2], &format!("{}AA", page.url)] {
            visitor.get(url).await.expect_status(400).expect_error_page("request_invalid");
        }
        app.replace_redirect_uri(&rp.id, "https://elsewhere.example.jp/").await;
        visitor.get(&page.url).await.expect_error_page("redirect_uri_mismatch");
        let mut tx = app.app.store.write().await.unwrap();
        clients::remove(&mut tx, &ClientId(rp.id.clone())).await.unwrap();
        tx.commit().await.unwrap();
        visitor.get(&page.url).await.expect_error_page("client_unknown");
    }

    async fn a_logout_leads_back_to_it_by_a_button_alone(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.self_registered().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let consent = visitor.follow(&rp.authorize_url(&[])).await;
        let mut form = consent.form();
        form.insert("decision".into(), "allow".into());
        let code = visitor.post("/login/consent", &form).await.code();
        let hint = text(&rp.redeem(&code).await, "id_token");
        let back = ("post_logout_redirect_uri", BACK);
        let logout = |parameters: &[(&str, &str)]| {
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
            app.at(&format!("/logout?{query}"))
        };
        // Asked about, then proved, then with nobody there.
        let page = visitor.get(&logout(&[("client_id", &rp.id), back])).await;
        let mut form = page.form();
        form.insert("decision".into(), "logout".into());
        let after_the_question = visitor.post("/logout", &form).await;
        let nobody = visitor.get(&logout(&[("id_token_hint", &hint), back])).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let proved = visitor.get(&logout(&[("id_token_hint", &hint), back])).await;
        for answer in [after_the_question, nobody, proved] {
            assert_eq!((answer.status.as_u16(), answer.location()), (200, None));
            assert_eq!(answer.attribute("#back", "href").as_deref(), Some(BACK));
            assert!(answer.text("#goes-to").unwrap().contains("rp.example.jp"));
        }
    }
}
