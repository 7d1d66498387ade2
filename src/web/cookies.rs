//! Names and attributes of every cookie. On https they carry `__Host-`: bound to this very host, `Secure`, no `Domain`.

use axum::http::header::{COOKIE, HeaderMap};

use crate::config::Settings;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::unix_time::Span;
use crate::web::banner::Banner;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The login: ends with the browser or on the server.
    Session,
    /// Binds a login in progress and every form to this browser.
    Browser,
    /// Says that somebody has logged in here before; stays.
    Device,
    /// The language that the member chose.
    Language,
    /// What was done, to be said on the next page.
    Notice,
    /// The key of an app that is being enrolled, sealed: a reload shows the same again.
    Enrolment,
    /// Which answers of the help were voted on here, so that a browser votes once.
    HelpVotes,
}

impl Name {
    const fn plain(self) -> &'static str {
        match self {
            Name::Session => "sekisho-session",
            Name::Browser => "sekisho-browser",
            Name::Device => "sekisho-device",
            Name::Language => "sekisho-language",
            Name::Notice => "sekisho-notice",
            Name::Enrolment => "sekisho-enrolment",
            Name::HelpVotes => "sekisho-help-votes",
        }
    }

    /// Whether we may have given this value.
    fn fits(self, value: &str) -> bool {
        let is_of = |others: &[u8]| value.bytes().all(|b| b.is_ascii_alphanumeric() || others.contains(&b));
        match self {
            Name::Session => opaque_token::fits(Kind::BrowserSession, value),
            Name::Browser => opaque_token::fits(Kind::Browser, value),
            Name::Device => opaque_token::fits(Kind::Device, value),
            Name::Language => (1..=35).contains(&value.len()) && is_of(b"-"),
            Name::Notice => Banner::named(value).is_some(),
            Name::Enrolment => (1..=1_024).contains(&value.len()) && is_of(b"-_."),
            Name::HelpVotes => (1..=128).contains(&value.len()) && is_of(b"-_."),
        }
    }

    fn full(self, https: bool) -> String {
        if https { format!("__Host-{}", self.plain()) } else { self.plain().to_owned() }
    }
}

/// The value of a cookie that the browser sent. Other applications on the same host put theirs next to ours, in whatever
/// bytes: each pair is read by itself. Where one of them has used our name, the first value that fits counts.
pub fn get(headers: &HeaderMap, name: Name, settings: &Settings) -> Option<String> {
    let full = name.full(settings.is_https());
    let pairs = headers.get_all(COOKIE).iter().flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(full.as_bytes())?.strip_prefix(b"="));
    values.find_map(|value| std::str::from_utf8(value).ok().filter(|value| name.fits(value)).map(str::to_owned))
}

/// The `Set-Cookie` header of a cookie for this host alone, out of reach for scripts, not sent along with other sites'
/// requests but for links. Without `lasts` it goes when the browser closes. `value` is base64url, with dots, or a language
/// tag.
pub fn set(name: Name, value: &str, lasts: Option<Span>, settings: &Settings) -> String {
    let https = settings.is_https();
    let max_age = lasts.map_or_else(String::new, |span| format!("; Max-Age={}", span.as_seconds()));
    let secure = if https { "; Secure" } else { "" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{max_age}{secure}", name.full(https))
}

/// The header that takes a cookie away.
pub fn removal(name: Name, settings: &Settings) -> String {
    set(name, "", Some(Span::ZERO), settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cookie_is_read_by_itself_and_the_first_that_fits_counts() {
        let (settings, token) = (Settings::default(), opaque_token::new(Kind::Browser).expose().clone());
        let ours = format!("sekisho-browser={token}");
        let found = |sent: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in sent {
                headers.append(COOKIE, axum::http::HeaderValue::from_bytes(value).unwrap());
            }
            get(&headers, Name::Browser, &settings)
        };
        let after = |before: &[u8]| [before, ours.as_bytes()].concat();
        for before in [
            "name=花子; ".as_bytes(),
            b"name=\xff\xfe; ",
            b"broken;; =; ; \"; ",
            b"sekisho-browser=; sekisho-browser=skw_x; sekisho-browser=\xff; ",
            b"sekisho-browser-2=x; xsekisho-browser=x; SEKISHO-BROWSER=x;\t",
        ] {
            assert_eq!(found(&[&after(before)]).as_ref(), Some(&token));
            assert_eq!(found(&[before, &[ours.as_bytes(), b";", before].concat()]).as_ref(), Some(&token));
        }
        for other in [&b"sekisho-browser"[..], b"sekisho-browser=skb_0", &[ours.as_bytes(), b"x"].concat(), b""] {
            assert_eq!(found(&[other]), None);
        }
    }

    #[test]
    fn on_https_a_cookie_is_bound_to_the_host_and_on_loopback_it_is_plain() {
        let mut settings = Settings::default();
        assert_eq!(set(Name::Session, "x", None, &settings), "sekisho-session=x; Path=/; HttpOnly; SameSite=Lax");
        settings.issuer = "https://id.example.jp".parse().unwrap();
        assert_eq!(
            set(Name::Device, "x", Some(Span::days(1)), &settings),
            "__Host-sekisho-device=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400; Secure"
        );
        assert!(removal(Name::Session, &settings).contains("Max-Age=0"));
    }
}
