//! Points in time and spans between them, as whole seconds. Rules receive `now` as an argument and never read a clock.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z: the form of every time in the database and in tokens (RFC 7519, NumericDate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub i64);

/// A length of time in whole seconds, never negative. In the settings it is written with its unit: `"30d"`, `"10m"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u32);

impl UnixTime {
    /// The time that has passed since `earlier`; zero if `earlier` lies ahead (clocks of several nodes differ a little).
    pub fn since(self, earlier: UnixTime) -> Span {
        Span(u32::try_from((self.0 - earlier.0).max(0)).unwrap_or(u32::MAX))
    }
}

impl Span {
    pub const ZERO: Span = Span(0);

    pub const fn seconds(seconds: u32) -> Span {
        Span(seconds)
    }
    pub const fn minutes(minutes: u32) -> Span {
        Span(minutes * 60)
    }
    pub const fn hours(hours: u32) -> Span {
        Span(hours * 3_600)
    }
    pub const fn days(days: u32) -> Span {
        Span(days * 86_400)
    }
    pub const fn as_seconds(self) -> u32 {
        self.0
    }
    pub const fn as_duration(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.0 as u64)
    }

    /// Reads `"45s"`, `"10m"`, `"12h"` or `"30d"`. `None` for anything else, also for a bare number.
    pub fn parse(text: &str) -> Option<Span> {
        let text = text.trim();
        let unit = match text.chars().last()? {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        let number = text.get(..text.len() - 1)?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        number.parse::<u32>().ok()?.checked_mul(unit).map(Span)
    }
}

impl Add<Span> for UnixTime {
    type Output = UnixTime;
    fn add(self, span: Span) -> UnixTime {
        UnixTime(self.0.saturating_add(i64::from(span.0)))
    }
}

impl Sub<Span> for UnixTime {
    type Output = UnixTime;
    fn sub(self, span: Span) -> UnixTime {
        UnixTime(self.0.saturating_sub(i64::from(span.0)))
    }
}

impl fmt::Display for Span {
    /// The largest unit that divides it, as the settings write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            s if s != 0 && s % 86_400 == 0 => write!(f, "{}d", s / 86_400),
            s if s != 0 && s % 3_600 == 0 => write!(f, "{}h", s / 3_600),
            s if s != 0 && s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        let text = String::deserialize(deserializer)?;
        Span::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "\"{text}\" is not a length of time: write a whole number with its unit, such as \"45s\", \"10m\", \"12h\" or \"30d\""
            ))
        })
    }
}

impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]+[smhd]$",
            "description": "A length of time with its unit: \"45s\", \"10m\", \"12h\" or \"30d\"."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_with_their_unit_and_written_back() {
        for (text, seconds) in [("45s", 45), ("10m", 600), ("12h", 43_200), ("30d", 2_592_000), ("0s", 0)] {
            assert_eq!(Span::parse(text), Some(Span::seconds(seconds)));
            assert_eq!(Span::seconds(seconds).to_string(), text);
        }
    }

    #[test]
    fn spans_without_unit_sign_or_sense_are_refused() {
        for text in ["", "10", "m", "-5m", "+5m", "1.5h", "5 m", "99999999d", "5分"] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }

    #[test]
    fn time_since_a_later_moment_is_zero() {
        assert_eq!(UnixTime(100).since(UnixTime(160)), Span::ZERO);
        assert_eq!(UnixTime(160).since(UnixTime(100)), Span::minutes(1));
    }
}
