//! The help menu's content: the provider owns it and gives it as JSON under `/help/v1/`; the portal draws it.
//!
//! The portal's server fetches it (no browser of a member calls another site), keeps it for a minute, then asks with
//! `If-None-Match` whether it changed. If the provider is away, the last known content is shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::reqwest::{self, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

const FRESH_FOR: Duration = Duration::from_secs(60);

/// `/help/v1/questions`, by category.
#[derive(Deserialize, Serialize)]
#[serde(from = "Questions")]
pub struct Faq {
    categories: Vec<Category>,
}

#[derive(Serialize)]
struct Category {
    id: String,
    title: String,
    questions: Vec<Question>,
}

#[derive(Deserialize)]
struct Questions {
    questions: Vec<Question>,
}

#[derive(Deserialize, Serialize)]
struct Question {
    id: String,
    title: String,
    category: Named,
    answer: Text,
}

#[derive(Clone, Deserialize, Serialize)]
struct Named {
    id: String,
    title: String,
}

#[derive(Deserialize, Serialize)]
struct Text {
    /// Cleaned by the provider. This portal's Content-Security-Policy runs no script, whatever stood here.
    html: String,
}

/// `/help/v1/guide`.
#[derive(Deserialize, Serialize)]
pub struct Guide {
    title: String,
    sections: Vec<Section>,
}

#[derive(Deserialize, Serialize)]
struct Section {
    id: String,
    title: String,
    body: Text,
}

impl From<Questions> for Faq {
    /// The questions come by category and in their order.
    fn from(all: Questions) -> Faq {
        let mut categories: Vec<Category> = Vec::new();
        for question in all.questions {
            let Named { id, title } = question.category.clone();
            match categories.last_mut().filter(|last| last.id == id) {
                Some(last) => last.questions.push(question),
                None => categories.push(Category { id, title, questions: vec![question] }),
            }
        }
        Faq { categories }
    }
}

/// One kind of content, in each language.
pub struct HelpContent<T> {
    url: Url,
    by_locale: Mutex<HashMap<&'static str, Copy<T>>>,
}

struct Copy<T> {
    checked_at: Instant,
    etag: Option<header::HeaderValue>,
    content: Arc<T>,
}

impl<T: DeserializeOwned> HelpContent<T> {
    pub fn at(url: Url) -> HelpContent<T> {
        HelpContent { url, by_locale: Mutex::default() }
    }

    /// The content in this language; none when it was never reached.
    pub async fn get(&self, http: &reqwest::Client, locale: &'static str) -> Option<Arc<T>> {
        let (known, etag) = match self.by_locale.lock().unwrap_or_else(PoisonError::into_inner).get(locale) {
            Some(copy) if copy.checked_at.elapsed() < FRESH_FOR => return Some(Arc::clone(&copy.content)),
            Some(copy) => (Some(Arc::clone(&copy.content)), copy.etag.clone()),
            None => (None, None),
        };
        match self.fetch(http, locale, known.clone(), etag).await {
            Ok(copy) => {
                let content = Arc::clone(&copy.content);
                self.by_locale.lock().unwrap_or_else(PoisonError::into_inner).insert(locale, copy);
                Some(content)
            }
            Err(error) => {
                tracing::warn!("help content from {}: {error}", self.url);
                known
            }
        }
    }

    async fn fetch(
        &self,
        http: &reqwest::Client,
        locale: &str,
        known: Option<Arc<T>>,
        etag: Option<header::HeaderValue>,
    ) -> Result<Copy<T>, Box<dyn std::error::Error + Send + Sync>> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("locale", locale);
        let mut request = http.get(url);
        if let Some(etag) = etag.clone() {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let response = request.send().await?.error_for_status()?;
        let checked_at = Instant::now();
        match (response.status(), known) {
            (StatusCode::NOT_MODIFIED, Some(content)) => Ok(Copy { checked_at, etag, content }),
            _ => {
                let etag = response.headers().get(header::ETAG).cloned();
                let content = Arc::new(serde_json::from_slice(&response.bytes().await?)?);
                Ok(Copy { checked_at, etag, content })
            }
        }
    }
}
