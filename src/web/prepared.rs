//! Answers that are the same for everybody: their bytes are made once per change, compressed once, and chosen by what the
//! reader takes. Nothing with a secret is ever among them: compressed next to what a visitor has sent, its length would tell
//! about it (BREACH). Each representation has an ETag of its own (RFC 9110, 8.8.3.3).

use std::io::Write as _;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::body::Bytes;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum_extra::headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::web::request::headers;

/// Below this, compressing saves no packet.
const WORTH_IT: usize = 512;

#[derive(Debug)]
pub struct Prepared {
    plain: Bytes,
    digest: String,
    is_worth_compressing: bool,
    /// Made when it is asked for first; `None` where it is no smaller.
    gzip: OnceLock<Option<Bytes>>,
}

/// What one reader gets.
pub struct Representation {
    pub bytes: Bytes,
    pub etag: Option<ETag>,
    is_gzip: bool,
}

impl Prepared {
    pub fn text(bytes: impl Into<Bytes>) -> Prepared {
        Prepared::new(bytes.into(), true)
    }

    /// What is compressed in itself, as pictures are, or goes to one reader alone.
    pub fn as_it_is(bytes: impl Into<Bytes>) -> Prepared {
        Prepared::new(bytes.into(), false)
    }

    fn new(plain: Bytes, is_worth_compressing: bool) -> Prepared {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&plain));
        Prepared { plain, digest, is_worth_compressing, gzip: OnceLock::new() }
    }

    pub fn plain(&self) -> &Bytes {
        &self.plain
    }

    /// A digest of the content, in base64url.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub fn chosen(&self, asked: &HeaderMap) -> Representation {
        let gzip = if self.is_worth_compressing && self.plain.len() >= WORTH_IT && takes_gzip(asked) {
            self.gzip.get_or_init(|| compressed(&self.plain)).clone()
        } else {
            None
        };
        let is_gzip = gzip.is_some();
        let suffix = if is_gzip { "-gzip" } else { "" };
        let etag = format!("\"{}{suffix}\"", self.digest).parse().ok();
        Representation { bytes: gzip.unwrap_or_else(|| self.plain.clone()), etag, is_gzip }
    }

    /// The answer with these further headers, unless the reader has it.
    pub fn answer(&self, asked: &HeaderMap, with: HeaderMap) -> Response {
        let representation = self.chosen(asked);
        let has_it = match (asked.typed_get::<IfNoneMatch>(), &representation.etag) {
            (Some(tags), Some(etag)) => !tags.precondition_passes(etag),
            _ => false,
        };
        representation.answer(has_it, with)
    }
}

impl Representation {
    /// As the whole, or as the news that there is none.
    pub fn answer(self, has_it: bool, mut with: HeaderMap) -> Response {
        with.append(VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(etag) = self.etag {
            with.typed_insert(etag);
        }
        if has_it {
            return (StatusCode::NOT_MODIFIED, with).into_response();
        }
        if self.is_gzip {
            with.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        (with, self.bytes).into_response()
    }
}

/// The last of several that follow each other, such as the keys: compressed anew when it has changed.
#[derive(Default)]
pub struct Latest(RwLock<Option<Arc<Prepared>>>);

impl Latest {
    pub fn of(&self, text: String) -> Arc<Prepared> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.plain == text) {
            return known;
        }
        let new = Arc::new(Prepared::text(text));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&new));
        new
    }
}

fn compressed(plain: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.ok().filter(|gzip| gzip.len() < plain.len()).map(Bytes::from)
}

/// Whether `Accept-Encoding` takes gzip, and does not like the plain form better (RFC 9110, 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let header = headers::list(asked, ACCEPT_ENCODING);
    let (mut gzip, mut identity, mut any) = (None, None, None);
    for item in header.split(',').take(32) {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = match parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))) {
            None => 1.0,
            Some(written) => written.parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q)).unwrap_or(0.0),
        };
        match coding.as_str() {
            "gzip" | "x-gzip" => gzip = Some(quality),
            "identity" => identity = Some(quality),
            "*" => any = Some(quality),
            _ => {}
        }
    }
    let gzip: f32 = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn asking(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_reader_gets_the_form_that_it_takes() {
        for (accepted, gzip) in [
            ("gzip", true),
            ("GZIP", true),
            ("br, gzip;q=0.5", true),
            ("x-gzip", true),
            ("*", true),
            ("*;q=0.1, br", true),
            ("gzip;q=0.8, identity;q=0.2", true),
            ("gzip;q=0.2, identity;q=0.8", false),
            ("gzip;q=0", false),
            ("*, gzip;q=0", false),
            ("gzip;q=0.000, *;q=1", false),
            ("identity", false),
            ("br, deflate", false),
            ("gzip;q=NaN", false),
            ("gzip;q=2", false),
            ("gzipped, xgzip", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(&asking(ACCEPT_ENCODING, accepted)), gzip, "{accepted}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn both_forms_say_the_same_under_different_tags() {
        let text = "The same words again and again. ".repeat(100);
        let prepared = Prepared::text(text.clone());
        let plain = prepared.chosen(&HeaderMap::new());
        let gzip = prepared.chosen(&asking(ACCEPT_ENCODING, "gzip"));
        assert_ne!(plain.etag, gzip.etag);
        assert_eq!(plain.bytes, text);
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&*gzip.bytes).read_to_end(&mut read).unwrap();
        assert_eq!(read, text.as_bytes());
        assert!(!Prepared::text("short").chosen(&asking(ACCEPT_ENCODING, "gzip")).is_gzip);
        assert!(!Prepared::as_it_is(text).chosen(&asking(ACCEPT_ENCODING, "gzip")).is_gzip);
    }

    #[test]
    fn what_has_not_changed_is_compressed_once() {
        let latest = Latest::default();
        let first = latest.of("{}".into());
        assert!(Arc::ptr_eq(&first, &latest.of("{}".into())));
        assert!(!Arc::ptr_eq(&first, &latest.of("{\"keys\":[]}".into())));
        let long = Prepared::text("The same words again and again. ".repeat(100));
        let gzip = || long.chosen(&asking(ACCEPT_ENCODING, "gzip"));
        let (one, other) = (gzip(), gzip());
        assert!(one.is_gzip && one.bytes.as_ptr() == other.bytes.as_ptr());
    }
}
