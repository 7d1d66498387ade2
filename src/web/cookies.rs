//! Names and attributes of every cookie. On https they carry `__Host-`: bound to this very host, `Secure`, no `Domain`.

use axum_extra::extract::cookie::CookieJar;

use crate::config::Settings;
use crate::domain::unix_time::Span;

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

    fn full(self, https: bool) -> String {
        if https { format!("__Host-{}", self.plain()) } else { self.plain().to_owned() }
    }
}

/// The value of a cookie that the browser sent.
pub fn get(jar: &CookieJar, name: Name, settings: &Settings) -> Option<String> {
    jar.get(&name.full(settings.is_https())).map(|c| c.value().to_owned()).filter(|v| !v.is_empty() && v.len() <= 128)
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
