//! `sekisho doctor`: what is wrong with this installation, in plain words. It looks and changes nothing.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::help::{Report, outdated};
use super::{Failure, Output};
use crate::actions::help::Published;
use crate::actions::help::files::files;
use crate::actions::member::password_hashes::MissingPepper;
use crate::app;
use crate::clock::Clock;
use crate::config::{MailTransport, Settings, SettingsSource};
use crate::crypto::master_key::{MasterKey, Purpose};
use crate::crypto::password_hash::pepper::Peppers;
use crate::crypto::sealed::Sealer;
use crate::crypto::signing_keys::KeySet;
use crate::domain::protocol::signing_key::StoredKey;
use crate::domain::unix_time::{Span, UnixTime};
use crate::i18n::Catalogue;
use crate::store::Store;
use crate::store::member::password_peppers;
use crate::store::protocol::signing_keys;
use crate::store::retention::{CleanUp, last_clean_up};
use crate::web::brand::Brand;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    /// Not checked, or worth knowing.
    Note,
    Wrong,
}

#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    message: String,
}

#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, verdict: Verdict, message: impl Into<String>) {
        self.0.push(Finding { check, verdict, message: message.into() });
    }
    fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Verdict::Ok, message);
    }
    fn note(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Verdict::Note, message);
    }
    fn wrong(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Verdict::Wrong, message);
    }
}

pub(super) async fn run(source: &SettingsSource, out: Output) -> Result<(), Failure> {
    let mut findings = Findings::default();
    match Settings::load(source) {
        Ok(settings) => check(&settings, &mut findings).await,
        Err(problems) => {
            problems.0.iter().for_each(|problem| findings.wrong("settings", problem.to_string()));
            findings.note("everything else", "can be checked once the settings are right");
        }
    }
    let Findings(findings) = findings;
    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    let mut text = String::new();
    for Finding { check, verdict, message } in &findings {
        let verdict = match verdict {
            Verdict::Ok => "ok",
            Verdict::Note => "note",
            Verdict::Wrong => "WRONG",
        };
        text.push_str(&format!("{verdict:<5}  {check}: {message}\n"));
    }
    text.push_str(&match wrong {
        0 => "\nNothing is wrong.".to_owned(),
        1 => "\nOne thing is wrong.".to_owned(),
        n => format!("\n{n} things are wrong."),
    });
    out.answer(text, &json!({ "ok": wrong == 0, "findings": findings }))?;
    if wrong == 0 { Ok(()) } else { Err(Failure::Answered) }
}

async fn check(settings: &Settings, findings: &mut Findings) {
    if settings.demo {
        findings
            .wrong("settings", "demo = true: everyone knows the demo's passwords, and `sekisho serve` refuses them");
    } else {
        findings.ok("settings", "all can be understood");
    }
    let Known { keys, published, peppers, .. } = check_database(settings, findings).await;
    check_peppers(settings, peppers, findings);
    if let Err(error) = app::common_passwords(settings) {
        findings.wrong("blocklist", error.to_string());
    }
    if let Err(error) = Brand::load(&settings.society) {
        findings.wrong("logo", error.to_string());
    }
    for warning in
        settings.warnings().into_iter().filter(|warning| settings.mail_reaches_nobody().as_ref() != Some(warning))
    {
        findings.note("settings", warning);
    }
    check_help(settings, &published, findings);
    check_clock(&keys, findings);
    check_issuer(settings, findings).await;
    check_mail(settings, findings).await;
}

/// What the database holds, as far as one gets.
#[derive(Default)]
struct Known {
    keys: Vec<StoredKey>,
    /// What was published of the help.
    published: Published,
    /// The names of peppers, and how many members' passwords were hashed with each.
    peppers: Vec<(String, i64)>,
    clean_up: Option<CleanUp>,
    /// A newer version has added to the tables.
    is_ahead: bool,
}

