//! `sekisho help`: the FAQ and the guide that portals display.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::output::{table, time};
use super::{Failure, Output};
use crate::actions::help::files::{FilesError, files};
use crate::actions::help::publish::{self, Change, PublishError};
use crate::actions::help::{HelpContentError, Published, build};
use crate::app::App;
use crate::config::Settings;
use crate::domain::help::{HelpContent, HelpFile, HelpProblems, is_text_path};
use crate::i18n::Catalogue;
use crate::store::help::help_content::{self, Revision};
use crate::store::help::help_feedback;

/// Who publishes by the command line.
const AUTHOR: &str = "command line";

#[derive(Subcommand)]
pub(super) enum HelpCommand {
    /// Checks the help that is in force, or a folder, and says what is wrong and in which line
    Check {
        /// A folder with help files that is not in force yet
        #[arg(long, value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
    /// Writes the help files that are in force into a new folder
    Export {
        folder: PathBuf,
        /// The files that come with Sekisho, without what staff have published
        #[arg(long)]
        shipped: bool,
    },
    /// Publishes the texts of a folder that differ from those in force
    ///
    /// All or none, once they are sound together; every running server shows them with its next answer. Pictures are not
    /// published this way: they lie in help.folder.
    Import {
        folder: PathBuf,
        /// Say what would be published, and publish nothing
        #[arg(long)]
        dry_run: bool,
        /// A word about why, for the history
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
    /// Has every running server read help.folder again, if what lies there is sound
    ///
    /// Each node reads its own copy of the folder: bring the files to all of them first.
    Reload,
    /// Lists what was published of a text, newest first; without PATH, all texts that staff have published
    History {
        /// Such as ja/faq/password-locked.md
        path: Option<String>,
    },
    /// Publishes an earlier revision of a text again
    Rollback {
        /// Such as ja/faq/password-locked.md
        path: String,
        /// The revision, as `sekisho help history` numbers it; 0: the file that comes with Sekisho or lies in help.folder
        #[arg(long, value_name = "REVISION")]
        to: i64,
    },
    /// Shows which answers helped and what was sought in vain
    Stats {
        /// How many searches are listed
        #[arg(long, default_value_t = 50)]
        most: u32,
    },
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Action(error) => Failure::Action(error),
            other => Failure::refused(other.to_string()),
        }
    }
}

impl From<FilesError> for Failure {
    fn from(error: FilesError) -> Self {
        Failure::refused(error.to_string())
    }
}

impl HelpCommand {
    pub async fn run(self, app: &App, out: Output) -> Result<(), Failure> {
        match self {
            HelpCommand::Check { folder } => check(app, folder.as_deref(), out).await,
            HelpCommand::Export { folder, shipped } => export(app, &folder, shipped, out).await,
            HelpCommand::Import { folder, dry_run, note } => import(app, &folder, dry_run, &note, out).await,
            HelpCommand::Reload => {
                let content = publish::reload(app).await?;
                let count = count(&content);
                let text =
                    format!("Every running server reads the help again with its next answer: {count} questions.");
                out.answer(text, &json!({ "questions": count, "untranslated": content.untranslated }))
            }
            HelpCommand::History { path } => history(app, path.as_deref(), out).await,
            HelpCommand::Rollback { path, to } => {
                let revisions = publish::roll_back(app, &path, to, None, AUTHOR).await?;
                let number = revisions.first().map_or(0, |revision| revision.number);
                let what = if to == 0 { "the file".to_owned() } else { format!("revision {to}") };
                let text = format!("{path} is as {what} again, published as revision {number}.");
                out.answer(text, &json!({ "path": path, "number": number }))
            }
            HelpCommand::Stats { most } => stats(app, most, out).await,
        }
    }
}

/// What there is to say about the help.
pub(super) struct Report {
    pub problems: Vec<String>,
    pub untranslated: Vec<String>,
    /// Published texts whose file has changed since.
    pub outdated: Vec<Revision>,
    pub questions: usize,
}

