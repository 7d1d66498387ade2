//! What was done, said once on the page that follows. It travels in a cookie, not in an address, so that no link can say it.

/// Something that was done. Its name is the end of its text's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Nothing was: a page of a login was sent whose turn is over.
    StepDone,
    LanguageChanged,
    NoticesOn,
    NoticesOff,
    PasswordChanged,
    EmailChanged,
    MethodChanged,
    EmailMethodRemoved,
    TotpAdded,
    PasskeyAdded,
    AuthenticatorRenamed,
    AuthenticatorRemoved,
    SessionEnded,
    OtherSessionsEnded,
    TrustWithdrawn,
    ApplicationWithdrawn,
}

impl Notice {
    pub const ALL: [Notice; 16] = [
        Notice::StepDone,
        Notice::LanguageChanged,
        Notice::NoticesOn,
        Notice::NoticesOff,
        Notice::PasswordChanged,
        Notice::EmailChanged,
        Notice::MethodChanged,
        Notice::EmailMethodRemoved,
        Notice::TotpAdded,
        Notice::PasskeyAdded,
        Notice::AuthenticatorRenamed,
        Notice::AuthenticatorRemoved,
        Notice::SessionEnded,
        Notice::OtherSessionsEnded,
        Notice::TrustWithdrawn,
        Notice::ApplicationWithdrawn,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Notice::StepDone => "step-done",
            Notice::LanguageChanged => "language-changed",
            Notice::NoticesOn => "notices-on",
            Notice::NoticesOff => "notices-off",
            Notice::PasswordChanged => "password-changed",
            Notice::EmailChanged => "email-changed",
            Notice::MethodChanged => "method-changed",
            Notice::EmailMethodRemoved => "email-method-removed",
            Notice::TotpAdded => "totp-added",
            Notice::PasskeyAdded => "passkey-added",
            Notice::AuthenticatorRenamed => "authenticator-renamed",
            Notice::AuthenticatorRemoved => "authenticator-removed",
            Notice::SessionEnded => "session-ended",
            Notice::OtherSessionsEnded => "other-sessions-ended",
            Notice::TrustWithdrawn => "trust-withdrawn",
            Notice::ApplicationWithdrawn => "application-withdrawn",
        }
    }

    pub fn named(name: &str) -> Option<Notice> {
        Notice::ALL.into_iter().find(|notice| notice.name() == name)
    }
}
