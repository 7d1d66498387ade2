//! Notices that a portal sends to a member through Sekisho (product.md 1.10): what one may say. It travels under the
//! society's name, so it is plain text, short, and leads nowhere but to the portal itself: whoever steals a portal's secret
//! can't phish with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::domain::protocol::client::{Client, is_deceptive, is_language_tag};

/// A notice as a portal asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberNotice {
    /// The member, as the portal knows them.
    pub sub: String,
    /// By language tag.
    pub texts: BTreeMap<String, Words>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub subject: String,
    /// Lines end with `\n`.
    pub text: String,
}

/// One thing that is wrong with a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What, why, and what to do about it.
    pub detail: String,
}

/// The most characters.
pub const LONGEST_SUBJECT: usize = 100;
pub const LONGEST_TEXT: usize = 3_000;
const MOST_LANGUAGES: usize = 10;

impl MemberNotice {
    /// Everything that is wrong with it, coming from this client.
    pub fn wrong(&self, from: &Client) -> Vec<Wrong> {
        let mut found = Vec::new();
        if !(1..=255).contains(&self.sub.len()) || !self.sub.bytes().all(|b| b.is_ascii_graphic()) {
            let detail = "must be the sub claim of the member, as an ID token or userinfo had it";
            found.push(Wrong { pointer: "/sub".into(), detail: detail.into() });
        }
        if !(1..=MOST_LANGUAGES).contains(&self.texts.len()) {
            let detail = format!("must hold 1 to {MOST_LANGUAGES} languages, such as ja and en");
            found.push(Wrong { pointer: "/texts".into(), detail });
        }
        let hosts = hosts(from);
        for (tag, words) in &self.texts {
            let place = format!("/texts/{}", tag.replace('~', "~0").replace('/', "~1"));
            if !is_language_tag(tag) {
                let detail = "must stand under a language tag such as ja or en (BCP 47)";
                found.push(Wrong { pointer: place.clone(), detail: detail.into() });
            }
            let subject = wrong_with(&words.subject, LONGEST_SUBJECT, false, &hosts);
            found.extend(subject.into_iter().map(|detail| Wrong { pointer: format!("{place}/subject"), detail }));
            let text = wrong_with(&words.text, LONGEST_TEXT, true, &hosts);
            found.extend(text.into_iter().map(|detail| Wrong { pointer: format!("{place}/text"), detail }));
        }
        found
    }

    /// The words for a reader of `language`, and theirs: else the Japanese ones, else any.
    pub fn in_language(&self, language: Option<&str>) -> Option<(&str, &Words)> {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let of = |wanted: &str| self.texts.iter().find(|(tag, _)| primary(tag) == primary(wanted));
        let exact = language.and_then(|language| self.texts.get_key_value(language));
        let found = exact.or_else(|| of(language?)).or_else(|| of("ja")).or_else(|| self.texts.iter().next());
        found.map(|(tag, words)| (tag.as_str(), words))
    }
}

fn wrong_with(text: &str, most: usize, lines: bool, hosts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let length = text.chars().count();
    if text.trim().is_empty() || length > most {
        found.push(format!("must have 1 to {most} characters; it has {length}"));
    }
    let is_line_end = |c: char| lines && c == '\n';
    if text.chars().any(|c| is_deceptive(c) || (c.is_control() && !is_line_end(c))) {
        let lines = if lines { "its lines end with \\n" } else { "it stands on one line" };
        found.push(format!("must be plain text without control characters and invisible ones; {lines}"));
    }
    if let Some(word) = text.split_whitespace().find(|word| may_become_a_link(word) && !leads_to(word, hosts)) {
        let word: String = word.chars().take(100).collect();
        let mend = match hosts {
            [] => "This client has no https redirect_uris: its notices have no links".to_owned(),
            hosts => {
                format!("Write links to https://{} only, each between spaces or line ends", hosts.join(", https://"))
            }
        };
        found.push(format!(
            "\"{word}\" is a link or an address, or mail programs make one of it, and does not lead to this portal's \
             registered redirect_uris: members must be able to trust what comes in the society's name. {mend}"
        ));
    }
    found
}

