//! `[society]`: whose portal this is, as members see it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unic_langid::LanguageIdentifier;
use url::Url;

use super::problems::Findings;
use crate::domain::colour::{Colour, READABLE};

/// Whose portal this is, as members see it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Society {
    /// The organisation that the members know and ask for help.
    pub name: Localized,
    /// What members call the service that they log in to.
    pub service_name: Localized,
    /// The inquiry form that lock messages and help answers lead to.
    pub inquiry_url: Option<Url>,
    /// The portal that members come for. `/` and a bookmarked login page lead there; without it, to the member's own pages here.
    pub portal_url: Option<Url>,
    /// A picture (SVG, PNG or WebP, 256 KiB at most) that stands beside the name on every page and on the browser's tab.
    #[schemars(extend("format" = "path"))]
    pub logo_file: Option<PathBuf>,
    pub colours: Colours,
}

/// The colour of buttons, links and, by day, the top of every page. A colour that can't be read well is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Colours {
    /// By day: dark enough to be read on white and under white letters.
    pub accent: Colour,
    /// For readers who prefer dark pages: light enough to be read on them.
    pub accent_dark: Colour,
}

impl Colours {
    /// What the accent stands on or under by day: page, sheet, notes, errors, and the letters on buttons.
    pub const GROUNDS: [Colour; 5] = [
        Colour::rgb(0xee, 0xf1, 0xf5),
        Colour::WHITE,
        Colour::rgb(0xee, 0xf3, 0xfa),
        Colour::rgb(0xfd, 0xf2, 0xf1),
        Colour::WHITE,
    ];
    /// The same by night.
    pub const GROUNDS_DARK: [Colour; 5] = [
        Colour::rgb(0x10, 0x15, 0x1d),
        Colour::rgb(0x19, 0x20, 0x2b),
        Colour::rgb(0x1f, 0x2a, 0x3b),
        Colour::rgb(0x35, 0x1b, 0x1b),
        Colour::rgb(0x0d, 0x1c, 0x31),
    ];

    fn check(&self, findings: &mut Findings) {
        let pairs = [
            ("society.colours.accent", self.accent, Colours::GROUNDS, "a darker"),
            ("society.colours.accent_dark", self.accent_dark, Colours::GROUNDS_DARK, "a lighter"),
        ];
        for (key, accent, grounds, fix) in pairs {
            let contrast = grounds.map(|ground| accent.contrast(ground)).into_iter().fold(f64::INFINITY, f64::min);
            // Cut off, not rounded: 4.499 is not 4.5.
            let measured = (contrast * 100.0).floor() / 100.0;
            findings.require(
                contrast >= READABLE,
                &[key],
                format!("{key} has a contrast of only {measured:.2} : 1 to the pages' other colours"),
                format!("take {fix} colour: {READABLE} : 1 is needed to read it well"),
            );
        }
    }
}

impl Default for Colours {
    fn default() -> Self {
        Colours { accent: Colour::rgb(0x1f, 0x4e, 0x86), accent_dark: Colour::rgb(0x9c, 0xc2, 0xf7) }
    }
}

/// A text in each language, by language tag. A language that has none is answered in Japanese, then in any.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Localized(pub BTreeMap<String, String>);

impl Localized {
    pub fn of(pairs: &[(&str, &str)]) -> Localized {
        Localized(pairs.iter().map(|(tag, text)| ((*tag).into(), (*text).into())).collect())
    }

    /// The text for the language `tag`, else the Japanese one, else any, else nothing.
    pub fn get(&self, tag: &str) -> &str {
        self.0.get(tag).or_else(|| self.0.get("ja")).or_else(|| self.0.values().next()).map_or("", String::as_str)
    }

