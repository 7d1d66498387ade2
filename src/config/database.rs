//! `[database]`: where everything is kept.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::problems::Findings;
use crate::domain::unix_time::Span;

/// Where everything is kept: one SQLite file, or a PostgreSQL database that several nodes share.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` (relative to the folder that Sekisho is started in) or `postgres://USER:PASSWORD@HOST/NAME`.
    pub url: String,
    /// A file whose content is the URL, for a password that must not stand in the settings. Takes the place of `url`.
    #[schemars(extend("format" = "path"))]
    pub url_file: Option<PathBuf>,
    /// The most connections that are open at once (for SQLite: for reading; one more writes).
    #[schemars(range(min = 1, max = 1000), extend("x-unit" = "connections"))]
    pub max_connections: u32,
    /// How long a statement may take. Then the database ends it and the request is answered with 503.
    #[schemars(extend("x-at-least" = "1s"))]
    pub statement_timeout: Span,
    /// How long a statement waits for rows that another one holds (for SQLite: for a file that another program holds).
    #[schemars(extend("x-at-least" = "1s"))]
    pub lock_timeout: Span,
    /// How long PostgreSQL keeps a transaction open in which nothing happens.
    #[schemars(extend("x-at-least" = "1s"))]
    pub idle_in_transaction_timeout: Span,
}

impl Default for Database {
    fn default() -> Self {
        Database {
            url: "sqlite:data/sekisho.db".into(),
            url_file: None,
            max_connections: 8,
            statement_timeout: Span::seconds(10),
            lock_timeout: Span::seconds(5),
            idle_in_transaction_timeout: Span::seconds(30),
        }
    }
}

/// The URL holds a password, so it is masked.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("url", &self.masked_url())
            .field("url_file", &self.url_file)
            .field("max_connections", &self.max_connections)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field("idle_in_transaction_timeout", &self.idle_in_transaction_timeout)
            .finish()
    }
}

impl Database {
    /// The URL with `***` for the password: the form for logs and for `sekisho config show`.
    pub fn masked_url(&self) -> String {
        if self.url.starts_with("sqlite:") {
            return self.url.clone();
        }
        let Ok(mut url) = Url::parse(&self.url) else {
            return "***".into();
        };
        if url.password().is_some() && url.set_password(Some("***")).is_err() {
            return "***".into();
        }
        if url.query().is_some() {
            // PostgreSQL takes the password as a parameter too; others name files and options that tell nothing secret.
            let masked: Vec<(String, String)> = url
                .query_pairs()
                .map(|(key, value)| {
                    let secret = key.to_ascii_lowercase().contains("password");
                    (key.into_owned(), if secret { "***".into() } else { value.into_owned() })
                })
                .collect();
            url.query_pairs_mut().clear().extend_pairs(masked);
        }
        url.into()
    }

    pub(super) fn check(&self, findings: &mut Findings) {
        let named = match self.url.split_once(':') {
            Some(("sqlite", path)) => !path.trim_start_matches('/').is_empty(),
            Some(("postgres" | "postgresql", _)) => Url::parse(&self.url).is_ok_and(|url| url.path().len() > 1),
            _ => false,
        };
        findings.require(
            named,
            &["database.url"],
            "database.url names no database that Sekisho can use",
            "write sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME, with signs such as @ or / in the password \
             percent-encoded",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Database {
        Database { url: url.into(), ..Database::default() }
    }

    fn refused(url: &str) -> bool {
        let mut findings = Findings::default();
        at(url).check(&mut findings);
        !findings.is_empty()
    }

    #[test]
    fn sqlite_and_postgresql_are_taken_and_nothing_else() {
        for url in ["sqlite:data/a.db", "sqlite:///var/a.db", "postgres://u:p@db/sekisho", "postgresql:///sekisho"] {
            assert!(!refused(url), "{url}");
        }
        for url in
            ["", "sqlite:", "sqlite://", "data/a.db", "mysql://u:p@db/sekisho", "postgres://u:p@ db/x", "postgres://db"]
        {
            assert!(refused(url), "{url}");
        }
    }

    #[test]
    fn the_password_is_masked_wherever_it_stands() {
        for url in [
            "postgres://sekisho:hunter2@db/sekisho",
            "postgres://db/sekisho?user=sekisho&password=hunter2",
            "postgres://sekisho:hunter2@d b/sekisho",
            "hunter2",
        ] {
            let database = at(url);
            assert!(!database.masked_url().contains("hunter2"), "{url}");
            assert!(!format!("{database:?}").contains("hunter2"), "{url}");
        }
        assert_eq!(at("postgres://sekisho:hunter2@db/sekisho").masked_url(), "postgres://sekisho:***@db/sekisho");
        assert_eq!(at("sqlite:data/a.db").masked_url(), "sqlite:data/a.db");
    }
}