/// The database, the master key, and whether they belong together.
async fn check_database(settings: &Settings, findings: &mut Findings) -> Known {
    let name = settings.database.masked_url();
    let key_file = &settings.secrets.master_key_file;
    let file = Store::file(&settings.database.url);
    if let Some(file) = file.as_deref().filter(|file| !file.exists()) {
        findings.note("database", format!("{} is not there yet; the first start makes it", file.display()));
        if key_file.exists() {
            check_private(key_file, "master key", findings);
        } else {
            findings.note("master key", format!("{} is not there yet; the first start makes it", key_file.display()));
        }
        return Known::default();
    }
    if let Some(file) = &file {
        check_private(file, "database file", findings);
    }
    let known = match look_into(settings).await {
        Ok(Database::Empty) => {
            findings.note("database", format!("{name} is empty; the first start fills it"));
            return Known::default();
        }
        Ok(Database::Ready(known)) => known,
        Ok(Database::Older { at, program }) => {
            findings.note(
                "database",
                format!("{name} is at migration {at} of {program}; the next start or `sekisho migrate` brings it up"),
            );
            return Known::default();
        }
        Err(message) => {
            findings.wrong("database", message);
            return Known::default();
        }
    };
    if known.is_ahead {
        findings
            .note("database", format!("{name} answers; a newer version has added to it, which this one steps over"));
    } else {
        findings.ok("database", format!("{name} answers and is of this version"));
    }
    check_clean_up(known.clean_up, findings);
    match MasterKey::load(key_file, false) {
        Err(error) => findings.wrong("master key", error.to_string()),
        Ok(master) => {
            check_private(key_file, "master key", findings);
            match KeySet::open(known.keys.clone(), &Sealer::new(&master, Purpose::SealedAtRest)) {
                Ok(_) if known.keys.is_empty() => {
                    findings.note("signing keys", "there are none yet; the first start makes them")
                }
                Ok(_) => {
                    findings.ok("signing keys", format!("{} there, and the master key opens them", known.keys.len()))
                }
                Err(error) => findings.wrong("signing keys", error.to_string()),
            }
        }
    }
    known
}

/// The files of the peppers, and whether stored hashes need another.
fn check_peppers(settings: &Settings, noted: Vec<(String, i64)>, findings: &mut Findings) {
    const CHECK: &str = "pepper";
    let passwords = &settings.passwords;
    let peppers = match Peppers::read(passwords.pepper_file.as_deref(), &passwords.previous_pepper_files) {
        Ok(peppers) => peppers,
        Err(error) => return findings.wrong(CHECK, error.to_string()),
    };
    for file in passwords.pepper_file.iter().chain(&passwords.previous_pepper_files) {
        check_private(file, CHECK, findings);
    }
    for (name, members) in noted.into_iter().filter(|(name, members)| *members > 0 && !peppers.has(name)) {
        findings.wrong(CHECK, MissingPepper { name, members }.in_words());
    }
}

/// Whether the help can be shown as its files, what was published and the settings say.
fn check_help(settings: &Settings, published: &Published, findings: &mut Findings) {
    let (base, catalogue) = match (files(settings.help.folder.as_deref()), Catalogue::load()) {
        (Ok(base), Ok(catalogue)) => (base, catalogue),
        (Err(error), _) => return findings.wrong("help", format!("help.folder: {error}")),
        (_, Err(error)) => return findings.wrong("help", error.to_string()),
    };
    let report = Report::of(settings, &catalogue, published, base);
    for problem in &report.problems {
        findings.wrong("help", format!("{problem}. Until it is mended, the last good content is shown"));
    }
    for edit in &report.outdated {
        findings.note("help", outdated(edit));
    }
    if report.problems.is_empty() {
        findings.ok("help", format!("{} questions, all sound", report.questions));
    }
}

enum Database {
    Empty,
    Older { at: i64, program: i64 },
    Ready(Known),
}

async fn look_into(settings: &Settings) -> Result<Database, String> {
    let store = Store::open(&settings.database.url, app::limits(settings)).await.map_err(|error| error.to_string())?;
    let version = store.version().await.map_err(|error| error.to_string())?;
    if version.database == 0 {
        return Ok(Database::Empty);
    }
    if !version.is_usable() {
        return Err(crate::store::OpenError::Newer(version.database).to_string());
    }
    if version.database < version.program {
        return Ok(Database::Older { at: version.database, program: version.program });
    }
    let mut reader = store.reader().await.map_err(|error| error.to_string())?;
    let keys = signing_keys::all(&mut reader).await.map_err(|error| error.to_string())?;
    let published = Published::read(&mut reader).await.map_err(|error| error.to_string())?;
    let mut peppers = Vec::new();
    for name in password_peppers::all(&mut reader).await.map_err(|error| error.to_string())? {
        let members = password_peppers::members_with(&mut reader, &name).await.map_err(|error| error.to_string())?;
        peppers.push((name, members));
    }
    let clean_up = last_clean_up(&mut reader).await.map_err(|error| error.to_string())?;
    drop(reader);
    store.close().await;
    Ok(Database::Ready(Known { keys, published, peppers, clean_up, is_ahead: version.database > version.program }))
}

