//! A mail server of the test's own (RFC 5321): it listens on a free loopback port, speaks TLS with a certificate made here,
//! keeps what it takes, and fails where the test wants it to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use native_tls::{Identity, TlsAcceptor};
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};

/// The account at servers that ask for one.
pub const ACCOUNT: (&str, &str) = ("sekisho", "s3cret of the mail account");

/// A mail that the server took, whether or not it got to say so.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    /// As it was written: lines end with CR LF, and the dots that SMTP doubles are single again.
    pub message: String,
    pub encrypted: bool,
    /// Whose account the sender has shown to have.
    pub account: Option<String>,
}

/// What goes wrong when the server has read a command: `EHLO`, `AUTH`, `MAIL`, `RCPT`, `DATA`, or `.` for the mail itself.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Another answer than the usual one.
    Answers(&'static str, &'static str),
    /// The connection ends; a mail has been taken.
    Cuts(&'static str),
    /// No answer until the sender goes.
    Hangs(&'static str),
}

impl Fault {
    fn command(self) -> &'static str {
        match self {
            Fault::Answers(command, _) | Fault::Cuts(command) | Fault::Hangs(command) => command,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// None, and none is offered.
    Never,
    Starttls,
    /// From the first byte.
    Implicit,
}

/// How a server behaves when all is well.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    pub tls: Tls,
    /// The name in its certificate.
    pub host: &'static str,
    /// Whether it takes mail of [`ACCOUNT`] only, and the ways to show it.
    pub auth: Option<&'static str>,
}

impl Default for Manner {
    fn default() -> Self {
        Manner { tls: Tls::Never, host: "localhost", auth: None }
    }
}

pub struct SmtpServer {
    pub port: u16,
    shared: Arc<Shared>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    manner: Manner,
    acceptor: Option<TlsAcceptor>,
    taken: Mutex<Vec<Taken>>,
    arrived: Condvar,
    /// What goes wrong, and whether it does so once only.
    faults: Mutex<Vec<(Fault, bool)>>,
    /// Every line that was received, but for mails.
    heard: Mutex<Vec<String>>,
    stopped: Mutex<bool>,
}

impl SmtpServer {
    pub fn start(manner: Manner) -> SmtpServer {
        let acceptor =
            (manner.tls != Tls::Never).then(|| TlsAcceptor::new(Authority::shared().identity_of(manner.host)).unwrap());
        let shared = Shared {
            manner,
            acceptor,
            taken: Mutex::default(),
            arrived: Condvar::new(),
            faults: Mutex::default(),
            heard: Mutex::default(),
            stopped: Mutex::new(true),
        };
        let mut server = SmtpServer { port: 0, shared: Arc::new(shared), listening: Mutex::default() };
        server.port = server.listen();
        server
    }

    /// Nobody answers any more.
    pub fn stop(&self) {
        if let Some(listening) = self.listening.lock().unwrap().take() {
            *self.shared.stopped.lock().unwrap() = true;
            // Wakes the listener, which looks whether it is to stop.
            drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
            listening.join().unwrap();
        }
    }

    /// Again, at the same port.
    pub fn start_again(&self) {
        assert_eq!(self.listen(), self.port);
    }

    fn listen(&self) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&self.shared);
        *shared.stopped.lock().unwrap() = false;
        let listening = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if *shared.stopped.lock().unwrap() {
                    return;
                }
                let shared = Arc::clone(&shared);
                // Whoever is gone in the middle of a sentence has said enough.
                std::thread::spawn(move || drop(connection.map(|connection| shared.converse(connection))));
            }
        });
        *self.listening.lock().unwrap() = Some(listening);
        port
    }

    /// Goes wrong the next time, and then no more.
    pub fn once(&self, fault: Fault) {
        self.shared.faults.lock().unwrap().push((fault, true));
    }

    /// Goes wrong until it is mended.
    pub fn always(&self, fault: Fault) {
        self.shared.faults.lock().unwrap().push((fault, false));
    }

    pub fn mend(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// In the order in which they were taken.
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().unwrap().clone()
    }

    /// Once there are so many, sent by another process.
    pub fn wait_for(&self, mails: usize) -> Vec<Taken> {
        let patience = Duration::from_secs(60);
        let few = |taken: &mut Vec<Taken>| taken.len() < mails;
        let waited = self.shared.arrived.wait_timeout_while(self.shared.taken.lock().unwrap(), patience, few).unwrap();
        assert!(!waited.1.timed_out(), "{mails} mails were waited for: {:?}", self.heard());
        waited.0.clone()
    }

    /// What senders have said so far, but for mails.
    pub fn heard(&self) -> Vec<String> {
        self.shared.heard.lock().unwrap().clone()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.stop();
    }
}

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

