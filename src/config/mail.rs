//! `[mail]`: whom members see as the sender, and how mail leaves.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Findings;
use crate::domain::unix_time::Span;

/// Whom members see as the sender, and how mail leaves.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Address verification, one-time passwords, forgotten password, forgotten user ID, security notices.
    #[schemars(extend("format" = "email"))]
    pub no_reply: String,
    /// Notices that a portal sends to a member.
    #[schemars(extend("format" = "email"))]
    pub info: String,
    /// The notice of the first login.
    #[schemars(extend("format" = "email"))]
    pub webmaster: String,
    /// How mail leaves: `smtp`, or `folder` for trying it out: each message is written to a file.
    pub transport: MailTransport,
    /// Where the messages of the transport `folder` go.
    #[schemars(extend("format" = "path"))]
    pub folder: PathBuf,
    /// The most one-time passwords for one member in an hour, those for a login and those that show an address to be theirs
    /// each. Further ones are not sent, and the page says so.
    #[schemars(range(min = 5), extend("x-unit" = "mails"))]
    pub codes_per_hour: u32,
    /// The most mails in an hour that anybody can cause who types a user ID or an address: of each kind so many (links to a
    /// new password and notices of a password lock for one member, user IDs to one address). Further ones are not sent.
    #[schemars(range(min = 1), extend("x-unit" = "mails"))]
    pub anonymous_per_hour: u32,
    /// The most notices of portals to one address in a day. Each of these numbers stands for itself, and no number holds back
    /// what tells a member of a change to the account.
    #[schemars(range(min = 1), extend("x-unit" = "mails"))]
    pub notices_per_address_per_day: u32,
    /// How long a mail is tried again that the server can't take now.
    #[schemars(extend("x-at-least" = "1m"))]
    pub give_up_after: Span,
    /// How long it is remembered what became of a mail. Its text is kept only if it did not arrive and is still of use, so
    /// that staff can send it again.
    #[schemars(extend("x-at-least" = "1d"))]
    pub kept: Span,
    pub smtp: Smtp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailTransport {
    Folder,
    Smtp,
}

/// The mail server that takes mail from here (RFC 5321, RFC 6409).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// Its host name; the certificate must be for it.
    pub host: String,
    /// Where it listens: 587 for STARTTLS, 465 for TLS.
    #[schemars(range(min = 1), extend("x-unit" = "port number"))]
    pub port: u16,
    /// `starttls` (RFC 3207; refused if the server has none), `tls` from the first byte (RFC 8314), or `none` to a server
    /// on this machine.
    pub security: SmtpSecurity,
    /// A certificate authority of your own (PEM) that the server's certificate comes from.
    #[schemars(extend("format" = "path"))]
    pub ca_file: Option<PathBuf>,
    /// The account at the server, if it wants one.
    pub user_name: Option<String>,
    /// A file that holds that account's password and nothing else.
    #[schemars(extend("format" = "path"))]
    pub password_file: Option<PathBuf>,
    /// How long the server may take for one answer.
    #[schemars(extend("x-at-least" = "1s"))]
    pub timeout: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmtpSecurity {
    Starttls,
    Tls,
    None,
}

impl Default for Mail {
    fn default() -> Self {
        Mail {
            no_reply: "no-reply@localhost".into(),
            info: "info@localhost".into(),
            webmaster: "webmaster@localhost".into(),
            transport: MailTransport::Folder,
            folder: "data/mail".into(),
            codes_per_hour: 20,
            anonymous_per_hour: 5,
            notices_per_address_per_day: 20,
            give_up_after: Span::days(2),
            kept: Span::days(90),
            smtp: Smtp::default(),
        }
    }
}

impl Default for Smtp {
    fn default() -> Self {
        Smtp {
            host: "localhost".into(),
            port: 587,
            security: SmtpSecurity::Starttls,
            ca_file: None,
            user_name: None,
            password_file: None,
            timeout: Span::seconds(30),
        }
    }
}

impl Mail {
    pub(super) fn check(&self, findings: &mut Findings) {
        for (key, address) in
            [("mail.no_reply", &self.no_reply), ("mail.info", &self.info), ("mail.webmaster", &self.webmaster)]
        {
            findings.require(
                is_address(address),
                &[key],
                format!("{key} is not a mail address"),
                "write the bare address, such as no-reply@example.jp",
            );
        }
        if self.transport == MailTransport::Smtp {
            self.smtp.check(findings);
        }
    }
}

impl Smtp {
    fn check(&self, findings: &mut Findings) {
        findings.require(
            !self.host.trim().is_empty(),
            &["mail.smtp.host"],
            "mail.smtp.host is empty",
            "write the mail server's host name",
        );
        findings.require(
            self.security != SmtpSecurity::None || matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1"),
            &["mail.smtp.security", "mail.smtp.host"],
            "mail.smtp.security is none while the server is another machine, so codes and links would travel in clear",
            "write starttls or tls",
        );
        findings.require(
            self.user_name.is_some() == self.password_file.is_some(),
            &["mail.smtp.user_name", "mail.smtp.password_file"],
            "mail.smtp has one of user_name and password_file without the other",
            "write both, or neither if the server asks for no account",
        );
    }
}

/// A sender address as mail systems take it without quoting: dot-atom, `@`, host name (RFC 5321, 4.1.2 and 4.5.3.1).
fn is_address(text: &str) -> bool {
    let dotted = |part: &str, extra: &str| {
        part.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || extra.as_bytes().contains(&b))
        })
    };
    text.split_once('@').is_some_and(|(local, domain)| {
        local.len() <= 64 && text.len() <= 254 && dotted(local, "!#$%&'*+-/=?^_`{|}~") && dotted(domain, "-")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_address_is_a_sender() {
        for text in ["no-reply@localhost", "info+portal@kenpo.example.jp"] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "",
            "info",
            "@example.jp",
            "info@",
            "a@b@c",
            "Info <info@example.jp>",
            "a b@c",
            "a@b..c",
            "a@b\r\nBcc: x@y",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn mail_does_not_leave_this_machine_in_clear_and_accounts_are_whole() {
        let problems = |smtp| {
            let mut findings = Findings::default();
            Mail { transport: MailTransport::Smtp, smtp, ..Mail::default() }.check(&mut findings);
            findings.len()
        };
        assert_eq!(problems(Smtp::default()), 0);
        assert_eq!(problems(Smtp { security: SmtpSecurity::None, ..Smtp::default() }), 0);
        let elsewhere = Smtp { host: "mail.example.jp".into(), ..Smtp::default() };
        assert_eq!(problems(elsewhere.clone()), 0);
        assert_eq!(problems(Smtp { security: SmtpSecurity::None, ..elsewhere.clone() }), 1);
        assert_eq!(problems(Smtp { user_name: Some("sekisho".into()), ..elsewhere }), 1);
    }
}