/// What the clean-up did last: with a backlog that stays, the database grows.
fn check_clean_up(last: Option<CleanUp>, findings: &mut Findings) {
    let Some(CleanUp { ended_at, deleted, backlog }) = last else {
        return findings.note("clean-up", "there was none yet; a running provider does it every minute");
    };
    let ago = Clock::System.now().since(ended_at);
    match backlog {
        0 => findings.ok("clean-up", format!("the last one was {ago} ago and deleted {deleted} rows; nothing is left")),
        left => findings.note(
            "clean-up",
            format!("the last one was {ago} ago and deleted {deleted} rows; {left} are left for the next ones"),
        ),
    }
}

/// Whether a file is its owner's alone.
fn check_private(file: &Path, what: &'static str, findings: &mut Findings) {
    let shown = file.display();
    match fs::metadata(file).map(|data| data.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 == 0 => findings.ok(what, format!("{shown} is its owner's alone")),
        Ok(mode) => {
            findings.wrong(what, format!("{shown} can be reached by others (mode {mode:03o}). Run: chmod 600 {shown}"));
        }
        Err(error) => findings.wrong(what, format!("{shown} can't be looked at: {error}")),
    }
}

/// A clock that is behind would take expired codes and tokens for valid ones.
fn check_clock(keys: &[StoredKey], findings: &mut Findings) {
    /// The year in which this was written.
    const AT_LEAST: UnixTime = UnixTime(1_767_225_600);
    let now = Clock::System.now();
    let newest = keys.iter().map(|key| key.created_at).max();
    if now < AT_LEAST {
        findings.wrong("clock", "this machine's clock is years behind. Set it, and let it be kept by NTP");
    } else if newest.is_some_and(|made| now + Span::minutes(1) < made) {
        findings.wrong("clock", "the newest signing key was made in the future: the clock went back. Set it by NTP");
    } else {
        findings.ok("clock", "plausible");
    }
}

/// Whether the issuer's address leads here.
async fn check_issuer(settings: &Settings, findings: &mut Findings) {
    let issuer = settings.issuer();
    if settings.is_https() {
        return findings.note(
            "issuer",
            format!("not checked, as it is https. Try: curl {issuer}/.well-known/openid-configuration"),
        );
    }
    match timeout(Duration::from_secs(5), discovered_issuer(settings)).await {
        Ok(Ok(Some(found))) if found == issuer => findings.ok("issuer", format!("{issuer} answers, and as itself")),
        Ok(Ok(Some(_))) => findings.wrong("issuer", format!("at {issuer} a provider with another issuer answers")),
        Ok(Ok(None)) => findings.wrong("issuer", format!("at {issuer} something else answers than a provider")),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            findings.note("issuer", format!("nothing answers at {issuer}: no server is running"));
        }
        Ok(Err(error)) => findings.wrong("issuer", format!("{issuer} can't be reached: {error}")),
        Err(_) => findings.wrong("issuer", format!("{issuer} takes more than 5 s to answer")),
    }
}

/// What the discovery document at the issuer's http address calls itself; `None` if there is no such document.
async fn discovered_issuer(settings: &Settings) -> io::Result<Option<String>> {
    const ENOUGH: u64 = 65_536;
    let url = &settings.issuer;
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(80));
    let mut connection = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    // HTTP/1.0: the answer is neither compressed nor in chunks and ends with the connection.
    let request = format!("GET /.well-known/openid-configuration HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    connection.take(ENOUGH).read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    let document: Option<Value> = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
    Ok(document.and_then(|document| document.get("issuer")?.as_str().map(str::to_owned)))
}

/// Whether the mail server takes us in.
async fn check_mail(settings: &Settings, findings: &mut Findings) {
    if let Some(warning) = settings.mail_reaches_nobody() {
        return findings.wrong("mail", warning);
    }
    if settings.mail.transport == MailTransport::Folder {
        let folder = settings.mail.folder.display();
        let message =
            format!("mails are written into {folder} and reach nobody. For members: mail.transport = \"smtp\"");
        return findings.note("mail", message);
    }
    let transport = match app::transport(settings) {
        Ok(transport) => transport,
        Err(error) => return findings.wrong("mail", error.to_string()),
    };
    match transport.reaches_server().await {
        Ok(()) => findings.ok("mail", format!("{} takes mail from here", transport.name())),
        Err(words) => findings.wrong("mail", format!("{} takes no mail from here: {words}", transport.name())),
    }
}