/// Why a conversation ends before its `QUIT`.
struct Over;

impl<E: std::error::Error> From<E> for Over {
    fn from(_: E) -> Self {
        Over
    }
}

struct Conversation {
    stream: BufReader<Box<dyn Stream>>,
    /// The connection beneath, to be wrapped in TLS.
    plain: TcpStream,
    encrypted: bool,
    account: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

impl Conversation {
    fn say(&mut self, answer: &str) -> Result<(), Over> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{answer}\r\n").as_bytes())?;
        Ok(stream.flush()?)
    }

    fn line(&mut self) -> Result<String, Over> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(Over),
            _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        }
    }

    fn encrypt(&mut self, acceptor: &TlsAcceptor) -> Result<(), Over> {
        self.stream = BufReader::new(Box::new(acceptor.accept(self.plain.try_clone()?)?));
        self.encrypted = true;
        Ok(())
    }

    /// Asks for a part of a login, in base64.
    fn ask(&mut self, question: &str) -> Result<String, Over> {
        self.say(&format!("334 {}", STANDARD.encode(question)))?;
        decoded(&self.line()?)
    }
}

fn decoded(base64: &str) -> Result<String, Over> {
    Ok(String::from_utf8(STANDARD.decode(base64)?)?)
}

impl Shared {
    fn converse(&self, connection: TcpStream) -> Result<(), Over> {
        let plain = connection.try_clone()?;
        let stream = BufReader::new(Box::new(connection) as Box<dyn Stream>);
        let mut with = Conversation { stream, plain, encrypted: false, account: None, from: None, to: Vec::new() };
        if let (Tls::Implicit, Some(acceptor)) = (self.manner.tls, &self.acceptor) {
            with.encrypt(acceptor)?;
        }
        with.say("220 mail.example.jp ESMTP")?;
        loop {
            let line = with.line()?;
            self.heard.lock().unwrap().push(line.clone());
            let command = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            if let Some(answer) = self.goes_wrong(&mut with, &command)? {
                with.say(answer)?;
                continue;
            }
            match command.as_str() {
                "EHLO" => self.introduce(&mut with)?,
                "STARTTLS" if self.manner.tls == Tls::Starttls && !with.encrypted => {
                    with.say("220 2.0.0 go ahead")?;
                    if let Some(acceptor) = &self.acceptor {
                        with.encrypt(acceptor)?;
                    }
                }
                "AUTH" => self.authenticate(&mut with, &line)?,
                "NOOP" => with.say("250 2.0.0 here")?,
                "RSET" => with.say("250 2.0.0 forgotten")?,
                "MAIL" if self.manner.auth.is_some() && with.account.is_none() => {
                    with.say("530 5.7.0 authentication required")?;
                }
                "MAIL" => {
                    with.from = Some(address(&line));
                    with.to.clear();
                    with.say("250 2.1.0 sender ok")?;
                }
                "RCPT" if with.from.is_some() => {
                    with.to.push(address(&line));
                    with.say("250 2.1.5 recipient ok")?;
                }
                "DATA" if !with.to.is_empty() => {
                    with.say("354 end with a dot")?;
                    let message = unstuffed(&mut with)?;
                    self.take(&mut with, message);
                    match self.goes_wrong(&mut with, ".")? {
                        // It was refused after all.
                        Some(answer) => {
                            self.taken.lock().unwrap().pop();
                            with.say(answer)?;
                        }
                        None => with.say("250 2.0.0 queued as 4711")?,
                    }
                }
                "QUIT" => return with.say("221 2.0.0 bye"),
                _ => with.say("503 5.5.1 not now")?,
            }
        }
    }

