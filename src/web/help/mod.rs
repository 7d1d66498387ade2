//! The help that portals display, as JSON under `/help/v1` and as pages under `/help`. It is read, filled with live
//! values and rendered once, at start: a request only picks what is ready.

pub mod api;
pub mod in_place;
mod live_values;
mod load;
pub mod pages;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::HeaderValue;

use crate::config::Settings;
use crate::domain::help::{HelpContent, HelpProblems};
use crate::domain::unix_time::UnixTime;
use crate::i18n::Catalogue;

/// The help content, ready to be served.
pub struct HelpSite {
    catalogue: Arc<Catalogue>,
    content: HelpContent,
    documents: BTreeMap<String, api::Documents>,
    /// When the content was read: the settings that it quotes are as young as that.
    read_at: UnixTime,
    /// Origins whose scripts may read the API; none: any.
    allowed_origins: Vec<HeaderValue>,
}

/// The help cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum HelpError {
    #[error("help.folder: {path} cannot be read: {error}", path = .path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("help.folder: the name of {path} is not UTF-8", path = .path.display())]
    Name { path: PathBuf },
    #[error("help.allowed_origins: {0:?} cannot stand in a header; write an origin such as https://portal.example.jp")]
    Origin(String),
    #[error(transparent)]
    Content(#[from] HelpProblems),
    #[error("the help cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0:?} cannot stand in a header")]
    Header(String),
}

impl HelpSite {
    /// Reads the content from `help.folder`, else the one that is part of the program, and renders it in every language.
    pub fn load(settings: &Settings, catalogue: Arc<Catalogue>, now: UnixTime) -> Result<HelpSite, HelpError> {
        let files = load::files(settings.help.folder.as_deref())?;
        let live_values = catalogue
            .locales()
            .map(|locale| (locale.tag().to_owned(), live_values::from_settings(settings, &catalogue, &locale)))
            .collect();
        let content = HelpContent::from_files(&files, &live_values, &settings.issuer)?;
        for missing in &content.untranslated {
            tracing::warn!(missing, "help is not translated; readers see the Japanese text");
        }
        let documents = catalogue
            .locales()
            .map(|locale| {
                let documents =
                    api::Documents::of(content.in_locale(locale.tag()), &locale, &catalogue, settings.issuer())?;
                Ok((locale.tag().to_owned(), documents))
            })
            .collect::<Result<_, HelpError>>()?;
        let allowed_origins = settings
            .help
            .allowed_origins
            .iter()
            .map(|origin| HeaderValue::from_str(origin).map_err(|_| HelpError::Origin(origin.clone())))
            .collect::<Result<_, _>>()?;
        Ok(HelpSite { catalogue, content, documents, read_at: now, allowed_origins })
    }
}
