//! Statements and rows, alike on both databases.

use std::borrow::Cow;

use super::outage::Cause;
use super::postgres;
use super::sqlite;

/// What can go wrong with a statement.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("{0}")]
    Postgres(#[from] sqlx::Error),
    #[error("all connections are in use")]
    NoConnection,
    #[error("no answer to a statement")]
    NoAnswer,
    /// Neither what was written, nor what others wrote with it.
    #[error("it could not be committed: {0}")]
    NotCommitted(Cause),
    /// The transaction that it belonged to is gone.
    #[error("a statement of this transaction has failed: it can't be committed")]
    Failed,
    #[error("no row, where there is always one")]
    NoRow,
    #[error("the column {0} is missing, or holds another kind of value")]
    Column(String),
    #[error("{0}")]
    Encode(serde_json::Error),
}

/// A parameter. What is missing has a type as well, for PostgreSQL.
#[derive(Clone, Debug)]
pub enum Value<'q> {
    Int(Option<i64>),
    Text(Option<Cow<'q, str>>),
    Bytes(Option<Cow<'q, [u8]>>),
}

/// What a parameter can be made of.
pub trait Parameter<'q> {
    fn value(self) -> Value<'q>;
}

macro_rules! parameters {
    ($($type:ty: $from:ident => $value:expr;)+) => {
        $(impl<'q> Parameter<'q> for $type {
            fn value(self) -> Value<'q> {
                let $from = self;
                $value
            }
        })+
    };
}

parameters! {
    i64: int => Value::Int(Some(int));
    Option<i64>: int => Value::Int(int);
    &'q str: text => Value::Text(Some(Cow::Borrowed(text)));
    Option<&'q str>: text => Value::Text(text.map(Cow::Borrowed));
    &'q String: text => Value::Text(Some(Cow::Borrowed(text)));
    String: text => Value::Text(Some(Cow::Owned(text)));
    Option<String>: text => Value::Text(text.map(Cow::Owned));
    &'q Option<String>: text => Value::Text(text.as_deref().map(Cow::Borrowed));
    &'q [u8]: bytes => Value::Bytes(Some(Cow::Borrowed(bytes)));
    Option<&'q [u8]>: bytes => Value::Bytes(bytes.map(Cow::Borrowed));
    Vec<u8>: bytes => Value::Bytes(Some(Cow::Owned(bytes)));
}

/// A statement with its parameters, `$1` first.
pub struct Query<'q> {
    pub(super) sql: Cow<'static, str>,
    pub(super) values: Vec<Value<'q>>,
}

pub fn query<'q>(sql: impl Into<Cow<'static, str>>) -> Query<'q> {
    Query { sql: sql.into(), values: Vec::new() }
}

/// What waits for PostgreSQL is put aside: a request that has yet to come to a statement needs no room for it.
impl<'q> Query<'q> {
    pub fn bind(mut self, value: impl Parameter<'q>) -> Self {
        self.values.push(value.value());
        self
    }

    /// How many rows were changed.
    pub async fn execute(self, statement: Statement<'_>) -> Result<u64, Error> {
        match statement {
            Statement::Sqlite(connection) => connection.execute(&self).await,
            Statement::Postgres(connection) => Box::pin(connection.execute(self)).await,
        }
    }

    pub async fn fetch_optional(self, statement: Statement<'_>) -> Result<Option<Row>, Error> {
        match statement {
            Statement::Sqlite(connection) => Ok(connection.fetch(&self, 1).await?.pop().map(Row::Sqlite)),
            Statement::Postgres(connection) => Ok(Box::pin(connection.fetch_optional(self)).await?.map(Row::Postgres)),
        }
    }

    pub async fn fetch_one(self, statement: Statement<'_>) -> Result<Row, Error> {
        self.fetch_optional(statement).await?.ok_or(Error::NoRow)
    }

    pub async fn fetch_all(self, statement: Statement<'_>) -> Result<Vec<Row>, Error> {
        match statement {
            Statement::Sqlite(connection) => {
                Ok(connection.fetch(&self, usize::MAX).await?.into_iter().map(Row::Sqlite).collect())
            }
            Statement::Postgres(connection) => {
                Ok(Box::pin(connection.fetch_all(self)).await?.into_iter().map(Row::Postgres).collect())
            }
        }
    }
}

/// Where a statement is run.
#[derive(Debug)]
pub enum Statement<'c> {
    #[doc(hidden)]
    Sqlite(&'c mut sqlite::Lease),
    #[doc(hidden)]
    Postgres(&'c mut postgres::Lease),
}

impl Statement<'_> {
    /// Several statements without parameters and answers, however long they take.
    pub async fn batch(self, sql: &'static str) -> Result<(), Error> {
        match self {
            Statement::Sqlite(connection) => connection.batch(sql),
            Statement::Postgres(connection) => Box::pin(connection.at_length(sql)).await,
        }
    }
}

/// A row of an answer.
#[derive(Debug)]
pub enum Row {
    Sqlite(sqlite::Row),
    Postgres(sqlx::postgres::PgRow),
}

/// A column by its name or its place.
pub trait Column: sqlx::ColumnIndex<sqlx::postgres::PgRow> + std::fmt::Display + Copy {
    fn place(self, row: &sqlite::Row) -> Option<usize>;
}

impl Column for &str {
    fn place(self, row: &sqlite::Row) -> Option<usize> {
        row.names.iter().position(|name| **name == *self)
    }
}

impl Column for usize {
    fn place(self, _row: &sqlite::Row) -> Option<usize> {
        Some(self)
    }
}

/// What a column may hold.
pub trait Held:
    rusqlite::types::FromSql + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>
{
}

impl<T: rusqlite::types::FromSql + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>> Held for T {}

impl Row {
    pub fn try_get<T: Held>(&self, column: impl Column) -> Result<T, Error> {
        let found = match self {
            Row::Sqlite(row) => column
                .place(row)
                .and_then(|place| row.values.get(place))
                .and_then(|value| T::column_result(value.into()).ok()),
            Row::Postgres(row) => sqlx::Row::try_get(row, column).ok(),
        };
        found.ok_or_else(|| Error::Column(column.to_string()))
    }
}