/// The hosts of its https redirect URIs, with the port where one is named: they are known to be the portal's own.
fn hosts(client: &Client) -> Vec<String> {
    let urls = client.redirect_uris.iter().filter_map(|uri| Url::parse(uri).ok());
    let mut hosts: Vec<String> = urls.filter(|url| url.scheme() == "https").filter_map(|url| authority(&url)).collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Whether mail programs may make a link of it: it has a scheme, is a mail address, or looks like a host name.
fn may_become_a_link(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    lower.contains("://") || lower.contains("mailto:") || word.contains(['@', '＠']) || has_host_name(word)
}

/// A dot between a letter or digit of any script and two letters of the Latin one, such as in `example.jp`; of any width.
fn has_host_name(word: &str) -> bool {
    let is_latin = |c: char| c.is_ascii_alphabetic() || matches!(c, 'Ａ'..='Ｚ' | 'ａ'..='ｚ');
    let letters: Vec<char> = word.chars().collect();
    letters.windows(4).any(|part| {
        matches!(*part, [before, '.' | '．', first, second]
            if before.is_alphanumeric() && is_latin(first) && is_latin(second))
    })
}

/// Whether all of it is an https link to one of these hosts, written so that everybody reads it alike: in ASCII, without
/// user names or backslashes.
pub fn leads_to(word: &str, hosts: &[String]) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]!$&'()*+,;=%".contains(&b);
    let Some(rest) = word.strip_prefix("https://").filter(|_| word.bytes().all(is_plain)) else { return false };
    let written = rest.split(['/', '?', '#']).next().unwrap_or_default();
    Url::parse(word).ok().as_ref().and_then(authority).is_some_and(|host| host == written && hosts.contains(&host))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::ids::ClientId;
    use crate::domain::protocol::client::{PkcePolicy, Terms};

    fn portal() -> Client {
        let uris = json!(["https://portal.example.jp/cb", "https://portal.example.jp:8443/cb", "http://localhost/cb"]);
        let Value::Object(metadata) = json!({ "redirect_uris": uris }) else { panic!("an object") };
        let terms = Terms { pkce: PkcePolicy::Required, first_party: true, second_factor: None };
        Client::checked(ClientId("portal".into()), &metadata, terms).unwrap()
    }

    fn notice(subject: &str, text: &str) -> MemberNotice {
        let words = Words { subject: subject.into(), text: text.into() };
        MemberNotice { sub: "member-1".into(), texts: BTreeMap::from([("ja".into(), words)]) }
    }

    fn places(notice: &MemberNotice) -> Vec<String> {
        notice.wrong(&portal()).into_iter().map(|wrong| wrong.pointer).collect()
    }

    #[test]
    fn plain_words_and_links_to_the_portal_pass() {
        for text in [
            "医療費のお知らせを掲載しました。\n\n1.はじめに\n２．金額は1.5倍、No.3です(12.30まで)。\n",
            "See https://portal.example.jp/notices?id=1&x=%20#top now.",
            "https://portal.example.jp",
            "こちら：\nhttps://portal.example.jp:8443/a\u{3000}を開いてください",
            ".dot\n...\nTo be continued... U.S.A",
        ] {
            assert_eq!(places(&notice("医療費のお知らせ", text)), [""; 0], "{text}");
        }
    }

    #[test]
    fn nothing_leads_elsewhere_than_to_the_portal() {
        for text in [
            "https://evil.example/",
            "http://portal.example.jp/",
            "https://portal.example.jp.evil.example/",
            "https://portal.example.jp@evil.example/",
            "https://portal.example.jp:8443@evil.example/",
            "https://portal.example.jp:9443/",
            "https://portal.example.jp\\@evil.example/",
            "https://portal.example.jp.悪.example/",
            "こちらhttps://portal.example.jp/",
            "https://portal.example.jp/へ",
            "HTTPS://EVIL.EXAMPLE/",
            "ftp://portal.example.jp/",
            "javascript://portal.example.jp/%0aalert(1)",
            "www.evil.example",
            "evil.example",
            "ｅｖｉｌ．ｅｘａｍｐｌｅ",
            "悪い.com",
            "portal.example.jp",
            "info@evil.example",
            "info＠evil",
            "mailto:x",
            "<a href=\"https://evil.example/\">portal</a>",
            "https://localhost/cb",
        ] {
            assert_eq!(places(&notice("x", text)), ["/texts/ja/text"], "{text}");
            assert_eq!(places(&notice(text, "x")), ["/texts/ja/subject"], "{text}");
        }
        let machine = Client { redirect_uris: Vec::new(), ..portal() };
        let wrong = notice("x", "https://portal.example.jp/").wrong(&machine);
        assert!(wrong[0].detail.contains("no links"), "{wrong:?}");
    }

    #[test]
    fn everything_wrong_is_named_with_its_place() {
        let words = |subject: &str, text: &str| Words { subject: subject.into(), text: text.into() };
        let wanted = MemberNotice {
            sub: "a b".into(),
            texts: BTreeMap::from([
                ("ja".into(), words("一行目\r\nBcc: x", "a\u{202e}b")),
                ("e/n".into(), words(" ", &"あ".repeat(LONGEST_TEXT + 1))),
            ]),
        };
        assert_eq!(
            places(&wanted),
            ["/sub", "/texts/e~1n", "/texts/e~1n/subject", "/texts/e~1n/text", "/texts/ja/subject", "/texts/ja/text"]
        );
        assert_eq!(places(&MemberNotice { sub: String::new(), texts: BTreeMap::new() }), ["/sub", "/texts"]);
    }

    #[test]
    fn readers_get_their_language_or_else_japanese_or_else_any() {
        let of = |tags: &[&str], language| {
            let words = |tag: &&str| ((*tag).to_owned(), Words { subject: String::new(), text: String::new() });
            let notice = MemberNotice { sub: String::new(), texts: tags.iter().map(words).collect() };
            notice.in_language(language).map(|(tag, _)| tag.to_owned())
        };
        for (tags, language, chosen) in [
            (&["en", "ja"][..], Some("en-US"), Some("en")),
            (&["en", "ja"], Some("ja"), Some("ja")),
            (&["en", "ja-JP"], None, Some("ja-JP")),
            (&["en", "ja"], Some("fr"), Some("ja")),
            (&["en", "pt"], Some("fr"), Some("en")),
            (&["zh-Hans", "zh-Hant"], Some("zh-Hant"), Some("zh-Hant")),
            (&[], Some("ja"), None),
        ] {
            assert_eq!(of(tags, language).as_deref(), chosen, "{tags:?} {language:?}");
        }
    }
}
