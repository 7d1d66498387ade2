//! `sekisho help`: checking, publishing and looking back.

use serde_json::json;

use crate::folder::Folder;

#[test]
fn a_folder_that_is_not_there_is_named_as_it_was_given() {
    let folder = Folder::new();
    for command in [&["help", "import", "nowhere"][..], &["help", "check", "--folder", "nowhere"]] {
        let said = folder.run(command).refused(&["nowhere cannot be read"]);
        assert!(!said.contains("help.folder"), "{said}");
    }
    let settings = [("SEKISHO_HELP__FOLDER", "nowhere")];
    let said = folder.run_with(&["help", "check"], &settings, "");
    assert!(said.code == Some(1) && said.err.contains("help.folder: nowhere cannot be read"), "{said:?}");
}

fn question(title: &str, answer: &str) -> String {
    format!("+++\nquestion = \"{title}\"\ncategory = \"login\"\norder = 1\n+++\n{answer}\n")
}

#[test]
fn the_shipped_help_is_sound() {
    let folder = Folder::new();
    let report = folder.run(&["help", "check", "--json"]).json();
    assert_eq!((&report["ok"], &report["problems"], &report["untranslated"]), (&json!(true), &json!([]), &json!([])));
    assert!(report["questions"].as_u64().unwrap() >= 20);
    assert!(folder.run(&["help", "check"]).ok().contains("The help is sound"));
    assert!(folder.run(&["help", "history"]).ok().contains("Nothing was published"));
    assert!(folder.run(&["help", "stats"]).ok().contains("Nothing was sought in vain"));
    assert_eq!(folder.run(&["help", "stats", "--json"]).json(), json!({ "votes": [], "misses": [], "misses_kept": 0 }));
}

#[test]
fn texts_are_exported_edited_imported_and_rolled_back() {
    let folder = Folder::new();
    let exported = folder.run(&["help", "export", "texts", "--json"]).json();
    assert!(exported["files"].as_u64().unwrap() > 50, "{exported}");
    folder.run(&["help", "export", "texts"]).refused(&["texts is not empty"]);
    assert!(folder.run(&["help", "import", "texts"]).ok().contains("nothing was done"));

    let file = folder.path("texts/ja/faq/pc-use.md");
    std::fs::write(&file, question("Q", "{{ no.such }}")).unwrap();
    let refused = folder.run(&["help", "import", "texts"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("ja/faq/pc-use.md:6") && refused.err.contains("no.such"), "{refused:?}");

    std::fs::write(&file, question("Edited", "A")).unwrap();
    assert!(folder.run(&["help", "import", "texts", "--dry-run"]).ok().contains("would be published"));
    assert!(folder.run(&["help", "history"]).ok().contains("Nothing was published"));
    let imported = folder.run(&["help", "import", "texts", "--note", "shorter", "--json"]).json();
    assert_eq!(imported, json!({ "changed": ["ja/faq/pc-use.md"], "published": 1 }));
    let history = folder.run(&["help", "history", "ja/faq/pc-use.md", "--json"]).json();
    assert_eq!((&history[0]["number"], &history[0]["note"]), (&json!(1), &json!("shorter")));

    folder.run(&["help", "rollback", "ja/faq/pc-use.md", "--to", "7"]).refused(&["no revision 7", "help history"]);
    folder.run(&["help", "rollback", "ja/nothing.md", "--to", "0"]).refused(&["ja/nothing.md", "is no text"]);
    assert!(folder.run(&["help", "rollback", "ja/faq/pc-use.md", "--to", "0"]).ok().contains("revision 2"));
    assert!(folder.run(&["help", "history", "ja/faq/pc-use.md"]).ok().contains("as the file"));
    assert!(folder.run(&["help", "rollback", "ja/faq/pc-use.md", "--to", "1"]).ok().contains("revision 3"));
    folder.run(&["help", "export", "again"]).ok();
    assert!(std::fs::read_to_string(folder.path("again/ja/faq/pc-use.md")).unwrap().contains("Edited"));
    folder.run(&["help", "export", "again-shipped", "--shipped"]).ok();
    assert!(!std::fs::read_to_string(folder.path("again-shipped/ja/faq/pc-use.md")).unwrap().contains("Edited"));
}

#[test]
fn an_edit_survives_an_upgrade_and_staff_are_told() {
    let folder = Folder::with_settings("[help]\nfolder = \"help\"\n");
    let plain = Folder::new();
    plain.run(&["help", "export", "help"]).ok();
    copy(&plain.path("help"), &folder.path("help"));

    copy(&plain.path("help"), &folder.path("edited"));
    std::fs::write(folder.path("edited/ja/faq/pc-use.md"), question("Edited", "A")).unwrap();
    folder.run(&["help", "import", "edited"]).ok();
    assert_eq!(folder.run(&["help", "check", "--json"]).json()["outdated"], json!([]));

    // What an upgrade brings.
    std::fs::write(folder.path("help/ja/faq/pc-use.md"), question("Upgraded", "B")).unwrap();
    assert!(folder.run(&["help", "reload"]).ok().contains("reads the help again"));
    let checked = folder.run(&["help", "check"]).ok();
    assert!(checked.contains("ja/faq/pc-use.md: the file has changed since revision 1"), "{checked}");
    let doctor = folder.run(&["doctor"]);
    assert!(doctor.out.contains("the file has changed since revision 1"), "{doctor:?}");
    folder.run(&["help", "export", "in-force"]).ok();
    assert!(std::fs::read_to_string(folder.path("in-force/ja/faq/pc-use.md")).unwrap().contains("Edited"));

    std::fs::write(folder.path("help/ja/faq/account-locked.md"), "spoilt").unwrap();
    let refused = folder.run(&["help", "reload"]);
    assert!(refused.code == Some(1) && refused.err.contains("ja/faq/account-locked.md:1"), "{refused:?}");
    let doctor = folder.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(
        doctor.out.contains("ja/faq/account-locked.md:1") && doctor.out.contains("last good content"),
        "{doctor:?}"
    );
    let checked = folder.run(&["help", "check", "--json"]);
    assert_eq!(checked.code, Some(1));
    assert!(folder.run(&["help", "check", "--folder", "edited"]).ok().contains("sound"));
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
