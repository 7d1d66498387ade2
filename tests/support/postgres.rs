//! A PostgreSQL of the tests' own: one server for a test binary, in a temporary folder, on a free port of 127.0.0.1,
//! with a password of its own. Each test asks it for a new, empty database.
//!
//! A shell holds the server and waits for its standard input to close, which happens when the test process ends,
//! however that happens; then it stops the server and removes the folder.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Nothing here is meant to survive, so nothing waits for the disk.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
";

pub struct Cluster {
    port: u16,
    password: String,
    databases: AtomicU32,
}

impl Cluster {
    /// The server of this test process, started by whoever asks first.
    pub fn shared() -> &'static Cluster {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| {
            // Another process may take the port between asking for a free one and listening on it.
            (0..5).find_map(|_| start()).expect("a free port for PostgreSQL")
        })
    }

    /// The URL of a new, empty database.
    pub async fn new_database(&self) -> String {
        // template0 is PostgreSQL's untouched one; nobody can be connected to it, which would refuse the copy.
        self.new_database_from("template0").await
    }

    /// The URL of a new database with the tables and rows of another, which nobody may be connected to meanwhile.
    ///
    /// `template` is a database's name: the last part of a URL given by [`Cluster::new_database`].
    pub async fn new_database_from(&self, template: &str) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        let create = format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#);
        sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        self.url(&name)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://sekisho:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }
}

/// None when the port was taken by someone else.
#[expect(clippy::zombie_processes, reason = "the shell outlives the tests on purpose, to clean up after them")]
fn start() -> Option<Cluster> {
    let programs = programs();
    let folder = tempfile::Builder::new().prefix("sekisho-test-postgres-").tempdir().unwrap();
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let password = sekisho::random::token();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, &password).unwrap();
    let owner = give_away(&folder, &password_file);

    let initdb = owner
        .command(&programs.join("initdb"))
        .args([
            "--username=sekisho",
            "--auth=password",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ])
        .arg(format!("--pwfile={}", password_file.display()))
        .arg(format!("--pgdata={}", data.display()))
        .output()
        .unwrap();
    assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
    let configuration = data.join("postgresql.conf");
    let settings = std::fs::read_to_string(&configuration).unwrap() + SETTINGS;
    std::fs::write(&configuration, settings).unwrap();

    // The server ends on SIGQUIT without ceremony: its folder is about to go.
    const SCRIPT: &str = r#"
        folder=$1 log=$2; shift 2
        "$@" </dev/null >"$log" 2>&1 & server=$!
        read -r _
        kill -QUIT "$server"
        wait "$server"
        rm -rf "$folder"
    "#;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = owner.command(&programs.join("postgres"));
    let mut watchdog = Command::new("/bin/sh")
        .args(["-c", SCRIPT, "postgres-for-tests"])
        .args([folder.keep().as_path(), &log])
        .arg(server.get_program())
        .args(server.get_args())
        .args(["-p", &port.to_string(), "-D"])
        .arg(&data)
        // Out of the terminal's group: Ctrl-C ends the tests, and their end ends the server.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let held_open = watchdog.stdin.take().unwrap();

    let deadline = Instant::now() + PATIENCE;
    while !ready(&programs, port) {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        if said.contains("could not create any TCP/IP sockets") {
            drop(held_open);
            watchdog.wait().unwrap();
            return None;
        }
        assert!(Instant::now() < deadline, "PostgreSQL did not start:\n{said}");
        thread::sleep(BETWEEN_LOOKS);
    }
    // Closed by the operating system when this process is no more.
    std::mem::forget(held_open);
    Some(Cluster { port, password, databases: AtomicU32::new(0) })
}

fn ready(programs: &Path, port: u16) -> bool {
    let port = port.to_string();
    let look = Command::new(programs.join("pg_isready")).args(["-q", "-h", "127.0.0.1", "-p", &port]).status();
    look.unwrap().success()
}

/// Where the newest PostgreSQL server's programs are: Debian keeps them out of the `PATH`.
fn programs() -> PathBuf {
    let mut folders: Vec<PathBuf> = match std::fs::read_dir("/usr/lib/postgresql") {
        Ok(versions) => versions.map(|version| version.unwrap().path().join("bin")).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => panic!("/usr/lib/postgresql: {error}"),
    };
    folders
        .sort_by_key(|folder| folder.parent().and_then(|version| version.file_name()?.to_str()?.parse::<u32>().ok()));
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = folders.into_iter().rev().chain(std::env::split_paths(&in_path));
    candidates
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .expect("these tests need the PostgreSQL server's programs (initdb, postgres): run `make setup`")
}

/// Whom the server runs as: PostgreSQL refuses to run as root.
enum Owner {
    Myself,
    Postgres,
}

impl Owner {
    fn command(&self, program: &Path) -> Command {
        match self {
            Owner::Myself => Command::new(program),
            Owner::Postgres => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
                command
            }
        }
    }
}

fn give_away(folder: &TempDir, password_file: &Path) -> Owner {
    let id = |arguments: &[&str]| -> u32 {
        let output = Command::new("id").args(arguments).output().unwrap();
        assert!(output.status.success(), "id {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    };
    if id(&["-u"]) != 0 {
        return Owner::Myself;
    }
    let (user, group) = (id(&["-u", "postgres"]), id(&["-g", "postgres"]));
    for path in [folder.path(), password_file] {
        chown(path, Some(user), Some(group)).unwrap();
    }
    Owner::Postgres
}
