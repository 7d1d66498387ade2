//! `serve` and `demo`, from their start to their end.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::folder::Folder;
use crate::postgres::Cluster;
use crate::visitor::{Answer, Visitor};

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
fn a_service_manager_is_told_when_it_begins_and_when_it_stops() {
    let folder = Folder::new();
    let socket = folder.path("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let told = || {
        let mut text = [0; 256];
        let length = manager.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..length]).into_owned()
    };
    let server = folder.serve_with(&[("NOTIFY_SOCKET", socket.to_str().unwrap())]);
    assert_eq!(told(), "READY=1");
    assert_eq!(server.stop("TERM"), Some(0));
    assert_eq!(told(), "STOPPING=1");
}

#[test]
fn a_hang_up_makes_a_server_read_its_help_again_and_ends_nothing() {
    let folder = Folder::with_settings("[help]\nfolder = \"help\"\n");
    let plain = Folder::new();
    plain.run(&["help", "export", "help"]).ok();
    std::fs::rename(plain.path("help"), folder.path("help")).unwrap();
    let server = folder.serve();
    let question = || server.get("/help/v1/questions/pc-use?locale=ja").1;
    assert!(!question().contains("Hung up"));
    let file = folder.path("help/ja/faq/pc-use.md");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\nHung up\n")).unwrap();
    server.signal("HUP");
    while !question().contains("Hung up") {}
    // What has mistakes is not taken, and the server goes on.
    std::fs::write(&file, "spoilt").unwrap();
    server.signal("HUP");
    server.signal("HUP");
    assert!(question().contains("Hung up"));
    assert_eq!(server.stop("TERM"), Some(0));
}

#[test]
fn the_demo_ends_with_the_terminal_that_it_runs_in() {
    let folder = Folder::new();
    assert_eq!(folder.demo(&[]).stop("HUP"), Some(0));
}

/// The code in the newest mail that the demo shows, once it is another than the `last` one.
async fn code_by_mail(visitor: &Visitor, last: &mut Option<String>) -> String {
    loop {
        let mails = visitor.get("/mail").await.text("main").unwrap();
        let code = mails.split_whitespace().find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()));
        if let Some(code) = code.filter(|code| last.as_deref() != Some(code)) {
            *last = Some(code.to_owned());
            return code.to_owned();
        }
    }
}

/// Answers whatever is asked for between the right password and the profile; which pages that were.
async fn on_to_the_profile(
    folder: &Folder,
    visitor: &Visitor,
    mut answer: Answer,
    last: &mut Option<String>,
) -> Vec<String> {
    let mut pages = Vec::new();
    loop {
        let path = url::Url::parse(&answer.url).unwrap().path().to_owned();
        if path == "/account/profile" && answer.status == 200 {
            return pages;
        }
        let mut form = answer.form();
        match path.as_str() {
            "/login/email-code" => form.insert("code".into(), code_by_mail(visitor, last).await),
            "/login/totp" => form.insert("code".into(), folder.run(&["demo", "--code"]).ok().trim().to_owned()),
            "/login/initial-password" => {
                form.insert("new_password_again".into(), "My-own-words-7".into());
                form.insert("new_password".into(), "My-own-words-7".into())
            }
            other => panic!("{other}: {}", answer.body),
        };
        let next = visitor.post(&path, &form).await;
        assert!(next.status.is_redirection(), "{path}: {}", next.body);
        answer = visitor.onward(next).await;
        pages.push(path);
    }
}

#[tokio::test]
async fn every_member_of_the_demo_gets_in_as_the_readme_says_at_every_start() {
    let folder = Folder::new();
    let mut last = None;
    for _ in 0..2 {
        let demo = folder.demo(&[]);
        let issuer = format!("http://localhost:{}", demo.port);
        for (user_id, password, pages) in [
            ("hanako", "Demo-hanako-1", &[][..]),
            ("taro", "Demo-taro-1", &["/login/email-code", "/login/initial-password"]),
            ("admin", "Demo-admin-1", &["/login/totp"]),
        ] {
            let visitor = Visitor::new(&issuer);
            let page = visitor.follow(&format!("{issuer}/account/profile")).await;
            let answer = visitor.log_in_and_follow(&page, user_id, password).await;
            let mut shown = on_to_the_profile(&folder, &visitor, answer, &mut last).await;
            shown.sort();
            assert_eq!(shown, pages, "{user_id}");
            assert_eq!(visitor.get("/account/profile").await.text("#user-id").as_deref(), Some(user_id));
        }
        assert_eq!(demo.stop("INT"), Some(0));
    }
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
