//! What clients ask for, and what staff do with clients.

use sekisho::actions::protocol::change_client::{
    Changed, OwnRegistration, change_own_registration, change_scopes, let_send_notices,
};
use sekisho::actions::protocol::issue_tokens::Issued;
use sekisho::actions::protocol::redeem_code::{CodeRequest, redeem_code};
use sekisho::actions::protocol::register_client::{
    NewClient, SelfRegistered, add_client, make_initial_access_token, register_itself,
};
use sekisho::actions::protocol::remove_client::{remove_client, remove_own_registration};
use sekisho::actions::protocol::resource_servers::{add_resource, remove_resource};
use sekisho::actions::protocol::revoke_token::revoke_token;
use sekisho::actions::protocol::rotate_client_secret::rotate_client_secret;
use sekisho::actions::protocol::rotate_refresh_token::{RefreshRequest, rotate_refresh_token};
use sekisho::config::RegistrationMode;
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::ClientId;
use sekisho::domain::protocol::client::{PkcePolicy, Terms};
use sekisho::domain::protocol::resource_server::ResourceServer;
use sekisho::domain::protocol::scope::Scopes;
use sekisho::domain::secret::Secret;
use sekisho::domain::unix_time::Span;
use sekisho::store::protocol::clients::{self, StoredClient};
use sekisho::store::protocol::{grants, resource_servers};
use serde_json::{Map, Value, json};

use crate::support::app::{HANAKO, digest};
use crate::support::cut::at_every_await;
use crate::support::relying_party::{RelyingParty, text};
use crate::support::{Engine, TestApp, on_both_engines};

const STAFF: Actor = Actor::CommandLine(None);

fn metadata() -> Map<String, Value> {
    let metadata = json!({ "redirect_uris": ["https://rp.example.jp/cb"], "client_name": "Before" });
    metadata.as_object().unwrap().clone()
}

async fn stored(app: &TestApp, id: &str) -> Option<StoredClient> {
    clients::by_id(&mut app.app.store.reader().await.unwrap(), id).await.unwrap()
}

/// A client that has registered itself, with its credentials.
async fn registered(app: &TestApp) -> OwnRegistration {
    match register_itself(&app.app, metadata(), None).await.unwrap() {
        SelfRegistered::Done { registration, token } => {
            OwnRegistration { id: registration.client.id.to_string(), token, seen: None }
        }
        other => panic!("{other:?}"),
    }
}

async fn codes(app: &TestApp, rp: &RelyingParty) -> CodeRequest {
    let code = rp.code(&app.visitor(), HANAKO, &[("scope", "openid offline_access")]).await;
    CodeRequest {
        client: ClientId(rp.id.clone()),
        code: Secret::new(code),
        redirect_uri: Some(rp.redirect_uri.clone()),
        code_verifier: None,
        resources: Vec::new(),
    }
}

async fn refresh_token(app: &TestApp, rp: &RelyingParty) -> Secret<String> {
    let request = codes(app, rp).await;
    Secret::new(text(&rp.redeem(request.code.expose()).await.expect_status(200), "refresh_token"))
}

