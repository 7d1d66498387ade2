//! Where the help content comes from: the folder in the settings, or the one that is part of the program.

use std::path::Path;

use include_dir::{Dir, include_dir};

use super::HelpError;
use crate::domain::help::HelpFile;

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/config/help");

pub(super) fn files(folder: Option<&Path>) -> Result<Vec<HelpFile>, HelpError> {
    let mut files = Vec::new();
    match folder {
        Some(folder) => read_folder(folder, "", &mut files)?,
        None => collect_shipped(&SHIPPED, &mut files)?,
    }
    Ok(files)
}

fn collect_shipped(folder: &Dir<'_>, into: &mut Vec<HelpFile>) -> Result<(), HelpError> {
    for file in folder.files() {
        let not_text = || HelpError::Name { path: file.path().to_owned() };
        let path = file.path().to_str().ok_or_else(not_text)?.to_owned();
        into.push(HelpFile { path, text: file.contents_utf8().ok_or_else(not_text)?.to_owned() });
    }
    folder.dirs().try_for_each(|inner| collect_shipped(inner, into))
}

/// `within` is the path from the content's folder to this one, ending in `/` unless it is empty. Names that begin with a
/// dot are passed over: editors and file systems leave such files.
fn read_folder(folder: &Path, within: &str, into: &mut Vec<HelpFile>) -> Result<(), HelpError> {
    let unreadable = |path: &Path, error| HelpError::Unreadable { path: path.to_owned(), error };
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| HelpError::Name { path: path.clone() })?;
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            read_folder(&path, &format!("{within}{name}/"), into)?;
        } else {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            into.push(HelpFile { path: format!("{within}{name}"), text });
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
                files(folder).expect("it is read").into_iter().map(|file| (file.path, file.text)).collect();
            files.sort();
            files
        };
        assert_eq!(paths(Some(folder.path())), paths(None));
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let error = files(Some(Path::new("/no/such/folder"))).expect_err("there is none").to_string();
        assert!(error.contains("help.folder") && error.contains("/no/such/folder"), "{error}");
    }
}
