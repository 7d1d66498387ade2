//! Reading the settings: the defaults, over them the file, over that the environment.
//!
//! Each value is tried on its own in settings that are otherwise whole, so that every mistake is found in one go and has
//! its own place. What a value may be follows from the types alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::Settings;
use super::problems::{Findings, Place, Problem, Problems};
use super::shape::{self, Section, Setting};

/// The settings file that is read if none is named. It need not exist.
pub const DEFAULT_FILE: &str = "config/sekisho.toml";

/// Variables that start with `SEKISHO_` and are no settings.
const OTHER_VARIABLES: [&str; 3] = ["SEKISHO_CONFIG", "SEKISHO_PORT", "SEKISHO_LOG"];
const TEST_VARIABLES: &str = "SEKISHO_TEST_";

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
    pub origins: BTreeMap<String, Place>,
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
    match std::fs::read_to_string(file) {
        Ok(text) => reader.read_file(&file.display().to_string(), &text),
        Err(error) if error.kind() == ErrorKind::NotFound && source.file.is_none() => {}
        Err(error) => reader.problems.push(Problem {
            place: Place::File(file.display().to_string()),
            what: format!("the settings file can't be read: {error}"),
            mend: "mend the path in --config or SEKISHO_CONFIG, or let the user that runs Sekisho read it".into(),
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
    origins: BTreeMap<String, Place>,
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

    fn read_file(&mut self, file: &str, text: &str) {
        let place = |at: usize| Place::Line {
            file: file.to_owned(),
            line: 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count(),
        };
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            self.is_whole = false;
            self.problems.extend(errors.iter().map(|error| Problem {
                place: place(error.span().map_or(0, |span| span.start)),
                what: format!("this is not TOML: {}", error.message()),
                mend: "write one `key = value` a line, with texts in quotation marks".into(),
            }));
            return;
        }
        self.read_table(document.get_ref(), "", &place);
    }

    fn read_table(&mut self, table: &DeTable<'_>, within: &str, place: &impl Fn(usize) -> Place) {
        for (key, value) in table {
            let path =
                if within.is_empty() { key.get_ref().to_string() } else { format!("{within}.{}", key.get_ref()) };
            let place_of_key = place(key.span().start);
            let sections = self.sections;
            if let Some(setting) = sections.iter().flat_map(|section| &section.settings).find(|s| s.path == path) {
                let example = |default: &Value| format!("write for example {} = {default}", setting.key());
                self.take(setting, place_of_key, value_of(value).into_iter(), example);
            } else if sections.iter().any(|section| section.path == path) {
                match value.get_ref() {
                    DeValue::Table(inner) => self.read_table(inner, &path, place),
                    _ => self.problems.push(Problem {
                        place: place_of_key,
                        what: format!("{path} is a section, not a setting"),
                        mend: format!("write [{path}] and its settings below"),
                    }),
                }
            } else {
                self.problems.push(Problem {
                    place: place_of_key,
                    what: format!("there is no setting {}", path.escape_debug()),
                    mend: nearest(&path, sections),
                });
            }
        }
    }

    fn read_environment(&mut self, environment: &BTreeMap<OsString, OsString>) {
        let sections = self.sections;
        let settings = || sections.iter().flat_map(|section| &section.settings);
        for (name, value) in environment {
            let name = name.to_string_lossy();
            if !name.starts_with("SEKISHO_") || OTHER_VARIABLES.contains(&&*name) || name.starts_with(TEST_VARIABLES) {
                continue;
            }
            let place = Place::Variable(name.escape_debug().to_string());
            let Some(setting) = settings().find(|setting| setting.variable() == name) else {
                let known: Vec<String> = settings().map(Setting::variable).collect();
                let outer =
                    known.iter().find(|known| name.strip_prefix(*known).is_some_and(|rest| rest.starts_with("__")));
                let mend = match (outer, most_alike(&name, 3, known.iter().map(String::as_str))) {
                    (Some(outer), _) => format!("set {outer}, to the whole value"),
                    (None, Some(alike)) => format!("did you mean {alike}?"),
                    (None, None) => "unset it; `sekisho config reference` lists all settings".into(),
                };
                self.problems.push(Problem { place, what: "this variable is no setting".into(), mend });
                continue;
            };
            // As TOML if that gives the right type, else as it stands, so that texts need no quotation marks.
            let text = value.to_str();
            let readings = text.and_then(|text| text.parse().ok()).into_iter();
            let readings = readings.chain(text.map(|text| Value::String(text.to_owned())));
            self.take(setting, place, readings, |default| format!("write for example {name}={}", bare(default)));
        }
    }

    /// Gives `setting` the first of the `readings` of its value that has the right type.
    fn take(
        &mut self,
        setting: &Setting,
        place: Place,
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
            mend: get(&self.defaults, &setting.path).map_or("mend it or leave it out".into(), example),
        });
    }

    fn finish(mut self) -> Result<Loaded, Problems> {
        let mut settings: Settings = self.values.clone().try_into().map_err(|error| unreadable(&error))?;
        self.read_url_file(&mut settings);
        if self.is_whole {
            let origins = &self.origins;
            let place_of =
                |keys: &[String]| keys.iter().find_map(|key| origins.get(key)).cloned().unwrap_or(Place::Program);
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
        let place = self.origins.get("database.url_file").cloned().unwrap_or(Place::Program);
        let problem = |what: String, mend: &str| {
            self.problems.push(Problem { place, what, mend: mend.into() });
            self.spoilt.insert("database.url".into());
        };
        if let Some(other) = self.origins.get("database.url") {
            return problem(
                format!("database.url_file is set beside database.url (in {other})"),
                "keep one of the two",
            );
        }
        match std::fs::read_to_string(file).map(|text| text.trim().to_owned()) {
            Ok(url) if url.is_empty() => {
                problem(
                    format!("database.url_file: {} is empty", file.display()),
                    "write the URL of the database into it",
                );
            }
            Ok(url) => {
                settings.database.url = url;
                self.origins.insert("database.url".into(), Place::File(file.display().to_string()));
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
        let problems = self.findings(BTreeSet::new())?.into_problems(|_| Place::Program);
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
        place: Place::Program,
        what: format!("the settings can't be written as TOML: {error}"),
        mend: "use paths that are valid Unicode".into(),
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

fn value_of(value: &Spanned<DeValue<'_>>) -> Option<Value> {
    Value::deserialize(toml::de::ValueDeserializer::from(value.clone())).ok()
}

/// A value as one writes it into a variable: texts without quotation marks.
fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What the writer of an unknown key may have meant: a neighbour that is spelt alike, or the key in another section.
fn nearest(path: &str, sections: &[Section]) -> String {
    let known = || {
        let settings = sections.iter().flat_map(|section| &section.settings).map(|setting| setting.path.as_str());
        settings.chain(sections.iter().map(|section| section.path.as_str()).filter(|path| !path.is_empty()))
    };
    let (within, key) = path.rsplit_once('.').unwrap_or(("", path));
    let in_section = |path: &&str| path.rsplit_once('.').map_or("", |(within, _)| within) == within;
    if let Some(alike) = most_alike(path, 1.max(key.len() / 3), known().filter(in_section)) {
        return format!("did you mean {alike}?");
    }
    let same_key = |path: &&str| path.rsplit('.').next() == Some(key);
    let elsewhere: Vec<&str> = known().filter(same_key).collect();
    if !elsewhere.is_empty() {
        return format!("did you mean {}?", elsewhere.join(" or "));
    }
    let names: Vec<&str> = known().filter(in_section).filter_map(|path| path.rsplit('.').next()).collect();
    match within {
        "" => format!("there are {}", names.join(", ")),
        _ => format!("[{within}] has {}", names.join(", ")),
    }
}

/// The one of the `known` names that at most `slips` of the pen would turn into `name`, whatever the case of its letters.
fn most_alike<'k>(name: &str, slips: usize, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let lower = name.to_ascii_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_ascii_lowercase());
    known.map(|known| (distance(known), known)).min().filter(|(distance, _)| *distance <= slips).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANUAL: &str = include_str!("../../config/sekisho.toml");

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, Problems> {
        let sections = shape::sections();
        let mut reader = Reader::new(&sections)?;
        reader.read_file("sekisho.toml", text);
        reader.read_environment(&environment.iter().map(|(name, value)| (name.into(), value.into())).collect());
        reader.finish()
    }

    fn settings(text: &str, environment: &[(&str, &str)]) -> Settings {
        read(text, environment).unwrap_or_else(|problems| panic!("{problems}")).settings
    }

    /// One problem a line, as people see them.
    fn problems(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
        match read(text, environment) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.to_string().lines().map(str::to_owned).collect(),
        }
    }

    fn as_toml(settings: &Settings) -> String {
        toml::to_string(settings).unwrap()
    }

    fn setting_lines(prefix: &str) -> String {
        let is_setting = |line: &str| {
            line.strip_prefix(prefix).and_then(|line| line.split_once(" = ")).is_some_and(|(key, _)| {
                !key.is_empty()
                    && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            })
        };
        let lines = MANUAL.lines().filter_map(|line| match line {
            line if is_setting(line) => line.strip_prefix(prefix),
            line if line.starts_with('[') => Some(line),
            _ => None,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_manual_as_it_stands_changes_nothing() {
        assert_eq!(as_toml(&settings(MANUAL, &[])), as_toml(&Settings::default()));
    }

    #[test]
    fn the_manual_states_every_setting_with_its_default() {
        let loaded = read(&setting_lines("#"), &[]).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(as_toml(&loaded.settings), as_toml(&Settings::default()));

        let manual: Table = setting_lines("#").parse().unwrap();
        let examples: Table = setting_lines("# ").parse().unwrap();
        let defaults = as_table(&Settings::default()).unwrap();
        for setting in shape::sections().iter().flat_map(|section| &section.settings) {
            let path = &setting.path;
            assert_eq!(get(&manual, path), get(&defaults, path), "{path}");
            assert_eq!(get(&examples, path).is_some(), get(&defaults, path).is_none(), "an example of {path}");
        }
    }

    #[test]
    fn the_manual_s_examples_can_be_read() {
        let sections = shape::sections();
        let mut reader = Reader::new(&sections).unwrap();
        reader.read_file("sekisho.toml", &setting_lines("# "));
        assert_eq!(reader.problems, []);
        assert_eq!(reader.origins.len(), 11);
    }

    #[test]
    fn the_file_overrides_defaults_and_the_environment_the_file() {
        let text =
            "issuer = \"https://login.example.jp\"\n[locks]\npassword.threshold = 7\n[passwords]\nmin_length = 12\n";
        let settings = settings(text, &[("SEKISHO_LOCKS__PASSWORD__THRESHOLD", "3"), ("PATH", "/bin")]);
        assert_eq!(settings.issuer(), "https://login.example.jp");
        assert_eq!(settings.passwords.min_length, 12);
        assert_eq!(settings.locks.password.threshold, 3);
        assert_eq!(settings.locks.password.unknown_ids_kept, 100_000);
    }

    #[test]
    fn a_part_of_a_quota_leaves_the_other_part_alone() {
        let settings = settings("rate_limits.login_by_account.burst = 5", &[]);
        assert_eq!(settings.rate_limits.login_by_account, super::super::Quota { per_minute: 10, burst: 5 });
    }

    #[test]
    fn a_name_in_the_file_replaces_the_default_in_every_language() {
        let settings = settings("[society.name]\nja = \"A\"\n", &[]);
        assert_eq!(settings.society.name.get("en"), "A");
    }

    #[test]
    fn variables_hold_texts_as_they_stand_and_everything_else_as_in_the_file() {
        let settings = settings(
            "",
            &[
                ("SEKISHO_HTTP__LISTEN", "127.0.0.1:9000"),
                ("SEKISHO_HTTP__TRUSTED_PROXIES", "[\"10.0.0.0/8\"]"),
                ("SEKISHO_USER_IDS__SYMBOLS", "+"),
                ("SEKISHO_USER_IDS__CASE_SENSITIVE", "true"),
                ("SEKISHO_SESSIONS__IDLE", "20m"),
                ("SEKISHO_MAIL__INFO", "\"info@example.jp\""),
                ("SEKISHO_LOCKS__PASSWORD__RELEASE", "{ by = \"time\", after = \"15m\" }"),
            ],
        );
        assert_eq!(settings.http.listen.port(), 9000);
        assert_eq!(settings.http.trusted_proxies.len(), 1);
        assert_eq!(settings.user_ids.symbols, "+");
        assert!(settings.user_ids.case_sensitive);
        assert_eq!(settings.sessions.idle.as_seconds(), 1_200);
        assert_eq!(settings.mail.info, "info@example.jp");
        assert!(matches!(settings.locks.password.release, super::super::LockRelease::Time { .. }));
    }

    #[test]
    fn a_number_is_a_text_where_a_text_is_wanted() {
        assert_eq!(
            settings("", &[("SEKISHO_SECRETS__MASTER_KEY_FILE", "2026")]).secrets.master_key_file,
            Path::new("2026")
        );
    }

    #[test]
    fn all_unknown_settings_are_named_with_their_line_and_what_was_meant() {
        let text = "isuer = \"https://a.example\"\nlisten = \"[::1]:1\"\n\n[htpp]\nlisten = 1\n\n[passwords]\nmin_lenght = 1\nargon2.memory = 5\n";
        assert_eq!(
            problems(text, &[]),
            [
                "sekisho.toml:1: there is no setting isuer; did you mean issuer?",
                "sekisho.toml:2: there is no setting listen; did you mean http.listen?",
                "sekisho.toml:4: there is no setting htpp; did you mean http?",
                "sekisho.toml:8: there is no setting passwords.min_lenght; did you mean passwords.min_length?",
                "sekisho.toml:9: there is no setting passwords.argon2.memory; [passwords.argon2] has memory_kib, iterations, parallelism",
            ]
        );
    }

    #[test]
    fn unknown_variables_are_named_and_those_of_others_passed_over() {
        let environment = [
            ("SEKISHO_HTTP_LISTEN", "1"),
            ("SEKISHO_SOCIETY__NAME__JA", "A"),
            ("SEKISHO_COLOUR", "red"),
            ("SEKISHO_CONFIG", "x"),
            ("SEKISHO_PORT", "1"),
            ("SEKISHO_LOG", "debug"),
            ("SEKISHO_TEST_DATABASE", "x"),
            ("PORTAL_PORT", "1"),
        ];
        assert_eq!(
            problems("", &environment),
            [
                "SEKISHO_COLOUR: this variable is no setting; unset it; `sekisho config reference` lists all settings",
                "SEKISHO_HTTP_LISTEN: this variable is no setting; did you mean SEKISHO_HTTP__LISTEN?",
                "SEKISHO_SOCIETY__NAME__JA: this variable is no setting; set SEKISHO_SOCIETY__NAME, to the whole value",
            ]
        );
    }

    #[test]
    fn all_wrong_types_are_named_with_their_place_and_what_is_wanted() {
        let text = "http = 5\nissuer = \"login\"\n[passwords]\nmin_length = \"8\"\nmax_length = -1\n[sessions]\nidle = 60\n[registration]\npkce = \"maybe\"\n";
        assert_eq!(
            problems(text, &[("SEKISHO_LOCKS__PASSWORD__THRESHOLD", "three")]),
            [
                "sekisho.toml:1: http is a section, not a setting; write [http] and its settings below",
                "sekisho.toml:2: issuer must be a URL, such as \"https://login.example.jp\"; write for example issuer = \"http://localhost:8080\"",
                "sekisho.toml:4: passwords.min_length must be a whole number from 1 to 1024; write for example min_length = 8",
                "sekisho.toml:5: passwords.max_length must be a whole number from 1 to 1024; write for example max_length = 64",
                "sekisho.toml:7: sessions.idle must be a length of time of at least 1s; write for example idle = \"1h\"",
                "sekisho.toml:9: registration.pkce must be \"required\", \"or_nonce\" or \"optional\"; write for example pkce = \"required\"",
                "SEKISHO_LOCKS__PASSWORD__THRESHOLD: locks.password.threshold must be a whole number from 1 to 100; write for example SEKISHO_LOCKS__PASSWORD__THRESHOLD=5",
            ]
        );
    }

    #[test]
    fn values_out_of_bounds_are_refused_where_they_stand() {
        let text = "[tokens]\ncode_lifetime = \"61s\"\nrefresh_grace = \"0s\"\naccess_token_lifetime = \"0s\"\n[passwords]\nmin_length = 0\n";
        assert_eq!(
            problems(text, &[("SEKISHO_RATE_LIMITS__LOGIN_BY_ADDRESS__BURST", "0")]),
            [
                "sekisho.toml:2: tokens.code_lifetime must be a length of time from 1s to 60s; the default is \"1m\"",
                "sekisho.toml:4: tokens.access_token_lifetime must be a length of time of at least 1s; the default is \"10m\"",
                "sekisho.toml:6: passwords.min_length must be a whole number from 1 to 1024; the default is 8",
                "SEKISHO_RATE_LIMITS__LOGIN_BY_ADDRESS__BURST: rate_limits.login_by_address.burst must be a whole number of at least 1; the default is 60",
            ]
        );
    }

    #[test]
    fn impossible_meanings_are_placed_at_the_setting_that_was_changed() {
        let found = problems("[passwords]\nmax_length = 6\n", &[("SEKISHO_HTTP__LISTEN", "0.0.0.0:8080")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("sekisho.toml:2: passwords.min_length (8) is above passwords.max_length (6); "));
        assert!(found[1].starts_with("SEKISHO_HTTP__LISTEN: http.listen is reachable from other machines "));
    }

    #[test]
    fn what_only_follows_from_a_mistake_is_not_reported_again() {
        let found =
            problems("[passwords]\nmin_length = 100\nmax_length = \"long\"\n[user_ids]\nmin_length = 999\n", &[]);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn broken_toml_is_refused_by_line() {
        let found = problems("demo = false\nissuer = https\n[http]\n[http]\n", &[]);
        assert!(found.len() >= 2, "{found:?}");
        assert!(found[0].starts_with("sekisho.toml:2: this is not TOML: "), "{found:?}");
        assert!(found.iter().any(|problem| problem.starts_with("sekisho.toml:4: ")), "{found:?}");
    }

    #[test]
    fn a_file_that_is_named_must_be_there() {
        let source = SettingsSource { file: Some("/nowhere/sekisho.toml".into()), ..SettingsSource::default() };
        let found = Settings::load(&source).unwrap_err().to_string();
        assert!(found.starts_with("/nowhere/sekisho.toml: the settings file can't be read: "), "{found}");
    }

    #[test]
    fn the_database_url_can_come_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "postgres://sekisho:hunter2@db/sekisho\n").unwrap();
        let path = file.path().to_str().unwrap();
        let loaded = read(&format!("database.url_file = {path:?}"), &[]).unwrap();
        assert_eq!(loaded.settings.database.url, "postgres://sekisho:hunter2@db/sekisho");
        assert_eq!(loaded.origins.get("database.url"), Some(&Place::File(path.into())));
    }

    #[test]
    fn a_url_file_that_is_missing_empty_or_not_alone_is_refused() {
        let missing = problems("[database]\nurl_file = \"/nowhere/url\"\n", &[]);
        assert_eq!(missing.len(), 1);
        assert!(
            missing[0].starts_with("sekisho.toml:2: database.url_file: /nowhere/url can't be read: "),
            "{missing:?}"
        );

        let empty = tempfile::NamedTempFile::new().unwrap();
        let found = problems("", &[("SEKISHO_DATABASE__URL_FILE", empty.path().to_str().unwrap())]);
        assert!(found[0].contains(" is empty; "), "{found:?}");

        let both = problems("database.url_file = \"/nowhere/url\"", &[("SEKISHO_DATABASE__URL", "sqlite:a.db")]);
        assert_eq!(
            both,
            [
                "sekisho.toml:1: database.url_file is set beside database.url (in SEKISHO_DATABASE__URL); keep one of the two"
            ]
        );
    }

    #[test]
    fn no_problem_shows_a_value() {
        let word = "hunter2";
        for text in [
            format!("database.url = \"mysql://u:{word}@db/x\""),
            format!("database.url = \"postgres://u:{word}@d b/x\""),
            format!("database.url = [\"{word}\"]"),
            format!("database.url = \"postgres://u:{word}@db/x"),
            format!("database.url = postgres://u:{word}@db/x"),
            format!("database.ulr = \"postgres://u:{word}@db/x\""),
            format!("database = \"postgres://u:{word}@db/x\""),
            format!("issuer = \"https://u:{word}@a b\""),
            format!("issuer = \"https://u:{word}@login.example.jp\""),
            format!("help.allowed_origins = [\"https://u:{word}@a.example\"]"),
        ] {
            let found = problems(&text, &[]);
            assert!(!found.is_empty(), "{text}");
            assert!(found.iter().all(|problem| !problem.contains(word)), "{found:?}");
        }
        let found =
            problems("", &[("SEKISHO_DATABASE__URL", "mysql://u:hunter2@db/x"), ("SEKISHO_DATABASE_URL", word)]);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|problem| !problem.contains(word)), "{found:?}");
    }
}
