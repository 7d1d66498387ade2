//! `prompt` (OpenID Connect Core 1.0, 3.1.2.1): which pages the relying party wants shown.

use serde::{Deserialize, Serialize};

use super::oauth_error::{ErrorCode, OAuthError};

/// What the relying party asked to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// `none`: no page at all.
    pub none: bool,
    /// `login`, or `select_account`: the member logs in (and so chooses the account) whatever session there is.
    pub login: bool,
    /// `consent`: the member is asked even if they agreed before.
    pub consent: bool,
}

impl Prompt {
    pub const SUPPORTED: [&str; 4] = ["none", "login", "consent", "select_account"];

    pub fn parse(text: Option<&str>) -> Result<Prompt, OAuthError> {
        let mut prompt = Prompt::default();
        for word in text.unwrap_or_default().split(' ').filter(|w| !w.is_empty()) {
            match word {
                "none" => prompt.none = true,
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => {
                    return Err(ErrorCode::InvalidRequest
                        .because("prompt must be made of none, login, consent and select_account"));
                }
            }
        }
        if prompt.none && (prompt.login || prompt.consent) {
            return Err(ErrorCode::InvalidRequest.because("prompt=none can't stand beside another value"));
        }
        Ok(prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone_and_unknown_words_are_refused() {
        assert_eq!(Prompt::parse(None), Ok(Prompt::default()));
        assert_eq!(Prompt::parse(Some("login consent")), Ok(Prompt { none: false, login: true, consent: true }));
        assert_eq!(Prompt::parse(Some("select_account")), Ok(Prompt { none: false, login: true, consent: false }));
        for bad in ["none login", "consent none", "create", "LOGIN"] {
            assert!(Prompt::parse(Some(bad)).is_err(), "{bad}");
        }
    }
}
