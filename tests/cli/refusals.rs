//! What is wrong is named, with the mend, and nothing is damaged.

use std::net::TcpListener;
use std::process::Command;

use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::folder::{Answer, Folder, content, sekisho};

const NOTHING: [&str; 2] = ["data", "nope"];

fn assert_untouched(folder: &Folder) {
    for path in NOTHING {
        assert!(!folder.exists(path), "{path} was made");
    }
}

#[test]
fn an_unknown_setting_is_named_with_its_line() {
    let folder = Folder::with_settings("# settings\n[http]\nlisten_on = \"127.0.0.1:0\"\n");
    for command in [&["serve"][..], &["migrate"], &["member", "show", "hanako"], &["config", "check"]] {
        folder.run(command).refused(&["config/sekisho.toml:3: ", "http.listen_on", "did you mean http.listen?"]);
    }
    assert_untouched(&folder);
}

#[test]
fn an_impossible_setting_is_named_with_its_place() {
    let folder = Folder::with_settings("[passwords]\nmin_length = 65\n");
    folder.run(&["serve"]).refused(&["config/sekisho.toml:2: ", "passwords.min_length", "passwords.max_length"]);
    let folder = Folder::new();
    let answer = folder.run_with(&["serve"], &[("SEKISHO_HTTP__LISTEN", "0.0.0.0:8080")], "");
    answer.refused(&["SEKISHO_HTTP__LISTEN", "https"]);
    assert_untouched(&folder);
}

#[test]
fn every_mistake_in_the_settings_has_a_line_of_its_own() {
    let folder = Folder::with_settings("isuer = \"https://a.example\"\n[log]\nfilter = \"a=b=c\"\n[pages]\n");
    let answer = folder.run(&["serve"]);
    assert_eq!((answer.code, answer.err.lines().count()), (Some(1), 3), "{answer:?}");
}

#[test]
fn a_settings_file_that_is_named_must_be_there() {
    let folder = Folder::new();
    folder.run(&["serve", "--config", "nope/sekisho.toml"]).refused(&["nope/sekisho.toml", "--config"]);
    folder.run_with(&["serve"], &[("SEKISHO_CONFIG", "nope/a.toml")], "").refused(&["nope/a.toml", "SEKISHO_CONFIG"]);
    assert_untouched(&folder);
}

#[test]
fn where_a_program_reads_the_answer_what_went_wrong_is_json_too() {
    let folder = Folder::with_settings("isuer = \"https://a.example\"\n");
    let said = |answer: Answer, code: i32| -> serde_json::Value {
        assert_eq!((answer.code, answer.out.as_str()), (Some(code), ""), "{answer:?}");
        serde_json::from_str(&answer.err).unwrap_or_else(|_| panic!("not JSON: {answer:?}"))
    };
    let settings = said(folder.run(&["config", "check", "--json"]), 1);
    let problem = &settings["problems"][0];
    assert_eq!(problem["place"], "config/sekisho.toml:1");
    assert_eq!(
        (&problem["what"], &problem["fix"]),
        (&"there is no setting isuer".into(), &"did you mean issuer?".into())
    );
    let folder = Folder::new();
    let unknown = said(folder.run(&["--json", "member", "show", "nobody"]), 1);
    assert!(unknown["error"].as_str().unwrap().contains("no member"), "{unknown}");
    let usage = said(folder.run(&["member", "shwo", "nobody", "--json"]), 2);
    assert!(usage["error"].as_str().unwrap().contains("shwo"), "{usage}");
}

#[test]
fn input_that_can_not_be_meant_is_refused_with_what_was_meant() {
    let folder = Folder::new();
    folder.run(&["member", "add", "hanako", "--email", "notmail"]).refused(&["notmail", "no e-mail address"]);
    let spa = ["client", "add", "--name", "Diary", "--type", "spa", "--redirect-uri", "https://a.example/cb"];
    for pkce in ["optional", "or_nonce"] {
        folder.run(&[&spa[..], &["--pkce", pkce]].concat()).refused(&["always needs PKCE", "--pkce"]);
    }
    folder.run(&spa).ok();
    let metadata = r#"{ "client_nam": "Diary", "redirect_uris": ["https://a.example/cb"] }"#;
    std::fs::write(folder.path("client.json"), metadata).unwrap();
    folder.run(&["client", "add", "--metadata", "client.json"]).refused(&["client_nam", "did you mean client_name?"]);
    let none = [("SEKISHO_AUTHENTICATION__METHODS", "[]")];
    folder.run_with(&["config", "check"], &none, "").refused(&["authentication.methods is empty", "second_factor"]);
}

