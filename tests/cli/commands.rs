//! The commands that staff use, when all is well.

use std::os::unix::fs::PermissionsExt as _;

use sekisho::actions::login::check_password::{Attempt, check_password};
use sekisho::actions::login::lost_methods;
use sekisho::actions::member::members;
use sekisho::app::App;
use sekisho::clock::Clock;
use sekisho::config::{LostMethods, Settings};
use sekisho::domain::login::lost_methods::Standing;
use sekisho::store;
use serde_json::{Value, json};

use crate::folder::Folder;

/// The app of a folder, as a running server has it.
async fn app(folder: &Folder) -> App {
    let mut settings = Settings::default();
    settings.database.url = format!("sqlite:{}", folder.path("data/sekisho.db").display());
    settings.secrets.master_key_file = folder.path("data/master.key");
    App::start(settings, Clock::System).await.unwrap()
}

async fn is_right(app: &App, user_id: &str, password: &str) -> bool {
    matches!(check_password(app, user_id, password, None, |_| Ok::<(), ()>(())).await.unwrap(), Attempt::Right(_))
}

#[test]
fn migrate_says_what_it_did_and_keeps_everything_private() {
    let folder = Folder::new();
    assert!(folder.run(&["migrate"]).ok().contains("is ready now"));
    assert!(folder.run(&["migrate"]).ok().contains("nothing was done"));
    for (path, mode) in [("data", 0o700), ("data/sekisho.db", 0o600), ("data/master.key", 0o600)] {
        assert_eq!(std::fs::metadata(folder.path(path)).unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
}

#[tokio::test]
async fn a_member_gets_a_generated_initial_password_that_is_shown_once() {
    let folder = Folder::new();
    let added =
        folder.run(&["--json", "member", "add", "Hanako", "--name", "H", "--email", "family@example.jp"]).json();
    let password = added["password"].as_str().unwrap();
    assert!(added["initial_until"].is_i64(), "{added}");
    assert!(is_right(&app(&folder).await, "hanako", password).await);

    let shown = folder.run(&["member", "show", "hanako"]).ok();
    assert!(shown.starts_with("Hanako can log in."), "{shown}");
    assert!(shown.contains("initial password has not been changed"), "{shown}");
    assert!(!shown.contains(password), "{shown}");
    folder.run(&["member", "add", "ＨＡＮＡＫＯ"]).refused(&["user ID can't be taken"]);
    folder.run(&["member", "add", "HANAKO"]).refused(&["exists already"]);
    folder.run(&["member", "show", "taro"]).refused(&["no member", "taro"]);
}

#[tokio::test]
async fn a_password_comes_in_through_a_pipe_and_under_the_policy() {
    let folder = Folder::new();
    let add = ["member", "add", "hanako", "--password-stdin", "--keep-password", "--role", "owner"];
    let set = ["member", "set-password", "hanako", "--password-stdin"];
    let refused = folder.run_with(&add, &[], "hanako\n");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for rule in ["8 characters or more", "must not be the user ID"] {
        assert!(refused.err.contains(rule), "{refused:?}");
    }
    folder.run_with(&add, &[], "").refused(&["no password"]);

    let added = folder.run_with(&add, &[], "Sagami-bay-77\n").ok();
    assert!(!added.contains("Sagami"), "{added}");
    let member = folder.run(&["member", "show", "hanako", "--json"]).json();
    assert_eq!((&member["role"], &member["initial_until"]), (&json!("owner"), &Value::Null));
    assert!(is_right(&app(&folder).await, "hanako", "Sagami-bay-77").await);

    folder.run_with(&set, &[], "Suruga-bay-88\r\n").ok();
    assert!(is_right(&app(&folder).await, "hanako", "Suruga-bay-88").await);
    let generated = folder.run(&["member", "set-password", "hanako", "--json"]).json();
    assert!(generated["initial_until"].is_i64(), "{generated}");
    assert!(is_right(&app(&folder).await, "hanako", generated["password"].as_str().unwrap()).await);
}

#[tokio::test]
async fn a_member_brings_the_password_hash_of_another_system() {
    let folder = Folder::new();
    let add = |user_id| ["member", "add", user_id, "--password-hash-stdin", "--json"];
    let bcrypt = "$2b$04$abcdefghijklmnopqrstuuljyYmC5U/Hon0YTTZLz0HWJWoET/WYe\n";
    let added = folder.run_with(&add("hanako"), &[], bcrypt).json();
    assert_eq!(added["hash"], "bcrypt");
    assert!(is_right(&app(&folder).await, "hanako", "Demo-hanako-1").await);
    let shown = folder.run(&["member", "show", "hanako", "--json"]).json();
    assert_eq!((&shown["can_log_in"], &shown["initial_until"]), (&json!(true), &Value::Null));
    for (hash, told) in [
        ("Demo-hanako-1", "of no known form"),
        ("$1$salt$UMRWHT5Q6xTMRI.zNFLxX1", "bcrypt ($2a$"),
        ("", "of no known form"),
        ("$2b$31$abcdefghijklmnopqrstuuljyYmC5U/Hon0YTTZLz0HWJWoET/WYe", "above 16"),
    ] {
        folder.run_with(&add("taro"), &[], hash).refused(&[told]);
    }
    folder.run(&["member", "show", "taro"]).refused(&["no member"]);
    let both = ["member", "add", "taro", "--password-hash-stdin", "--password-stdin"];
    assert_eq!(folder.run(&both).code, Some(2));
}

#[test]
fn a_pepper_that_is_missing_stops_the_server_until_it_is_back_or_given_up() {
    let folder = Folder::with_settings("[passwords]\npepper_file = \"data/pepper\"\n");
    folder.run(&["member", "add", "hanako"]).refused(&["data/pepper", "head -c 32 /dev/urandom"]);
    std::fs::create_dir_all(folder.path("data")).unwrap();
    std::fs::write(folder.path("data/pepper"), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n").unwrap();
    let doctor = folder.run(&["doctor"]);
    assert!(doctor.out.contains("chmod 600"), "{doctor:?}");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.path("data/pepper"), private).unwrap();
    folder.run(&["member", "add", "hanako"]).ok();
    assert!(!folder.run(&["doctor"]).out.contains("WRONG"));

    let without = [("SEKISHO_CONFIG", "/dev/null")];
    let refused = folder.run_with(&["serve"], &without, "");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.err.contains("1 members' passwords") && refused.err.contains("passwords.pepper_file"),
        "{refused:?}"
    );
    let doctor = folder.run_with(&["doctor"], &without, "");
    assert!(doctor.code == Some(1) && doctor.out.contains("forget-pepper"), "{doctor:?}");
    drop(folder.serve());

    let name = refused.err.split("with the pepper ").nth(1).unwrap().split(',').next().unwrap();
    folder.run(&["key", "forget-pepper", "nonsense"]).refused(&["nonsense"]);
    folder.run_with(&["key", "forget-pepper", name], &without, "").ok();
    assert!(!folder.run_with(&["doctor"], &without, "").out.contains("WRONG"));
}

#[tokio::test]
async fn show_says_why_a_member_is_locked_out_and_unlock_mends_it() {
    let folder = Folder::new();
    folder.run_with(&["member", "add", "hanako", "--password-stdin", "--keep-password"], &[], "Sagami-bay-77").ok();
    let app = app(&folder).await;
    for _ in 0..5 {
        assert!(!is_right(&app, "hanako", "wrong").await);
    }
    assert!(!is_right(&app, "hanako", "Sagami-bay-77").await);

    let shown = folder.run(&["member", "show", "hanako"]).ok();
    assert!(shown.starts_with("hanako can't log in:"), "{shown}");
    for part in ["password is locked since", "by 5 wrong ones", "sekisho member unlock hanako"] {
        assert!(shown.contains(part), "{part} is not in: {shown}");
    }
    let json = folder.run(&["member", "show", "hanako", "--json"]).json();
    assert_eq!((&json["can_log_in"], &json["blocked_by"][0]["code"]), (&json!(false), &json!("password_locked")));

    assert!(folder.run(&["member", "unlock", "hanako"]).ok().contains("password lock of hanako is lifted"));
    assert!(folder.run(&["member", "unlock", "hanako"]).ok().contains("was not locked"));
    assert!(is_right(&app, "hanako", "Sagami-bay-77").await);
}

#[tokio::test]
async fn an_account_is_locked_disabled_and_opened_again() {
    let folder = Folder::new();
    folder.run_with(&["member", "add", "hanako", "--password-stdin", "--keep-password"], &[], "Sagami-bay-77").ok();
    let blocked_by = || folder.run(&["member", "show", "hanako", "--json"]).json()["blocked_by"][0]["code"].clone();

    assert!(folder.run(&["member", "lock", "hanako"]).ok().contains("is locked now"));
    assert!(folder.run(&["member", "lock", "hanako"]).ok().contains("was locked already"));
    assert_eq!(blocked_by(), "account_locked");
    assert!(folder.run(&["member", "show", "hanako"]).ok().contains("sekisho member unlock hanako"));
    assert!(folder.run(&["member", "unlock", "hanako"]).ok().contains("account lock of hanako is lifted"));

    assert_eq!(folder.run(&["member", "disable", "hanako", "--json"]).json()["disabled"], true);
    assert_eq!(folder.run(&["member", "disable", "hanako", "--json"]).json()["disabled"], false);
    assert_eq!(blocked_by(), "disabled");
    assert!(folder.run(&["member", "show", "hanako"]).ok().contains("sekisho member enable hanako"));
    assert!(folder.run(&["member", "enable", "hanako"]).ok().contains("is enabled again"));
    assert!(folder.run(&["member", "enable", "hanako"]).ok().contains("was not disabled"));
    assert!(folder.run(&["member", "show", "hanako"]).ok().starts_with("hanako can log in."));
    for command in ["lock", "disable", "enable", "reset-methods", "approve-methods-reset"] {
        folder.run(&["member", command, "taro"]).refused(&["no member", "taro"]);
    }
}

#[tokio::test]
async fn staff_correct_a_name_and_register_another_address() {
    let folder = Folder::new();
    folder.run_with(&["member", "add", "hanako", "--password-stdin", "--keep-password"], &[], "Sagami-bay-77").ok();
    assert_eq!(folder.run(&["member", "set-name", "hanako", "健保 花子", "--json"]).json()["corrected"], true);
    assert_eq!(folder.run(&["member", "set-name", "hanako", " 健保 花子 ", "--json"]).json()["corrected"], false);
    folder.run(&["member", "set-name", "hanako", "two\nlines"]).refused(&["one line"]);
    folder.run(&["member", "set-email", "hanako", "hanako"]).refused(&["no e-mail address", "hanako"]);
    for address in ["old@example.jp", "new@example.jp"] {
        assert!(folder.run(&["member", "set-email", "hanako", address]).ok().contains("the old one is told"));
    }
    let shown = folder.run(&["member", "show", "hanako"]).ok();
    assert!(shown.contains("健保 花子") && shown.contains("new@example.jp"), "{shown}");
    let mails = folder.run(&["mail", "list", "--member", "hanako", "--json"]).json();
    let told: Vec<&str> = mails.as_array().unwrap().iter().map(|mail| mail["to"].as_str().unwrap()).collect();
    assert!(
        told.iter().filter(|to| **to == "old@example.jp").count() == 2 && told.contains(&"new@example.jp"),
        "{told:?}"
    );
    for command in ["set-name", "set-email"] {
        folder.run(&["member", command, "taro", "x@example.jp"]).refused(&["no member", "taro"]);
    }
}

#[test]
fn a_shell_can_complete_every_command() {
    let folder = Folder::new();
    for (shell, mark) in [("bash", "complete -F"), ("zsh", "#compdef sekisho"), ("fish", "complete -c sekisho")] {
        let script = folder.run(&["completions", shell]).ok();
        for word in [mark, "rotate-secret", "approve-methods-reset"] {
            assert!(script.contains(word), "{word} in {shell}");
        }
    }
}

#[test]
fn a_real_service_whose_mail_reaches_nobody_is_told_wherever_settings_are_looked_at() {
    let folder = Folder::with_settings("issuer = \"https://login.example.jp\"\n");
    let warning = "mails are written into data/mail and reach nobody";
    assert!(folder.run(&["config", "check"]).ok().contains(warning));
    let doctor = folder.run(&["doctor"]);
    assert!(
        doctor.code == Some(1) && doctor.out.contains(&format!("WRONG  mail: issuer is https, but {warning}")),
        "{doctor:?}"
    );
    assert!(folder.serve().said.contains(warning));
}

#[tokio::test]
async fn methods_are_shown_reset_and_approved() {
    let folder = Folder::with_settings("[authentication]\nlost_methods = { by = \"staff\" }\n");
    folder.run_with(&["member", "add", "hanako", "--password-stdin", "--keep-password"], &[], "Sagami-bay-77").ok();
    folder.run(&["member", "approve-methods-reset", "hanako"]).refused(&["has not asked", "reset-methods hanako"]);

    let app = app(&folder).await;
    let hanako = members::find(&app, "hanako").await.unwrap().unwrap();
    let mut tx = app.store.write().await.unwrap();
    store::member::members::set_email_method(&mut tx, &hanako.id, Some(app.now())).await.unwrap();
    let password = store::member::members::password(&mut tx, &hanako.id).await.unwrap().unwrap();
    let reset = Standing::reset(lost_methods::password_digest(&password), app.now());
    store::member::lost_methods::begin(&mut tx, &hanako.id, &reset).await.unwrap();
    let asked = reset.asked(LostMethods::Staff, app.now());
    assert!(store::member::lost_methods::advance(&mut tx, &hanako.id, &reset, &asked, None).await.unwrap());
    tx.commit().await.unwrap();

    let shown = folder.run(&["member", "show", "hanako"]).ok();
    assert!(shown.starts_with("hanako can't log in:"), "{shown}");
    assert!(shown.contains("sekisho member approve-methods-reset hanako"), "{shown}");
    assert!(shown.contains("codes by e-mail"), "{shown}");
    let approved = folder.run(&["member", "approve-methods-reset", "hanako", "--json"]).json();
    assert!(approved["approved_until"].is_i64(), "{approved}");
    folder.run(&["member", "approve-methods-reset", "hanako"]).refused(&["already"]);
    let shown = folder.run(&["member", "show", "hanako"]).ok();
    assert!(shown.starts_with("hanako can log in.") && shown.contains("again at the next login, until"), "{shown}");

    assert!(folder.run(&["member", "reset-methods", "hanako"]).ok().contains("Gone: codes by e-mail"));
    assert!(folder.run(&["member", "reset-methods", "hanako"]).ok().contains("had nothing set up"));
    assert!(!folder.run(&["member", "show", "hanako"]).ok().contains("again at the next login"));
}

#[test]
fn generated_passwords_are_within_the_policy_whatever_it_asks_for() {
    for policy in [
        "required_classes = [\"lower\", \"upper\", \"digit\", \"symbol\"]",
        "min_length = 8\nmax_length = 10\nrequired_classes = [\"upper\", \"symbol\"]",
        "min_length = 40",
    ] {
        let folder = Folder::with_settings(&format!("[passwords]\n{policy}\n"));
        let added = folder.run(&["--json", "member", "add", "hanako"]).json();
        let password = added["password"].as_str().unwrap();
        // The policy's own judgement, by way of a password that is given.
        let set = ["member", "set-password", "hanako", "--password-stdin"];
        folder.run_with(&set, &[], &format!("{password}\n")).ok();
    }
}

#[test]
fn clients_of_each_type_are_registered_shown_and_removed() {
    let folder = Folder::new();
    let add = |arguments: &[&str]| {
        let always = ["--json", "client", "add", "--name", "Portal", "--name-ja", "ポータル"];
        folder.run(&[&always[..], arguments].concat()).json()
    };
    let to = ["--redirect-uri", "https://rp.example/cb"];
    let web =
        add(&[&to[..], &["--id", "web", "--first-party", "--pkce", "or_nonce", "--scope", "openid email"]].concat());
    assert!(web["client_secret"].as_str().unwrap().starts_with("sks_"), "{web}");
    assert_eq!(
        (&web["pkce"], &web["first_party"], &web["scope"]),
        (&json!("or_nonce"), &json!(true), &json!("openid email"))
    );
    assert_eq!(web["client_name#ja"], "ポータル");
    for kind in ["spa", "native"] {
        let client = add(&[&to[..], &["--id", kind, "--type", kind]].concat());
        assert!(client.get("client_secret").is_none(), "{client}");
        assert_eq!((&client["token_endpoint_auth_method"], &client["pkce"]), (&json!("none"), &json!("required")));
    }
    let machine = add(&["--id", "machine", "--type", "machine"]);
    assert_eq!(machine["grant_types"], json!(["client_credentials"]));

    let list = folder.run(&["client", "list", "--json"]).json();
    let ids: Vec<_> = list.as_array().unwrap().iter().map(|client| client["client_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["machine", "native", "spa", "web"]);
    let shown = folder.run(&["client", "show", "web"]).ok();
    assert!(shown.contains("https://rp.example/cb") && !shown.contains("sks_"), "{shown}");
    folder.run(&["client", "remove", "web"]).ok();
    for command in [&["client", "show", "web"][..], &["client", "remove", "web"], &["client", "rotate-secret", "web"]] {
        folder.run(command).refused(&["there is no client \"web\"", "sekisho client list"]);
    }
}

#[test]
fn staff_let_a_client_send_notices_and_take_it_back() {
    let folder = Folder::new();
    let add = ["--json", "client", "add", "--name", "Portal", "--redirect-uri", "https://rp.example/cb", "--id"];
    assert_eq!(folder.run(&[&add[..], &["a"]].concat()).json()["member_notices"], false);
    let let_at_once =
        ["b", "--member-notices", "--grant-type", "authorization_code", "--grant-type", "client_credentials"];
    assert_eq!(folder.run(&[&add[..], &let_at_once].concat()).json()["member_notices"], true);
    let allowed = |id: &str| folder.run(&["client", "show", id, "--json"]).json()["member_notices"].clone();
    assert_eq!((allowed("a"), allowed("b")), (json!(false), json!(true)));
    let update = |id: &str, to: &str| folder.run(&["client", "update", id, "--member-notices", to]);
    assert!(update("b", "off").ok().contains("no more notices"));
    assert!(update("b", "on").ok().contains("scope member_notices"));
    // It could not get the token for it.
    assert!(update("a", "on").ok().contains("no grant type client_credentials"));
    assert_eq!((allowed("a"), allowed("b")), (json!(true), json!(true)));
    update("nobody", "on").refused(&["there is no client \"nobody\""]);
}

#[test]
fn resource_servers_are_registered_listed_and_removed() {
    let folder = Folder::new();
    assert!(folder.run(&["resource", "list"]).ok().contains("sekisho resource add"));
    folder.run(&["client", "add", "--id", "api", "--name", "API", "--type", "machine"]).ok();
    let api = "https://claims.example.jp/api";
    let add = ["resource", "add", api, "--name", "Claims", "--scope", "claims.read", "--scope", "claims.write"];
    folder.run(&[&add[..], &["--client", "nobody"]].concat()).refused(&["no such client"]);
    let added = folder.run(&[&["--json"], &add[..], &["--client", "api"]].concat()).json();
    assert_eq!((&added["resource"], &added["client_id"]), (&json!(api), &json!("api")));
    folder.run(&add).refused(&["resource server", "registered already"]);
    folder
        .run(&["resource", "add", "urn:example:x", "--scope", "claims.read"])
        .refused(&["scope", "registered already"]);
    folder.run(&["resource", "add", "urn:example:x", "--scope", "email"]).refused(&["email"]);
    folder.run(&["resource", "add", "api", "--scope", "x"]).refused(&["absolute URI"]);
    let caller = ["--json", "client", "add", "--id", "caller", "--name", "C", "--type", "machine", "--scope"];
    assert_eq!(folder.run(&[&caller[..], &["claims.read"]].concat()).json()["scope"], "claims.read");
    folder.run(&["client", "update", "caller", "--scope", "claims.admin"]).refused(&["claims.write"]);
    folder.run(&["client", "update", "nobody", "--scope", "openid"]).refused(&["there is no client \"nobody\""]);
    let both = ["--json", "client", "update", "caller", "--scope", "claims.read", "--scope", "claims.write"];
    assert_eq!(folder.run(&both).json()["scope"], "claims.read claims.write");
    let listed = folder.run(&["--json", "resource", "list"]).json();
    assert_eq!(listed[0]["scopes"], json!(["claims.read", "claims.write"]));
    assert!(folder.run(&["resource", "list"]).ok().contains(api));
    folder.run(&["resource", "remove", api]).ok();
    folder.run(&["resource", "remove", api]).refused(&["no resource server", "sekisho resource list"]);
    assert_eq!(folder.run(&["--json", "client", "show", "caller"]).json().get("scope"), None);
}

#[test]
fn everything_wrong_with_a_client_is_named() {
    let folder = Folder::new();
    let wrong = ["client", "add", "--name", "x", "--redirect-uri", "http://rp.example/cb", "--scope", "everything"];
    let answer = folder.run(&wrong);
    assert_eq!((answer.code, answer.err.lines().count()), (Some(1), 2), "{answer:?}");
    assert!(answer.err.contains("redirect_uris: ") && answer.err.contains("scope: "), "{answer:?}");
    let add = ["client", "add", "--name", "x", "--redirect-uri", "https://rp.example/cb", "--id", "rp"];
    folder.run(&add).ok();
    folder.run(&add).refused(&["exists already"]);
}

#[test]
fn a_client_is_registered_from_a_metadata_file() {
    let folder = Folder::new();
    std::fs::write(folder.path("rp.json"), r#"{ "redirect_uris": ["https://rp.example/cb"], "client_name": "RP" }"#)
        .unwrap();
    let client = folder.run(&["--json", "client", "add", "--metadata", "rp.json", "--first-party"]).json();
    assert_eq!((&client["client_name"], &client["first_party"]), (&json!("RP"), &json!(true)));
    std::fs::write(folder.path("rp.json"), "[]").unwrap();
    folder.run(&["client", "add", "--metadata", "rp.json"]).refused(&["rp.json", "JSON"]);
    folder.run(&["client", "add", "--metadata", "none.json"]).refused(&["none.json", "can't be read"]);
}

#[test]
fn a_secret_is_rotated_with_an_overlap() {
    let folder = Folder::new();
    let add = ["client", "add", "--name", "x", "--redirect-uri", "https://rp.example/cb", "--id", "rp", "--json"];
    let first = folder.run(&add).json();
    let second = folder.run(&["client", "rotate-secret", "rp", "--overlap", "2h", "--json"]).json();
    assert_ne!(first["client_secret"], second["client_secret"]);
    assert!(folder.run(&["client", "show", "rp"]).ok().contains("previous secret taken until"));
    assert!(folder.run(&["client", "rotate-secret", "rp", "--overlap", "0s"]).ok().contains("refused from now on"));
    let token = folder.run(&["client", "initial-access-token", "--json"]).json();
    assert!(token["initial_access_token"].as_str().unwrap().starts_with("ski_"), "{token}");
}

#[test]
fn keys_are_announced_before_they_sign_or_take_over_at_once() {
    let folder = Folder::new();
    let states = |arguments: &[&str]| {
        let keys = folder.run(&[&["--json", "key"], arguments].concat()).json();
        let mut states: Vec<_> =
            keys.as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap().to_owned()).collect();
        states.sort();
        states
    };
    assert_eq!(states(&["list"]), ["signing"; 2]);
    assert_eq!(states(&["rotate"]), ["announced", "announced", "signing", "signing"]);
    assert_eq!(
        states(&["rotate", "--now"]),
        ["signing", "signing", "withdrawn", "withdrawn", "withdrawn", "withdrawn"]
    );
    assert!(folder.run(&["key", "rotate"]).ok().contains("will sign in 1d"));
}

#[test]
fn the_settings_are_checked_and_shown() {
    let folder = Folder::with_settings("[http]\nlisten = \"127.0.0.1:9999\"\n");
    assert_eq!(folder.run(&["config", "check"]).ok(), "ok\n");
    let shown = folder.run(&["config", "show"]).ok();
    assert!(shown.contains("listen = \"127.0.0.1:9999\"  # from config/sekisho.toml:2"), "{shown}");
    assert!(!folder.exists("data"));
}

#[test]
fn doctor_changes_nothing_and_says_what_is_wrong() {
    let folder = Folder::new();
    let fresh = folder.run(&["doctor", "--json"]).json();
    assert_eq!(fresh["ok"], true, "{fresh}");
    assert!(!folder.exists("data"));

    folder.run(&["migrate"]).ok();
    assert!(folder.run(&["doctor"]).ok().contains("the master key opens them"));
    let open_to_all = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.path("data/master.key"), open_to_all).unwrap();
    let doctor = folder.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.out.contains("chmod 600 data/master.key") && doctor.err.is_empty(), "{doctor:?}");
}
