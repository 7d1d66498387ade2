//! Answers on standard output, for people or as JSON.

use std::fmt;
use std::io::{self, Write as _};

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

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

    /// Writes an answer that people read as `text`, and programs as `json`.
    pub fn answer(self, text: impl fmt::Display, json: &Value) -> Result<(), Failure> {
        if self.is_json { print(format_args!("{json:#}")) } else { print(text.to_string().trim_end()) }
    }
}

/// Writes a text to standard output, at once.
pub fn print(text: impl fmt::Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
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
    fn columns_stand_under_each_other() {
        let rows = [["portal".to_owned(), "x".to_owned()], ["a".to_owned(), "y".to_owned()]];
        assert_eq!(table(["ID", "NAME"], &rows), "ID      NAME\nportal  x\na       y\n");
    }
}
