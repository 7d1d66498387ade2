//! Reading the settings: the defaults, over them the file, over that the environment.
//!
//! Each value is tried on its own in settings that are otherwise whole, so that every mistake is found in one go and has
//! its own place. What a value may be follows from the types alone.

mod environment;
mod file;
mod nearest;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Settings;
use super::problems::{Findings, Origin, Problem, Problems};
use super::shape::{self, Section, Setting};
use crate::text_file;

/// The settings file that is read if none is named. It need not exist.
pub const DEFAULT_FILE: &str = "config/sekisho.toml";

/// Where settings are read from. Not `Debug`: the environment may hold a password.
#[derive(Clone, Default)]
pub struct SettingsSource {
    /// A file that must exist; `None`: [`DEFAULT_FILE`] if it exists.
    pub file: Option<PathBuf>,
    /// Environment variables; those that don't start with `SEKISHO_` are passed over.
    pub environment: BTreeMap<OsString, OsString>,
}

impl SettingsSource {
    /// What this process was started with: its environment, and the file that `--config`, else `SEKISHO_CONFIG`, names.
    pub fn of_process(file: Option<PathBuf>) -> SettingsSource {
        SettingsSource {
            file: file
                .or_else(|| std::env::var_os("SEKISHO_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from)),
            environment: std::env::vars_os().collect(),
        }
    }
}

/// Settings that passed every check, and where each that is not a default comes from.
pub(super) struct Loaded {
    pub settings: Settings,
    /// By the setting's path.
    pub origins: BTreeMap<String, Origin>,
}

impl Settings {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// Every mistake that can be found at once: syntax, unknown settings, wrong types, impossible meanings.
    pub fn load(source: &SettingsSource) -> Result<Settings, Problems> {
        load(source).map(|loaded| loaded.settings)
    }
}

pub(super) fn load(source: &SettingsSource) -> Result<Loaded, Problems> {
    let file = source.file.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
    let sections = shape::sections();
    let mut reader = Reader::new(&sections)?;
    match text_file::read(file) {
        Ok(text) => reader.read_file(&file.display().to_string(), &text),
        Err(error) if error.kind() == ErrorKind::NotFound && source.file.is_none() => {}
        Err(error) => reader.problems.push(Problem {
            place: Origin::File(file.display().to_string()),
            what: format!("the settings file can't be read: {error}"),
            fix: "mend the path in --config or SEKISHO_CONFIG, or let the user that runs Sekisho read it".into(),
        }),
    }
    reader.read_environment(&source.environment);
    reader.finish()
}

/// The settings as far as they are read.
struct Reader<'s> {
    sections: &'s [Section],
    defaults: Table,
    /// Always complete and of the right types.
    values: Table,
    origins: BTreeMap<String, Origin>,
    /// Settings whose value could not be taken.
    spoilt: BTreeSet<String>,
    /// The file has been read to its end.
    is_whole: bool,
    problems: Vec<Problem>,
}

impl<'s> Reader<'s> {
    fn new(sections: &'s [Section]) -> Result<Self, Problems> {
        let defaults = as_table(&Settings::default())?;
        Ok(Reader {
            sections,
            values: defaults.clone(),
            defaults,
            origins: BTreeMap::new(),
            spoilt: BTreeSet::new(),
            is_whole: true,
            problems: Vec::new(),
        })
    }

    /// Gives `setting` the first of the `readings` of its value that has the right type.
    fn take(
        &mut self,
        setting: &Setting,
        place: Origin,
        readings: impl Iterator<Item = Value>,
        example: impl FnOnce(&Value) -> String,
    ) {
        for reading in readings {
            let mut values = self.values.clone();
            if put(&mut values, &setting.path, reading).is_some() && values.clone().try_into::<Settings>().is_ok() {
                self.values = values;
                self.origins.insert(setting.path.clone(), place);
                return;
            }
        }
        self.spoilt.insert(setting.path.clone());
        self.problems.push(Problem {
            place,
            what: format!("{} must be {}", setting.path, setting.expected()),
            fix: get(&self.defaults, &setting.path).map_or("mend it or leave it out".into(), example),
        });
    }

