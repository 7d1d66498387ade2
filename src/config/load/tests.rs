use super::*;

const MANUAL: &str = include_str!("../../../config/sekisho.toml");

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
    assert_eq!(reader.origins.len(), 12);
}

#[test]
fn the_file_overrides_defaults_and_the_environment_the_file() {
    let text = "issuer = \"https://login.example.jp\"\n[locks]\npassword.threshold = 7\n[passwords]\nmin_length = 12\n";
    let settings = settings(text, &[("SEKISHO_LOCKS__PASSWORD__THRESHOLD", "3"), ("PATH", "/bin")]);
    assert_eq!(settings.issuer(), "https://login.example.jp");
    assert_eq!(settings.passwords.min_length, 12);
    assert_eq!(settings.locks.password.threshold, 3);
    assert_eq!(settings.locks.password.unknown_ids_kept, 100_000);
}

#[test]
fn a_part_of_a_quota_leaves_the_other_part_alone() {
    let settings = settings("rate_limits.login_by_account.burst = 5", &[]);
    assert_eq!(settings.rate_limits.login_by_account, crate::config::Quota { per_minute: 10, burst: 5 });
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
    assert!(matches!(settings.locks.password.release, crate::config::LockRelease::Time { .. }));
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
fn what_kubernetes_sets_for_a_service_of_this_name_is_passed_over() {
    let address = "tcp://10.96.0.7:8080";
    let environment = [
        ("SEKISHO_SERVICE_HOST", "10.96.0.7"),
        ("SEKISHO_SERVICE_PORT", "8080"),
        ("SEKISHO_SERVICE_PORT_HTTP", "8080"),
        ("SEKISHO_PORT", address),
        ("SEKISHO_PORT_8080_TCP", address),
        ("SEKISHO_PORT_8080_TCP_PROTO", "tcp"),
        ("SEKISHO_PORT_8080_TCP_PORT", "8080"),
        ("SEKISHO_PORT_8080_TCP_ADDR", "10.96.0.7"),
        ("SEKISHO_PORT_53_UDP", "udp://10.96.0.7:53"),
        // Those of its neighbours sekisho-db and sekisho-mail.
        ("SEKISHO_DB_SERVICE_HOST", "fd00::7"),
        ("SEKISHO_MAIL_SERVICE_PORT_SMTP", "25"),
        ("SEKISHO_MAIL_PORT", "tcp://10.96.0.8:25"),
        ("SEKISHO_DB_PORT_5432_TCP_ADDR", "10.96.0.9"),
    ];
    assert_eq!(problems("", &environment), [""; 0]);
}

#[test]
fn a_setting_with_a_slip_of_the_pen_is_not_taken_for_one_of_kubernetes() {
    for (name, value, meant) in [
        ("SEKISHO_MAIL_SMTP_PORT", "587", "did you mean SEKISHO_MAIL__SMTP__PORT?"),
        ("SEKISHO_MAIL__SMTP_PORT", "tcp://10.96.0.8:25", "did you mean SEKISHO_MAIL__SMTP__PORT?"),
        ("SEKISHO_SOCIETY_SERVICE_NAME", "Portal", "did you mean SEKISHO_SOCIETY__SERVICE_NAME?"),
        ("SEKISHO_PORT", "9080", "unset it; "),
        ("SEKISHO_SERVICE_PORT", "", "unset it; "),
        ("SEKISHO_PORT_80_TCP_WHAT", "x", "unset it; "),
        ("SEKISHO_PORT_X_TCP", "x", "unset it; "),
    ] {
        let found = problems("", &[(name, value)]);
        assert_eq!(found.len(), 1, "{name}");
        assert!(found[0].starts_with(&format!("{name}: this variable is no setting; {meant}")), "{found:?}");
    }
}

#[test]
fn a_file_that_was_saved_on_windows_is_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let url = write("url", b"\xEF\xBB\xBFpostgres://sekisho@db/sekisho\r\n");
    let text = format!("\u{feff}log.filter = \"warn\"\r\n[database]\r\nurl_file = {:?}\r\n", url.to_str().unwrap());
    let source = |file| SettingsSource { file: Some(file), ..SettingsSource::default() };
    let settings = Settings::load(&source(write("sekisho.toml", text.as_bytes()))).unwrap();
    assert_eq!(
        (settings.log.filter.as_str(), settings.database.url.as_str()),
        ("warn", "postgres://sekisho@db/sekisho")
    );

    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = Settings::load(&source(write("utf16.toml", &utf16))).unwrap_err().to_string();
    assert!(found.contains("utf16.toml: the settings file can't be read: it is UTF-16"), "{found}");
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
    let found = problems("[passwords]\nmin_length = 100\nmax_length = \"long\"\n[user_ids]\nmin_length = 999\n", &[]);
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
    assert_eq!(loaded.origins.get("database.url"), Some(&Origin::File(path.into())));
}

#[test]
fn a_url_file_that_is_missing_empty_or_not_alone_is_refused() {
    let missing = problems("[database]\nurl_file = \"/nowhere/url\"\n", &[]);
    assert_eq!(missing.len(), 1);
    assert!(missing[0].starts_with("sekisho.toml:2: database.url_file: /nowhere/url can't be read: "), "{missing:?}");

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
    let found = problems("", &[("SEKISHO_DATABASE__URL", "mysql://u:hunter2@db/x"), ("SEKISHO_DATABASE_URL", word)]);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|problem| !problem.contains(word)), "{found:?}");
}
