//! A folder of its own for each test, and the real program run in it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

/// How long the program may take before the test fails. Generous, as CI machines are slow; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the program is started: `config/` and `data/` are looked for here.
pub struct Folder(TempDir);

/// What a command that has ended said.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// A program that goes on until it is told to stop; killed when the test ends.
pub struct Running {
    child: Child,
    /// What it has said up to being ready.
    pub said: String,
    pub port: u16,
}

/// The program without this process's own settings.
pub fn sekisho() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SEKISHO_") || name == "PORTAL_PORT" {
            command.env_remove(name);
        }
    }
    command
}

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// With the settings file `text`.
    pub fn with_settings(text: &str) -> Folder {
        let folder = Folder::new();
        std::fs::create_dir(folder.path("config")).unwrap();
        std::fs::write(folder.path("config/sekisho.toml"), text).unwrap();
        folder
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    pub fn exists(&self, relative: &str) -> bool {
        self.path(relative).exists()
    }

    pub fn run(&self, arguments: &[&str]) -> Answer {
        self.run_with(arguments, &[], "")
    }

    /// Runs a command to its end.
    pub fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Answer {
        let mut command = sekisho();
        if arguments.first() == Some(&"serve") {
            // A free port, where none is named.
            command.env("SEKISHO_HTTP__LISTEN", "127.0.0.1:0");
        }
        command.args(arguments).envs(environment.iter().copied());
        self.finish(command, input)
    }

    /// Runs any command here to its end.
    pub fn finish(&self, mut command: Command, input: &str) -> Answer {
        command.current_dir(self.0.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Whoever doesn't read it closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let done = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Answer { code: done.status.code(), out: text(done.stdout), err: text(done.stderr) }
    }

    /// `serve` on a free port, ready.
    pub fn serve(&self) -> Running {
        self.serve_with(&[])
    }

    pub fn serve_with(&self, environment: &[(&str, &str)]) -> Running {
        let mut command = sekisho();
        command.arg("serve").env("SEKISHO_HTTP__LISTEN", "127.0.0.1:0").stderr(Stdio::piped());
        command.envs(environment.iter().copied());
        let mut child = command.current_dir(self.0.path()).spawn().unwrap();
        let log = child.stderr.take().unwrap();
        let said = read_until(log, |line| line.contains(" ready "));
        let port = number_after(&said, "address=127.0.0.1:");
        Running { child, said, port }
    }

    /// `demo` on a free port, ready.
    pub fn demo(&self, arguments: &[&str]) -> Running {
        let mut command = sekisho();
        command.args(["demo", "--port", "0"]).args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.current_dir(self.0.path()).spawn().unwrap();
        let out = child.stdout.take().unwrap();
        let said = read_until(out, |line| line.contains("Ctrl-C"));
        let port = number_after(&said, "http://localhost:");
        Running { child, said, port }
    }
}

fn number_after(text: &str, mark: &str) -> u16 {
    let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {text}"));
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

/// The lines up to the one that is `last`; the rest is read and dropped, so that the program can go on writing.
fn read_until(stream: impl std::io::Read + Send + 'static, last: impl Fn(&str) -> bool) -> String {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let mut said = String::new();
    loop {
        let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it ended or fell silent: {said}"));
        said.push_str(&line);
        said.push('\n');
        if last(&line) {
            return said;
        }
    }
}

impl Running {
    /// Status and body of a page.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(connection, "GET {path} HTTP/1.0\r\nHost: localhost:{}\r\n\r\n", self.port).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Sends a signal and waits for the end; `None`: the signal ended it.
    pub fn stop(mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    /// What it said; it did as asked.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// Refused with exit code 1 and a message on standard error alone that has all these `parts`.
    #[track_caller]
    pub fn refused(self, parts: &[&str]) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is not in: {}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
        // One message, after whatever was logged.
        let messages = self.err.lines().filter(|line| !line.contains(" INFO ")).count();
        assert_eq!(messages, 1, "{}", self.err);
        self.err
    }
}

/// Everything in a file.
pub fn content(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap()
}
