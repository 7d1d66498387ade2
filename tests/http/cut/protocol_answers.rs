//! What a relying party is answered: a code, a consent, a logout.

use sekisho::actions::member::admit::Caller;
use sekisho::actions::protocol::answer_consent::answer_consent;
use sekisho::actions::protocol::continue_authorization::continue_authorization;
use sekisho::actions::protocol::log_out::{Asked, log_out, request_logout};
use sekisho::domain::ids::FlowId;
use sekisho::domain::login::device::Device;
use sekisho::domain::protocol::answer::{ReplyTo, ResponseMode};
use sekisho::domain::protocol::authorization_request::{AuthorizationRequest, Hinted};
use sekisho::domain::protocol::logout::After;
use sekisho::domain::protocol::params::Params;
use sekisho::domain::protocol::request_source::RequestParameters;
use sekisho::domain::protocol::resource_server::Resources;
use sekisho::store::protocol::clients;

use crate::support::app::HANAKO;
use crate::support::cut::at_every_await;
use crate::support::relying_party::{RelyingParty, text};
use crate::support::{Engine, TestApp, on_both_engines};

/// The cookie of a session that has just begun at this client.
async fn session(app: &TestApp, rp: &RelyingParty) -> (String, String) {
    let visitor = app.visitor();
    let page = visitor.follow(&rp.authorize_url(&[])).await;
    let mut form = page.form();
    form.insert("user_id".into(), HANAKO.0.into());
    form.insert("password".into(), HANAKO.1.into());
    let login = visitor.send(visitor.http.post(app.at("/login/password")).form(&form)).await;
    let cookies = login.headers.get_all("set-cookie");
    let session = cookies.iter().find_map(|v| v.to_str().unwrap().strip_prefix("sekisho-session=")).unwrap();
    let hint = rp.code(&visitor, HANAKO, &[]).await;
    let hint = text(&rp.redeem(&hint).await, "id_token");
    (session.split(';').next().unwrap().to_owned(), hint)
}

fn caller(session_token: &str) -> Caller {
    Caller::new(Some(session_token), Device::default())
}

async fn request(app: &TestApp, rp: &RelyingParty) -> AuthorizationRequest {
    let stored = clients::by_id(&mut app.app.store.reader().await.unwrap(), &rp.id).await.unwrap().unwrap();
    let params = RequestParameters::of_query(&Params::parse("response_type=code&scope=openid"));
    let reply_to = ReplyTo {
        client: stored.client.id.clone(),
        redirect_uri: rp.redirect_uri.clone(),
        mode: ResponseMode::Query,
        state: None,
        vouched_for: true,
    };
    let resources = Resources::new(&app.issuer, Vec::new());
    AuthorizationRequest::read(&params, &stored.client, reply_to, FlowId("flow".into()), Hinted::Nobody, &resources)
        .unwrap()
}

on_both_engines! {
    async fn an_authorization_stands_as_one_grant_or_not_at_all(engine: Engine) {
        let app = TestApp::start(engine).await;
        for rp in [app.relying_party().await, app.third_party().await] {
            let own = app.relying_party().await;
            let (token, _) = session(&app, &own).await;
            let request = request(&app, &rp).await;
            at_every_await(
                &app,
                async || app.rows("authorization_grants").await,
                async |_| continue_authorization(&app.app, &request, &caller(&token)).await.map(drop).unwrap(),
                async |before| assert!(app.rows("authorization_grants").await - before <= 1),
            )
            .await;
        }
    }

    async fn an_answered_consent_stands_with_its_code_or_not_at_all(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.third_party().await;
        let visitor = app.visitor();
        let own = app.relying_party().await;
        let page = visitor.follow(&own.authorize_url(&[])).await;
        let mut form = page.form();
        form.insert("user_id".into(), HANAKO.0.into());
        form.insert("password".into(), HANAKO.1.into());
        let login = visitor.send(visitor.http.post(app.at("/login/password")).form(&form)).await;
        let cookies = login.headers.get_all("set-cookie");
        let token = cookies.iter().find_map(|v| v.to_str().unwrap().strip_prefix("sekisho-session=")).unwrap();
        let token = token.split(';').next().unwrap();
        let consents = async || app.rows("consents").await;
        at_every_await(
            &app,
            async || {
                app.execute("DELETE FROM consents").await;
                app.execute("DELETE FROM authorization_grants").await;
                visitor.follow(&rp.authorize_url(&[("prompt", "consent")])).await.form()["grant"].clone()
            },
            async |page| answer_consent(&app.app, page, &caller(token), true).await.map(drop).unwrap(),
            async |_| {
                let approved = app.count("authorization_grants WHERE stage = 'approved' AND code_digest IS NOT NULL").await;
                assert_eq!(consents().await, approved);
            },
        )
        .await;
    }

    async fn a_logout_ends_the_session_and_its_grants_or_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let ended = async || {
            let sessions = app.count("browser_sessions WHERE ended_at IS NULL").await;
            let grants = app.count("authorization_grants WHERE ended_at IS NULL").await;
            assert_eq!(sessions == 0, grants == 0, "{sessions} sessions, {grants} grants");
        };
        at_every_await(
            &app,
            async || {
                app.execute("DELETE FROM authorization_grants").await;
                app.execute("DELETE FROM browser_sessions").await;
                session(&app, &rp).await
            },
            async |(token, _)| log_out(&app.app, After::Page, None, &caller(token)).await.map(drop).unwrap(),
            async |_| ended().await,
        )
        .await;
        at_every_await(
            &app,
            async || {
                app.execute("DELETE FROM authorization_grants").await;
                app.execute("DELETE FROM browser_sessions").await;
                session(&app, &rp).await
            },
            async |(token, hint)| {
                let asked = Asked { id_token_hint: Some(hint.clone()), ..Asked::default() };
                request_logout(&app.app, asked, &caller(token)).await.map(drop).unwrap();
            },
            async |_| ended().await,
        )
        .await;
    }
}