impl Report {
    pub fn of(settings: &Settings, catalogue: &Catalogue, published: &Published, base: Vec<HelpFile>) -> Report {
        let outdated = published.outdated(&base).into_iter().cloned().collect();
        match build(&published.over(base), settings, catalogue) {
            Ok(content) => Report {
                problems: Vec::new(),
                questions: count(&content),
                untranslated: content.untranslated,
                outdated,
            },
            Err(HelpProblems(problems)) => Report {
                problems: problems.iter().map(ToString::to_string).collect(),
                untranslated: Vec::new(),
                outdated,
                questions: 0,
            },
        }
    }
}

fn count(content: &HelpContent) -> usize {
    content.in_locale(crate::domain::help::FIRST_LOCALE).categories.iter().map(|held| held.questions.len()).sum()
}

async fn check(app: &App, folder: Option<&Path>, out: Output) -> Result<(), Failure> {
    // A folder that is not in force is judged by itself.
    let published = match folder {
        Some(_) => Published::default(),
        None => Published::read(&mut app.store.reader().await?).await?,
    };
    let base = match folder {
        Some(folder) => files(Some(folder))?,
        None => of_settings(app)?,
    };
    let report = Report::of(&app.settings, &app.catalogue, &published, base);
    let mut text = String::new();
    for problem in &report.problems {
        text.push_str(&format!("WRONG  {problem}\n"));
    }
    for path in &report.untranslated {
        text.push_str(&format!("note   {path}: not translated; readers see the Japanese text\n"));
    }
    for edit in &report.outdated {
        text.push_str(&format!("note   {}\n", outdated(edit)));
    }
    text.push_str(&match report.problems.len() {
        0 => format!("The help is sound: {} questions.", report.questions),
        1 => "One thing is wrong.".to_owned(),
        n => format!("{n} things are wrong."),
    });
    let edits: Vec<_> =
        report.outdated.iter().map(|edit| json!({ "path": edit.path, "number": edit.number })).collect();
    let json = json!({
        "ok": report.problems.is_empty(), "problems": report.problems, "untranslated": report.untranslated,
        "outdated": edits, "questions": report.questions,
    });
    out.answer(text, &json)?;
    if report.problems.is_empty() { Ok(()) } else { Err(Failure::Answered) }
}

/// The files that the settings name, or those that come with Sekisho.
fn of_settings(app: &App) -> Result<Vec<HelpFile>, Failure> {
    Ok(files(app.settings.help.folder.as_deref()).map_err(HelpContentError::from)?)
}

/// What staff are told of a text whose file has changed.
pub(super) fn outdated(edit: &Revision) -> String {
    format!(
        "{path}: the file has changed since revision {number} was published over it; readers see the revision. Compare them \
         (`sekisho help export --shipped FOLDER`), then publish again or `sekisho help rollback {path} --to 0`",
        path = edit.path,
        number = edit.number
    )
}

async fn export(app: &App, folder: &Path, shipped: bool, out: Output) -> Result<(), Failure> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::refused(format!("{} is not empty: name a new folder", folder.display())));
    }
    let files = if shipped {
        crate::actions::help::files::shipped()
    } else {
        let published = Published::read(&mut app.store.reader().await?).await?;
        published.over(of_settings(app)?)
    };
    for file in &files {
        let path = folder.join(&file.path);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, &file.content));
        written.map_err(|error| Failure::refused(format!("{} can't be written: {error}", path.display())))?;
    }
    let text = format!("{} files are in {}.", files.len(), folder.display());
    out.answer(text, &json!({ "files": files.len(), "folder": folder }))
}

async fn import(app: &App, folder: &Path, dry_run: bool, note: &str, out: Output) -> Result<(), Failure> {
    let published = Published::read(&mut app.store.reader().await?).await?;
    let base = of_settings(app)?;
    let in_force: BTreeMap<String, Vec<u8>> =
        published.over(base).into_iter().map(|file| (file.path, file.content)).collect();
    let mut changes = Vec::new();
    for HelpFile { path, content } in files(Some(folder))? {
        if in_force.get(&path) == Some(&content) {
            continue;
        }
        if !is_text_path(&path) {
            return Err(Failure::refused(format!(
                "{path} differs from what is in force and is no text of the help: pictures come from help.folder; a text is \
                 systems.toml, or in a language's folder categories.toml, synonyms.toml, faq/ID.md or guide/ID.md"
            )));
        }
        let seen = published.revisions.iter().find(|revision| revision.path == path).map_or(0, |last| last.number);
        let content = String::from_utf8(content).map_err(|_| Failure::refused(format!("{path} is not UTF-8")))?;
        changes.push(Change { path, content: Some(content), seen: Some(seen) });
    }
    let paths: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
    let list: String = paths.iter().map(|path| format!("\n  {path}")).collect();
    let text = match (paths.len(), dry_run) {
        (0, _) => "Nothing differs from what is in force: nothing was done.".to_owned(),
        (_, true) => format!("These would be published:{list}"),
        (_, false) => format!("These are published:{list}"),
    };
    if dry_run {
        publish::preview(app, &changes).await?;
    } else if !changes.is_empty() {
        publish::publish(app, &changes, AUTHOR, note).await?;
    }
    let published = paths.len() * usize::from(!dry_run);
    out.answer(text, &json!({ "changed": paths, "published": published }))
}

