//! `/login/password`: user ID and password.

use serde::Serialize;

use crate::web::page::PageTemplate;

/// The login page.
#[derive(Clone, Debug, Serialize)]
pub struct PasswordPage {
    /// The authorization request on its way, sent back as the hidden field `flow`.
    pub flow: String,
    /// What was typed before, so that it need not be typed again.
    pub user_id: String,
    pub error: Option<PasswordError>,
}

/// Why the member sees the login page again. `until` is a moment as the reader's language writes it; without one, staff
/// lift the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PasswordError {
    UserIdMissing,
    PasswordMissing,
    BothMissing,
    /// One answer for an unknown ID and a wrong password.
    WrongCredentials,
    PasswordLocked {
        until: Option<String>,
    },
    AccountLocked {
        until: Option<String>,
    },
    InitialPasswordExpired,
}

impl PageTemplate for PasswordPage {
    const TEMPLATE: &'static str = "login/password.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |user_id: &str, error| PasswordPage { flow: "flow-1".into(), user_id: user_id.into(), error };
        let until = Some(String::from("2026-11-22 10:42"));
        vec![
            ("fresh", page("", None)),
            ("hinted", page("hanako", None)),
            ("user_id_missing", page("", Some(PasswordError::UserIdMissing))),
            ("password_missing", page("hanako", Some(PasswordError::PasswordMissing))),
            ("both_missing", page("", Some(PasswordError::BothMissing))),
            ("wrong_credentials", page("<hanako>", Some(PasswordError::WrongCredentials))),
            ("password_locked", page("hanako", Some(PasswordError::PasswordLocked { until: None }))),
            ("password_locked_until", page("hanako", Some(PasswordError::PasswordLocked { until: until.clone() }))),
            ("account_locked", page("hanako", Some(PasswordError::AccountLocked { until: None }))),
            ("account_locked_until", page("hanako", Some(PasswordError::AccountLocked { until }))),
            ("initial_password_expired", page("hanako", Some(PasswordError::InitialPasswordExpired))),
        ]
    }
}
