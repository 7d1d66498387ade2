//! How mail leaves: to a mail server (RFC 5321, by `lettre`), or into a folder for trying it out.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lettre::address::AddressError;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::messages::{Composed, Sender};
use crate::domain::secret::Secret;
use crate::domain::unix_time::UnixTime;

/// Ready to send.
pub struct Transport {
    way: Way,
    no_reply: Mailbox,
    webmaster: Mailbox,
    /// The right part of every Message-ID.
    host: String,
}

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
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
}

/// Mail can't leave with these settings.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("{key} can't be read from {file}: {reason}")]
    File { key: &'static str, file: PathBuf, reason: std::io::Error },
    #[error("mail.smtp: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
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

impl Transport {
    /// `name` is shown with the senders' addresses; `host` is the issuer's.
    pub fn new(
        route: Route,
        name: &str,
        no_reply: &str,
        webmaster: &str,
        host: &str,
    ) -> Result<Transport, TransportError> {
        let sender = |address: &str| -> Result<Mailbox, TransportError> {
            let parsed: Result<Address, AddressError> = address.parse();
            let address = parsed.map_err(|reason| TransportError::Sender { address: address.to_owned(), reason })?;
            Ok(Mailbox::new(Some(name.to_owned()), address))
        };
        let way = match route {
            Route::Folder(folder) => Way::Folder(folder),
            Route::Smtp(server) => Way::Smtp(Box::new(smtp(server)?)),
        };
        Ok(Transport { way, no_reply: sender(no_reply)?, webmaster: sender(webmaster)?, host: host.to_owned() })
    }

    /// Sends one mail. `id` is the left part of its Message-ID: the same at every try, so that a receiver can tell.
    pub async fn send(&self, id: &str, to: &str, mail: &Composed, at: UnixTime) -> Outcome {
        let Ok(to) = to.parse::<Address>() else { return Outcome::Refused("this is no mail address".into()) };
        let from = match mail.sender {
            Sender::NoReply => &self.no_reply,
            Sender::Webmaster => &self.webmaster,
        };
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.0).unwrap_or(0));
        let message = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            .subject(&mail.subject)
            .message_id(Some(format!("<{id}@{}>", self.host)))
            .date(date)
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()));
        let message = match message {
            Ok(message) => message,
            Err(error) => return Outcome::Refused(error.to_string()),
        };
        match &self.way {
            Way::Folder(folder) => match write(folder, id, at, &message.formatted(), mail) {
                Ok(()) => Outcome::Accepted(format!("written to {}", folder.display())),
                Err(error) => Outcome::TryLater(error.to_string()),
            },
            Way::Smtp(server) => match server.send(message).await {
                Ok(answer) => {
                    let words = answer.message().collect::<Vec<_>>().join(" ");
                    Outcome::Accepted(cut(&format!("{} {words}", answer.code())))
                }
                Err(error) if error.is_permanent() => Outcome::Refused(cut(&in_words(&error))),
                Err(error) => Outcome::TryLater(cut(&in_words(&error))),
            },
        }
    }

    /// Whether the mail server can be reached and lets us in.
    pub async fn reaches_server(&self) -> Result<(), String> {
        match &self.way {
            Way::Folder(_) => Ok(()),
            Way::Smtp(server) => match server.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err("the mail server does not answer".into()),
                Err(error) => Err(in_words(&error)),
            },
        }
    }
}

fn smtp(server: Server) -> Result<AsyncSmtpTransport<Tokio1Executor>, TransportError> {
    let read = |key, file: &Path| {
        std::fs::read(file).map_err(|reason| TransportError::File { key, file: file.to_owned(), reason })
    };
    let parameters = || -> Result<TlsParameters, TransportError> {
        let mut builder = TlsParameters::builder(server.host.clone());
        if let Some(file) = &server.ca_file {
            builder = builder.add_root_certificate(Certificate::from_pem(&read("mail.smtp.ca_file", file)?)?);
        }
        Ok(builder.build()?)
    };
    let tls = match server.security {
        Security::Starttls => Tls::Required(parameters()?),
        Security::Tls => Tls::Wrapper(parameters()?),
        Security::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
        .port(server.port)
        .tls(tls)
        .timeout(Some(server.timeout));
    if let Some((user, file)) = &server.account {
        let password =
            Secret::new(String::from_utf8_lossy(&read("mail.smtp.password_file", file)?).trim_end().to_owned());
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().clone()));
    }
    Ok(builder.build())
}

/// The error and what lies beneath it.
fn in_words(error: &lettre::transport::smtp::Error) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
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
