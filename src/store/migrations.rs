//! The migrations as they are part of the program: the files of `migrations/`, one list for both databases.

use std::sync::LazyLock;

use include_dir::{Dir, File, include_dir};
use sha2::{Digest as _, Sha256};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

pub(super) struct Migration {
    pub number: i64,
    pub name: &'static str,
    pub sql: &'static str,
}

impl Migration {
    /// Stands for the text: a migration that was applied is not changed any more.
    pub(super) fn digest(&self) -> String {
        Sha256::digest(self.sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// In their order.
pub(super) static MIGRATIONS: LazyLock<Vec<Migration>> = LazyLock::new(|| {
    let mut migrations: Vec<_> = FILES.files().filter_map(read).collect();
    migrations.sort_by_key(|migration| migration.number);
    migrations
});

/// `0001_members.sql` is migration 1, "members".
fn read(file: &'static File<'static>) -> Option<Migration> {
    let (number, name) = file.path().to_str()?.strip_suffix(".sql")?.split_once('_')?;
    Some(Migration { number: number.parse().ok()?, name, sql: file.contents_utf8()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_migration_and_they_are_numbered_without_a_gap() {
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.number).collect();
        assert_eq!(numbers.len(), FILES.files().count());
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
        let first = MIGRATIONS.iter().next().unwrap();
        assert_eq!(first.name, "members");
        assert!(first.sql.contains("CREATE TABLE members"));
    }
}
