//! `<sekisho-help>`, the web component that draws the help menu in a portal's page: its script, and the words it shows.
//!
//! A script that was given out under a version never changes: portals name its digest beside its address (Subresource
//! Integrity), and their browsers refuse any other. A change makes a file of a new version; the old ones stay.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use include_dir::{Dir, include_dir};
use serde::Serialize;
use sha2::{Digest as _, Sha384};

use crate::i18n::{Catalogue, Locale};
use crate::web::prepared::Prepared;

static SCRIPTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/help_component");

/// By version.
pub(super) static PREPARED: LazyLock<BTreeMap<&str, Prepared>> = LazyLock::new(|| {
    let versions = SCRIPTS.files().filter_map(|file| {
        let version = file.path().to_str()?.strip_prefix("sekisho-help-")?.strip_suffix(".js")?;
        Some((version, Prepared::text(file.contents())))
    });
    versions.collect()
});

/// The version that portals are to take.
pub const VERSION: &str = "1.0.0";

/// The ends of the keys of the words that the component shows.
const WORDS: [&str; 20] = [
    "menu",
    "help",
    "guide",
    "faq",
    "back",
    "close",
    "search",
    "search-button",
    "found",
    "nothing",
    "loading",
    "failed",
    "again",
    "page",
    "related",
    "helpful",
    "yes",
    "no",
    "thanks",
    "not-counted",
];

/// What the component asks for first, and what a portal's developer copies from.
#[derive(Serialize)]
pub(super) struct ComponentJson<'a> {
    locale: &'a str,
    words: BTreeMap<&'static str, String>,
    script: Script,
}

/// The script of the present version, for a `<script>` element.
#[derive(Serialize)]
struct Script {
    version: &'static str,
    url: String,
    /// The value of its attribute `integrity`.
    integrity: String,
}

pub(super) fn json<'a>(catalogue: &Catalogue, locale: &'a Locale, issuer: &str) -> ComponentJson<'a> {
    let word = |name: &'static str| (name, catalogue.text(locale, &format!("help-component-{name}"), &[]));
    let script = Script {
        version: VERSION,
        url: format!("{issuer}/help/component/{VERSION}/sekisho-help.js"),
        integrity: script(VERSION).map(integrity).unwrap_or_default(),
    };
    ComponentJson { locale: locale.tag(), words: WORDS.map(word).into(), script }
}

fn script(version: &str) -> Option<&'static [u8]> {
    SCRIPTS.get_file(format!("sekisho-help-{version}.js")).map(|file| file.contents())
}

/// Subresource Integrity, 3.5.
fn integrity(script: &[u8]) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(script)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Portals have these digests in their pages: a version that was given out must not change.
    #[test]
    fn what_was_given_out_under_a_version_has_not_changed() {
        let given_out = include_str!("../../../docs/reference/help-component.md");
        for file in SCRIPTS.files() {
            let integrity = integrity(file.contents());
            assert!(given_out.contains(&integrity), "{} is {integrity}", file.path().display());
        }
        assert!(script(VERSION).is_some());
    }
}
