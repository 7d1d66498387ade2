//! The help that portals display, as JSON under `/help/v1` and as pages under `/help`. It is read, filled with live
//! values and rendered when it changes: a request only picks what is ready. A request takes one [`HelpSnapshot`] and keeps
//! to it, whatever is published meanwhile.

pub mod api;
pub mod component;
mod error;
pub mod in_place;
mod misses;
pub mod pages;
pub mod script;
pub mod sitemap;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::actions::help::{self as content, Published};
use crate::app::App;
use crate::config::Settings;
use crate::domain::help::images::ImageType;
use crate::domain::help::{HelpContent, LocalHelp};
use crate::domain::unix_time::UnixTime;
use crate::i18n::{Catalogue, Locale};
use crate::store::StoreError;
use crate::store::help::help_content;
use crate::web::prepared::Prepared;
pub use error::HelpError;
use misses::Misses;

/// How long an answer waits for the database to say whether something was published. The help is served without it too.
const PATIENCE: Duration = Duration::from_millis(500);
/// No generation of the database has this number: nothing was read from there yet.
const NEVER_READ: i64 = -1;

/// The help, as it is served now.
pub struct HelpSite {
    app: App,
    current: RwLock<Arc<HelpSnapshot>>,
    /// The generation that was looked at last, whether or not its content could be taken.
    seen: AtomicI64,
    /// Whether the database did not answer the last time.
    is_cut_off: AtomicBool,
    reading: Mutex<()>,
    misses: Misses,
}

/// The help content at one moment, ready to be served.
pub struct HelpSnapshot {
    content: HelpContent,
    documents: BTreeMap<String, api::documents::Documents>,
    /// The pictures by their hashes.
    images: BTreeMap<String, Prepared>,
    /// A digest of everything in it.
    digest: String,
    /// When it was first served, by whichever node.
    since: UnixTime,
}

impl HelpSite {
    /// The help of the files alone. What lies in the database comes with the first answer: see [`HelpSite::current`].
    pub fn load(app: &App) -> Result<HelpSite, HelpError> {
        let nothing = Published::default();
        let (content, problems) = content::rescued(&app.settings, &app.catalogue, &nothing)?;
        if let Some(problems) = problems {
            tracing::error!("help.folder is not used, the help that comes with Sekisho is shown: {problems}");
        }
        for missing in &content.untranslated {
            tracing::warn!(missing, "help is not translated; readers see the Japanese text");
        }
        let snapshot = HelpSnapshot::of(&app.settings, &app.catalogue, content, app.now())?;
        Ok(HelpSite {
            app: app.clone(),
            current: RwLock::new(Arc::new(snapshot)),
            seen: AtomicI64::new(NEVER_READ),
            is_cut_off: AtomicBool::new(false),
            reading: Mutex::new(()),
            misses: Misses::default(),
        })
    }

    /// What this node has at hand, without a look at the database.
    pub fn at_hand(&self) -> Arc<HelpSnapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is published now: the database is asked for the generation, and only where it has changed is anything read. If
    /// the database does not answer, or holds something that can't be shown, the last good content stays.
    pub async fn current(&self) -> Arc<HelpSnapshot> {
        match timeout(PATIENCE, self.generation()).await {
            Ok(Ok(generation)) => {
                self.is_cut_off.store(false, Ordering::Relaxed);
                if generation != self.seen.load(Ordering::Acquire) {
                    self.read_again(generation).await;
                }
            }
            Ok(Err(error)) => self.cut_off(&error.to_string()),
            Err(_) => self.cut_off("the database takes too long to answer"),
        }
        self.at_hand()
    }

    async fn generation(&self) -> Result<i64, StoreError> {
        help_content::generation(&mut self.app.store.reader().await?).await
    }

    /// Tells once until it is over.
    fn cut_off(&self, why: &str) {
        if !self.is_cut_off.swap(true, Ordering::Relaxed) {
            tracing::warn!("the help is shown as it was read last: {why}");
        }
    }

    async fn read_again(&self, generation: i64) {
        let _alone = self.reading.lock().await;
        // Another answer may have waited for the same.
        if self.seen.load(Ordering::Acquire) >= generation {
            return;
        }
        match self.read().await {
            Ok((snapshot, generation)) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
                self.seen.store(generation, Ordering::Release);
            }
            // Without the database it is tried again with the next answer.
            Err(error @ (HelpError::Store(_) | HelpError::Action(_))) => self.cut_off(&error.to_string()),
            Err(error) => {
                self.seen.store(generation, Ordering::Release);
                tracing::error!("the help stays as it was: {error}");
            }
        }
    }

    async fn read(&self) -> Result<(HelpSnapshot, i64), HelpError> {
        let published = Published::read(&mut self.app.store.reader().await?).await?;
        let generation = published.generation;
        let is_first = self.seen.load(Ordering::Acquire) == NEVER_READ;
        let app = self.app.clone();
        let building = tokio::task::spawn_blocking(move || -> Result<HelpSnapshot, HelpError> {
            let content = if is_first {
                let (content, problems) = content::rescued(&app.settings, &app.catalogue, &published)?;
                if let Some(problems) = problems {
                    tracing::error!("what has mistakes is left out of the help: {problems}");
                }
                content
            } else {
                content::in_force(&app.settings, &app.catalogue, &published)?
            };
            HelpSnapshot::of(&app.settings, &app.catalogue, content, app.now())
        });
        let mut snapshot = building.await.map_err(|error| HelpError::Header(error.to_string()))??;
        snapshot.since = content::since(&self.app, &snapshot.digest).await?;
        Ok((snapshot, generation))
    }
}

impl HelpSnapshot {
    pub fn of(
        settings: &Settings,
        catalogue: &Catalogue,
        content: HelpContent,
        now: UnixTime,
    ) -> Result<HelpSnapshot, HelpError> {
        let mut all = Sha256::new();
        let documents = catalogue
            .locales()
            .map(|locale| {
                let help = content.in_locale(locale.tag());
                let documents = api::documents::Documents::of(help, &locale, catalogue, settings.issuer())?;
                all.update(serde_json::to_vec(&(&help.categories, &help.guide))?);
                Ok((locale.tag().to_owned(), documents))
            })
            .collect::<Result<_, HelpError>>()?;
        let digest = content::encoded(&all.finalize());
        let images = content.images().map(|image| {
            let bytes = Bytes::from_owner(Arc::clone(&image.content));
            let prepared = match image.kind {
                ImageType::Svg => Prepared::text(bytes),
                ImageType::Png | ImageType::WebP => Prepared::as_it_is(bytes),
            };
            (image.hash.clone(), prepared)
        });
        Ok(HelpSnapshot { images: images.collect(), content, documents, digest, since: now })
    }

    fn help_in(&self, locale: &Locale) -> &LocalHelp {
        self.content.in_locale(locale.tag())
    }
}