#[test]
fn what_the_command_line_does_not_know_is_a_mistake_in_usage() {
    let folder = Folder::new();
    for arguments in
        [&["serv"][..], &["member", "add"], &["client", "add"], &["client", "rotate-secret", "a", "--overlap", "7"]]
    {
        assert_eq!(folder.run(arguments).code, Some(2), "{arguments:?}");
    }
    // A password is never an argument: others on the machine could read it.
    assert_eq!(folder.run(&["member", "set-password", "hanako", "--password", "x"]).code, Some(2));
    assert_untouched(&folder);
}

#[test]
fn a_file_where_the_data_folder_should_be_is_left_alone() {
    let folder = Folder::new();
    std::fs::write(folder.path("data"), "mine").unwrap();
    folder.run(&["serve"]).refused(&["data", "database.url"]);
    assert_eq!(content(&folder.path("data")), b"mine");
}

#[test]
fn a_data_folder_that_takes_nothing_is_named() {
    let folder = Folder::new();
    // Not even root can make files there.
    let url = [("SEKISHO_DATABASE__URL", "sqlite:/proc/self/sekisho.db")];
    folder.run_with(&["migrate"], &url, "").refused(&["/proc/self/sekisho.db", "owner and rights"]);
    let url = [("SEKISHO_DATABASE__URL", "sqlite:/proc/sekisho/sekisho.db")];
    folder.run_with(&["migrate"], &url, "").refused(&["/proc/sekisho", "database.url"]);
    let key = [("SEKISHO_SECRETS__MASTER_KEY_FILE", "/proc/self/master.key")];
    folder.run_with(&["migrate"], &key, "").refused(&["/proc/self/master.key", "secrets.master_key_file"]);
    // Nothing was sealed without the key, so that the mended settings find a new database.
    folder.run(&["migrate"]).ok();
}

#[test]
fn a_postgresql_that_does_not_answer_is_named_without_its_password() {
    let folder = Folder::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("postgres://sekisho:hunter2@{free}/sekisho");
    let err =
        folder.run_with(&["migrate"], &[("SEKISHO_DATABASE__URL", &url)], "").refused(&["PostgreSQL", "database.url"]);
    assert!(!err.contains("hunter2"), "{err}");
}

async fn change(folder: &Folder, sql: &'static str) {
    let file = folder.path("data/sekisho.db");
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_database_of_a_newer_version_that_this_one_can_t_share_is_left_untouched() {
    let folder = Folder::new();
    folder.run(&["member", "add", "hanako"]).ok();
    change(
        &folder,
        "INSERT INTO migrations (number, name, digest) VALUES (9999, 'of the future', '00'); CREATE TABLE of_the_future (a TEXT);
         UPDATE compatibility SET oldest_migration = 9999",
    )
    .await;
    let before = content(&folder.path("data/sekisho.db"));
    for command in [&["serve"][..], &["migrate"], &["member", "add", "taro"], &["key", "rotate"]] {
        folder.run(command).refused(&["newer version", "9999"]);
    }
    let doctor = folder.run(&["doctor"]);
    assert!(doctor.code == Some(1) && doctor.out.contains("newer version"), "{doctor:?}");
    assert!(content(&folder.path("data/sekisho.db")) == before, "the database was changed");
}

#[test]
fn a_file_that_is_no_database_is_left_untouched() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("data")).unwrap();
    let letter = "Dear society, ".repeat(1_000);
    std::fs::write(folder.path("data/sekisho.db"), &letter).unwrap();
    for command in ["serve", "migrate"] {
        folder.run(&[command]).refused(&["data/sekisho.db", "not a Sekisho database", "database.url"]);
    }
    assert_eq!(content(&folder.path("data/sekisho.db")), letter.as_bytes());
    assert!(!folder.exists("data/master.key"));
}

/// A folder with a member, and its master key changed by `spoil`.
fn with_master_key(spoil: impl FnOnce(&Folder), parts: &[&str]) {
    let folder = Folder::new();
    folder.run(&["member", "add", "hanako"]).ok();
    let key = content(&folder.path("data/master.key"));
    spoil(&folder);
    let spoilt = std::fs::read(folder.path("data/master.key")).ok();
    for command in [&["serve"][..], &["member", "add", "taro"], &["key", "rotate", "--now"]] {
        folder.run(command).refused(parts);
    }
    assert_eq!(folder.run(&["doctor"]).code, Some(1));
    assert!(std::fs::read(folder.path("data/master.key")).ok() == spoilt, "another key was written");
    std::fs::write(folder.path("data/master.key"), key).unwrap();
    let shown = folder.run(&["member", "show", "hanako"]).ok();
    assert!(shown.contains("hanako can log in"), "{shown}");
}

