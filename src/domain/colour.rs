//! Colours, and whether letters of one can be read on another (WCAG 2.2, 1.4.3).

use serde::{Deserialize, Serialize};

/// An opaque colour of sRGB, written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// The least contrast of letters with what is behind them (WCAG 2.2, level AA).
pub const READABLE: f64 = 4.5;

impl Colour {
    pub const BLACK: Colour = Colour([0; 3]);
    pub const WHITE: Colour = Colour([255; 3]);

    pub const fn rgb(red: u8, green: u8, blue: u8) -> Colour {
        Colour([red, green, blue])
    }

    pub fn parse(text: &str) -> Option<Colour> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let part = |from: usize| u8::from_str_radix(digits.get(from..from + 2)?, 16).ok();
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
        Some(Colour([part(0)?, part(2)?, part(4)?]))
    }

    /// From 1, for the same colour, to 21, for black on white.
    pub fn contrast(self, other: Colour) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// As WCAG 2.2 defines it.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// A quarter of the way to `other`.
    pub fn towards(self, other: Colour) -> Colour {
        let Colour([red, green, blue]) = self;
        let Colour([other_red, other_green, other_blue]) = other;
        let mixed = |one: u8, two: u8| u8::try_from((u16::from(one) * 3 + u16::from(two)) / 4).unwrap_or(one);
        Colour([mixed(red, other_red), mixed(green, other_green), mixed(blue, other_blue)])
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Colour([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl std::str::FromStr for Colour {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Colour, &'static str> {
        Colour::parse(text).ok_or("not a colour: write it as \"#1f4e86\", red, green and blue")
    }
}

impl Serialize for Colour {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Colour, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Colour {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Colour".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "colour",
            "pattern": "^#[0-9a-fA-F]{6}$",
            "description": "A colour: red, green and blue, such as \"#1f4e86\"."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_and_written_back() {
        assert_eq!(Colour::parse("#1F4e86"), Some(Colour::rgb(0x1f, 0x4e, 0x86)));
        assert_eq!(Colour::rgb(0x0f, 0, 0xff).to_string(), "#0f00ff");
        for wrong in ["", "#", "1f4e86", "#1f4e8", "#1f4e866", "#+f4e86", "#1f4e8é", "red", "#fff;}"] {
            assert_eq!(Colour::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn contrast_is_measured_as_wcag_does() {
        let grey = Colour::rgb(0x76, 0x76, 0x76);
        assert!((Colour::BLACK.contrast(Colour::WHITE) - 21.0).abs() < 1e-9);
        assert!((grey.contrast(grey) - 1.0).abs() < 1e-9);
        // The lightest grey that can be read on white, and the next.
        assert!(grey.contrast(Colour::WHITE) >= READABLE && Colour::WHITE.contrast(grey) >= READABLE);
        assert!(Colour::rgb(0x77, 0x77, 0x77).contrast(Colour::WHITE) < READABLE);
    }

    #[test]
    fn towards_black_and_white_contrast_grows() {
        let colour = Colour::rgb(0x1f, 0x4e, 0x86);
        assert!(colour.towards(Colour::BLACK).contrast(Colour::WHITE) > colour.contrast(Colour::WHITE));
        assert!(colour.towards(Colour::WHITE).contrast(Colour::BLACK) > colour.contrast(Colour::BLACK));
        assert_eq!(Colour::WHITE.towards(Colour::WHITE), Colour::WHITE);
    }
}
