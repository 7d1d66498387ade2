//! Clients are held in memory: what is changed on one node counts there at once, and on the others within a second.

use std::time::{Duration, Instant};

use sekisho::actions::protocol::remove_client::remove_client;
use sekisho::actions::protocol::rotate_client_secret::rotate_client_secret;
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::ClientId;
use sekisho::domain::unix_time::Span;
use tokio::task::yield_now;

use crate::support::relying_party::RelyingParty;
use crate::support::{Engine, TestApp, on_both_engines};

const STAFF: Actor = Actor::CommandLine(None);
const SECOND: Duration = Duration::from_secs(1);

/// The same client, as it reaches another node.
fn at(node: &TestApp, rp: &RelyingParty) -> RelyingParty {
    let mut there = rp.clone();
    there.issuer = node.issuer.clone();
    there
}

async fn status(rp: &RelyingParty) -> u16 {
    rp.request("/introspect", &[("token", "none")]).await.status.as_u16()
}

/// Until the client is answered so; the other node may not take longer than a second.
async fn until(rp: &RelyingParty, expected: u16) {
    let began = Instant::now();
    while status(rp).await != expected {
        assert!(began.elapsed() < SECOND, "not seen within a second");
        yield_now().await;
    }
}

on_both_engines! {
    async fn what_is_changed_of_a_client_counts_here_at_once_and_on_other_nodes_within_a_second(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other = app.another_node().await;
        let mut here = app.relying_party().await;
        let mut there = at(&other, &here);
        let id = ClientId(here.id.clone());
        assert_eq!((status(&here).await, status(&there).await), (200, 200));

        rotate_client_secret(&app.app, &STAFF, &id, Span::ZERO).await.unwrap();
        assert_eq!(status(&here).await, 401);
        until(&there, 401).await;

        let secret = rotate_client_secret(&other.app, &STAFF, &id, Span::ZERO).await.unwrap().unwrap();
        let secret = Some(secret.expose().clone());
        (here.secret, there.secret) = (secret.clone(), secret);
        assert_eq!(status(&there).await, 200);
        until(&here, 200).await;

        assert!(remove_client(&app.app, &STAFF, &id).await.unwrap());
        assert_eq!(status(&here).await, 401);
        until(&there, 401).await;
    }
}
