//! `[society]`: whose portal this is, as members see it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unic_langid::LanguageIdentifier;
use url::Url;

use super::problems::Findings;

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
        }
    }
}

impl Society {
    pub(super) fn check(&self, findings: &mut Findings) {
        self.name.check("society.name", findings);
        self.service_name.check("society.service_name", findings);
        findings.require(
            self.inquiry_url.as_ref().is_none_or(|url| matches!(url.scheme(), "https" | "http")),
            &["society.inquiry_url"],
            "society.inquiry_url is not a web address",
            "write one that starts with https://",
        );
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
    fn the_inquiry_form_is_on_the_web() {
        let mut findings = Findings::default();
        Society { inquiry_url: Url::parse("javascript:alert(1)").ok(), ..Society::default() }.check(&mut findings);
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn a_language_without_a_text_is_answered_in_japanese_then_in_any() {
        assert_eq!(Localized::of(&[("ja", "J"), ("en", "E")]).get("en"), "E");
        assert_eq!(Localized::of(&[("ja", "J"), ("en", "E")]).get("fr"), "J");
        assert_eq!(Localized::of(&[("en", "E")]).get("fr"), "E");
        assert_eq!(Localized::of(&[]).get("fr"), "");
    }
}
