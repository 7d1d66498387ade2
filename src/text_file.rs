//! Text files that people prepare by hand: settings, keys, passwords, certificates, client metadata, help. Editors on Windows
//! put a byte-order mark before the text and two characters at the end of a line; both mean nothing here.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

const MARK: &[u8] = "\u{feff}".as_bytes();

/// The text of a file, with plain line ends.
///
/// # Errors
/// The file can't be read, or it is not UTF-8; the message then says what to do about it.
pub fn read(file: &Path) -> Result<String> {
    understand(std::fs::read(file)?)
}

/// The same for what was read already. Works within the bytes that it is given, for they may be a secret.
///
/// # Errors
/// It is not UTF-8.
pub fn understand(mut bytes: Vec<u8>) -> Result<String> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) || is_utf16_without_mark(&bytes) {
        return Err(Error::new(ErrorKind::InvalidData, "it is UTF-16; save it as UTF-8"));
    }
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    bytes.dedup_by(|later, earlier| {
        let is_line_end = *earlier == b'\r' && *later == b'\n';
        if is_line_end {
            *earlier = b'\n';
        }
        is_line_end
    });
    String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8; save it as UTF-8"))
}

/// Every second byte of ASCII text in UTF-16 is zero; no text holds a zero.
fn is_utf16_without_mark(bytes: &[u8]) -> bool {
    matches!(bytes, [0, _, ..] | [_, 0, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_and_the_line_ends_of_windows_change_nothing() {
        for bytes in ["a\nb\n", "\u{feff}a\nb\n", "a\r\nb\r\n", "\u{feff}a\r\nb\r\n"] {
            assert_eq!(understand(bytes.into()).unwrap(), "a\nb\n", "{bytes:?}");
        }
        for (bytes, text) in [("", ""), ("\u{feff}", ""), ("a\rb", "a\rb"), ("\r\r\n", "\r\n"), ("関所", "関所")] {
            assert_eq!(understand(bytes.into()).unwrap(), text, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_refused_by_its_name() {
        let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        for text in ["\u{feff}issuer", "issuer", "\u{feff}関所"] {
            for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                let error = understand(utf16(text, bytes)).unwrap_err();
                assert_eq!(error.to_string(), "it is UTF-16; save it as UTF-8", "{text:?}");
            }
        }
        // 関所 in Shift_JIS.
        let error = understand(vec![0x8A, 0xD6, 0x8F, 0x8A]).unwrap_err();
        assert_eq!(error.to_string(), "it is not UTF-8; save it as UTF-8");
    }
}
