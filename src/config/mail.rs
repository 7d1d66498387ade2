//! `[mail]`: whom members see as the sender.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Findings;

/// The addresses that members see as the sender; the help tells members to let them through their filters.
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
}

impl Default for Mail {
    fn default() -> Self {
        Mail {
            no_reply: "no-reply@localhost".into(),
            info: "info@localhost".into(),
            webmaster: "webmaster@localhost".into(),
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
}
