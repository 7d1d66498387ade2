//! Pictures in help texts: files beside the texts, under `images/` of a language. What a file is, its content says, not its
//! name; a drawing (SVG) may hold nothing that runs or loads.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::Url;

/// The largest picture, in bytes.
const LARGEST: usize = 512 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageType {
    Png,
    WebP,
    Svg,
}

impl ImageType {
    pub const fn content_type(self) -> &'static str {
        match self {
            ImageType::Png => "image/png",
            ImageType::WebP => "image/webp",
            ImageType::Svg => "image/svg+xml",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            ImageType::Png => "png",
            ImageType::WebP => "webp",
            ImageType::Svg => "svg",
        }
    }
}

/// A picture that help texts may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub kind: ImageType,
    pub width: u32,
    pub height: u32,
    /// Changes with the content: the picture's address may be kept for ever.
    pub hash: String,
    /// `login.png`.
    pub name: String,
    pub content: Arc<[u8]>,
}

impl Image {
    /// Reads a picture, or says why it is none that can be shown.
    pub(super) fn read(name: &str, content: &[u8]) -> Result<Image, String> {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        if !super::is_slug(stem) {
            return Err(
                "the file's name must be small letters and digits with single hyphens between, then .png, .webp \
                        or .svg"
                    .into(),
            );
        }
        if content.len() > LARGEST {
            return Err(format!("is larger than {} KiB: make the picture smaller", LARGEST / 1024));
        }
        let read = png(content).or_else(|| webp(content)).map(Ok).unwrap_or_else(|| svg(content));
        let (kind, width, height) = read?;
        if name.rsplit('.').next() != Some(kind.ending()) {
            return Err(format!(
                "holds a picture of type {}: its name must end in .{}",
                kind.content_type(),
                kind.ending()
            ));
        }
        if width == 0 || height == 0 || width > 8_192 || height > 8_192 {
            return Err(format!("has a size of {width} × {height}: 1 to 8192 each is taken"));
        }
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(content)).chars().take(16).collect();
        Ok(Image { kind, width, height, hash, name: name.to_owned(), content: content.into() })
    }

    /// Where portals and pages find it.
    pub fn url(&self, base: &Url) -> String {
        format!("{}help/v1/images/{}/{}", base.as_str(), self.hash, self.name)
    }
}

fn number(content: &[u8], at: usize, bytes: usize, order: fn(u32, u32) -> u32) -> Option<u32> {
    Some(content.get(at..at + bytes)?.iter().fold(0, |number, byte| order(number, u32::from(*byte))))
}

fn big(content: &[u8], at: usize) -> Option<u32> {
    number(content, at, 4, |number, byte| (number << 8) | byte)
}

fn little(content: &[u8], at: usize, bytes: usize) -> Option<u32> {
    let reversed: Vec<u8> = content.get(at..at + bytes)?.iter().rev().copied().collect();
    number(&reversed, 0, bytes, |number, byte| (number << 8) | byte)
}

/// PNG (third edition), 5.2 and 11.2.1.
fn png(content: &[u8]) -> Option<(ImageType, u32, u32)> {
    if !content.starts_with(b"\x89PNG\r\n\x1a\n") || content.get(12..16)? != b"IHDR" {
        return None;
    }
    Some((ImageType::Png, big(content, 16)?, big(content, 20)?))
}

/// RFC 9649, 2.
fn webp(content: &[u8]) -> Option<(ImageType, u32, u32)> {
    if !content.starts_with(b"RIFF") || content.get(8..12)? != b"WEBP" {
        return None;
    }
    let (width, height) = match content.get(12..16)? {
        b"VP8 " => (little(content, 26, 2)? & 0x3fff, little(content, 28, 2)? & 0x3fff),
        b"VP8L" => {
            let bits = little(content, 21, 4)?;
            ((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1)
        }
        b"VP8X" => (little(content, 24, 3)? + 1, little(content, 27, 3)? + 1),
        _ => return None,
    };
    Some((ImageType::WebP, width, height))
}

/// What a drawing may be made of. Everything else may run, load or hide something.
const SVG_ELEMENTS: [&str; 15] = [
    "svg",
    "g",
    "title",
    "desc",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "defs",
    "lineargradient",
];

fn svg(content: &[u8]) -> Result<(ImageType, u32, u32), String> {
    const NONE: &str = "is no picture that is shown here: make it PNG, WebP or SVG";
    let text = std::str::from_utf8(content).map_err(|_| NONE)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    if !text.starts_with("<svg") {
        return Err(match text.starts_with("<?xml") || text.starts_with("<!") {
            true => "must begin with <svg: take away what stands before it".into(),
            false => NONE.into(),
        });
    }
    let mut rest = text;
    let mut first = None;
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').ok_or("has a tag that is not closed")?;
        rest = after;
        let tag = tag.strip_prefix('/').unwrap_or(tag);
        let tag = tag.strip_suffix('/').unwrap_or(tag);
        let name = tag.split(|letter: char| letter.is_whitespace()).next().unwrap_or_default();
        if !SVG_ELEMENTS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!("has an element <{name}>; drawings here are made of {}", SVG_ELEMENTS.join(", ")));
        }
        for (attribute, value) in attributes(tag.get(name.len()..).unwrap_or_default())? {
            let attribute = attribute.to_ascii_lowercase();
            let is_plain = attribute.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let is_name_space = attribute == "xmlns" && value == "http://www.w3.org/2000/svg";
            let loads = value.contains(['&', '\\', ':'])
                || value.to_ascii_lowercase().contains("url(") && !value.starts_with("url(#");
            if !is_plain
                || attribute.starts_with("on")
                || attribute == "style"
                || attribute == "href"
                || loads && !is_name_space
            {
                return Err(format!("has an attribute {attribute}=\"{value}\" that may run or load something"));
            }
        }
        first.get_or_insert(tag);
    }
    let attributes = attributes(first.unwrap_or_default().strip_prefix("svg").unwrap_or_default())?;
    let size = |name: &str| {
        let value = attributes.iter().find(|(attribute, _)| *attribute == name)?.1;
        value.parse::<u32>().ok()
    };
    match (size("width"), size("height"), attributes.iter().any(|(name, _)| *name == "xmlns")) {
        (Some(width), Some(height), true) => Ok((ImageType::Svg, width, height)),
        _ => Err("needs width, height (whole numbers) and xmlns at its <svg>".into()),
    }
}

