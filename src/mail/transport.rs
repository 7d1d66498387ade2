//! How mail leaves: to a mail server (RFC 5321, by `lettre`), or into a folder for trying it out.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lettre::address::{AddressError, Envelope};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, response::Response};
use lettre::{Address, Message};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::messages::{Composed, Sender};
use crate::domain::secret::Secret;
use crate::domain::unix_time::UnixTime;
use crate::text_file;

/// Ready to send.
pub struct Transport {
    way: Way,
    no_reply: Address,
    info: Address,
    webmaster: Address,
    /// The right part of every Message-ID.
    host: String,
}

/// The addresses that mails come from.
#[derive(Clone, Copy, Debug)]
pub struct Senders<'a> {
    pub no_reply: &'a str,
    pub info: &'a str,
    pub webmaster: &'a str,
}

/// The longest that sending one mail takes, whatever the server does.
pub const LONGEST: Duration = Duration::from_secs(240);

/// Where mail goes.
#[derive(Clone, Debug)]
pub enum Route {
    /// A folder; made when the first mail is written.
    Folder(PathBuf),
    Smtp(Server),
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// PEM.
    pub ca_file: Option<PathBuf>,
    /// User name, and the file that holds the password.
    pub account: Option<(String, PathBuf)>,
    pub timeout: Duration,
}

/// What of the conversation is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// After a greeting; refused if the server can't (RFC 3207).
    Starttls,
    /// All of it (RFC 8314).
    Tls,
    None,
}

enum Way {
    Folder(PathBuf),
    Smtp(Box<Smtp>),
}

/// A mail server, and how to talk to it.
struct Smtp {
    host: String,
    port: u16,
    protection: Protection,
    credentials: Option<Credentials>,
    timeout: Duration,
}

enum Protection {
    Starttls(TlsParameters),
    Tls(TlsParameters),
    None,
}

/// Mail can't leave with these settings.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("{key} can't be read from {file}: {reason}")]
    File { key: &'static str, file: PathBuf, reason: std::io::Error },
    #[error("mail.smtp: {0}")]
    Smtp(#[from] smtp::Error),
    #[error("the sender {address} is no mail address: {reason}")]
    Sender { address: String, reason: AddressError },
}

/// What became of a mail, in the words of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Accepted(String),
    /// Not now.
    TryLater(String),
    /// Never.
    Refused(String),
    /// The program stops, and no server has the mail.
    BrokenOff,
}

/// Tells automatic answers that nobody reads them (RFC 3834, 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// The link that turns such mails off (RFC 2369, 3.2).
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }
    fn parse(value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(ListUnsubscribe(value.trim_matches(['<', '>']).to_owned()))
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), format!("<{}>", self.0))
    }
}

/// Lets mail programs use that link by a button of their own (RFC 8058).
#[derive(Clone)]
struct OneClick;

impl Header for OneClick {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(OneClick)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".into())
    }
}

impl Transport {
    /// `host` is the issuer's.
    pub fn new(route: Route, senders: &Senders<'_>, host: &str) -> Result<Transport, TransportError> {
        let sender = |address: &str| -> Result<Address, TransportError> {
            address.parse().map_err(|reason| TransportError::Sender { address: address.to_owned(), reason })
        };
        let way = match route {
            Route::Folder(folder) => Way::Folder(folder),
            Route::Smtp(server) => Way::Smtp(Box::new(Smtp::new(server)?)),
        };
        Ok(Transport {
            way,
            no_reply: sender(senders.no_reply)?,
            info: sender(senders.info)?,
            webmaster: sender(senders.webmaster)?,
            host: host.to_owned(),
        })
    }

    /// Whom mail is given to, as staff know it.
    pub fn name(&self) -> String {
        match &self.way {
            Way::Folder(folder) => folder.display().to_string(),
            Way::Smtp(server) => format!("{}:{}", server.host, server.port),
        }
    }

