//! Answers on standard output, for people or as JSON.

use std::fmt;
use std::io::{self, Write as _};

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde_json::{Map, Value};

use super::Failure;
use crate::domain::unix_time::UnixTime;

/// How answers are written.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    is_json: bool,
}

impl Output {
    pub fn new(is_json: bool) -> Output {
        Output { is_json }
    }

    pub fn is_json(self) -> bool {
        self.is_json
    }

    /// Writes an answer that people read as `text`, and programs as `json`.
    pub fn answer(self, text: impl fmt::Display, json: &Value) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        self.write(&mut out, text, json)?;
        Ok(out.flush()?)
    }

    /// The same, to wherever.
    pub fn write(self, out: &mut impl io::Write, text: impl fmt::Display, json: &Value) -> io::Result<()> {
        if self.is_json {
            writeln!(out, "{:#}", with_readable_times(json))
        } else {
            writeln!(out, "{}", text.to_string().trim_end())
        }
    }
}

/// Writes a text to standard output, at once.
pub fn print(text: impl fmt::Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Times stand in JSON as seconds since 1970, as in the database and in tokens. Beside each (`created_at`, `initial_until`,
/// `signs_from`) stands the same to be read, in RFC 3339 (`created_at_iso`).
fn with_readable_times(json: &Value) -> Value {
    match json {
        Value::Array(items) => items.iter().map(with_readable_times).collect(),
        Value::Object(members) => {
            let mut readable = Map::new();
            for (name, value) in members {
                let is_time = ["_at", "_until", "_from"].iter().any(|end| name.ends_with(end));
                let at = value.as_i64().filter(|_| is_time).and_then(|at| DateTime::from_timestamp(at, 0));
                if let Some(at) = at {
                    readable.insert(format!("{name}_iso"), at.to_rfc3339_opts(SecondsFormat::Secs, true).into());
                }
                readable.insert(name.clone(), with_readable_times(value));
            }
            Value::Object(readable)
        }
        other => other.clone(),
    }
}

/// A time as staff read it: RFC 3339 in Japan's zone, without the seconds' fraction.
pub fn time(at: UnixTime) -> String {
    let japan = FixedOffset::east_opt(9 * 3_600);
    match (DateTime::from_timestamp(at.0, 0), japan) {
        (Some(at), Some(japan)) => at.with_timezone(&japan).to_rfc3339(),
        _ => at.0.to_string(),
    }
}

/// Rows in columns as wide as their widest cell, under a heading.
pub fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let heading = heading.map(str::to_owned);
    let lines = || std::iter::once(&heading).chain(rows);
    let mut text = String::new();
    for line in lines() {
        let mut padding = 0;
        for (column, cell) in line.iter().enumerate() {
            text.extend(std::iter::repeat_n(' ', padding));
            text.push_str(cell);
            let width = lines().filter_map(|l| l.get(column)).map(|c| c.chars().count()).max().unwrap_or(0);
            padding = width + 2 - cell.chars().count();
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_in_japans_zone() {
        assert_eq!(time(UnixTime(1_790_000_000)), "2026-09-21T23:13:20+09:00");
        assert_eq!(time(UnixTime(i64::MAX)), i64::MAX.to_string());
    }

    #[test]
    fn beside_each_time_in_json_stands_the_same_to_be_read() {
        let json =
            serde_json::json!([{ "id": 7, "last_at": 1_790_000_000, "in": { "signs_from": 0, "paid_until": null } }]);
        let readable = with_readable_times(&json);
        assert_eq!(readable[0]["last_at"], 1_790_000_000);
        assert_eq!(readable[0]["last_at_iso"], "2026-09-21T14:13:20Z");
        assert_eq!(readable[0]["in"]["signs_from_iso"], "1970-01-01T00:00:00Z");
        assert_eq!(readable[0].as_object().unwrap().len(), 4);
        assert_eq!(readable[0]["in"].as_object().unwrap().len(), 3);
    }

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [["portal".to_owned(), "x".to_owned()], ["a".to_owned(), "y".to_owned()]];
        assert_eq!(table(["ID", "NAME"], &rows), "ID      NAME\nportal  x\na       y\n");
    }
}
