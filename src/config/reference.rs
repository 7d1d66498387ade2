//! The reference page of the settings, written from the types and their doc comments.

use std::fmt::Write;

use super::Settings;
use super::load;
use super::shape::{self, Section, Setting};

const INTRODUCTION: &str = "\
# Settings

<!-- Generated from src/config/: change the doc comments there, then run
     `sekisho config reference > docs/reference/settings.md`. -->

Sekisho reads one TOML file: the one that `--config` or `SEKISHO_CONFIG` names, else `config/sekisho.toml` if it is there.
With no file at all every protection is on and nothing listens beyond this machine.

An environment variable overrides the file. Its name is `SEKISHO_`, the section and the key in capitals, with two
underscores between them: `SEKISHO_ISSUER`, `SEKISHO_HTTP__LISTEN`, `SEKISHO_PASSWORDS__ARGON2__MEMORY_KIB`. Its value is
written as in the file, but a text needs no quotation marks.

Unknown, mistyped and impossible settings are refused at start, all of them at once, each with its place. `sekisho config
check` does the same without starting, `sekisho config show` prints what is in force and where it comes from.
";

pub(super) fn page() -> String {
    let defaults = load::as_table(&Settings::default()).unwrap_or_default();
    let mut page = INTRODUCTION.to_owned();
    for section in shape::sections() {
        let Section { path, about, settings } = &section;
        match path.as_str() {
            "" => page.push_str("\n## Before all sections\n"),
            path => write!(page, "\n## `[{path}]`\n\n{about}\n").unwrap_or_default(),
        }
        if settings.is_empty() {
            continue;
        }
        page.push_str("\n| key | type | default | unit | meaning |\n|---|---|---|---|---|\n");
        for setting in settings {
            let default = load::get(&defaults, &setting.path).map_or("none".into(), |value| format!("`{value}`"));
            let cells = [format!("`{}`", setting.key()), kind(setting), default, setting.unit(), meaning(setting)];
            writeln!(page, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | ")).unwrap_or_default();
        }
    }
    page
}

fn kind(setting: &Setting) -> String {
    let choices = setting.choices();
    if choices.is_empty() {
        return setting.expected();
    }
    choices.iter().map(|choice| format!("`{}`", choice.value)).collect::<Vec<_>>().join(", ")
}

fn meaning(setting: &Setting) -> String {
    let mut meaning = setting.meaning();
    for choice in setting.choices().iter().filter(|choice| !choice.about.is_empty()) {
        write!(meaning, "<br>`{}`: {}", choice.value, choice.about).unwrap_or_default();
    }
    meaning
}
