//! E-mail addresses as members type them, as they are stored, and as they are shown where others may look
//! (RFC 5321, 4.1.2 and 4.5.3.1).

use super::typed::half_width;

/// A bare address that a mail can be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// What somebody typed: full-width letters, what an input method makes of signs, and spaces are understood. `None` if no
    /// mail can be sent there.
    pub fn understand(typed: &str) -> Option<EmailAddress> {
        if typed.len() > 1_000 {
            return None;
        }
        let address: String = half_width(typed).filter(|c| !c.is_whitespace()).collect();
        let (local, domain) = address.rsplit_once('@')?;
        let host_name = domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        });
        // Some addresses of Japanese phones have dots at the end or in a row, against the standard; their owners have no
        // others.
        let local_part = (1..=64).contains(&local.len())
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b));
        let fits = local_part && host_name && domain.contains('.') && address.len() <= 254;
        fits.then(|| EmailAddress(format!("{local}@{}", domain.to_ascii_lowercase())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether two addresses are one mailbox for all that matters here: letters' case is not told apart.
pub fn is_same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Enough to know one's own by: `h•••••@example.jp`.
pub fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••••@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_as_they_are_typed() {
        for (typed, address) in [
            ("hanako@example.jp", "hanako@example.jp"),
            (" Hanako@Example.JP\u{3000}", "Hanako@example.jp"),
            ("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "hanako@example.jp"),
            ("hana..ko.@docomo.ne.jp", "hana..ko.@docomo.ne.jp"),
            ("ｈａｎａーｋｏ＠ｍａｉｌ−１。ｅｘａｍｐｌｅ。ｊｐ", "hana-ko@mail-1.example.jp"),
            ("hana‐ko ＠\u{3000}example｡jp\u{AD}", "hana-ko@example.jp"),
            ("o’hara@example.jp", "o'hara@example.jp"),
            ("a+b@mail-1.example.co.jp", "a+b@mail-1.example.co.jp"),
        ] {
            assert_eq!(EmailAddress::understand(typed).as_ref().map(EmailAddress::as_str), Some(address), "{typed}");
        }
    }

    #[test]
    fn what_no_mail_can_be_sent_to_is_refused() {
        let long = format!("{}@example.jp", "a".repeat(65));
        for typed in [
            "",
            "hanako",
            "@example.jp",
            "hanako@",
            "hanako@localhost",
            "a@b@example.jp",
            "a,b@example.jp",
            "\"a b\"@example.jp",
            "a@example..jp",
            "a@-example.jp",
            "花子@example.jp",
            "a@例え.jp",
            &long,
            "a@example.jp>, <b@example.jp",
            "a;b@example.jp",
        ] {
            assert_eq!(EmailAddress::understand(typed), None, "{typed}");
        }
        // Line ends are left out like any space: no header can be made of them.
        let address = EmailAddress::understand("a@example.jp\r\nBcc: b@example.jp");
        assert_eq!(address, None);
    }

    #[test]
    fn a_masked_address_shows_its_first_letter_and_its_host() {
        assert_eq!(masked("hanako@example.jp"), "h•••••@example.jp");
        assert_eq!(masked("h@example.jp"), "h•••••@example.jp");
        assert_eq!(masked("花@x"), "花•••••@x");
        assert!(is_same("Hanako@Example.jp", "hanako@example.JP"));
    }
}
