//! Where answers may be sent: registered URIs only, compared letter by letter (RFC 9700, 2.1 and 4.1.3).

use url::{Host, Url};

use super::client::ApplicationType;

/// Why a URI can't be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriProblem {
    #[error("is not an absolute URI")]
    NotAbsolute,
    #[error("is longer than 2000 characters")]
    TooLong,
    #[error("has a fragment (#)")]
    Fragment,
    #[error("has a wildcard (*)")]
    Wildcard,
    #[error("has a space, a control character, a backslash or a character outside ASCII; percent-encode it")]
    Characters,
    #[error("has a % that no two hexadecimal digits follow")]
    Percent,
    #[error("has a port that is none: 1 to 65535")]
    Port,
    #[error("has no host")]
    NoHost,
    #[error("has a user name or a password")]
    UserInfo,
    #[error("is http; only https is safe (http may be used with localhost, 127.0.0.1 and [::1] alone)")]
    PlainHttp,
    #[error(
        "has a scheme that is not allowed; use https (native applications may use a reversed domain name such as jp.example.app)"
    )]
    Scheme,
    #[error("is not written as browsers send it (scheme and host in small letters, no default port, no dot segments)")]
    NotCanonical,
}

/// Checks a redirect URI at registration (OpenID Registration 1.0, 2; RFC 8252, 7; RFC 6749, 3.1.2).
pub fn check(text: &str, application: ApplicationType) -> Result<(), UriProblem> {
    let url = parse(text)?;
    match url.scheme() {
        "https" => web_host(&url, text),
        "http" if is_loopback(&url) => web_host(&url, text),
        "http" => Err(if url.has_host() { UriProblem::PlainHttp } else { UriProblem::NoHost }),
        // RFC 8252, 7.1: a private-use scheme is a domain name under its owner's control, reversed.
        scheme if application == ApplicationType::Native && scheme.contains('.') => Ok(()),
        _ => Err(UriProblem::Scheme),
    }
}

/// Checks a URI that members or their browsers are pointed to: logo, policy, terms, home page.
pub fn check_link(text: &str) -> Result<(), UriProblem> {
    check(text, ApplicationType::Web)
}

fn parse(text: &str) -> Result<Url, UriProblem> {
    if text.len() > 2_000 {
        return Err(UriProblem::TooLong);
    }
    if !text.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'\\') {
        return Err(UriProblem::Characters);
    }
    if text.contains('#') {
        return Err(UriProblem::Fragment);
    }
    if text.contains('*') {
        return Err(UriProblem::Wildcard);
    }
    if !is_percent_encoded(text) {
        return Err(UriProblem::Percent);
    }
    let url = Url::parse(text).map_err(|e| match e {
        url::ParseError::EmptyHost => UriProblem::NoHost,
        url::ParseError::InvalidPort => UriProblem::Port,
        _ => UriProblem::NotAbsolute,
    })?;
    if url.port() == Some(0) { Err(UriProblem::Port) } else { Ok(url) }
}

/// Whether each `%` stands before two hexadecimal digits (RFC 3986, 2.1).
fn is_percent_encoded(text: &str) -> bool {
    let mut parts = text.split('%');
    parts.next();
    parts.all(|part| part.len() >= 2 && part.bytes().take(2).all(|digit| digit.is_ascii_hexdigit()))
}

fn web_host(url: &Url, text: &str) -> Result<(), UriProblem> {
    if url.host_str().is_none_or(str::is_empty) {
        return Err(UriProblem::NoHost);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UriProblem::UserInfo);
    }
    // What we compare with later is the text: it must be what a browser would make of it, but for a missing last slash.
    if url.as_str() != text && url.as_str() != format!("{text}/") {
        return Err(UriProblem::NotCanonical);
    }
    Ok(())
}

/// Whether the host is this machine itself.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Where a URI leads, for a member to read: a host with its port, or the scheme of an application on their own device.
pub fn destination(uri: &str) -> String {
    let Ok(url) = Url::parse(uri) else { return String::new() };
    match (url.scheme(), url.host_str(), url.port()) {
        ("https" | "http", Some(host), Some(port)) => format!("{host}:{port}"),
        ("https" | "http", Some(host), None) => host.to_owned(),
        (scheme, ..) => scheme.to_owned(),
    }
}

