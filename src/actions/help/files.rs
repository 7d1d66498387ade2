//! Where the help content comes from: the folder in the settings, or the one that is part of the program.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::domain::help::HelpFile;
use crate::text_file;

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/config/help");

/// More than any help needs: a folder that was named by a slip is not read to its end.
const MOST_FILES: usize = 50_000;
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

/// Why the files can't be read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("{path} cannot be read: {error}", path = .path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("the name of {path} is not UTF-8", path = .path.display())]
    Name { path: PathBuf },
    #[error("{path} is too large for a help file, or there are too many: is it the right folder?", path = .path.display())]
    TooMuch { path: PathBuf },
}

/// Those of `folder`, else those that come with Sekisho.
pub fn files(folder: Option<&Path>) -> Result<Vec<HelpFile>, FilesError> {
    match folder {
        Some(folder) => {
            let mut files = Vec::new();
            read_folder(folder, "", &mut files)?;
            Ok(files)
        }
        None => Ok(shipped()),
    }
}

/// Those that come with Sekisho.
pub fn shipped() -> Vec<HelpFile> {
    let mut files = Vec::new();
    collect_shipped(&SHIPPED, &mut files);
    files
}

fn collect_shipped(folder: &Dir<'_>, into: &mut Vec<HelpFile>) {
    let file = |file: &include_dir::File<'_>| HelpFile {
        path: file.path().to_string_lossy().into_owned(),
        content: file.contents().to_owned(),
    };
    into.extend(folder.files().map(file));
    folder.dirs().for_each(|inner| collect_shipped(inner, into));
}

/// `within` is the path from the content's folder to this one, ending in `/` unless it is empty. Names that begin with a
/// dot are passed over: editors and file systems leave such files.
fn read_folder(folder: &Path, within: &str, into: &mut Vec<HelpFile>) -> Result<(), FilesError> {
    let unreadable = |path: &Path, error| FilesError::Unreadable { path: path.to_owned(), error };
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| FilesError::Name { path: path.clone() })?;
        if name.starts_with('.') {
            continue;
        }
        let about = std::fs::metadata(&path).map_err(|error| unreadable(&path, error))?;
        if about.is_dir() {
            read_folder(&path, &format!("{within}{name}/"), into)?;
        } else {
            if about.len() > LARGEST_FILE || into.len() >= MOST_FILES {
                return Err(FilesError::TooMuch { path });
            }
            let content = match path.extension().and_then(|extension| extension.to_str()) {
                Some("md" | "toml") => text_file::read(&path).map(String::into_bytes),
                _ => std::fs::read(&path),
            };
            let content = content.map_err(|error| unreadable(&path, error))?;
            into.push(HelpFile { path: format!("{within}{name}"), content });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_shipped_content_reads_the_same_from_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        SHIPPED.extract(folder.path()).expect("it is written");
        std::fs::write(folder.path().join(".DS_Store"), [0xff]).expect("it is written");
        let paths = |folder| {
            let mut files: Vec<_> =
                files(folder).expect("it is read").into_iter().map(|file| (file.path, file.content)).collect();
            files.sort();
            files
        };
        assert_eq!(paths(Some(folder.path())), paths(None));
    }

    #[test]
    fn texts_that_were_saved_on_windows_read_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        for file in shipped() {
            let path = folder.path().join(&file.path);
            std::fs::create_dir_all(path.parent().expect("it has one")).expect("it is made");
            let content = match String::from_utf8(file.content) {
                Ok(text) => format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes(),
                Err(picture) => picture.into_bytes(),
            };
            std::fs::write(path, content).expect("it is written");
        }
        let texts = |files: Vec<HelpFile>| {
            let mut texts: Vec<_> = files
                .into_iter()
                .filter(|file| file.path.ends_with(".md") || file.path.ends_with(".toml"))
                .map(|file| (file.path, file.content))
                .collect();
            texts.sort();
            texts
        };
        assert_eq!(texts(files(Some(folder.path())).expect("they are read")), texts(shipped()));
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let error = files(Some(Path::new("/no/such/folder"))).expect_err("there is none").to_string();
        assert!(error.contains("/no/such/folder"), "{error}");
    }
}
