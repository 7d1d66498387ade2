//! What was mailed: every test's provider sends its mails to a mail server of its own.

use super::TestApp;
use super::smtp::Taken;
use sekisho::actions::mail::send_mail;
use sekisho::actions::member::answer_recovery_requests::answer_recovery_requests;

/// A mail as its reader sees it.
#[derive(Clone, Debug)]
pub struct Mail {
    pub raw: String,
    /// The text part, decoded.
    pub text: String,
    /// The HTML part, decoded.
    pub html: String,
}

impl TestApp {
    /// Sends what is queued and due.
    pub async fn send_mail(&self) {
        while send_mail::send_due(&self.app).await.unwrap() > 0 {}
    }

    /// Answers what members have asked for who can't log in, as a job does at times drawn by chance.
    pub async fn answer_recovery(&self) {
        while answer_recovery_requests(&self.app).await.unwrap() > 0 {}
    }

    /// Sends what is queued; all mails to this address, the oldest first.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.send_mail().await;
        let arrived = self.mail_server.taken().into_iter();
        let to_address = |mail: &Taken| mail.to.iter().any(|to| to.contains(address));
        arrived.filter(to_address).map(|mail| Mail::read(mail.message)).collect()
    }

    /// The digits in the last mail to this address.
    pub async fn code_mailed_to(&self, address: &str) -> String {
        let mails = self.mails_to(address).await;
        mails.iter().rev().find_map(Mail::find_code).unwrap_or_else(|| panic!("no code for {address}: {mails:?}"))
    }

    /// The link in the last mail to this address that has one.
    pub async fn link_mailed_to(&self, address: &str) -> String {
        let mails = self.mails_to(address).await;
        mails.iter().rev().find_map(Mail::find_link).unwrap_or_else(|| panic!("no link for {address}: {mails:?}"))
    }
}

impl Mail {
    pub fn read(raw: String) -> Mail {
        Mail { text: part(&raw, "text/plain"), html: part(&raw, "text/html"), raw }
    }

    /// A header as it stands on the wire.
    pub fn header(&self, name: &str) -> &str {
        let prefix = format!("{name}: ");
        self.raw.lines().find_map(|line| line.strip_prefix(prefix.as_str())).unwrap_or_default().trim()
    }

    /// The six digits that stand alone on a line.
    pub fn find_code(&self) -> Option<String> {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        self.text.lines().map(str::trim).find(is_code).map(str::to_owned)
    }

    /// The address of ours that stands alone on a line.
    pub fn find_link(&self) -> Option<String> {
        self.text.lines().map(str::trim).find(|line| line.starts_with("http")).map(str::to_owned)
    }

    /// A header in words (RFC 2047), unfolded.
    pub fn header_in_words(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let prefix = format!("{name}: ");
        let value = head.split("\r\n").find_map(|line| line.strip_prefix(prefix.as_str())).unwrap_or_default();
        let mut words = String::new();
        let mut encoded_before = false;
        for word in value.split(' ') {
            let encoded = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
            let joined = encoded_before && encoded.is_some();
            if !words.is_empty() && !joined {
                words.push(' ');
            }
            words.push_str(&encoded.map_or_else(|| word.to_owned(), from_base64));
            encoded_before = encoded.is_some();
        }
        words
    }
}

/// A part of a mail, decoded.
fn part(raw: &str, kind: &str) -> String {
    let part = raw.split(&format!("Content-Type: {kind}")).nth(1).unwrap_or_else(|| panic!("no {kind} in {raw}"));
    let (head, body) = part.split_once("\r\n\r\n").expect("a body");
    let body = body.split("\r\n--").next().unwrap();
    if head.contains("base64") {
        from_base64(body)
    } else if head.contains("quoted-printable") {
        unquoted(body)
    } else {
        body.to_owned()
    }
}

fn from_base64(text: &str) -> String {
    use base64::Engine as _;
    let joined: String = text.split_whitespace().collect();
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(joined).unwrap()).unwrap()
}

fn unquoted(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes().iter();
    while let Some(byte) = rest.next() {
        if *byte == b'=' {
            let hex: String = rest.by_ref().take(2).map(|b| char::from(*b)).collect();
            bytes.push(u8::from_str_radix(&hex, 16).unwrap());
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}
