//! The reader's language: as chosen on the page (`?lang=`, remembered), else as the browser says, else Japanese.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum_extra::extract::cookie::CookieJar;

/// Holds a language and nothing else.
pub const COOKIE: &str = "portal-language";

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Locale {
    Japanese,
    English,
}

impl Locale {
    /// The language tag (BCP 47), as the provider's `ui_locales` and help content know it.
    pub fn tag(self) -> &'static str {
        match self {
            Locale::Japanese => "ja",
            Locale::English => "en",
        }
    }

    pub fn other(self) -> Locale {
        match self {
            Locale::Japanese => Locale::English,
            Locale::English => Locale::Japanese,
        }
    }

    fn named(tag: &str) -> Option<Locale> {
        match tag.split('-').next()? {
            "ja" => Some(Locale::Japanese),
            "en" => Some(Locale::English),
            _ => None,
        }
    }

    /// The first language of ours in `Accept-Language`: browsers list them in order of preference.
    fn accepted(header: &str) -> Option<Locale> {
        header.split(',').find_map(|range| Locale::named(range.split(';').next()?.trim()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Locale {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Locale, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let chosen = url::form_urlencoded::parse(query.as_bytes())
            .find_map(|(name, value)| (name == "lang").then(|| Locale::named(&value))?);
        let remembered = || Locale::named(CookieJar::from_headers(&parts.headers).get(COOKIE)?.value());
        let accepted = || Locale::accepted(parts.headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?);
        Ok(chosen.or_else(remembered).or_else(accepted).unwrap_or(Locale::Japanese))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_we_speak_is_taken() {
        assert_eq!(Locale::accepted("en-US,en;q=0.9,ja;q=0.8"), Some(Locale::English));
        assert_eq!(Locale::accepted("fr, ja-JP;q=0.5"), Some(Locale::Japanese));
        assert_eq!(Locale::accepted("fr"), None);
    }
}
