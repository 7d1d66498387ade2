//! The consent page and its answer: what a client may have is looked at again, for registrations change while somebody thinks.

use std::collections::BTreeMap;

use sekisho::domain::protocol::client::GrantType;
use sekisho::domain::protocol::scope::Scopes;

use crate::support::app::HANAKO;
use crate::support::relying_party::{RelyingParty, text};
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

const WIDE: (&str, &str) = ("scope", "openid email phone offline_access");

async fn asked(visitor: &Visitor, rp: &RelyingParty, change: &[(&str, &str)]) -> Answer {
    let page = visitor.follow(&rp.authorize_url(change)).await;
    assert!(page.url.contains("/login/consent?"), "{}: {}", page.url, page.body);
    page
}

fn decided(page: &Answer, decision: &str) -> BTreeMap<String, String> {
    let mut form = page.form();
    form.insert("decision".into(), decision.into());
    form
}

async fn granted(rp: &RelyingParty, answer: &Answer) -> String {
    text(&rp.redeem(&answer.code()).await.expect_status(200), "scope")
}

on_both_engines! {
    async fn consent_for_what_was_taken_from_the_client_meanwhile_gives_what_is_left(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let claims = r#"{"userinfo":{"name":null,"email":null}}"#;
        let page = asked(&visitor, &rp, &[WIDE, ("claims", claims)]).await;
        app.change_client(&rp.id, |client| {
            client.scopes = Scopes::of(&["openid", "email", "offline_access"]);
            client.grant_types = vec![GrantType::AuthorizationCode];
        })
        .await;
        let done = visitor.post("/login/consent", &decided(&page, "allow")).await;
        let tokens = rp.redeem(&done.code()).await.expect_status(200);
        assert_eq!(text(&tokens, "scope"), "openid email");
        assert!(tokens.json().get("refresh_token").is_none());
        let about = rp.userinfo(&text(&tokens, "access_token")).await.json();
        assert!(about.get("email").is_some() && about.get("name").is_none() && about.get("phone_number").is_none());
        // Only what was given is remembered: once the client may ask for more again, the member is asked again.
        app.change_client(&rp.id, |client| client.scopes = Scopes::of(&["openid", "email", "phone"])).await;
        let silent = visitor.get(&rp.authorize_url(&[("scope", "openid phone"), ("prompt", "none")])).await;
        silent.expect_redirected_error("consent_required");
        let silent = visitor.get(&rp.authorize_url(&[("scope", "openid email"), ("prompt", "none")])).await;
        assert_eq!(granted(&rp, &silent).await, "openid email");
    }

    async fn the_page_shows_what_the_client_may_have_now(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let page = asked(&visitor, &rp, &[WIDE]).await;
        let before = page.text("#scopes").unwrap();
        app.change_client(&rp.id, |client| client.scopes = Scopes::of(&["openid"])).await;
        let after = visitor.get(&page.url).await.expect_status(200).text("#scopes").unwrap();
        assert!(after.len() < before.len() && before.starts_with(&after), "{after}");
    }

    async fn a_login_under_way_gives_what_the_client_may_have_at_its_end(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[WIDE])).await;
        app.change_client(&rp.id, |client| client.scopes = Scopes::of(&["openid", "email"])).await;
        let done = visitor.log_in_and_follow(&page, HANAKO.0, HANAKO.1).await;
        assert_eq!(granted(&rp, &done).await, "openid email");
    }

    async fn who_may_have_nothing_any_more_is_told_so(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        for (change, code) in [
            (Scopes::of(&["address"]), "invalid_scope"),
            (Scopes::of(&["openid"]), "unauthorized_client"),
        ] {
            app.change_client(&rp.id, |client| client.grant_types = vec![GrantType::AuthorizationCode]).await;
            app.change_client(&rp.id, |client| client.scopes = Scopes::of(&["openid", "email"])).await;
            let page = asked(&visitor, &rp, &[("scope", "openid email")]).await;
            app.change_client(&rp.id, |client| {
                client.scopes = change.clone();
                if code == "unauthorized_client" {
                    client.grant_types = vec![GrantType::ClientCredentials];
                }
            })
            .await;
            visitor.post("/login/consent", &decided(&page, "allow")).await.expect_redirected_error(code);
            visitor.post("/login/consent", &decided(&page, "allow")).await.expect_error_page("flow_done");
        }
        assert_eq!(app.rows("consents").await, 0);
    }

    async fn whose_address_or_registration_has_gone_gets_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        for decision in ["allow", "deny"] {
            let rp = app.third_party().await;
            let page = asked(&visitor, &rp, &[]).await;
            app.replace_redirect_uri(&rp.id, "https://elsewhere.example.jp/cb").await;
            visitor.get(&page.url).await.expect_error_page("redirect_uri_mismatch");
            let answer = visitor.post("/login/consent", &decided(&page, decision)).await;
            answer.expect_status(400).expect_error_page("redirect_uri_mismatch");

            let rp = app.third_party().await;
            let page = asked(&visitor, &rp, &[]).await;
            app.execute("DELETE FROM clients").await;
            let answer = visitor.post("/login/consent", &decided(&page, decision)).await;
            answer.expect_status(400).expect_error_page("flow_expired");
        }
        assert_eq!(app.rows("consents").await, 0);
    }

    async fn of_two_answers_to_one_page_one_counts(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let page = asked(&visitor, &rp, &[]).await;
        let (allow, deny) = (decided(&page, "allow"), decided(&page, "deny"));
        let answers = tokio::join!(
            visitor.post("/login/consent", &allow),
            visitor.post("/login/consent", &deny),
            visitor.post("/login/consent", &allow),
        );
        let counted = [&answers.0, &answers.1, &answers.2].into_iter().filter(|answer| answer.location().is_some());
        assert_eq!(counted.count(), 1);
    }
}
