//! Publishing, rolling back and drafting single files of the help. Pictures are not published this way: they lie in
//! `help.folder`.

use super::{HelpContentError, Published, base_digest, build, files, in_force};
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::help::{HelpContent, HelpFile, HelpProblems, is_text_path};
use crate::store::StoreError;
use crate::store::help::help_content::{self, Draft, Revision};

/// The longest text, in bytes.
const LONGEST: usize = 256 * 1024;

/// One file as it shall be.
#[derive(Clone, Debug)]
pub struct Change {
    pub path: String,
    /// `None`: as the file is that comes with Sekisho or lies in the folder.
    pub content: Option<String>,
    /// The revision that the writer has seen (0: none): nobody overwrites what another has published meanwhile. `None`: it
    /// does not matter.
    pub seen: Option<i64>,
}

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(
        "\"{0}\" is no text of the help: there are systems.toml and, in each language's folder, categories.toml, synonyms.toml, faq/ID.md and guide/ID.md"
    )]
    Path(String),
    #[error("\"{path}\" is longer than {LONGEST} bytes", path = .0)]
    TooLong(String),
    #[error("\"{path}\" was published by {by} meanwhile (revision {number}). Look at it, then publish again", path = .0.path, by = .0.author, number = .0.number)]
    Overtaken(Box<Revision>),
    #[error("\"{path}\" has no revision {number}: `sekisho help history {path}` lists them")]
    NoRevision { path: String, number: i64 },
    #[error("there is no draft of \"{0}\"")]
    NoDraft(String),
    #[error(transparent)]
    Content(#[from] HelpContentError),
    #[error(transparent)]
    Action(#[from] ActionError),
}

impl From<StoreError> for PublishError {
    fn from(error: StoreError) -> Self {
        PublishError::Action(error.into())
    }
}

impl From<HelpProblems> for PublishError {
    fn from(problems: HelpProblems) -> Self {
        PublishError::Content(problems.into())
    }
}

/// Publishes files, all or none, if the help as a whole is sound with them. Every node shows them from its next answer on.
pub async fn publish(app: &App, changes: &[Change], author: &str, note: &str) -> Result<Vec<Revision>, PublishError> {
    check(changes)?;
    let (changes, author, note) = (changes.to_vec(), author.to_owned(), note.to_owned());
    run::to_its_end(app, |app| async move {
        loop {
            let published = Published::read(&mut app.store.reader().await?).await?;
            let base = files::files(app.settings.help.folder.as_deref()).map_err(HelpContentError::from)?;
            let revisions = revisions(&app, &changes, &published, &base, &author, &note)?;
            build(&with(&published, &revisions).over(base), &app.settings, &app.catalogue)?;
            let mut tx = run::begin(&app).await?;
            // Lost to another who has published: everything is looked at again, with what is there now.
            if help_content::next_generation(&mut tx, published.generation).await? {
                for revision in &revisions {
                    help_content::insert(&mut tx, revision).await?;
                    help_content::discard_draft(&mut tx, &revision.path).await?;
                }
                tx.commit().await?;
                return Ok(revisions);
            }
        }
    })
    .await
}

/// The help as it would be with these changes; nothing is published.
pub async fn preview(app: &App, changes: &[Change]) -> Result<HelpContent, PublishError> {
    check(changes)?;
    let published = Published::read(&mut app.store.reader().await?).await?;
    let base = files::files(app.settings.help.folder.as_deref()).map_err(HelpContentError::from)?;
    let revisions = revisions(app, changes, &published, &base, "", "")?;
    Ok(build(&with(&published, &revisions).over(base), &app.settings, &app.catalogue)?)
}

/// Publishes revision `number` of a path again; 0: the file that comes with Sekisho or lies in the folder.
pub async fn roll_back(
    app: &App,
    path: &str,
    number: i64,
    seen: Option<i64>,
    author: &str,
) -> Result<Vec<Revision>, PublishError> {
    let content = match number {
        0 => None,
        number => {
            let history = help_content::history(&mut app.store.reader().await?, path).await?;
            let found = history.into_iter().find(|revision| revision.number == number);
            found.ok_or_else(|| PublishError::NoRevision { path: path.to_owned(), number })?.content
        }
    };
    let change = Change { path: path.to_owned(), content, seen };
    publish(app, &[change], author, &format!("back to revision {number}")).await
}

/// Has every node read the files again, if they are sound.
pub async fn reload(app: &App) -> Result<HelpContent, PublishError> {
    run::to_its_end(app, |app| async move {
        loop {
            let published = Published::read(&mut app.store.reader().await?).await?;
            let content = in_force(&app.settings, &app.catalogue, &published)?;
            let mut tx = run::begin(&app).await?;
            if help_content::next_generation(&mut tx, published.generation).await? {
                tx.commit().await?;
                return Ok(content);
            }
        }
    })
    .await
}

/// Keeps a text that is not to be shown yet. It may have mistakes.
pub async fn save_draft(app: &App, path: &str, content: &str, author: &str) -> Result<(), PublishError> {
    check(&[Change { path: path.to_owned(), content: Some(content.to_owned()), seen: None }])?;
    let draft =
        Draft { path: path.to_owned(), content: content.to_owned(), author: author.to_owned(), changed_at: app.now() };
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        help_content::save_draft(&mut tx, &draft).await?;
        Ok(tx.commit().await?)
    })
    .await
}

pub async fn discard_draft(app: &App, path: &str) -> Result<(), PublishError> {
    let path = path.to_owned();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        if !help_content::discard_draft(&mut tx, &path).await? {
            return Err(PublishError::NoDraft(path));
        }
        Ok(tx.commit().await?)
    })
    .await
}

fn check(changes: &[Change]) -> Result<(), PublishError> {
    for Change { path, content, .. } in changes {
        if !is_text_path(path) {
            return Err(PublishError::Path(path.clone()));
        }
        if content.as_ref().is_some_and(|content| content.len() > LONGEST) {
            return Err(PublishError::TooLong(path.clone()));
        }
    }
    Ok(())
}

/// The changes as revisions that follow on those in force.
fn revisions(
    app: &App,
    changes: &[Change],
    published: &Published,
    base: &[HelpFile],
    author: &str,
    note: &str,
) -> Result<Vec<Revision>, PublishError> {
    let next = |change: &Change| {
        let last = published.revisions.iter().find(|revision| revision.path == change.path);
        let number = last.map_or(0, |last| last.number);
        if let (Some(seen), Some(last)) = (change.seen, last)
            && seen != number
        {
            return Err(PublishError::Overtaken(Box::new(last.clone())));
        }
        Ok(Revision {
            path: change.path.clone(),
            number: number + 1,
            content: change.content.clone(),
            base_digest: base_digest(base, &change.path),
            author: author.to_owned(),
            note: note.to_owned(),
            published_at: app.now(),
        })
    };
    changes.iter().map(next).collect()
}

/// What would be published with these too.
fn with(published: &Published, revisions: &[Revision]) -> Published {
    let mut all = published.clone();
    all.revisions.retain(|old| !revisions.iter().any(|new| new.path == old.path));
    all.revisions.extend_from_slice(revisions);
    all
}
