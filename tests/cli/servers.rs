//! `serve` and `demo`, from their start to their end.

use crate::folder::Folder;
use crate::postgres::Cluster;

#[test]
fn serve_stops_in_good_order_when_it_is_asked_to() {
    let folder = Folder::new();
    for signal in ["TERM", "INT"] {
        let server = folder.serve();
        let (status, ready) = server.get("/health/ready");
        assert!(status == 200 && ready.contains(r#""status":"ready""#), "{status} {ready}");
        assert_eq!(server.stop(signal), Some(0), "{signal}");
    }
    // The last connection folds the log of writes into the database.
    assert!(!folder.exists("data/sekisho.db-wal"), "the database was not closed");
}

#[test]
fn a_server_that_was_killed_starts_again() {
    let folder = Folder::new();
    let server = folder.serve();
    let keys = server.get("/jwks").1;
    assert_eq!(server.stop("KILL"), None);
    let server = folder.serve();
    assert_eq!(server.get("/health/ready").0, 200);
    assert_eq!(server.get("/jwks").1, keys);
}

#[test]
fn commands_work_beside_a_running_server() {
    let folder = Folder::new();
    let server = folder.serve();
    folder.run(&["member", "add", "hanako"]).ok();
    folder.run(&["key", "rotate"]).ok();
    assert_eq!(folder.run(&["key", "list", "--json"]).json().as_array().unwrap().len(), 4);
    assert_eq!(server.get("/health/ready").0, 200);
    assert_eq!(server.stop("TERM"), Some(0));
}

#[test]
fn doctor_asks_the_running_server_who_it_is() {
    let folder = Folder::new();
    let server = folder.serve();
    let doctor = |issuer: String| folder.run_with(&["doctor"], &[("SEKISHO_ISSUER", &issuer)], "");
    let other = doctor(format!("http://localhost:{}", server.port));
    assert!(other.code == Some(1) && other.out.contains("another issuer"), "{other:?}");

    drop(server);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = doctor(format!("http://localhost:{port}")).ok();
    assert!(nobody.contains("no server is running"), "{nobody}");
}

#[test]
fn the_demo_says_what_to_open_and_with_which_credentials() {
    let folder = Folder::new();
    let demo = folder.demo(&["--portal-port", "18090"]);
    assert_eq!(demo.get("/health/ready").0, 200);
    let issuer = format!("http://localhost:{}", demo.port);
    let discovery: serde_json::Value = serde_json::from_str(&demo.get("/.well-known/openid-configuration").1).unwrap();
    assert_eq!(discovery["issuer"], issuer);
    for said in [
        issuer.as_str(),
        "Demo-hanako-1",
        "Demo-taro-1",
        "Demo-admin-1",
        "Demo-portal-secret-1",
        "http://localhost:18090/callback",
        "http://localhost:8091/callback",
    ] {
        assert!(demo.said.contains(said), "{said} is not in: {}", demo.said);
    }
    // Nothing of it goes where real members may be.
    assert!(folder.exists("data/demo/sekisho.db") && !folder.exists("data/sekisho.db"));
    assert_eq!(demo.stop("INT"), Some(0));
}

#[tokio::test]
async fn the_demo_runs_on_postgresql_too() {
    let folder = Folder::new();
    let url = Cluster::shared().new_database().await;
    for _ in 0..2 {
        let demo = folder.demo(&["--database", &url]);
        assert_eq!(demo.get("/health/ready").0, 200);
        assert_eq!(demo.stop("TERM"), Some(0));
    }
    assert!(folder.exists("data/demo/master.key") && !folder.exists("data/demo/sekisho.db"));
}

#[test]
fn every_start_of_the_demo_gives_its_members_their_passwords_back() {
    let folder = Folder::new();
    drop(folder.demo(&[]));
    let demos = [
        ("SEKISHO_DATABASE__URL", "sqlite:data/demo/sekisho.db"),
        ("SEKISHO_SECRETS__MASTER_KEY_FILE", "data/demo/master.key"),
    ];
    let member = |id: &str| folder.run_with(&["member", "show", id, "--json"], &demos, "").json();
    let hanako = member("hanako");
    assert!(hanako["initial_until"].is_null(), "{hanako}");
    assert!(!member("taro")["initial_until"].is_null());
    assert_eq!(member("admin")["role"], "owner");

    folder.run_with(&["member", "set-password", "hanako"], &demos, "").ok();
    folder.run_with(&["client", "remove", "portal"], &demos, "").ok();
    assert!(!member("hanako")["initial_until"].is_null());
    // Members without the portal's well-known secret: that might be anybody's database.
    folder.run(&["demo", "--port", "0"]).refused(&["something else than a demo"]);

    let folder = Folder::new();
    drop(folder.demo(&[]));
    let member = |id: &str| folder.run_with(&["member", "show", id, "--json"], &demos, "").json();
    let before = member("hanako")["sub"].clone();
    folder.run_with(&["member", "set-password", "hanako"], &demos, "").ok();
    drop(folder.demo(&["--portal-port", "18091"]));
    let hanako = member("hanako");
    assert!(hanako["initial_until"].is_null() && hanako["sub"] == before, "{hanako}");
    let portal = folder.run_with(&["client", "show", "portal", "--json"], &demos, "").json();
    assert_eq!(portal["redirect_uris"][0], "http://localhost:18091/callback");
}