    /// What the test wants to go wrong here: an answer, or the end.
    fn goes_wrong(&self, with: &mut Conversation, command: &str) -> Result<Option<&'static str>, Over> {
        let fault = {
            let mut faults = self.faults.lock().unwrap();
            let Some(found) = faults.iter().position(|(fault, _)| fault.command() == command) else { return Ok(None) };
            let (fault, once) = faults[found];
            if once {
                faults.remove(found);
            }
            fault
        };
        match fault {
            Fault::Answers(_, answer) => Ok(Some(answer)),
            Fault::Cuts(_) => Err(Over),
            Fault::Hangs(_) => {
                while with.line().is_ok() {}
                Err(Over)
            }
        }
    }

    fn introduce(&self, with: &mut Conversation) -> Result<(), Over> {
        let mut lines = vec!["mail.example.jp".to_owned(), "8BITMIME".to_owned()];
        if self.manner.tls == Tls::Starttls && !with.encrypted {
            lines.push("STARTTLS".to_owned());
        }
        lines.extend(self.manner.auth.map(|ways| format!("AUTH {ways}")));
        let last = lines.len() - 1;
        for (place, line) in lines.iter().enumerate() {
            with.say(&format!("250{}{line}", if place == last { ' ' } else { '-' }))?;
        }
        Ok(())
    }

    /// RFC 4954 with PLAIN (RFC 4616) or the older LOGIN.
    fn authenticate(&self, with: &mut Conversation, line: &str) -> Result<(), Over> {
        let mut words = line.split(' ').skip(1);
        let (user, password) = match (words.next(), words.next()) {
            (Some("PLAIN"), Some(first)) => {
                let said = decoded(first)?;
                let mut parts = said.split('\0').skip(1).map(str::to_owned);
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            (Some("LOGIN"), None) => (with.ask("Username:")?, with.ask("Password:")?),
            _ => return with.say("504 5.5.4 not this way"),
        };
        if (user.as_str(), password.as_str()) == ACCOUNT {
            with.account = Some(user);
            with.say("235 2.7.0 welcome")
        } else {
            with.say("535 5.7.8 bad user name or password")
        }
    }

    fn take(&self, with: &mut Conversation, message: String) {
        let from = with.from.take().unwrap_or_default();
        let to = std::mem::take(&mut with.to);
        let taken = Taken { from, to, message, encrypted: with.encrypted, account: with.account.clone() };
        self.taken.lock().unwrap().push(taken);
        self.arrived.notify_all();
    }
}

/// What stands between the angle brackets.
fn address(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.rsplit_once('>'));
    inner.map_or(line, |(address, _)| address).to_owned()
}

/// The lines up to the dot (RFC 5321, 4.5.2).
fn unstuffed(with: &mut Conversation) -> Result<String, Over> {
    let mut message = String::new();
    loop {
        let line = with.line()?;
        if line == "." {
            return Ok(message);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
        message.push_str("\r\n");
    }
}

/// The certificate authority of all servers of this test process.
pub struct Authority {
    key: PKey<Private>,
    certificate: X509,
}

impl Authority {
    pub fn shared() -> &'static Authority {
        static SHARED: OnceLock<Authority> = OnceLock::new();
        SHARED.get_or_init(|| {
            let key = new_key();
            let mut builder = certificate(&key, "Tests' own authority");
            builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
            builder.sign(&key, MessageDigest::sha256()).unwrap();
            Authority { certificate: builder.build(), key }
        })
    }

    /// Writes its certificate where settings can point to.
    pub fn write(&self, file: &Path) {
        std::fs::write(file, self.certificate.to_pem().unwrap()).unwrap();
    }

    fn identity_of(&self, host: &str) -> Identity {
        let key = new_key();
        let mut builder = certificate(&key, host);
        builder.set_issuer_name(self.certificate.subject_name()).unwrap();
        let name =
            SubjectAlternativeName::new().dns(host).build(&builder.x509v3_context(Some(&self.certificate), None));
        builder.append_extension(name.unwrap()).unwrap();
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        let certificate = builder.build().to_pem().unwrap();
        Identity::from_pkcs8(&certificate, &key.private_key_to_pem_pkcs8().unwrap()).unwrap()
    }
}

fn new_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

/// Unsigned, for this name and key.
fn certificate(key: &PKey<Private>, name: &str) -> X509Builder {
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_issuer_name(&subject).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
    builder
}