async fn history(app: &App, path: Option<&str>, out: Output) -> Result<(), Failure> {
    let mut reader = app.store.reader().await?;
    let revisions = match path {
        Some(path) if !is_text_path(path) => return Err(PublishError::Path(path.to_owned()).into()),
        Some(path) => help_content::history(&mut reader, path).await?,
        None => help_content::in_force(&mut reader).await?,
    };
    let json: Vec<Value> = revisions
        .iter()
        .map(|revision| {
            json!({ "path": revision.path, "number": revision.number, "published_at": revision.published_at,
                    "author": revision.author, "note": revision.note, "is_file": revision.content.is_none() })
        })
        .collect();
    let rows: Vec<_> = revisions
        .iter()
        .map(|revision| {
            let what = if revision.content.is_none() { "as the file" } else { "a text of its own" };
            [
                revision.path.clone(),
                revision.number.to_string(),
                time(revision.published_at),
                what.to_owned(),
                revision.author.clone(),
                revision.note.clone(),
            ]
        })
        .collect();
    let text = match rows.as_slice() {
        [] => "Nothing was published: the files are shown as they are.".to_owned(),
        rows => table(["PATH", "REVISION", "PUBLISHED", "WHAT", "BY", "NOTE"], rows),
    };
    out.answer(text, &json!(json))
}

async fn stats(app: &App, most: u32, out: Output) -> Result<(), Failure> {
    let mut reader = app.store.reader().await?;
    let votes = help_feedback::votes(&mut reader).await?;
    let misses = help_feedback::misses(&mut reader, most).await?;
    let kept = help_feedback::miss_count(&mut reader).await?;
    let rows: Vec<_> = votes
        .iter()
        .map(|v| {
            [v.question.clone(), v.locale.clone(), v.helpful.to_string(), v.unhelpful.to_string(), time(v.last_at)]
        })
        .collect();
    let mut text = match rows.as_slice() {
        [] => "Nobody has said yet whether an answer helped.\n".to_owned(),
        rows => format!(
            "Whether answers helped, those that helped least first:\n\n{}",
            table(["QUESTION", "LANGUAGE", "HELPED", "DID NOT", "LAST"], rows)
        ),
    };
    let rows: Vec<_> =
        misses.iter().map(|m| [m.query.clone(), m.locale.clone(), m.misses.to_string(), time(m.last_at)]).collect();
    text.push_str(&match rows.as_slice() {
        [] => "\nNothing was sought in vain.".to_owned(),
        rows => format!(
            "\nSought in vain, {} of {kept}:\n\n{}",
            rows.len(),
            table(["SEARCH", "LANGUAGE", "TIMES", "LAST"], rows)
        ),
    });
    let votes: Vec<Value> = votes
        .iter()
        .map(|v| {
            json!({ "question": v.question, "locale": v.locale, "helpful": v.helpful, "unhelpful": v.unhelpful,
                    "last_at": v.last_at })
        })
        .collect();
    let misses: Vec<Value> = misses
        .iter()
        .map(|m| json!({ "query": m.query, "locale": m.locale, "misses": m.misses, "last_at": m.last_at }))
        .collect();
    out.answer(text, &json!({ "votes": votes, "misses": misses, "misses_kept": kept }))
}

impl From<HelpContentError> for Failure {
    fn from(error: HelpContentError) -> Self {
        match error {
            HelpContentError::Store(error) => error.into(),
            other => Failure::refused(other.to_string()),
        }
    }
}
