//! What was mailed: every test's provider writes its mails into a folder of its own.

use super::TestApp;
use sekisho::actions::send_mail;

/// A mail as its reader sees it.
#[derive(Clone, Debug)]
pub struct Mail {
    pub raw: String,
    /// The text part, decoded.
    pub text: String,
}

impl TestApp {
    /// Sends what is queued; all mails to this address, the oldest first.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        while send_mail::send_due(&self.app).await.unwrap() > 0 {}
        let folder = self.folder.path().join("mail");
        let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut files: Vec<_> =
            files.map(|file| file.unwrap()).filter(|f| f.path().extension().unwrap() == "eml").collect();
        files.sort_by_key(|file| file.metadata().unwrap().modified().unwrap());
        let mails = files.into_iter().map(|file| Mail::read(std::fs::read_to_string(file.path()).unwrap()));
        mails.filter(|mail| mail.header("To").contains(address)).collect()
    }

    /// The digits in the last mail to this address.
    pub async fn code_mailed_to(&self, address: &str) -> String {
        let mails = self.mails_to(address).await;
        mails.iter().rev().find_map(Mail::find_code).unwrap_or_else(|| panic!("no code for {address}: {mails:?}"))
    }
}

impl Mail {
    pub fn read(raw: String) -> Mail {
        let part = raw.split("Content-Type: text/plain").nth(1).expect("a text part");
        let (head, body) = part.split_once("\r\n\r\n").expect("a body");
        let body = body.split("\r\n--").next().unwrap();
        let text = if head.contains("base64") {
            use base64::Engine as _;
            let joined: String = body.split_whitespace().collect();
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(joined).unwrap()).unwrap()
        } else if head.contains("quoted-printable") {
            unquoted(body)
        } else {
            body.to_owned()
        };
        Mail { raw, text }
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
