//! What a society puts in place of our own: its logo and its colours. Read and checked once, at start.

use std::path::{Path, PathBuf};

use crate::config::Society;
use crate::domain::colour::Colour;
use crate::web::page::Asset;

/// More would keep members waiting at the very first page.
const LARGEST_LOGO: usize = 256 * 1024;

/// What takes the place of our own mark and colours, where there is anything.
#[derive(Clone, Debug, Default)]
pub struct Brand {
    pub logo: Option<Logo>,
    /// A style sheet after ours.
    pub colours: Option<Asset>,
}

#[derive(Clone, Debug)]
pub struct Logo {
    /// The last part of its address.
    pub name: &'static str,
    pub asset: Asset,
}

/// The logo cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum BrandError {
    #[error("society.logo_file: {path} cannot be read: {error}", path = .path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("society.logo_file: {path} has {size} bytes; make it {LARGEST_LOGO} (256 KiB) at most", path = .path.display())]
    TooLarge { path: PathBuf, size: usize },
    #[error("society.logo_file: {path} is no SVG, PNG or WebP picture", path = .path.display())]
    UnknownKind { path: PathBuf },
}

impl Brand {
    pub fn load(society: &Society) -> Result<Brand, BrandError> {
        let logo = society.logo_file.as_deref().map(Logo::load).transpose()?;
        let colours = (society.colours != Default::default()).then(|| {
            let style = style(society.colours.accent, society.colours.accent_dark);
            Asset::new(style.into_bytes().into(), "text/css; charset=utf-8")
        });
        Ok(Brand { logo, colours })
    }
}

impl Logo {
    fn load(path: &Path) -> Result<Logo, BrandError> {
        let bytes = std::fs::read(path).map_err(|error| BrandError::Unreadable { path: path.to_owned(), error })?;
        if bytes.len() > LARGEST_LOGO {
            return Err(BrandError::TooLarge { path: path.to_owned(), size: bytes.len() });
        }
        let (name, content_type) = kind(&bytes).ok_or_else(|| BrandError::UnknownKind { path: path.to_owned() })?;
        Ok(Logo { name, asset: Asset::new(bytes.into(), content_type) })
    }
}

/// What the bytes are, whatever the file is called: the name to serve it under, and its type.
fn kind(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(("logo.png", "image/png"));
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some(("logo.webp", "image/webp"));
    }
    std::str::from_utf8(bytes).is_ok_and(is_svg).then_some(("logo.svg", "image/svg+xml"))
}

/// Whether the first element is an `svg`, and in SVG's namespace, without which no browser draws it.
fn is_svg(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    for (opening, closing) in [("<?xml", "?>"), ("<!--", "-->"), ("<!DOCTYPE", ">"), ("<!--", "-->")] {
        if rest.starts_with(opening) {
            rest = rest.split_once(closing).map_or("", |(_, after)| after.trim_start());
        }
    }
    let element = rest.strip_prefix("<svg").filter(|after| after.starts_with([' ', '\n', '\r', '\t', '>']));
    element.is_some_and(|after| after.contains("\"http://www.w3.org/2000/svg\""))
}

/// Takes the accent's place in `style.css`, by day and by night.
fn style(accent: Colour, accent_dark: Colour) -> String {
    format!(
        "@media (prefers-color-scheme: light) {{\n  :root {{\n    --accent: {accent};\n    --accent-strong: {};\n    \
         --header: {accent};\n  }}\n}}\n@media (prefers-color-scheme: dark) {{\n  :root {{\n    --accent: {accent_dark};\n    \
         --accent-strong: {};\n  }}\n}}\n",
        accent.towards(Colour::BLACK),
        accent_dark.towards(Colour::WHITE),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Colours;

    const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"/>";

    #[test]
    fn a_logo_is_known_by_what_it_holds() {
        let name = |bytes: &[u8]| kind(bytes).map(|(name, _)| name);
        assert_eq!(name(b"\x89PNG\r\n\x1a\n\0\0"), Some("logo.png"));
        assert_eq!(name(b"RIFF\x10\0\0\0WEBPVP8 "), Some("logo.webp"));
        assert_eq!(name(SVG.as_bytes()), Some("logo.svg"));
        let whole = format!("\u{feff}<?xml version=\"1.0\"?>\n<!-- drawn by hand -->\n<!DOCTYPE svg>\n{SVG}");
        assert_eq!(name(whole.as_bytes()), Some("logo.svg"));
        for other in [
            b"".as_slice(),
            b"GIF89a",
            b"\xff\xd8\xff\xe0",
            b"RIFF\x10\0\0\0WAVE",
            b"<html><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<svg/>",
            b"<svgx xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<?xml version=\"1.0\"",
        ] {
            assert_eq!(name(other), None, "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn a_logo_that_cannot_be_shown_is_refused_with_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let problem = |name: &str, bytes: Option<&[u8]>| {
            let path = folder.path().join(name);
            if let Some(bytes) = bytes {
                std::fs::write(&path, bytes).expect("it is written");
            }
            let society = Society { logo_file: Some(path), ..Society::default() };
            Brand::load(&society).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(problem("logo.gif", Some(SVG.as_bytes())), Ok(()), "the ending does not count");
        let large = format!("{SVG}{}", " ".repeat(LARGEST_LOGO));
        for (name, bytes, says) in [
            ("none.svg", None, "none.svg cannot be read"),
            ("a.png", Some(b"GIF89a".as_slice()), "a.png is no SVG, PNG or WebP picture"),
            ("b.svg", Some(large.as_bytes()), "make it 262144 (256 KiB) at most"),
        ] {
            let said = problem(name, bytes).expect_err("it is refused");
            assert!(said.starts_with("society.logo_file: ") && said.contains(says), "{said}");
        }
    }

    #[test]
    fn colours_of_ones_own_are_a_style_sheet_and_ours_need_none() {
        assert!(Brand::load(&Society::default()).expect("there is nothing to read").colours.is_none());
        let colours = Colours { accent: Colour::rgb(0, 0x66, 0x33), ..Colours::default() };
        let brand = Brand::load(&Society { colours, ..Society::default() }).expect("there is nothing to read");
        let style = String::from_utf8(brand.colours.expect("a style sheet").prepared.plain().to_vec()).expect("text");
        assert!(style.contains("--accent: #006633;") && style.contains("--accent: #9cc2f7;"), "{style}");
    }

    /// The custom properties of `style.css`, by day and by night.
    fn shipped() -> [String; 2] {
        let style = include_str!("../../templates/assets/style.css");
        let (day, rest) = style.split_once("@media (prefers-color-scheme: dark)").expect("colours by night");
        let (night, _) = rest.split_once("}\n}").expect("their end");
        [day.into(), night.into()]
    }

    #[test]
    fn accents_are_measured_against_what_they_stand_on_in_the_style_sheet() {
        let [day, night] = shipped();
        let colours = Colours::default();
        for (style, accent, grounds) in
            [(day, colours.accent, Colours::GROUNDS), (night, colours.accent_dark, Colours::GROUNDS_DARK)]
        {
            assert!(style.contains(&format!("--accent: {accent};")), "{accent}");
            for (name, ground) in ["ground", "sheet", "note-ground", "error-ground", "on-accent"].iter().zip(grounds) {
                assert!(style.contains(&format!("--{name}: {ground};")), "--{name}: {ground}");
            }
        }
    }
}
