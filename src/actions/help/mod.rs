//! The help content: put together from files, what staff have published over them, and the settings; and publishing more.
//!
//! The files come with Sekisho or lie in `help.folder`. What staff publish wins over the file of the same path, also after
//! an upgrade that changes that file; staff are then told. Everything is checked as a whole before it is published, so that
//! what members read is never half of something. Publishing raises a generation in the database, by which every node sees
//! that it must read again.

pub mod count_feedback;
pub mod files;
mod live_values;
pub mod publish;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::actions::{ActionError, run};
use crate::app::App;
use crate::config::Settings;
use crate::domain::help::{HelpContent, HelpFile, HelpProblems};
use crate::domain::unix_time::UnixTime;
use crate::i18n::Catalogue;
use crate::store::help::help_content::{self, Revision};
use crate::store::{Reads, StoreError};
use files::FilesError;

/// Why there is no help content.
#[derive(Debug, thiserror::Error)]
pub enum HelpContentError {
    /// Of the folder in the settings: the files that are part of the program can always be read.
    #[error("help.folder: {0}")]
    Files(#[from] FilesError),
    #[error(transparent)]
    Content(#[from] HelpProblems),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What lies in the database: what staff have published, and in which generation.
#[derive(Clone, Debug, Default)]
pub struct Published {
    pub generation: i64,
    /// The last revision of every path.
    pub revisions: Vec<Revision>,
}

impl Published {
    pub async fn read(db: &mut impl Reads) -> Result<Published, StoreError> {
        // The generation comes first: what is published in between makes it read again.
        let generation = help_content::generation(db).await?;
        Ok(Published { generation, revisions: help_content::in_force(db).await? })
    }

    /// The files with what was published over them.
    pub fn over(&self, base: Vec<HelpFile>) -> Vec<HelpFile> {
        let edits =
            self.revisions.iter().filter_map(|edit| Some((edit.path.clone(), edit.content.clone()?.into_bytes())));
        let mut files: BTreeMap<String, Vec<u8>> = base.into_iter().map(|file| (file.path, file.content)).collect();
        files.extend(edits);
        files.into_iter().map(|(path, content)| HelpFile { path, content }).collect()
    }

    /// Edits of files that have changed since: the edit is shown, and what is new in the file is not.
    pub fn outdated(&self, base: &[HelpFile]) -> Vec<&Revision> {
        self.revisions
            .iter()
            .filter(|edit| edit.content.is_some() && edit.base_digest != base_digest(base, &edit.path))
            .collect()
    }
}

/// The help of these files, with the values of the settings, in every language.
pub fn build(files: &[HelpFile], settings: &Settings, catalogue: &Catalogue) -> Result<HelpContent, HelpProblems> {
    let live_values = catalogue
        .locales()
        .map(|locale| (locale.tag().to_owned(), live_values::from_settings(settings, catalogue, &locale)))
        .collect();
    HelpContent::from_files(files, &live_values, &settings.issuer)
}

/// The help in force, as the settings and the database have it.
pub fn in_force(
    settings: &Settings,
    catalogue: &Catalogue,
    published: &Published,
) -> Result<HelpContent, HelpContentError> {
    let base = files::files(settings.help.folder.as_deref())?;
    Ok(build(&published.over(base), settings, catalogue)?)
}

/// The same for a node that has nothing else to show: what has mistakes is left out, first single edits, then all, then the
/// folder. What had to be left out is told.
pub fn rescued(
    settings: &Settings,
    catalogue: &Catalogue,
    published: &Published,
) -> Result<(HelpContent, Option<HelpProblems>), HelpContentError> {
    let base = files::files(settings.help.folder.as_deref())?;
    let problems = match build(&published.over(base.clone()), settings, catalogue) {
        Ok(content) => return Ok((content, None)),
        Err(problems) => problems,
    };
    let sound = Published {
        revisions: published
            .revisions
            .iter()
            .filter(|edit| !problems.0.iter().any(|problem| problem.file == edit.path))
            .cloned()
            .collect(),
        ..Published::default()
    };
    let attempts = [sound.over(base.clone()), base, files::shipped()];
    for files in attempts {
        if let Ok(content) = build(&files, settings, catalogue) {
            return Ok((content, Some(problems)));
        }
    }
    Err(problems.into())
}

/// When this content was first seen, by any node.
pub async fn since(app: &App, digest: &str) -> Result<UnixTime, ActionError> {
    let digest = digest.to_owned();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let since = help_content::since(&mut tx, &digest, app.now()).await?;
        tx.commit().await?;
        Ok(since)
    })
    .await
}

/// Of a file's content; empty where there is no such file.
fn base_digest(base: &[HelpFile], path: &str) -> String {
    base.iter().find(|file| file.path == path).map_or_else(String::new, |file| digest(&file.content))
}

pub fn digest(content: &[u8]) -> String {
    encoded(&Sha256::digest(content))
}

/// A digest as text.
pub fn encoded(digest: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest)
}

#[cfg(test)]
mod tests;