    fn finish(mut self) -> Result<Loaded, Problems> {
        let mut settings: Settings = self.values.clone().try_into().map_err(|error| unreadable(&error))?;
        self.read_url_file(&mut settings);
        if self.is_whole {
            let origins = &self.origins;
            let place_of =
                |keys: &[String]| keys.iter().find_map(|key| origins.get(key)).cloned().unwrap_or(Origin::Program);
            let findings = settings.findings(std::mem::take(&mut self.spoilt))?;
            self.problems.extend(findings.into_problems(place_of));
        }
        if self.problems.is_empty() {
            return Ok(Loaded { settings, origins: self.origins });
        }
        self.problems.sort_by(|one, other| one.place.cmp(&other.place));
        Err(Problems(self.problems))
    }

    /// Puts the content of `database.url_file` in the place of `database.url`.
    fn read_url_file(&mut self, settings: &mut Settings) {
        let Some(file) = &settings.database.url_file else { return };
        let place = self.origins.get("database.url_file").cloned().unwrap_or(Origin::Program);
        let problem = |what: String, fix: &str| {
            self.problems.push(Problem { place, what, fix: fix.into() });
            self.spoilt.insert("database.url".into());
        };
        if let Some(other) = self.origins.get("database.url") {
            return problem(
                format!("database.url_file is set beside database.url (in {other})"),
                "keep one of the two",
            );
        }
        match text_file::read(file).map(|text| text.trim().to_owned()) {
            Ok(url) if url.is_empty() => {
                problem(
                    format!("database.url_file: {} is empty", file.display()),
                    "write the URL of the database into it",
                );
            }
            Ok(url) => {
                settings.database.url = url;
                self.origins.insert("database.url".into(), Origin::File(file.display().to_string()));
            }
            Err(error) => problem(
                format!("database.url_file: {} can't be read: {error}", file.display()),
                "mend the path, or let the user that runs Sekisho read the file",
            ),
        }
    }
}

impl Settings {
    /// Checks settings that were put together in the program as strictly as those that are read.
    ///
    /// # Errors
    /// Every impossible value.
    pub fn checked(self) -> Result<Settings, Problems> {
        let problems = self.findings(BTreeSet::new())?.into_problems(|_| Origin::Program);
        if problems.is_empty() { Ok(self) } else { Err(Problems(problems)) }
    }

    /// What is wrong with the values, apart from the `spoilt` settings.
    fn findings(&self, spoilt: BTreeSet<String>) -> Result<Findings, Problems> {
        let mut findings = Findings::except(spoilt);
        let (values, defaults) = (as_table(self)?, as_table(&Settings::default())?);
        for setting in shape::sections().iter().flat_map(|section| &section.settings) {
            if let (Some(value), Some(default)) = (get(&values, &setting.path), get(&defaults, &setting.path)) {
                findings.require_alone(
                    setting.within_bounds(value),
                    &setting.path,
                    format!("{} must be {}", setting.path, setting.expected()),
                    format!("the default is {default}"),
                );
            }
        }
        self.check(&mut findings);
        Ok(findings)
    }
}

/// The settings as TOML values.
pub(super) fn as_table(settings: &Settings) -> Result<Table, Problems> {
    Table::try_from(settings).map_err(|error| unreadable(&error))
}

/// Settings that exist only in part, such as a path that is not Unicode.
fn unreadable(error: &dyn std::error::Error) -> Problems {
    Problems(vec![Problem {
        place: Origin::Program,
        what: format!("the settings can't be written as TOML: {error}"),
        fix: "use paths that are valid Unicode".into(),
    }])
}

/// The value at `path`, if there is one.
pub(super) fn get<'t>(table: &'t Table, path: &str) -> Option<&'t Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((section, rest)) => get(table.get(section)?.as_table()?, rest),
    }
}

/// Sets the value at `path`; `None` if a part of the path is no table.
fn put(table: &mut Table, path: &str, value: Value) -> Option<()> {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
            Some(())
        }
        Some((section, rest)) => put(table.get_mut(section)?.as_table_mut()?, rest, value),
    }
}

#[cfg(test)]
mod tests;
