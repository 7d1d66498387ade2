//! A passkey as it is kept (WebAuthn Level 3, 4: credential record) and the name that its member gives it.

use crate::domain::ids::MemberId;
use crate::domain::login::device::Device;
use crate::domain::unix_time::UnixTime;

/// The longest name, in characters.
pub const NAME_LENGTH: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Names it in our pages' addresses and says nothing.
    pub id: String,
    pub member: MemberId,
    /// What it is called by the authenticator, in base64url.
    pub credential_id: String,
    /// The credential record as `crypto::passkey` reads and writes it.
    pub record: String,
    pub name: String,
    pub created_at: UnixTime,
    pub last_used: Option<(UnixTime, Device)>,
    /// Since its counter went backwards it logs nobody in.
    pub cloned_at: Option<UnixTime>,
}

impl Passkey {
    pub fn is_usable(&self) -> bool {
        self.cloned_at.is_none()
    }
}

/// The name as typed, tidied: one line without space around or control characters. `None` if nothing is left or it is
/// longer than [`NAME_LENGTH`].
pub fn tidy_name(typed: &str) -> Option<String> {
    let name = typed.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let name = name.collect::<Vec<_>>().join(" ");
    (1..=NAME_LENGTH).contains(&name.chars().count()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_tidy_line_of_bounded_length() {
        assert_eq!(tidy_name("\u{3000}Windows\u{3000}\u{306e}  Chrome\n").as_deref(), Some("Windows \u{306e} Chrome"));
        assert_eq!(tidy_name(&"x".repeat(NAME_LENGTH)).map(|n| n.len()), Some(NAME_LENGTH));
        for refused in ["", " \u{3000}\t", "\u{7}", &"x".repeat(NAME_LENGTH + 1)] {
            assert_eq!(tidy_name(refused), None, "{refused:?}");
        }
    }
}
