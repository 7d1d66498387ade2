//! `sekisho config`: looking at the settings without starting anything.

use std::io::{self, Write};

use serde_json::json;

use super::named_files;
use super::output::Output;
use crate::config::{self, Problems, Settings, SettingsSource};

/// Looks at the settings without starting anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Subcommand)]
pub enum ConfigCommand {
    /// Reads and checks the settings, opens the files that they name, and names every mistake
    Check,
    /// Prints the settings in force and where they come from, with passwords masked
    Show,
    /// Prints the JSON Schema of the settings file
    Schema,
    /// Prints the reference of all settings, as Markdown
    Reference,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// One line per mistake.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// Of the files that the settings name, one line each.
    #[error("{}", .0.join("\n"))]
    Files(Vec<String>),
    #[error("the answer can't be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes the answer to `out`. Mistakes in the settings are the error's text and not written.
///
/// # Errors
/// Mistakes in the settings (`check`, `show`), or `out` takes nothing more.
pub fn run(
    command: ConfigCommand,
    source: &SettingsSource,
    form: Output,
    out: &mut impl Write,
) -> Result<(), ConfigError> {
    match command {
        ConfigCommand::Check => {
            let settings = Settings::load(source)?;
            let wrong = named_files::problems(&settings);
            if !wrong.is_empty() {
                return Err(ConfigError::Files(wrong));
            }
            let warnings = settings.warnings();
            let text: String = warnings.iter().map(|warning| format!("note: {warning}\n")).collect();
            form.write(out, format!("{text}ok"), &json!({ "ok": true, "notes": warnings }))?;
        }
        ConfigCommand::Show if form.is_json() => writeln!(out, "{:#}", config::in_force_as_json(source)?)?,
        ConfigCommand::Show => out.write_all(config::in_force(source)?.as_bytes())?,
        ConfigCommand::Schema => writeln!(out, "{:#}", Settings::schema())?,
        ConfigCommand::Reference => out.write_all(Settings::reference().as_bytes())?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::text_file;

    fn answer(command: ConfigCommand, environment: &[(&str, &str)]) -> Result<String, ConfigError> {
        let environment = environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let mut out = Vec::new();
        run(command, &SettingsSource { file: None, environment }, Output::new(false), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    /// Compares a committed file with what the code generates now.
    fn assert_is_fresh(path: &str, command: ConfigCommand, verb: &str) {
        let committed = text_file::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default();
        let generated = answer(command, &[]).unwrap();
        assert!(committed == generated, "{path} is out of date: run `sekisho config {verb} > {path}`");
    }

    #[test]
    fn the_committed_schema_is_the_one_that_the_code_generates() {
        assert_is_fresh("config/schema.json", ConfigCommand::Schema, "schema");
    }

    #[test]
    fn the_committed_reference_is_the_one_that_the_code_generates() {
        assert_is_fresh("docs/reference/settings.md", ConfigCommand::Reference, "reference");
    }

    #[test]
    fn check_says_ok_or_names_every_mistake() {
        assert_eq!(answer(ConfigCommand::Check, &[]).unwrap(), "ok\n");
        let mistakes = [("SEKISHO_LOCKS__PASSWORD__THRESHOLD", "never"), ("SEKISHO_ISUER", "https://a.example")];
        let error = answer(ConfigCommand::Check, &mistakes).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 2, "{error}");
    }

    #[test]
    fn check_opens_the_files_that_the_settings_name() {
        let files = [
            ("SEKISHO_SECRETS__MASTER_KEY_FILE", "Cargo.toml"),
            ("SEKISHO_PASSWORDS__PEPPER_FILE", "/nowhere/pepper"),
            ("SEKISHO_PASSWORDS__BLOCKLIST_FILE", "/nowhere/words"),
            ("SEKISHO_SOCIETY__LOGO_FILE", "/nowhere/logo.svg"),
            ("SEKISHO_HELP__FOLDER", "/nowhere/help"),
            ("SEKISHO_MAIL__TRANSPORT", "smtp"),
            ("SEKISHO_MAIL__SMTP__CA_FILE", "/nowhere/ca.pem"),
        ];
        let said = answer(ConfigCommand::Check, &files).unwrap_err().to_string();
        let setting = |name: &str| name.trim_start_matches("SEKISHO_").replace("__", ".").to_lowercase();
        for (name, file) in files.iter().filter(|(name, _)| !name.ends_with("TRANSPORT")) {
            let told = said.lines().any(|line| line.contains(&setting(name)) && line.contains(file));
            assert!(told, "{name} in: {said}");
        }
        assert_eq!(said.lines().count(), 6, "{said}");
    }

    #[test]
    fn check_notes_what_can_be_meant_but_hardly_is() {
        let said = answer(ConfigCommand::Check, &[("SEKISHO_ISSUER", "https://login.example.jp")]).unwrap();
        assert!(said.starts_with("note: issuer is https, but mails are written into data/mail"), "{said}");
        assert!(said.ends_with("\nok\n"), "{said}");
    }

    #[test]
    fn show_prints_settings_in_force_their_origin_and_no_password() {
        let url = "postgres://sekisho:hunter2@db/sekisho";
        let shown = answer(ConfigCommand::Show, &[("SEKISHO_DATABASE__URL", url)]).unwrap();
        assert!(!shown.contains("hunter2"), "{shown}");
        let line = "url = \"postgres://sekisho:***@db/sekisho\"  # from SEKISHO_DATABASE__URL";
        assert!(shown.lines().any(|shown| shown == line), "{shown}");
        assert!(shown.lines().any(|shown| shown == "issuer = \"http://localhost:8080\""), "{shown}");
    }

    #[test]
    fn what_show_prints_is_a_settings_file_that_says_the_same() {
        let shown = answer(ConfigCommand::Show, &[]).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &shown).unwrap();
        let source = SettingsSource { file: Some(file.path().into()), environment: Default::default() };
        let again = toml::to_string(&Settings::load(&source).unwrap()).unwrap();
        assert_eq!(again, toml::to_string(&Settings::default()).unwrap());
    }
}
