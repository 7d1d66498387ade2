//! The migrations as they are part of the program: the files of `migrations/`, one list for both databases.
//!
//! `sqlx::migrate!` would do the same, but its macro is built with a SQLite of its own, which takes longer than anything
//! else that Sekisho is built from.

use std::sync::LazyLock;

use include_dir::{Dir, File, include_dir};
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

pub(super) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = Migrator::with_migrations(FILES.files().filter_map(read).collect());
    // Those of a newer version: whether they may be stepped over is asked before (docs/decisions/neighbouring-versions.md).
    migrations.set_ignore_missing(true);
    migrations
});

/// `0001_members.sql` is migration 1, "members". sqlx keeps a digest of the text with it, and so notices a change.
fn read(file: &'static File<'static>) -> Option<Migration> {
    let (number, description) = file.path().to_str()?.strip_suffix(".sql")?.split_once('_')?;
    let sql = file.contents_utf8()?.into_sql_str();
    Some(Migration::new(number.parse().ok()?, description.replace('_', " ").into(), MigrationType::Simple, sql, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_migration_and_they_are_numbered_without_a_gap() {
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(numbers.len(), FILES.files().count());
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
        let first = MIGRATIONS.iter().next().unwrap();
        assert_eq!(first.description, "members");
        assert!(first.sql.as_str().contains("CREATE TABLE members"));
    }
}