/// Whether a request's redirect URI is a registered one. Exactly; but a program on the member's own machine takes whatever port
/// it gets (RFC 8252, 7.3): on a loopback address for every client, as many register without saying that they are native, and
/// by the name `localhost` for those that say so.
pub fn is_registered(requested: &str, registered: &[String], application: ApplicationType) -> bool {
    let without_port = |uri| without_loopback_port(uri, application);
    registered.iter().any(|r| r == requested)
        || without_port(requested).is_some_and(|wanted| registered.iter().any(|r| without_port(r) == Some(wanted)))
}

/// Host and rest of an `http` URI on a loopback host; `None` for all others, and where the port is none.
fn without_loopback_port(text: &str, application: ApplicationType) -> Option<(&'static str, &str)> {
    let hosts: &[&str] = match application {
        ApplicationType::Native => &["127.0.0.1", "[::1]", "localhost"],
        ApplicationType::Web => &["127.0.0.1", "[::1]"],
    };
    let rest = text.strip_prefix("http://")?;
    let (host, after) = hosts.iter().find_map(|host| Some((*host, rest.strip_prefix(host)?)))?;
    let tail = match after.strip_prefix(':') {
        None => after,
        Some(after) => {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let (port, tail) = after.split_at_checked(end)?;
            if port.starts_with('0') || port.parse::<u16>().is_err() {
                return None;
            }
            tail
        }
    };
    (tail.is_empty() || tail.starts_with(['/', '?'])).then_some((host, tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ApplicationType::{Native, Web};

    #[test]
    fn safe_uris_may_be_registered() {
        for uri in [
            "https://portal.example.jp/callback",
            "https://portal.example.jp",
            "https://portal.example.jp:8443/callback?a=b",
            "http://localhost:8090/callback",
            "http://127.0.0.1/cb",
            "http://[::1]:3000/cb",
        ] {
            assert_eq!(check(uri, Web), Ok(()), "{uri}");
        }
        assert_eq!(check("jp.example.app:/callback", Native), Ok(()));
    }

    #[test]
    fn dangerous_uris_are_refused_for_every_kind_of_client() {
        for (uri, problem) in [
            ("javascript:alert(1)", UriProblem::Scheme),
            ("data:text/html,x", UriProblem::Scheme),
            ("file:///etc/passwd", UriProblem::Scheme),
            ("blob:https://a.example/x", UriProblem::Scheme),
            ("http://portal.example.jp/cb", UriProblem::PlainHttp),
            ("http://localhost.example.jp/cb", UriProblem::PlainHttp),
            ("https://portal.example.jp/cb#x", UriProblem::Fragment),
            ("https://*.example.jp/cb", UriProblem::Wildcard),
            ("https://portal.example.jp/c b", UriProblem::Characters),
            ("https://portal.example.jp/\u{7}", UriProblem::Characters),
            ("https://portal.example.jp/\n", UriProblem::Characters),
            ("https://portal.example.jp\\@evil.example/", UriProblem::Characters),
            ("https://健保.example/", UriProblem::Characters),
            ("https://", UriProblem::NoHost),
            ("https:///cb", UriProblem::NotCanonical),
            ("/callback", UriProblem::NotAbsolute),
            ("portal.example.jp/cb", UriProblem::NotAbsolute),
            ("https://user@portal.example.jp/cb", UriProblem::UserInfo),
            ("https://user:pw@portal.example.jp/cb", UriProblem::UserInfo),
            ("https://Portal.example.jp/cb", UriProblem::NotCanonical),
            ("https://portal.example.jp:443/cb", UriProblem::NotCanonical),
            ("https://portal.example.jp/a/../cb", UriProblem::NotCanonical),
            ("https://portal.example.jp/%zz", UriProblem::Percent),
            ("https://portal.example.jp/cb?a=%4", UriProblem::Percent),
            ("https://portal.example.jp:0/cb", UriProblem::Port),
            ("https://portal.example.jp:65536/cb", UriProblem::Port),
            ("http://127.0.0.1:99999/cb", UriProblem::Port),
            ("http://127.0.0.1:0/cb", UriProblem::Port),
            ("jp.example.app://host:0/cb", UriProblem::Port),
            ("jp.example.app:/%zz", UriProblem::Percent),
            ("", UriProblem::NotAbsolute),
        ] {
            assert_eq!(check(uri, Web), Err(problem), "{uri}");
            assert!(check(uri, Native).is_err(), "{uri} (native)");
        }
        assert_eq!(check("jp.example.app:/callback", Web), Err(UriProblem::Scheme));
        assert_eq!(check("myapp:/callback", Native), Err(UriProblem::Scheme));
        assert_eq!(check(&format!("https://a.example/{}", "a".repeat(2_000)), Web), Err(UriProblem::TooLong));
    }

    #[test]
    fn only_the_very_same_uri_matches() {
        let registered = ["https://portal.example.jp/callback".to_owned()];
        assert!(is_registered("https://portal.example.jp/callback", &registered, Web));
        for other in [
            "https://portal.example.jp/callback/",
            "https://portal.example.jp/callback?x=1",
            "https://portal.example.jp/callback#x",
            "https://portal.example.jp/callback/..;/evil",
            "https://portal.example.jp\\callback",
            "https://evil@portal.example.jp/callback",
            "https://portal.example.jp:8443/callback",
            "https://portal.example.jp./callback",
            "https://PORTAL.example.jp/callback",
            "https://portal.example.jp/Callback",
            "https://portal.example.jp/%63allback",
            "https://portal.example.jp/callback ",
            "http://portal.example.jp/callback",
        ] {
            assert!(!is_registered(other, &registered, Web), "{other}");
            assert!(!is_registered(other, &registered, Native), "{other} (native)");
        }
    }

    #[test]
    fn a_member_reads_the_host_and_never_the_part_before_it() {
        for (uri, destination_) in [
            ("https://rp.example.jp/id.example.jp?x=y", "rp.example.jp"),
            ("https://rp.example.jp:8443/", "rp.example.jp:8443"),
            ("http://[::1]:3000/cb", "[::1]:3000"),
            ("jp.example.app:/callback", "jp.example.app"),
            ("jp.example.app://id.example.jp/", "jp.example.app"),
        ] {
            assert_eq!(destination(uri), destination_);
        }
    }

    #[test]
    fn on_a_loopback_address_any_port_will_do_and_by_its_name_for_native_applications() {
        let registered =
            ["http://127.0.0.1/cb".to_owned(), "http://[::1]:5000/cb".into(), "http://localhost:3000/cb".into()];
        for application in [Web, Native] {
            for port in ["", ":1", ":49152", ":65535"] {
                assert!(is_registered(&format!("http://127.0.0.1{port}/cb"), &registered, application), "{port}");
                assert!(is_registered(&format!("http://[::1]{port}/cb"), &registered, application), "{port}");
                let by_name = is_registered(&format!("http://localhost{port}/cb"), &registered, application);
                assert_eq!(by_name, application == Native, "{port}");
            }
            for other in [
                "http://127.0.0.1:49152/other",
                "http://127.0.0.1:x/cb",
                "http://127.0.0.1:/cb",
                "http://127.0.0.1:0/cb",
                "http://127.0.0.1:080/cb",
                "http://127.0.0.1:65536/cb",
                "http://127.0.0.1:99999/cb",
                "http://127.0.0.1.evil.example/cb",
                "http://127.0.0.1:1@evil.example/cb",
                "http://127.0.0.1@evil.example/cb",
                "http://127.0.0.2:1/cb",
                "http://localhost.evil.example/cb",
                "http://localhost:4000@evil.example/cb",
                "https://127.0.0.1:1/cb",
            ] {
                assert!(!is_registered(other, &registered, application), "{other}");
            }
        }
    }
}