#[test]
fn a_missing_master_key_is_never_replaced() {
    let lose = |folder: &Folder| std::fs::remove_file(folder.path("data/master.key")).unwrap();
    with_master_key(lose, &["data/master.key", "missing", "Put the key back"]);
}

#[test]
fn a_damaged_master_key_is_named() {
    let damage = |folder: &Folder| std::fs::write(folder.path("data/master.key"), "AAAA").unwrap();
    with_master_key(damage, &["data/master.key", "damaged", "base64url"]);
}

#[test]
fn the_master_key_of_another_database_is_recognised() {
    let mix_up = |folder: &Folder| {
        let other = Folder::new();
        other.run(&["migrate"]).ok();
        std::fs::copy(other.path("data/master.key"), folder.path("data/master.key")).unwrap();
    };
    with_master_key(mix_up, &["master key is not the one that the database was made with", "nothing was changed"]);
}

#[test]
fn a_port_that_is_taken_is_named_before_anything_is_made() {
    let folder = Folder::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let answer = folder.run_with(&["serve"], &[("SEKISHO_HTTP__LISTEN", &address)], "");
    answer.refused(&[&address, "taken", "http.listen"]);
    let port = other.local_addr().unwrap().port().to_string();
    folder.run(&["demo", "--port", &port]).refused(&[&address, "taken"]);
    assert_untouched(&folder);
}

#[test]
fn members_are_not_served_with_the_settings_or_the_database_of_the_demo() {
    let folder = Folder::with_settings("demo = true\n");
    folder.run(&["serve"]).refused(&["demo = true", "passwords everyone knows"]);
    assert_untouched(&folder);

    let folder = Folder::new();
    drop(folder.demo(&[]));
    let demos = [
        ("SEKISHO_DATABASE__URL", "sqlite:data/demo/sekisho.db"),
        ("SEKISHO_SECRETS__MASTER_KEY_FILE", "data/demo/master.key"),
    ];
    folder.run_with(&["serve"], &demos, "").refused(&["sekisho demo", "database.url"]);
}

#[test]
fn the_demo_does_not_touch_a_database_of_members() {
    let folder = Folder::new();
    folder.run(&["member", "add", "kiku"]).ok();
    folder.run(&["demo", "--port", "0", "--data", "data"]).refused(&["data/sekisho.db", "--data"]);
    folder.run(&["member", "show", "admin"]).refused(&["no member", "admin"]);
    assert_eq!(folder.run(&["--json", "client", "list"]).json(), serde_json::json!([]));
}

/// Runs a script with `data` on a disk of its own of so many KiB (a tmpfs in a user namespace). `$SEKISHO` is the program.
fn on_a_small_disk(folder: &Folder, size: u32, script: &str) -> Answer {
    let mut command = Command::new("unshare");
    let script = format!("mkdir data && mount -t tmpfs -o size={size}k,mode=700 none data || exit 99\n{script}");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script]).env("SEKISHO", sekisho().get_program());
    let answer = folder.finish(command, "");
    assert_ne!(answer.code, Some(99), "this test needs user namespaces (unshare --map-root-user): {answer:?}");
    answer
}

#[test]
fn a_disk_too_small_for_a_new_database_is_named() {
    // The disk is full at the database, at the files beside it, at the master key, and in the midst of the migrations.
    for size in [4, 16, 36, 64, 192] {
        let folder = Folder::new();
        let script =
            "$SEKISHO migrate; code=$?; mount -o remount,size=1m data && $SEKISHO migrate >/dev/null && exit $code";
        on_a_small_disk(&folder, size, script).refused(&[if size == 36 {
            "No space left"
        } else {
            "database is full"
        }]);
    }
}

#[test]
fn a_full_disk_is_named_and_what_was_stored_stays() {
    let folder = Folder::new();
    let script = "$SEKISHO member add hanako >/dev/null || exit 98
        cat /dev/zero > data/filler 2>/dev/null
        $SEKISHO member add taro --keep-password
        code=$?
        rm data/filler
        $SEKISHO member show hanako | grep -q 'hanako can log in' || exit 97
        $SEKISHO member add taro >/dev/null || exit 96
        exit $code";
    on_a_small_disk(&folder, 2_048, script).refused(&["database is full"]);
}
