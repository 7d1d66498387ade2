//! What a request asks for (language, form, whether it has the answer already), and the answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum_extra::headers::{ETag, HeaderMapExt as _, IfNoneMatch, LastModified};

use super::documents::{Document, Documents, Form};
use super::problem::Problem;
use crate::domain::help::LocalHelp;
use crate::i18n::Locale;
use crate::web::help::HelpSnapshot;
use crate::web::prepared::Prepared;
use crate::web::request::{address, headers};
use crate::web::state::WebState;

/// It may be kept, but must be asked for again before it is used.
const CACHE: HeaderValue = HeaderValue::from_static("public, no-cache");
/// How many types of `Accept` are looked at.
const MOST_TYPES: usize = 32;

/// A request, with the help as it is published now.
pub(super) struct Request {
    pub snapshot: Arc<HelpSnapshot>,
    pub address: IpAddr,
    pub locale: Locale,
    headers: HeaderMap,
    /// The parameters of the query, in their order.
    pairs: Vec<(String, String)>,
}

impl FromRequestParts<WebState> for Request {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &WebState) -> Result<Request, Problem> {
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let connection = connection.map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(socket)| socket.ip());
        let address = address::of_request(connection, &parts.headers, &web.app.settings.http.trusted_proxies);
        web.limits.help(address).map_err(Problem::too_often)?;
        let snapshot = web.help.current().await;
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let asked = pairs.iter().find(|(name, _)| name == "locale").map(|(_, value)| value.as_str());
        let accepted = headers::list(&parts.headers, header::ACCEPT_LANGUAGE);
        let locale = web.catalogue.negotiate(asked, None, Some(&accepted));
        Ok(Request { snapshot, address, locale, headers: parts.headers.clone(), pairs })
    }
}

impl Request {
    /// Refuses parameters that this address does not know, and those that stand twice: a slip must not go unseen.
    pub fn only(self, known: &[&str]) -> Result<Request, Problem> {
        for (at, (name, _)) in self.pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let fix = match known {
                    [] => "Leave the query out.".to_owned(),
                    known => format!("The query may have: {}.", known.join(", ")),
                };
                return Err(Problem::of(name, "This parameter is not known here.", fix));
            }
            if self.pairs.iter().take(at).any(|(earlier, _)| earlier == name) {
                return Err(Problem::of(name, "This parameter is there twice.", "Send it once."));
            }
        }
        Ok(self)
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn help(&self) -> &LocalHelp {
        self.snapshot.help_in(&self.locale)
    }

    /// The form that the query names, else the one of `offered` that `Accept` prefers (RFC 9110, 12.5.1).
    pub fn form(&self, offered: &[Form]) -> Result<Form, Problem> {
        if let Some(name) = self.parameter("format") {
            let names: Vec<&str> = offered.iter().map(|form| form.name()).collect();
            let found = offered.iter().find(|form| form.name() == name).copied();
            return found.ok_or_else(|| {
                Problem::of("format", "There is no such format.", format!("Use one of {}.", names.join(", ")))
            });
        }
        if !self.headers.contains_key(header::ACCEPT) {
            return Ok(Form::Json);
        }
        preferred(&headers::list(&self.headers, header::ACCEPT), offered).ok_or_else(|| {
            let types: Vec<&str> = offered.iter().map(|form| form.media_type()).collect();
            Problem::not_acceptable(&types.join(", "))
        })
    }

    /// Answers with one of the documents in the reader's language.
    pub fn with(
        self,
        pick: impl FnOnce(&Documents) -> Option<&Document>,
        otherwise: fn() -> Problem,
    ) -> Result<Response, Problem> {
        let document = self.snapshot.documents.get(self.locale.tag()).and_then(pick);
        document.map(|document| self.document(document)).ok_or_else(otherwise)
    }

    pub fn document(&self, document: &Document) -> Response {
        self.answer(&document.body, document.form, document.language.as_ref())
    }

    /// The answer, unless the reader has it.
    pub fn answer(&self, body: &Prepared, form: Form, language: Option<&HeaderValue>) -> Response {
        let since = UNIX_EPOCH + Duration::from_secs(u64::try_from(self.snapshot.since.0).unwrap_or(0));
        let mut answer = HeaderMap::new();
        answer.insert(header::CACHE_CONTROL, CACHE);
        answer.insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
        answer.typed_insert(LastModified::from(since));
        let body = body.chosen(&self.headers);
        if self.has_it(body.etag.as_ref(), answer.get(header::LAST_MODIFIED)) {
            return body.answer(true, answer);
        }
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
        if let Some(language) = language {
            answer.insert(header::CONTENT_LANGUAGE, language.clone());
        }
        if form == Form::Html {
            // Opened by itself, it is a page of the provider's address: nothing in it may run there.
            let policy =
                HeaderValue::from_static("default-src 'none'; img-src 'self'; sandbox; frame-ancestors 'none'");
            answer.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        body.answer(false, answer)
    }

    /// If-None-Match is the exact one: with it the date does not count (RFC 9110, 13.2.2). Of dates only the very one that
    /// we gave counts: content that was rolled back is older than what came between.
    fn has_it(&self, etag: Option<&ETag>, since: Option<&HeaderValue>) -> bool {
        match self.headers.typed_get::<IfNoneMatch>() {
            Some(tags) => etag.is_some_and(|etag| !tags.precondition_passes(etag)),
            None => self.headers.get(header::IF_MODIFIED_SINCE).is_some_and(|known| Some(known) == since),
        }
    }
}

/// The best of `offered` by an `Accept` header; of equal ones the first.
fn preferred(accept: &str, offered: &[Form]) -> Option<Form> {
    let ranges: Vec<(&str, f32)> = accept
        .split(',')
        .take(MOST_TYPES)
        .filter_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            let range = parts.next().filter(|range| !range.is_empty())?;
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok())?;
            (0.0..=1.0).contains(&quality).then_some((range, quality))
        })
        .collect();
    let quality = |form: &Form| {
        let (kind, _) = form.media_type().split_once('/').unwrap_or_default();
        // The most specific range counts.
        let exact = ranges.iter().find(|(range, _)| range.eq_ignore_ascii_case(form.media_type()));
        let of_kind = || ranges.iter().find(|(range, _)| range.eq_ignore_ascii_case(&format!("{kind}/*")));
        let any = || ranges.iter().find(|(range, _)| *range == "*/*");
        exact.or_else(of_kind).or_else(any).map_or(0.0, |(_, quality)| *quality)
    };
    let mut best = None;
    for form in offered {
        let quality = quality(form);
        if quality > 0.0 && best.is_none_or(|(_, known)| quality > known) {
            best = Some((*form, quality));
        }
    }
    best.map(|(form, _)| form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_accept_prefers_is_given() {
        for (accept, expected) in [
            ("application/json", Some(Form::Json)),
            ("*/*", Some(Form::Json)),
            ("text/*", Some(Form::Html)),
            ("text/markdown;q=0.9, text/plain", Some(Form::Text)),
            ("text/html;q=0, text/*;q=0.5", Some(Form::Markdown)),
            ("application/ld+json", Some(Form::JsonLd)),
            ("TEXT/PLAIN", Some(Form::Text)),
            ("image/png", None),
            ("application/json;q=NaN", None),
            (";;,,q=1", None),
        ] {
            assert_eq!(preferred(accept, &Form::ALL), expected, "{accept}");
        }
    }
}