/// `name="value"` pairs, and nothing but them.
fn attributes(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut pairs = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once("=\"")
            .ok_or_else(|| format!("has an attribute without a value in quotation marks: {rest}"))?;
        let (value, after) = after.split_once('"').ok_or("has a value that is not closed")?;
        if value.contains('<') {
            return Err("has a < within a value".into());
        }
        pairs.push((name.trim(), value));
        rest = after.trim();
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a picture; nobody draws it here.
    pub(crate) fn tiny_png() -> Vec<u8> {
        [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0, 0, 1, 104, 0, 0, 2, 128], &[8, 6, 0, 0, 0]].concat()
    }

    #[test]
    fn the_content_says_what_a_picture_is_and_how_large() {
        let image = Image::read("login.png", &tiny_png()).expect("a picture");
        assert_eq!((image.kind, image.width, image.height), (ImageType::Png, 360, 640));
        let extended = [&b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0"[..], &[0x67, 1, 0, 0x7f, 2, 0]].concat();
        let image = Image::read("login.webp", &extended).expect("a picture");
        assert_eq!((image.kind, image.width, image.height), (ImageType::WebP, 360, 640));
        let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\" height=\"20\"><path d=\"M0 0h5\"/></svg>";
        let image = Image::read("a.svg", drawing.as_bytes()).expect("a drawing");
        assert_eq!((image.kind, image.width, image.height), (ImageType::Svg, 10, 20));
    }

    #[test]
    fn what_is_no_picture_or_calls_itself_another_is_refused() {
        for (name, content, word) in [
            ("a.png", &b"GIF89a"[..], "no picture"),
            ("a.png", b"<html><script>alert(1)</script>", "no picture"),
            ("a.svg", &tiny_png(), "must end in .png"),
            ("a.png", b"", "no picture"),
            ("A b.png", &tiny_png(), "small letters"),
            ("../a.png", &tiny_png(), "small letters"),
        ] {
            let refused = Image::read(name, content).expect_err(name);
            assert!(refused.contains(word), "{name}: {refused}");
        }
        assert!(Image::read("a.png", &vec![0; LARGEST + 1]).is_err());
    }

    #[test]
    fn a_drawing_can_neither_run_nor_load_anything() {
        let around =
            |inner: &str| format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\" height=\"10\"{inner}</svg>");
        for hostile in [
            "><script>alert(1)</script>",
            "><SCRIPT>alert(1)</SCRIPT>",
            " onload=\"alert(1)\">",
            " ONLOAD=\"alert(1)\">",
            "><g onclick = \"alert(1)\"/>",
            "><a href=\"javascript:alert(1)\"><text>x</text></a>",
            "><image href=\"https://evil.example/x.png\"/>",
            "><use href=\"#x\"/>",
            "><foreignObject><iframe src=\"https://evil.example\"/></foreignObject>",
            "><style>@import url(https://evil.example)</style>",
            "><rect style=\"fill:url(https://evil.example)\"/>",
            "><rect fill=\"url(//evil.example/x)\"/>",
            "><rect fill=\"&#117;rl(//evil.example)\"/>",
            "><animate attributeName=\"href\" to=\"javascript:alert(1)\"/>",
            "><set attributeName=\"onload\" to=\"alert(1)\"/>",
            "><!ENTITY x \"y\">",
            "><![CDATA[<script>alert(1)</script>]]>",
            "><?xml-stylesheet href=\"https://evil.example\"?>",
            "><g xml:base=\"https://evil.example\"/>",
            "><g a='<' onload=alert(1)/>",
        ] {
            assert!(Image::read("a.svg", around(hostile).as_bytes()).is_err(), "{hostile}");
        }
        for before in ["<!DOCTYPE svg [<!ENTITY x 'y'>]>", "<?xml version=\"1.0\"?>"] {
            assert!(Image::read("a.svg", format!("{before}{}", around(">")).as_bytes()).is_err(), "{before}");
        }
    }
}
