//! `[help]`: the FAQ and the guide that portals display.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::problems::Findings;

/// The FAQ and the guide that portals display.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Help {
    /// A folder with `ja/`, `en/`, … of Markdown files that takes the place of the content that comes with Sekisho. It is read
    /// at start and by `sekisho help reload`.
    #[schemars(extend("format" = "path"))]
    pub folder: Option<PathBuf>,
    /// Origins of portals whose pages may read `/help/v1` by script (CORS), such as `https://portal.example.jp`. Empty: any;
    /// the content is public and no cookie is sent along.
    pub allowed_origins: Vec<String>,
}

impl Help {
    pub(super) fn check(&self, findings: &mut Findings) {
        for (place, origin) in self.allowed_origins.iter().enumerate() {
            findings.require(
                is_origin(origin),
                &["help.allowed_origins"],
                format!("entry {} of help.allowed_origins is not an origin", place + 1),
                "write scheme and host, with the port if it is a special one and nothing after it: https://portal.example.jp",
            );
        }
    }
}

/// Whether browsers would send this very text as `Origin` (RFC 6454, 6.2).
fn is_origin(text: &str) -> bool {
    Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.origin().ascii_serialization() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_as_a_browser_writes_them() {
        for text in ["https://portal.example.jp", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(is_origin(text), "{text}");
        }
        for text in [
            "*",
            "portal.example.jp",
            "https://portal.example.jp/",
            "https://Portal.example.jp",
            "null",
            "https://a:443",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