    /// Sends one mail. `id` is the left part of its Message-ID: the same at every try, so that a receiver can tell. Once the
    /// program is `stopping`, a mail that is not on its way yet does not set out.
    pub async fn send(
        &self,
        id: &str,
        to: &str,
        mail: &Composed,
        at: UnixTime,
        stopping: &CancellationToken,
    ) -> Outcome {
        let Some(to) = recipient(to) else { return Outcome::Refused("this is no mail address".into()) };
        let from = match mail.sender {
            Sender::NoReply => &self.no_reply,
            Sender::Info => &self.info,
            Sender::Webmaster => &self.webmaster,
        };
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.0).unwrap_or(0));
        let envelope = match Envelope::new(Some(from.clone()), vec![to.clone()]) {
            Ok(envelope) => envelope,
            Err(error) => return Outcome::Refused(error.to_string()),
        };
        let mut message = Message::builder()
            .from(Mailbox::new(Some(mail.sender_name.clone()), from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .envelope(envelope)
            .subject(&mail.subject)
            .message_id(Some(format!("<{id}@{}>", self.host)))
            .date(date)
            .header(AutoSubmitted);
        if let Some(link) = &mail.off_link {
            message = message.header(ListUnsubscribe(link.clone())).header(OneClick);
        }
        let message = message.multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()));
        let message = match message {
            Ok(message) => message.formatted(),
            Err(error) => return Outcome::Refused(error.to_string()),
        };
        match &self.way {
            Way::Folder(folder) => match write(folder, id, at, &message, mail) {
                Ok(()) => Outcome::Accepted("written".into()),
                Err(error) => Outcome::TryLater(error.to_string()),
            },
            Way::Smtp(server) => timeout(LONGEST, server.deliver(from, to, &message, stopping))
                .await
                .unwrap_or_else(|_| Outcome::TryLater("the mail server takes too long".into())),
        }
    }

    /// Whether the mail server can be reached and lets us in.
    pub async fn reaches_server(&self) -> Result<(), String> {
        match &self.way {
            Way::Folder(_) => Ok(()),
            Way::Smtp(server) => server.connect().await.map(take_leave).map_err(|failed| failed.words),
        }
    }
}

/// Addresses that Japanese phones had against the standard, with dots at an end or in a row, are quoted (RFC 5321, 4.1.2).
fn recipient(address: &str) -> Option<Address> {
    let (local, domain) = address.rsplit_once('@').filter(|_| address.is_ascii())?;
    let is_atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    if local.is_empty() || !local.bytes().all(is_atom) {
        return None;
    }
    Address::new(local, domain).or_else(|_| Address::new(format!("\"{local}\""), domain)).ok()
}

/// A step of the conversation that came to nothing.
struct Failed {
    words: String,
    /// The server says that it will come to nothing again.
    permanent: bool,
}

impl Failed {
    /// Before the recipient is named it is about us and not about the mail: it may go well once somebody has mended it.
    fn whoever_it_is_for(self) -> Outcome {
        Outcome::TryLater(self.words)
    }

    fn for_this_mail(self) -> Outcome {
        if self.permanent { Outcome::Refused(self.words) } else { Outcome::TryLater(self.words) }
    }
}

impl Smtp {
    fn new(server: Server) -> Result<Smtp, TransportError> {
        let read = |key, file: &Path| {
            text_file::read(file).map_err(|reason| TransportError::File { key, file: file.to_owned(), reason })
        };
        let parameters = || -> Result<TlsParameters, TransportError> {
            let mut builder = TlsParameters::builder(server.host.clone());
            if let Some(file) = &server.ca_file {
                builder =
                    builder.add_root_certificate(Certificate::from_pem(read("mail.smtp.ca_file", file)?.as_bytes())?);
            }
            Ok(builder.build()?)
        };
        let protection = match server.security {
            Security::Starttls => Protection::Starttls(parameters()?),
            Security::Tls => Protection::Tls(parameters()?),
            Security::None => Protection::None,
        };
        let mut credentials = None;
        if let Some((user, file)) = &server.account {
            let password = Secret::new(read("mail.smtp.password_file", file)?);
            credentials = Some(Credentials::new(user.clone(), password.expose().trim_end().to_owned()));
        }
        Ok(Smtp { host: server.host, port: server.port, protection, credentials, timeout: server.timeout })
    }