on_both_engines! {
    async fn a_client_registers_itself_and_uses_its_token_up_or_neither(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.registration.mode = RegistrationMode::InitialAccessToken).await;
        at_every_await(
            &app,
            async || (app.rows("clients").await, make_initial_access_token(&app.app, &STAFF, Span::hours(1)).await.unwrap()),
            async |(_, token)| register_itself(&app.app, metadata(), Some(token.clone())).await.unwrap(),
            async |(before, token)| {
                let more = app.rows("clients").await - before;
                let left = register_itself(&app.app, metadata(), Some(token.clone())).await.unwrap();
                assert_eq!(matches!(left, SelfRegistered::Done { .. }), more == 0, "{left:?}");
            },
        )
        .await;
    }

    async fn a_client_that_changes_itself_is_changed_as_a_whole(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.registration.mode = RegistrationMode::Open).await;
        at_every_await(
            &app,
            async || registered(&app).await,
            async |own| {
                let mut public = metadata();
                public.insert("client_id".into(), json!(own.id));
                public.insert("token_endpoint_auth_method".into(), json!("none"));
                let changed = change_own_registration(&app.app, own.clone(), public).await.unwrap();
                assert!(matches!(changed, Changed::Done(_)), "{changed:?}");
            },
            async |own| {
                let stored = stored(&app, &own.id).await.unwrap();
                assert_eq!(stored.client.is_public(), stored.secret_digest.is_none());
                assert_eq!(stored.client.is_public(), stored.revision == 2);
            },
        )
        .await;
        at_every_await(
            &app,
            async || registered(&app).await,
            async |own| remove_own_registration(&app.app, own.clone()).await.unwrap(),
            async |_| {},
        )
        .await;
    }

    async fn what_staff_do_with_a_client_stands_whole_or_not_at_all(engine: Engine) {
        let app = TestApp::start(engine).await;
        let terms = Terms { pkce: PkcePolicy::Required, first_party: false, second_factor: None };
        let names = std::sync::atomic::AtomicU32::new(0);
        at_every_await(
            &app,
            async || format!("client-{}", names.fetch_add(1, std::sync::atomic::Ordering::Relaxed)),
            async |id| {
                let new = NewClient { id: Some(ClientId(id.clone())), metadata: metadata(), terms, may_notify: true };
                add_client(&app.app, &STAFF, new).await.unwrap()
            },
            async |id| assert!(stored(&app, id).await.is_none_or(|stored| stored.may_notify)),
        )
        .await;
        let rp = app.relying_party().await;
        let id = ClientId(rp.id.clone());
        at_every_await(
            &app,
            async || stored(&app, &rp.id).await.unwrap(),
            async |_| rotate_client_secret(&app.app, &STAFF, &id, Span::hours(1)).await.unwrap(),
            async |before| {
                let after = stored(&app, &rp.id).await.unwrap();
                let kept = after.previous_secret.is_some_and(|(old, _)| Some(old) == before.secret_digest);
                assert_eq!(kept, after.secret_digest != before.secret_digest);
            },
        )
        .await;
        at_every_await(
            &app,
            async || let_send_notices(&app.app, &STAFF, &id, false).await.unwrap(),
            async |_| let_send_notices(&app.app, &STAFF, &id, true).await.unwrap(),
            async |_| {},
        )
        .await;
        at_every_await(
            &app,
            async || {},
            async |()| change_scopes(&app.app, &STAFF, &id, Scopes::of(&["openid"])).await.unwrap(),
            async |()| {},
        )
        .await;
        let server = |number: u32| ResourceServer {
            identifier: format!("urn:example:{number}"),
            name: "An API".into(),
            scopes: Scopes::of(&[&format!("read.{number}"), &format!("write.{number}")]),
            client: None,
            created_at: app.now(),
        };
        at_every_await(
            &app,
            async || names.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            async |number| add_resource(&app.app, &STAFF, server(*number)).await.unwrap(),
            async |_| assert_eq!(app.rows("resource_scopes").await, 2 * app.rows("resource_servers").await),
        )
        .await;
        at_every_await(
            &app,
            async || {
                let number = names.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                add_resource(&app.app, &STAFF, server(number)).await.unwrap();
                change_scopes(&app.app, &STAFF, &id, server(number).scopes).await.unwrap();
                server(number)
            },
            async |server| remove_resource(&app.app, &STAFF, &server.identifier).await.unwrap(),
            async |server| {
                let all = resource_servers::all(&mut app.app.store.reader().await.unwrap()).await.unwrap();
                let is_there = all.iter().any(|known| known.identifier == server.identifier);
                assert_eq!(is_there, !stored(&app, &rp.id).await.unwrap().client.scopes.is_empty());
            },
        )
        .await;
        at_every_await(
            &app,
            async || app.relying_party().await,
            async |rp| remove_client(&app.app, &STAFF, &ClientId(rp.id.clone())).await.unwrap(),
            async |_| {},
        )
        .await;
    }

    async fn a_code_is_redeemed_with_its_refresh_token_or_waits(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        at_every_await(
            &app,
            async || codes(&app, &rp).await,
            async |request| redeem_code(&app.app, request.clone()).await.unwrap(),
            async |request| {
                let mut reader = app.app.store.reader().await.unwrap();
                let code = digest(request.code.expose());
                let grant = grants::by_code(&mut reader, &code).await.unwrap().unwrap();
                assert!(grant.ended_at.is_none());
                let redeemed = redeem_code(&app.app, request.clone()).await.unwrap();
                assert_eq!(matches!(redeemed, Issued::Tokens(_)), grant.refresh.is_none());
            },
        )
        .await;
    }

    async fn a_refresh_token_that_was_moved_on_without_an_answer_is_answered_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        at_every_await(
            &app,
            async || {
                let token = refresh_token(&app, &rp).await;
                RefreshRequest { client: ClientId(rp.id.clone()), token, scopes: None, resources: Vec::new() }
            },
            async |request| rotate_refresh_token(&app.app, request.clone()).await.unwrap(),
            async |request| {
                let again = rotate_refresh_token(&app.app, request.clone()).await.unwrap();
                assert!(matches!(again, Issued::Tokens(_)));
            },
        )
        .await;
    }

    async fn a_token_that_is_given_back_ends_though_nobody_waits_for_the_answer(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let mut ended = 0;
        at_every_await(
            &app,
            async || refresh_token(&app, &rp).await,
            async |token| revoke_token(&app.app, &ClientId(rp.id.clone()), token.clone()).await.unwrap(),
            async |token| {
                let active = &rp.introspect(token.expose()).await["active"];
                ended += usize::from(*active == json!(false));
            },
        )
        .await;
        assert!(ended > 1, "also the calls that were cut off, once they had begun");
    }
}
