//! One-time passwords: what members type is understood, and codes of an authenticator app fit a moment (RFC 6238; product.md
//! 1.5 and 1.6).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use totp_rs::{Algorithm, Builder, Totp};
use unicode_normalization::UnicodeNormalization as _;

use crate::domain::secret::Secret;
use crate::domain::unix_time::UnixTime;

/// Digits of every code.
pub const DIGITS: usize = 6;

/// Seconds for which an app shows a code (RFC 6238, 5.2).
pub const STEP_SECONDS: u32 = 30;

/// Bytes of a new key (RFC 4226, 4, R6: 160 bits).
pub const KEY_BYTES: usize = 20;

/// Six digits, as compared. Never printed.
#[derive(Clone)]
pub struct Code(Secret<String>);

impl Code {
    /// What somebody typed: full-width digits, spaces of any kind (also between two halves) and hyphens are understood.
    /// `None` if it is not six digits then.
    pub fn understand(typed: &str) -> Option<Code> {
        if typed.len() > 100 {
            return None;
        }
        let left_out = |c: &char| {
            c.is_whitespace()
                || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
        };
        let digits: String = typed.nfkc().filter(|c| !left_out(c)).collect();
        (digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit())).then(|| Code(Secret::new(digits)))
    }

    /// The code with this number.
    pub fn of_number(number: u32) -> Code {
        Code(Secret::new(format!("{:06}", number % 1_000_000)))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[code]")
    }
}

/// How far an app's clock may be off, in steps of 30 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// Codes so many steps old are taken: members type slowly.
    #[schemars(range(max = 10), extend("x-unit" = "steps"))]
    pub steps_back: u32,
    /// Codes so many steps ahead are taken: for apps on devices whose clock is fast.
    #[schemars(range(max = 10), extend("x-unit" = "steps"))]
    pub steps_ahead: u32,
}

/// The key that an app and we share.
#[derive(Clone, Debug)]
pub struct TotpKey(Secret<Vec<u8>>);

impl TotpKey {
    pub fn new(bytes: Vec<u8>) -> TotpKey {
        TotpKey(Secret::new(bytes))
    }

    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    fn totp(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(0)
            .with_step_duration(u64::from(STEP_SECONDS))
            .with_secret(self.0.expose().as_slice())
            .build_noncompliant()
    }

    /// The code that an app shows at this step.
    pub fn code_at(&self, step: i64) -> Code {
        let seconds = u64::try_from(step).unwrap_or(0) * u64::from(STEP_SECONDS);
        Code(Secret::new(self.totp().generate(seconds).to_string()))
    }

    /// The step whose code this is, newest first; `None` if it fits no step that may be used. A step that was used
    /// before, or an earlier one, is for the caller to refuse (RFC 6238, 5.2).
    pub fn step_of(&self, code: &Code, tolerance: Tolerance, now: UnixTime) -> Option<i64> {
        let present = step_at(now);
        let steps = (present - i64::from(tolerance.steps_back)..=present + i64::from(tolerance.steps_ahead)).rev();
        // Every step is computed, so that the time tells nothing.
        steps.fold(None, |found, step| {
            let fits: bool = self.code_at(step).expose().as_bytes().ct_eq(code.expose().as_bytes()).into();
            if fits && found.is_none() { Some(step) } else { found }
        })
    }

    /// A key in base32, as it is typed into an app.
    pub fn of_base32(text: &str) -> Option<TotpKey> {
        totp_rs::Secret::try_from_base32(text).ok().map(|key| TotpKey::new(key.as_bytes().to_vec()))
    }

    /// For typing into an app: base32, in groups of four.
    pub fn for_typing(&self) -> String {
        let text = self.base32();
        let groups: Vec<&str> =
            (0..text.len()).step_by(4).filter_map(|at| text.get(at..text.len().min(at + 4))).collect();
        groups.join(" ")
    }

    fn base32(&self) -> String {
        totp_rs::Secret::from(self.0.expose().as_slice()).to_base32()
    }

    /// What the QR code says: the de facto standard "Key Uri Format" that all apps read. `issuer` and `account` label the
    /// entry in the app.
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        // A colon parts issuer and account.
        let label = |text: &str| encoded(&text.replace(':', " "));
        let issuer = label(issuer);
        format!(
            "otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            label(account),
            self.base32()
        )
    }
}

/// RFC 3986, 2.1, all but unreserved characters; a space is `%20`, since apps show a `+`.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20").replace('*', "%2A")
}

/// RFC 6238, 4.2.
pub fn step_at(now: UnixTime) -> i64 {
    now.0.div_euclid(i64::from(STEP_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let key = TotpKey::new(b"12345678901234567890".to_vec());
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(key.code_at(step_at(UnixTime(seconds))).expose(), code);
        }
    }

    #[test]
    fn the_present_step_and_the_one_before_are_taken_and_no_other() {
        let key = TotpKey::new(vec![7; KEY_BYTES]);
        let now = UnixTime(1_790_000_000);
        let present = step_at(now);
        let usual = Tolerance { steps_back: 1, steps_ahead: 0 };
        let taken = |step, tolerance| key.step_of(&key.code_at(step), tolerance, now);
        assert_eq!(taken(present, usual), Some(present));
        assert_eq!(taken(present - 1, usual), Some(present - 1));
        assert_eq!(taken(present - 2, usual), None);
        assert_eq!(taken(present + 1, usual), None);
        assert_eq!(taken(present + 1, Tolerance { steps_back: 0, steps_ahead: 1 }), Some(present + 1));
        assert_eq!(taken(present - 1, Tolerance { steps_back: 0, steps_ahead: 1 }), None);
    }

    #[test]
    fn what_members_type_is_understood() {
        for typed in [
            "123456",
            " 123 456 ",
            "123-456",
            "１２３４５６",
            "１２３　４５６",
            "123\u{a0}456\n",
            "123ー456",
            "\u{200b}123456",
        ] {
            assert_eq!(Code::understand(typed).map(|c| c.expose().to_owned()).as_deref(), Some("123456"), "{typed:?}");
        }
        for typed in ["", "12345", "1234567", "12345a", "abcdef", "１２３４５", "²²²²²²x", &"1".repeat(1_000)]
        {
            assert!(Code::understand(typed).is_none(), "{typed:?}");
        }
    }

    #[test]
    fn the_uri_labels_the_entry_and_apps_can_read_it() {
        let key = TotpKey::new(b"12345678901234567890".to_vec());
        let uri = key.uri("会員 ポータル", "hanako:x&y");
        assert!(uri.starts_with("otpauth://totp/%E4%BC%9A%E5%93%A1%20"), "{uri}");
        assert!(uri.ends_with("&algorithm=SHA1&digits=6&period=30"), "{uri}");
        let read = Totp::from_url(&uri).unwrap();
        assert_eq!(read.generate(59).to_string(), "287082");
        assert_eq!(key.for_typing(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }
}