    /// A connection over which mail can be sent.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Failed> {
        let hello = ClientId::default();
        let tls = match &self.protection {
            Protection::Tls(parameters) => Some(parameters.clone()),
            Protection::Starttls(_) | Protection::None => None,
        };
        let server = (self.host.as_str(), self.port);
        let connection = AsyncSmtpConnection::connect_tokio1(server, Some(self.timeout), &hello, tls, None);
        let mut connection = self.step("when connecting", connection).await?;
        if let Protection::Starttls(parameters) = &self.protection {
            self.step("STARTTLS", connection.starttls(parameters.clone(), &hello)).await?;
        }
        if let Some(credentials) = &self.credentials {
            let ways = [Mechanism::Plain, Mechanism::Login];
            self.step("when logging in", connection.auth(&ways, credentials)).await?;
        }
        Ok(connection)
    }

    /// Once the server has the mail it is not asked twice: what happens to the connection afterwards makes no difference.
    async fn deliver(&self, from: &Address, to: Address, message: &[u8], stopping: &CancellationToken) -> Outcome {
        let ready = async {
            let mut connection = self.connect().await.map_err(Failed::whoever_it_is_for)?;
            let sender = Mail::new(Some(from.clone()), Vec::new());
            self.step("MAIL", connection.command(sender)).await.map_err(Failed::whoever_it_is_for)?;
            self.step("RCPT", connection.command(Rcpt::new(to, Vec::new()))).await.map_err(Failed::for_this_mail)?;
            self.step("DATA", connection.command(Data)).await.map_err(Failed::for_this_mail)?;
            Ok(connection)
        };
        // A server forgets a mail whose sender goes before its end (RFC 5321, 4.1.1.4); from then on it may have it.
        let mut connection = match stopping.run_until_cancelled(ready).await {
            None => return Outcome::BrokenOff,
            Some(Err(outcome)) => return outcome,
            Some(Ok(connection)) => connection,
        };
        match self.step("the mail", connection.message(message)).await.map_err(Failed::for_this_mail) {
            Ok(answer) => {
                take_leave(connection);
                Outcome::Accepted(in_words(&answer))
            }
            Err(outcome) => outcome,
        }
    }

    /// A step that the server answers in time.
    async fn step<T>(&self, name: &str, step: impl Future<Output = Result<T, smtp::Error>>) -> Result<T, Failed> {
        match timeout(self.timeout, step).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(Failed {
                words: cut(&format!("{} ({name})", what_is_wrong(&error))),
                permanent: error.is_permanent(),
            }),
            Err(_) => Err(Failed { words: format!("the mail server does not answer ({name})"), permanent: false }),
        }
    }
}

/// Nobody waits for the goodbye.
fn take_leave(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move { drop(timeout(Duration::from_secs(5), connection.abort()).await) });
}

fn in_words(answer: &Response) -> String {
    cut(&format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" ")))
}

/// What the server said, or else the error and what lies beneath it.
fn what_is_wrong(error: &smtp::Error) -> String {
    let mut source = std::error::Error::source(error);
    if let (Some(code), Some(said)) = (error.status(), source) {
        return format!("{code} {said}");
    }
    let mut words = error.to_string();
    while let Some(deeper) = source {
        let deeper_words = deeper.to_string();
        if !words.contains(&deeper_words) {
            words.push_str(": ");
            words.push_str(&deeper_words);
        }
        source = deeper.source();
    }
    words
}

/// A server may say a lot.
fn cut(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// The message as it would travel, and its text for reading: each whole or not at all, for its owner's eyes.
fn write(folder: &Path, id: &str, at: UnixTime, message: &[u8], mail: &Composed) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let text = format!("{}\n\n{}", mail.subject, mail.text);
    for (ending, content) in [("eml", message), ("txt", text.as_bytes())] {
        let name = format!("{}-{id}.{ending}", at.0);
        let unfinished = folder.join(format!(".{name}"));
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(unfinished, folder.join(name))?;
    }
    Ok(())
}

/// The texts of the latest messages in the folder, newest first; nothing where mail goes to a server.
pub fn latest_in_folder(transport: &Transport, most: usize) -> Vec<String> {
    let Way::Folder(folder) = &transport.way else { return Vec::new() };
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_text = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "txt");
    let mut texts: Vec<PathBuf> = files.filter_map(|file| Some(file.ok()?.path())).filter(is_text).collect();
    let written = |path: &PathBuf| path.metadata().and_then(|about| about.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    texts.sort_by_key(|path| std::cmp::Reverse(written(path)));
    texts.iter().take(most).filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}
