//! Everything that is stored, to be compared: what changed nothing has left every table as it was.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{Column as _, Row as _};

use super::{Engine, TestApp};

/// The rows of each table, in words and in order.
pub type State = BTreeMap<String, Vec<String>>;

impl TestApp {
    /// All tables but the one of the migrations. That a session was used is left out: looking at a page does that.
    pub async fn state(&self) -> State {
        let list = match self.engine {
            Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            Engine::Postgres => {
                "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema()"
            }
        };
        let mut connection = self.connection().await;
        let tables: Vec<(String,)> = sqlx::query_as(list).fetch_all(&mut connection).await.unwrap();
        let mut state = State::new();
        for (table,) in tables.into_iter().filter(|(table,)| !table.starts_with('_')) {
            let all = sqlx::AssertSqlSafe(format!("SELECT * FROM {table}"));
            let mut rows: Vec<String> =
                sqlx::query(all).fetch_all(&mut connection).await.unwrap().iter().map(in_words).collect();
            rows.sort();
            state.insert(table, rows);
        }
        assert!(state.len() > 15, "{:?}", state.keys());
        state
    }
}

fn in_words(row: &AnyRow) -> String {
    let cells = row.columns().iter().enumerate().filter(|(_, column)| column.name() != "last_used_at");
    let words = cells.map(|(at, column)| {
        let value = match row.try_get::<Option<String>, _>(at) {
            Ok(text) => format!("{text:?}"),
            Err(_) => format!("{:?}", row.try_get::<Option<i64>, _>(at).unwrap()),
        };
        format!("{}={value}", column.name())
    });
    words.collect::<Vec<_>>().join(" ")
}
