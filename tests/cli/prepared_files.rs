//! Files that people prepare by hand, on Windows too: a byte-order mark and other line ends change nothing.

use std::os::unix::fs::PermissionsExt as _;

use crate::folder::Folder;

const MARK: &str = "\u{feff}";
const SETTINGS: &str = "\u{feff}[passwords]\r\npepper_file = \"pepper\"\r\nblocklist_file = \"words.txt\"\r\n\
                        [help]\r\nfolder = \"texts\"\r\n";

/// With every kind of file as Windows saves it.
fn from_windows() -> Folder {
    let folder = Folder::new();
    folder.run(&["migrate"]).ok();
    folder.run(&["help", "export", "texts"]).ok();
    let key = String::from_utf8(std::fs::read(folder.path("data/master.key")).unwrap()).unwrap();
    let question = String::from_utf8(std::fs::read(folder.path("texts/ja/faq/pc-use.md")).unwrap()).unwrap();
    let pepper = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    std::fs::create_dir(folder.path("config")).unwrap();
    for (name, text) in [
        ("data/master.key", format!("{MARK}{}\r\n", key.trim())),
        ("config/sekisho.toml", SETTINGS.to_owned()),
        ("pepper", format!("{MARK}{pepper}\r\n")),
        ("words.txt", format!("{MARK}Sagami-bay-77\r\nSagami-bay-78\r\n")),
        (
            "client.json",
            format!("{MARK}{{ \"client_name\": \"Portal\",\r\n\"redirect_uris\": [\"https://a.example/cb\"] }}\r\n"),
        ),
        ("texts/ja/faq/pc-use.md", format!("{MARK}{}", question.replace('\n', "\r\n"))),
    ] {
        std::fs::write(folder.path(name), text).unwrap();
        std::fs::set_permissions(folder.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    folder
}

#[test]
fn every_file_that_was_saved_on_windows_is_read_alike() {
    let folder = from_windows();
    folder.run(&["client", "add", "--id", "portal", "--metadata", "client.json"]).ok();
    let add = |password: &str| {
        folder.run_with(&["member", "add", "hanako", "--password-stdin", "--keep-password"], &[], password)
    };
    for listed in ["Sagami-bay-77", "Sagami-bay-78"] {
        let refused = add(&format!("{MARK}{listed}\r\n"));
        assert!(refused.code == Some(1) && refused.err.contains("attackers try first"), "{refused:?}");
    }
    add(&format!("{MARK}Sagami-bay-79\r\n")).ok();
    let doctor = folder.run(&["doctor"]).ok();
    assert!(doctor.contains("all sound") && doctor.contains("the master key opens them"), "{doctor}");
}

#[test]
fn a_file_in_utf_16_is_refused_by_its_name_and_by_what_it_is() {
    for name in
        ["data/master.key", "config/sekisho.toml", "pepper", "words.txt", "client.json", "texts/ja/faq/pc-use.md"]
    {
        let folder = from_windows();
        let text = String::from_utf8(std::fs::read(folder.path(name)).unwrap()).unwrap();
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(folder.path(name), utf16).unwrap();
        let refused = match name {
            "client.json" => folder.run(&["client", "add", "--metadata", name]),
            _ => folder.run(&["help", "check"]),
        };
        assert_eq!(refused.code, Some(1), "{name}: {refused:?}");
        for part in [name, "UTF-16", "save it as UTF-8"] {
            assert!(refused.err.contains(part), "{name}: {refused:?}");
        }
    }
}

#[test]
fn a_folder_for_data_may_be_called_anything() {
    let folder = Folder::new();
    let data = "it's ?100 %2F #関所&a=b";
    let environment = [
        ("SEKISHO_DATABASE__URL", &*format!("sqlite:{data}/sekisho.db")),
        ("SEKISHO_SECRETS__MASTER_KEY_FILE", &*format!("{data}/master.key")),
    ];
    folder.run_with(&["member", "add", "hanako"], &environment, "").ok();
    let shown = folder.run_with(&["member", "show", "hanako"], &environment, "").ok();
    assert!(shown.contains("hanako can log in"), "{shown}");
    assert!(folder.exists(&format!("{data}/sekisho.db")) && !folder.exists("data"));
    let doctor = folder.run_with(&["doctor"], &environment, "").ok();
    assert!(doctor.contains("is its owner's alone"), "{doctor}");
}

#[test]
fn what_kubernetes_sets_for_a_service_called_sekisho_stops_nothing() {
    let folder = Folder::new();
    let environment = [
        ("SEKISHO_SERVICE_HOST", "10.96.0.7"),
        ("SEKISHO_SERVICE_PORT_HTTP", "8080"),
        ("SEKISHO_PORT", "tcp://10.96.0.7:8080"),
        ("SEKISHO_PORT_8080_TCP_ADDR", "10.96.0.7"),
    ];
    folder.run_with(&["migrate"], &environment, "").ok();
    folder.run_with(&["config", "check"], &environment, "").ok();
    let slip = [("SEKISHO_MAIL_SMTP_PORT", "587")];
    folder.run_with(&["migrate"], &slip, "").refused(&["SEKISHO_MAIL_SMTP_PORT", "SEKISHO_MAIL__SMTP__PORT"]);
}
