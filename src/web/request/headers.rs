//! Headers as anybody may send them: browsers, their extensions, proxies. Bytes beyond ASCII are read as signs that mean
//! nothing: they spoil the part that they stand in, and nothing next to it.

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderName};

/// The first header of this name.
pub fn text(headers: &HeaderMap, name: HeaderName) -> Option<Cow<'_, str>> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
}

/// All headers of this name as one list (RFC 9110, 5.3). Empty if there is none.
pub fn list(headers: &HeaderMap, name: HeaderName) -> String {
    let all: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    all.join(", ")
}

/// The type of the body in small letters, without its parameters.
pub fn media_type(headers: &HeaderMap) -> String {
    let whole = text(headers, CONTENT_TYPE).unwrap_or_default();
    whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::{ACCEPT_LANGUAGE, USER_AGENT};

    use super::*;

    #[test]
    fn bytes_beyond_ascii_spoil_their_own_part_alone() {
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT_LANGUAGE, HeaderValue::from_bytes(b"\xff\xfe;q=1, en").unwrap());
        headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static("ja;q=0.5"));
        assert_eq!(list(&headers, ACCEPT_LANGUAGE), "\u{fffd}\u{fffd};q=1, en, ja;q=0.5");
        assert_eq!((text(&headers, USER_AGENT), list(&headers, USER_AGENT)), (None, String::new()));
        headers.insert(CONTENT_TYPE, HeaderValue::from_bytes(b"Application/JSON ; name=\xe9").unwrap());
        assert_eq!(media_type(&headers), "application/json");
    }
}