    fn check(&self, key: &str, findings: &mut Findings) {
        findings.require(
            !self.0.is_empty(),
            &[key],
            format!("{key} has no text in any language"),
            format!("write at least {key} = {{ ja = \"…\" }}"),
        );
        for (tag, text) in &self.0 {
            let canonical = tag.parse::<LanguageIdentifier>().map(|language| language.to_string());
            findings.require(
                canonical.as_ref().is_ok_and(|canonical| canonical == tag),
                &[key],
                format!("{key} has \"{}\", which is not a language tag", tag.escape_debug()),
                match canonical {
                    Ok(canonical) => format!("write \"{canonical}\""),
                    Err(_) => "write a tag such as ja, en or zh-Hant (BCP 47)".into(),
                },
            );
            findings.require(
                !text.trim().is_empty(),
                &[key],
                format!("{key} is empty in \"{}\"", tag.escape_debug()),
                "write the text, or leave that language out",
            );
            findings.require(
                !text.chars().any(char::is_control),
                &[key],
                format!("{key} has a line end or another control character in \"{}\"", tag.escape_debug()),
                "write it on one line: it stands in the headers of mails",
            );
        }
    }
}

impl Default for Society {
    fn default() -> Self {
        Society {
            name: Localized::of(&[("ja", "健康保険組合"), ("en", "Health Insurance Society")]),
            service_name: Localized::of(&[("ja", "会員ポータル"), ("en", "Member Portal")]),
            inquiry_url: None,
            portal_url: None,
            logo_file: None,
            colours: Colours::default(),
        }
    }
}

impl Society {
    pub(super) fn check(&self, findings: &mut Findings) {
        self.name.check("society.name", findings);
        self.service_name.check("society.service_name", findings);
        for (key, url) in [("society.inquiry_url", &self.inquiry_url), ("society.portal_url", &self.portal_url)] {
            findings.require(
                url.as_ref().is_none_or(|url| matches!(url.scheme(), "https" | "http")),
                &[key],
                format!("{key} is not a web address"),
                "write one that starts with https://",
            );
        }
        self.colours.check(findings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_there_and_stand_under_language_tags() {
        let problems = |pairs| {
            let mut findings = Findings::default();
            Society { name: Localized::of(pairs), ..Society::default() }.check(&mut findings);
            findings.len()
        };
        assert_eq!(problems(&[("ja", "A"), ("zh-Hant", "B")]), 0);
        assert_eq!(problems(&[]), 1);
        assert_eq!(problems(&[("JA", "A"), ("j", "B"), ("en", " ")]), 3);
        assert_eq!(problems(&[("ja", "A\r\nBcc: x@example.jp")]), 1);
    }

    #[test]
    fn the_inquiry_form_and_the_portal_are_on_the_web() {
        let mut findings = Findings::default();
        let script = || Url::parse("javascript:alert(1)").ok();
        Society { inquiry_url: script(), portal_url: script(), ..Society::default() }.check(&mut findings);
        assert_eq!(findings.len(), 2);
    }

    #[test]
    fn a_colour_that_cannot_be_read_is_refused_with_what_was_measured() {
        let said = |colours: Colours| {
            let mut findings = Findings::default();
            Society { colours, ..Society::default() }.check(&mut findings);
            let problems = findings.into_problems(|_| crate::config::problems::Origin::Program);
            problems.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(said(Colours::default()), [""; 0]);
        let yellow = Colour::rgb(0xff, 0xcc, 0x00);
        assert_eq!(
            said(Colours { accent: yellow, ..Colours::default() }),
            ["settings: society.colours.accent has a contrast of only 1.33 : 1 to the pages' other colours; \
              take a darker colour: 4.5 : 1 is needed to read it well"]
        );
        assert_eq!(said(Colours { accent_dark: yellow, ..Colours::default() }), [""; 0]);
        assert_eq!(said(Colours { accent_dark: Colour::BLACK, ..Colours::default() }).len(), 1);
    }

    #[test]
    fn a_language_without_a_text_is_answered_in_japanese_then_in_any() {
        assert_eq!(Localized::of(&[("ja", "J"), ("en", "E")]).get("en"), "E");
        assert_eq!(Localized::of(&[("ja", "J"), ("en", "E")]).get("fr"), "J");
        assert_eq!(Localized::of(&[("en", "E")]).get("fr"), "E");
        assert_eq!(Localized::of(&[]).get("fr"), "");
    }
}
