//! `/login/initial-password`: at the first login, a password of one's own takes the place of the initial one.

use serde::Serialize;

use crate::web::page::PageTemplate;

/// The page where a member chooses a password.
#[derive(Clone, Debug, Serialize)]
pub struct InitialPasswordPage {
    /// Which login this belongs to, sent back as the hidden field `step`.
    pub step: String,
    /// Tells password managers whose password it is.
    pub user_id: String,
    /// The rules, shown before typing.
    pub policy: Vec<PolicyLine>,
    /// Every rule that the password just sent breaks.
    pub broken: Vec<PolicyLine>,
    /// The two fields differed.
    pub mismatch: bool,
}

/// A rule for passwords as the page words it; `n` counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PolicyLine {
    MinLength { n: usize },
    MaxLength { n: usize },
    AllowedCharacters,
    NeedsLower,
    NeedsUpper,
    NeedsDigit,
    NeedsSymbol,
    NotUserId,
    NotCommon,
    NotBefore,
}

impl PageTemplate for InitialPasswordPage {
    const TEMPLATE: &'static str = "login/initial_password.html";

    fn samples() -> Vec<(&'static str, Self)> {
        use PolicyLine::*;
        let usual = [MinLength { n: 8 }, MaxLength { n: 64 }, AllowedCharacters, NotUserId, NotCommon, NotBefore];
        let every = [usual.as_slice(), &[NeedsLower, NeedsUpper, NeedsDigit, NeedsSymbol]].concat();
        let page = |policy: &[PolicyLine], broken: &[PolicyLine], mismatch| InitialPasswordPage {
            step: "step-1".into(),
            user_id: "hanako".into(),
            policy: policy.into(),
            broken: broken.into(),
            mismatch,
        };
        vec![
            ("fresh", page(&usual, &[], false)),
            ("every_rule", page(&every, &[], false)),
            ("mismatch", page(&usual, &[], true)),
            ("two_broken", page(&usual, &[MinLength { n: 8 }, NotCommon], false)),
            ("every_rule_broken", page(&every, &every, true)),
        ]
    }
}
